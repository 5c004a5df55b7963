"""What a fault is: a name, how often it is drawn, what it does to a world, and how it heals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rehearsal.world import World

#: The longest from the end of a fault to ready, virtual seconds: a minute's backoff and a start.
READY_WITHIN = 240.0

#: After so many virtual seconds it is over, by this call, which gives False where it came to
#: nothing after all.
Heal = tuple[float, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault. `strike` draws from `world.chance` alone; None: nothing was there to hit.

    Each is something that the real IB, network or machine does: its docstring says who saw it.
    After it is over Kelpie has to come right by itself.
    """

    name: str
    strike: Callable[[World], Heal | None]
    weight: float = 1.0
    ready_within: float = READY_WITHIN
    """Virtual seconds from its end to ready at the latest: longer where a circuit stays open."""
    errors: tuple[str, ...] = ()
    """What Kelpie may say at ERROR or above because of it: patterns of `seat: sentence`."""


def nothing_to_mend() -> None:
    """It was over as soon as it was done."""
