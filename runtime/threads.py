"""The runtime of production: a thread for each actor, an event loop where one is needed."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Callable
from typing import Any

from runtime.clocks import SystemClock, WarpClock
from runtime.ids import time_ordered_id
from runtime.interface import Clock, Driven, Timer
from runtime.timers import TimerThread

_log = logging.getLogger("kelpie.runtime")

#: Steps that a loop-driven actor may take before the socket has its turn.
_STEPS_PER_TURN = 64


class ThreadRuntime:
    """Threads, the machine's clocks, and chance from a seed or from the system."""

    def __init__(self, clock: Clock | None = None, seed: int | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self.chance = random.Random(seed) if seed is not None else random.SystemRandom()
        self._timers = TimerThread(self.clock)
        if isinstance(self.clock, WarpClock):
            self.clock.on_leap.append(self._timers.look_again)
        self._threads: list[threading.Thread] = []

    def new_id(self) -> str:
        """A fresh id of 26 characters that sorts by the time of its making."""
        return time_ordered_id(self.clock.now(), self.chance)

    def call_later(self, delay_seconds: float, call: Callable[[], Any]) -> Timer:
        """Call it once, on the timers' thread."""
        return self._timers.call_later(delay_seconds, call)

    def drive(self, driven: Driven) -> None:
        """Run it on a thread of its own that waits for its mailbox."""
        self._start(_run_on_thread, driven)

    def drive_on_loop(self, driven: Driven) -> None:
        """Run it on an event loop of its own."""
        self._start(_run_on_loop, driven)

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """A stock loop."""
        return asyncio.new_event_loop()

    def threads(self) -> list[threading.Thread]:
        """Those that still run."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        return list(self._threads)

    def close(self) -> None:
        """Stop the timers. Threads end with what they drive."""
        self._timers.close()

    def _start(self, run: Callable[[Driven], None], driven: Driven) -> None:
        # Daemons: a wedged handler must not keep the process from ending.
        thread = threading.Thread(target=run, args=(driven,), name=driven.name, daemon=True)
        self.threads()
        self._threads.append(thread)
        thread.start()


def _run_on_thread(driven: Driven) -> None:
    try:
        if driven.begin():
            while driven.step():
                if not driven.pending():
                    driven.wait()
    finally:
        try:
            driven.leave()
        finally:
            driven.finish()


def _run_on_loop(driven: Driven) -> None:
    # Made here and set as the thread's own: ib_insync asks the policy, not the running loop.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.call_soon(_Pump(loop, driven).start)
        loop.run_forever()
    finally:
        try:
            loop.run_until_complete(_wind_up(driven))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()
            driven.finish()


class _Pump:
    """Feeds the steps of an actor into its loop, between the loop's other work."""

    def __init__(self, loop: asyncio.AbstractEventLoop, driven: Driven) -> None:
        self._loop = loop
        self._driven = driven
        self._lock = threading.Lock()
        self._scheduled = False
        self._ended = False

    def start(self) -> None:
        if not self._driven.begin():
            self._end()
            return
        self._driven.on_ready(self._wake)
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            if self._scheduled:
                return
            self._scheduled = True
        try:
            self._loop.call_soon_threadsafe(self._turn)
        except RuntimeError:
            # The loop is closed: the message waits in the mailbox for the next incarnation.
            _log.debug("%s was woken after its end.", self._driven.name)

    def _turn(self) -> None:
        with self._lock:
            self._scheduled = False
        for _ in range(_STEPS_PER_TURN):
            if self._ended or not self._driven.pending():
                return
            if not self._driven.step():
                self._end()
                return
        self._wake()

    def _end(self) -> None:
        # A turn may be scheduled already; it must not stop the loop again while it winds up.
        self._ended = True
        self._driven.on_ready(None)
        self._loop.stop()


async def _wind_up(driven: Driven) -> None:
    # On the loop, so that sockets closed here are closed before the end is reported: the next
    # incarnation must not find the old connection in its way.
    driven.leave()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=2.0)
    for _ in range(3):
        await asyncio.sleep(0)
