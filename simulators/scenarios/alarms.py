"""Calls that are due later, by the gateway's clock: a clock that leaps brings them at once."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

from runtime.interface import Clock


class Alarm:
    """One call that is due; cancelled, it is not made."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """See to it that it is not called."""
        self.call = None


class Alarms:
    """What is due, soonest first. It belongs to the gateway's event loop.

    The loop's own timers wake it while the clock runs as usual; `look`, called on every beat of
    the gateway, finds what a leap has made due.
    """

    def __init__(self, clock: Clock, failed: Callable[[Exception], None]) -> None:
        self._clock = clock
        self._failed = failed
        self._due: list[tuple[float, int, Alarm]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    def call_in(self, seconds: float, call: Callable[[], None]) -> Alarm:
        """Have it called in so many seconds of the gateway's clock."""
        alarm = Alarm(call)
        heapq.heappush(self._due, (self._clock.monotonic() + seconds, next(self._numbers), alarm))
        self._wind()
        return alarm

    def look(self) -> None:
        """Make the calls that are due."""
        now = self._clock.monotonic()
        while self._due and self._due[0][0] <= now:
            _, _, alarm = heapq.heappop(self._due)
            call, alarm.call = alarm.call, None
            if call is not None:
                try:
                    call()
                except Exception as failure:
                    self._failed(failure)
        self._wind()

    def close(self) -> None:
        """Forget them all, and those that are still to come."""
        self._is_closed = True
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _wind(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due and not self._is_closed:
            wait = max(0.0, self._due[0][0] - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self.look)
