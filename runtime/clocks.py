"""The machine's own clocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class SystemClock:
    """The wall clock in UTC, and the kernel's monotonic one."""

    def now(self) -> datetime:
        """The wall clock: aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never step back."""
        return time.monotonic()


class WarpClock(SystemClock):
    """The machine's clocks, and leaps ahead on request: an hour's outage in a moment.

    The wall shows `begins` at first, or the machine's own time. `on_leap` is called after each
    leap, so that what waits for a time looks again.
    """

    def __init__(self, begins: datetime | None = None) -> None:
        self._ahead = 0.0
        self._shift = 0.0 if begins is None else begins.timestamp() - time.time()
        self.on_leap: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """The wall clock, leaps included."""
        return datetime.fromtimestamp(time.time() + self._shift + self._ahead, UTC)

    def monotonic(self) -> float:
        """Seconds that never step back, leaps included."""
        return time.monotonic() + self._ahead

    def leap(self, seconds: float) -> None:
        """Go ahead by so many seconds at once."""
        self._ahead += seconds
        for call in self.on_leap:
            call()
