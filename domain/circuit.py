"""The circuit of a venue: it opens after repeated failures and gates entries, nothing else.

A reconnect, a cancel, an exit or a read never waits for it. An order that the venue refuses is
no failure of the venue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

FAILURES_TO_OPEN = 3
FIRST_OPEN_SECONDS = 30.0
LONGEST_OPEN_SECONDS = 600.0


class CircuitState(StrEnum):
    """Whether entries may pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Circuit:
    """The state, and what led to it. Times are monotonic seconds."""

    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    """In a row."""
    open_seconds: float = FIRST_OPEN_SECONDS
    open_until: float = 0.0
    cause: str = ""

    def failed(self, now: float, cause: str) -> Circuit:
        """A failure of the link: the third in a row opens, one while half-open opens for longer."""
        failures = self.failures + 1
        if self.state is CircuitState.HALF_OPEN:
            seconds = min(self.open_seconds * 2, LONGEST_OPEN_SECONDS)
            return Circuit(CircuitState.OPEN, failures, seconds, now + seconds, cause)
        if self.state is CircuitState.CLOSED and failures >= FAILURES_TO_OPEN:
            until = now + self.open_seconds
            return Circuit(CircuitState.OPEN, failures, self.open_seconds, until, cause)
        return replace(self, failures=failures, cause=cause)

    def at(self, now: float) -> Circuit:
        """Half-open once the time is over: the next read is the probe."""
        if self.state is CircuitState.OPEN and now >= self.open_until:
            return replace(self, state=CircuitState.HALF_OPEN)
        return self

    def succeeded(self, now: float) -> Circuit:
        """A complete read: closes, unless the circuit is open and its time is not over."""
        if self.at(now).state is CircuitState.OPEN:
            return self
        return Circuit()
