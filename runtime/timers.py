"""One thread that keeps all timers of the process."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from typing import Any

from runtime.interface import Clock

_log = logging.getLogger("kelpie.runtime")


class _Due:
    """A call on the heap; cancelling only marks it."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call: Callable[[], Any] | None = call

    def cancel(self) -> None:
        self.call = None


class TimerThread:
    """Calls what is due, in the order of the times, on a thread of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, _Due]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def call_later(self, delay_seconds: float, call: Callable[[], Any]) -> _Due:
        """Call it once, when the monotonic clock has gone on by so much."""
        due = _Due(call)
        with self._changed:
            at = self._clock.monotonic() + max(delay_seconds, 0.0)
            heapq.heappush(self._heap, (at, next(self._order), due))
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="timers", daemon=True)
                self._thread.start()
            self._changed.notify()
        return due

    def look_again(self) -> None:
        """The clock has leapt."""
        with self._changed:
            self._changed.notify()

    def close(self) -> None:
        """End the thread; what is still due is never called."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                wait = self._heap[0][0] - self._clock.monotonic() if self._heap else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                call = heapq.heappop(self._heap)[2].call
            if call is not None:
                self._do(call)

    def _do(self, call: Callable[[], Any]) -> None:
        try:
            call()
        except Exception:
            _log.exception("A timer's call failed; the other timers go on.")
