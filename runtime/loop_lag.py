"""How late an event loop comes to what is due: whoever blocks it shows here."""

from __future__ import annotations

import asyncio
from collections import deque

EVERY_SECONDS = 0.25
_REMEMBERED = 240


class LoopLag:
    """Measures one loop four times a second, on its own thread. Seconds."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, every_seconds: float = EVERY_SECONDS
    ) -> None:
        self._loop = loop
        self._every = every_seconds
        self._lags: deque[float] = deque(maxlen=_REMEMBERED)
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._arm()

    def stop(self) -> None:
        """Measure no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def last(self) -> float:
        """The last measurement; 0 before the first."""
        return self._lags[-1] if self._lags else 0.0

    @property
    def worst(self) -> float:
        """The worst of about the last minute; 0 before the first."""
        return max(self._lags, default=0.0)

    def _arm(self) -> None:
        due = self._loop.time() + self._every
        self._timer = self._loop.call_at(due, self._measure, due)

    def _measure(self, due: float) -> None:
        self._lags.append(max(0.0, self._loop.time() - due))
        self._arm()
