"""What the runtime gives: time, timers, ids, chance, and something to run on.

Nothing above this folder asks `time`, `datetime.now`, `random`, `uuid` or `threading`
for these. Every actor runs unchanged on threads and, later, on virtual time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol


class Clock(Protocol):
    """Two kinds of time: what the wall shows, and what only ever runs forward."""

    def now(self) -> datetime:
        """The wall clock: aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step back; for deadlines, backoff and pacing."""
        ...


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """See to it that it is not called; harmless when it has been."""
        ...


class Driven(Protocol):
    """Something that the runtime drives: one incarnation of an actor."""

    name: str

    def begin(self) -> bool:
        """Run the start; False when it failed and nothing is to be driven."""
        ...

    def step(self) -> bool:
        """Handle at most one message; False when it has come to its end."""
        ...

    def pending(self) -> bool:
        """There is something to step for, or the end has come."""
        ...

    def wait(self) -> None:
        """Block until `pending` (threads only)."""
        ...

    def on_ready(self, wake: Callable[[], None] | None) -> None:
        """Have `wake` called, from any thread, whenever there is something to step for."""
        ...

    def leave(self) -> None:
        """Clean up, on the same thread, while its loop (if it has one) can still run."""
        ...

    def finish(self) -> None:
        """Called once, last, on the same thread: report the end."""
        ...


class Runtime(Protocol):
    """One process's time, chance and threads."""

    @property
    def clock(self) -> Clock: ...

    @property
    def chance(self) -> random.Random:
        """Jitter and the like; never a source of secrets."""
        ...

    def new_id(self) -> str:
        """A fresh id of 26 characters that sorts by the time of its making (as a ULID does)."""
        ...

    def call_later(self, delay_seconds: float, call: Callable[[], Any]) -> Timer:
        """Call it once, on a thread of the runtime's; it must only put a message somewhere."""
        ...

    def drive(self, driven: Driven) -> None:
        """Run it on a thread of its own that waits for its mailbox."""
        ...

    def drive_on_loop(self, driven: Driven) -> None:
        """Run it on an event loop of its own; its steps and its coroutines share that thread."""
        ...

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """The loop for a program that is asyncio from top to bottom, as the simulators are."""
        ...
