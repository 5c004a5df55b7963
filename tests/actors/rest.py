"""When nobody has anything to do: before that no clock may leap.

What a handler arms or reckons while the clock leaps counts from after the leap, or the handler
itself seems to hang; a start or a stop that is not yet acknowledged seems to take too long.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from contextlib import ExitStack

from actors.child import Phase
from actors.seat import Seat
from actors.supervision import Supervisor
from actors.system import ActorSystem
from runtime.interface import Runtime
from tests.tree.waiting import SOON, until


def settle(system: ActorSystem, names: Collection[str] = (), *, but: Collection[str] = ()) -> None:
    """Wait until these seats (or all, but for some) have handled all that was told.

    Nobody starts or stops then either. What is under way outside the seats is not waited for.
    """
    timers_have_told(system.runtime)
    seats = [s for s in system.seats() if (not names or s.name in names) and s.name not in but]
    until(lambda: not _busy(seats), "all come to rest", every=0.001)


def timers_have_told(runtime: Runtime) -> None:
    """Wait until all timers that are due have been called."""
    called = threading.Event()
    runtime.call_later(0.0, called.set)
    assert called.wait(SOON)


def _busy(seats: Sequence[Seat]) -> list[str]:
    """Who has something to do, at one moment: nobody is told anything meanwhile."""
    with ExitStack() as held:
        for seat in seats:
            held.enter_context(seat.mailbox._changed)
        return [seat.name for seat in seats if _is_busy(seat)]


def _is_busy(seat: Seat) -> bool:
    actor, box = seat.occupant, seat.mailbox
    if box._waiting() or box._in_hand is not None:
        return True
    if actor is None or actor._exit is not None:
        return False
    if isinstance(actor, Supervisor) and any(
        record.phase in (Phase.STARTING, Phase.STOPPING) for record in actor._records.values()
    ):
        return True
    return not actor._begun
