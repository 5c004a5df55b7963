"""The runtime of a rehearsal: every actor unchanged, in one thread, on virtual time.

It gives what `runtime.threads` gives. Which actor goes on next, and which timer of two that are
due together, the seed of the loop decides.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from runtime.ids import time_ordered_id
from runtime.interface import Clock, Driven, Timer
from runtime.virtual_loop import Host, Lane, VirtualLoop

_WIND_UP_SECONDS = 2.0

T = TypeVar("T")

#: Handles one message; False when whoever did it has come to its end.
Handle = Callable[[], bool]


class VirtualClock:
    """The clocks of one machine: `epoch` is the wall time at the loop's 0, stepped by `step`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, epoch: datetime) -> None:
        self._loop = loop
        self._epoch = epoch.astimezone(UTC)

    def now(self) -> datetime:
        """The wall clock: aware, in UTC."""
        return self._epoch + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        """Seconds that never step back."""
        return self._loop.time()

    def step(self, seconds: float) -> None:
        """Somebody sets the wall clock; what is monotonic goes on as it went."""
        self._epoch += timedelta(seconds=seconds)


class VirtualRuntime:
    """One process's time, chance and seats in the virtual world."""

    def __init__(self, loop: VirtualLoop, host: Host, clock: Clock, seed: int | str) -> None:
        self.loop = loop
        self.host = host
        self.clock = clock
        self.chance = random.Random(f"{host.name} {seed}")
        self.seats: dict[str, DrivenSource] = {}
        """Who is driven now, by name."""
        self._timers = Lane(loop, host, f"{host.name} timers").context()

    def new_id(self) -> str:
        """A fresh id of 26 characters that sorts by the time of its making."""
        return time_ordered_id(self.clock.now(), self.chance)

    def call_later(self, delay_seconds: float, call: Callable[[], Any]) -> Timer:
        """Call it once, in this process's lane of timers."""
        return self.loop.call_later(max(delay_seconds, 0.0), call, context=self._timers)

    def drive(self, driven: Driven) -> None:
        """Run it, a message at a time."""
        self._start(DrivenSource(self, driven))

    def drive_on_loop(self, driven: Driven) -> None:
        """Run it; its coroutines have a lane of their own, and end with it."""
        self._start(DrivenSource(self, driven))

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """The one there is."""
        return self.loop

    def _start(self, source: DrivenSource) -> None:
        self.seats[source.driven.name] = source
        self.loop.ready(source)


class DrivenSource:
    """One incarnation: its mailbox as a source, its handles and tasks as a lane."""

    def __init__(self, runtime: VirtualRuntime, driven: Driven) -> None:
        self.driven = driven
        self.queued = False
        self.stalled = False
        """Its handler hangs: nothing is taken until `go_on`."""
        self._take: Callable[[], Handle | None] | None = None
        self._in_hand: Handle | None = None
        self._runtime = runtime
        self._lane = Lane(runtime.loop, runtime.host, driven.name)
        self._context = self._lane.context()
        self._begun = False
        self._ended = False

    def step(self) -> bool:
        """Begin, handle one message, or end."""
        if self._ended or self.stalled or not self._lane.runs:
            return False
        if not self._begun:
            self._begun = True
            if not self._context.run(self.driven.begin):
                self._end()
                return False
            self.driven.on_ready(self._wake)
            return self.driven.pending()
        if self._in_hand is not None:
            handle, self._in_hand = self._in_hand, None
        elif not self.driven.pending():
            return False
        elif self._take is not None:
            self._in_hand, self._take = self._take(), None
            self.stalled = self._in_hand is not None
            return not self.stalled
        else:
            handle = self.driven.step
        if not self._context.run(handle):
            self._end()
            return False
        return self.driven.pending()

    def stall(self) -> None:
        """Its thread hangs from now on, between two messages."""
        self.stalled = True

    def hang_in_next(self, take: Callable[[], Handle | None]) -> None:
        """Its thread hangs in the next message, until `go_on`.

        `take` takes that message in hand and gives what handles it.
        """
        self._take = take

    def inside(self, call: Callable[..., T], *args: Any) -> T:
        """Have it do something itself, on its own thread."""
        return self._lane.context().run(call, *args)

    def go_on(self) -> None:
        """Its thread has come free: what is in hand is handled now."""
        self.stalled, self._take = False, None
        self._wake()

    def _wake(self) -> None:
        if not self._ended:
            self._runtime.loop.ready(self)

    def _end(self) -> None:
        self._ended = True
        self.driven.on_ready(None)
        self._runtime.loop.create_task(self._wind_up(), context=self._context)

    async def _wind_up(self) -> None:
        self.driven.leave()
        others = [task for task in self._lane.tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=_WIND_UP_SECONDS)
            for _ in range(3):
                await asyncio.sleep(0)
        self._runtime.seats.pop(self.driven.name, None)
        self._lane.open = False
        network = self._runtime.loop.network
        if network is not None:
            network.forget(self._lane)
        self.driven.finish()
