"""Incarnations that hang: replaced behind a fence, or, with a handle of the outside, not at all."""

from __future__ import annotations

from loguru import logger

from actors.child import ChildRecord
from actors.system import ActorSystem
from runtime.stacks import stacks

EXIT_RESTART_ME = 70


def owns_handle(record: ChildRecord) -> bool:
    """It holds something of the outside world, which its ghost would go on using."""
    return record.occupant is not None and record.occupant.owns_handle


def fence(record: ChildRecord) -> None:
    """Whatever it still does is dropped, facts excepted; the seat is free for another."""
    if record.occupant is not None:
        record.occupant.fence()


def end_for_its_handle(system: ActorSystem, record: ChildRecord, what: str) -> None:
    """End the process with 70: nobody may sit beside the ghost of one that owns a handle."""

    def explain() -> None:
        logger.bind(seat=record.seat.parent).critical(
            "{} hangs ({}) and owns a handle of the outside world: the process ends with {} "
            "and must be started again. All stacks follow.\n{}",
            record.spec.name,
            what,
            EXIT_RESTART_ME,
            stacks(),
        )

    system.end(EXIT_RESTART_ME, explain)
