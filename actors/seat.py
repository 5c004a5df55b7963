"""A seat: a name with a mailbox, and whoever sits on it now."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.mailbox import Mailbox
from runtime.histogram import Histogram

if TYPE_CHECKING:
    from actors.base import Actor
    from actors.lanes import Exit, State


@dataclass(slots=True)
class Published:
    """What an incarnation last said of itself, readable while it hangs."""

    state: State
    at: float
    """Monotonic seconds."""


@dataclass(slots=True)
class Seat:
    """The name, the mailbox and the record of all incarnations.

    Written by the incarnation's own thread and by its supervisor, read by anybody: each field
    is replaced whole, never changed in place, but for the counters.
    """

    name: str
    parent: str
    mailbox: Mailbox = field(default_factory=Mailbox)
    incarnation: int = 0
    occupant: Actor | None = None
    started_at: float | None = None
    published: Published | None = None
    handled: Counter[str] = field(default_factory=Counter)
    handle_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=512))
    handle_histogram: Histogram = field(default_factory=Histogram)
    """Of all messages since the process began."""
    exits: Counter[str] = field(default_factory=Counter)
    """How incarnations ended, by `ExitKind`."""
    handling: tuple[str, float] | None = None
    """What is being handled, and since when (monotonic)."""
    last_error: str = ""
    last_exit: Exit | None = None
    restarts: int = 0
    parked: str = ""
    """Why nobody is seated here any more until a person says so; empty where it is not so."""

    def percentiles(self) -> tuple[float, float]:
        """p50 and p99 of the last 512 handler times, in seconds."""
        times = sorted(self.handle_seconds.copy())
        if not times:
            return 0.0, 0.0
        return times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]
