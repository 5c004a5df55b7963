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
    FORCED_OPEN = "forced-open"
    """By a person, until a person releases it."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """The state, and what led to it. Times are monotonic seconds."""

    state: CircuitState = CircuitState.CLOSED
    """What failures and reads have made of it, whatever a person says."""
    failures: int = 0
    """In a row."""
    open_seconds: float = FIRST_OPEN_SECONDS
    open_until: float = 0.0
    cause: str = ""
    forced: str = ""
    """Why a person holds it open; empty where none does."""

    @property
    def shown(self) -> CircuitState:
        """What counts: a person's word before the venue's."""
        return CircuitState.FORCED_OPEN if self.forced else self.state

    def failed(self, now: float, cause: str) -> Circuit:
        """A failure of the link: the third in a row opens, one while half-open opens for longer."""
        failures = self.failures + 1
        if self.state is CircuitState.HALF_OPEN:
            return self._opened(now, min(self.open_seconds * 2, LONGEST_OPEN_SECONDS), cause)
        if self.state is CircuitState.CLOSED and failures >= FAILURES_TO_OPEN:
            return self._opened(now, self.open_seconds, cause)
        return replace(self, failures=failures, cause=cause)

    def at(self, now: float) -> Circuit:
        """Half-open once the time is over: a read is asked for, as the probe."""
        if self.state is CircuitState.OPEN and now >= self.open_until:
            return replace(self, state=CircuitState.HALF_OPEN)
        return self

    def succeeded(self) -> Circuit:
        """A complete read over a link that stands: it closes, whenever that comes.

        The link is tried all the time, so the read need not wait for the probe's own hour.
        """
        return Circuit(forced=self.forced)

    def force(self, why: str) -> Circuit:
        """A person holds it open. What the venue does beneath goes on being counted."""
        return replace(self, forced=why)

    def release(self) -> Circuit:
        """The person lets go: it is what the venue has made of it."""
        return replace(self, forced="")

    def _opened(self, now: float, seconds: float, cause: str) -> Circuit:
        failures = self.failures + 1
        return Circuit(
            CircuitState.OPEN, failures, seconds, now + seconds, cause, forced=self.forced
        )
