"""Seats whose handlers come to no end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from actors.lanes import TimerDue
from actors.system import ActorSystem
from tests.tree.waiting import SOON


class _Gag(str):
    """A text that holds up whichever handler looks it up."""

    let_go: threading.Event
    taken: threading.Event

    def __hash__(self) -> int:
        self.taken.set()
        self.let_go.wait(SOON * 2)
        return super().__hash__()


@contextmanager
def hanging(system: ActorSystem, *seats: str) -> Iterator[None]:
    """Have the handlers of these seats wait for the end of it."""
    let_go = threading.Event()
    try:
        for name in seats:
            seat = system.seat(name)
            gag = _Gag("gag")
            gag.let_go, gag.taken = let_go, threading.Event()
            system.tell(name, TimerDue(gag, seat.incarnation, 1))
            assert gag.taken.wait(SOON), f"{name} hangs"
        yield
    finally:
        let_go.set()
