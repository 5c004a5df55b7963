"""How many requests a key may make, and what a wrong one costs: buckets that fill steadily."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from console.hook.problems import Refused
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

    def within(self) -> None:
        """Take one.

        Raises:
            Refused: `TOO_MANY_REQUESTS`, with when to ask again.
        """
        wait = self.take()
        if wait:
            raise Refused(
                429,
                "TOO_MANY_REQUESTS",
                "Too many requests at once.",
                f"Ask again in {wait:.1f} s.",
                headers={"Retry-After": str(int(wait) + 1)},
            )


class Guesses:
    """Wrong keys and links, together: each waits, and beyond a rate they are not answered."""

    def __init__(self, clock: Clock, rate: Rate, delay_seconds: float) -> None:
        self._bucket = TokenBucket(clock, rate)
        self._delay = delay_seconds

    async def count(self) -> None:
        """Let one pass, after its delay.

        Raises:
            Refused: `TOO_MANY_REQUESTS`.
        """
        self._bucket.within()
        loop = asyncio.get_running_loop()
        passed: asyncio.Future[None] = loop.create_future()
        loop.call_later(self._delay, _resolve, passed)
        await passed


def _resolve(passed: asyncio.Future[None]) -> None:
    if not passed.done():
        passed.set_result(None)
