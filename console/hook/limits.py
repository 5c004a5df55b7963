"""How many requests a token may make: a bucket that fills at a steady rate."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.interface import Clock


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` requests at once, and `per_second` over time."""

    burst: float
    per_second: float


class TokenBucket:
    """One bucket. Used by one thread."""

    def __init__(self, clock: Clock, rate: Rate) -> None:
        self._clock = clock
        self._rate = rate
        self._level = rate.burst
        self._at = clock.monotonic()

    def take(self) -> float:
        """Take one: 0.0 when there was one, else the seconds until there is."""
        now = self._clock.monotonic()
        self._level = min(self._rate.burst, self._level + (now - self._at) * self._rate.per_second)
        self._at = now
        if self._level >= 1.0:
            self._level -= 1.0
            return 0.0
        return (1.0 - self._level) / self._rate.per_second
