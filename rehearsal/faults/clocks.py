"""The wall clock of Kelpie's machine, set by a person, by NTP, by a battery that is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal

if TYPE_CHECKING:
    from rehearsal.world import World

_STEPS = (1.0, 3600.0, 86_400.0)


def _clock_set(world: World) -> Heal | None:
    """A second, an hour or a day, to either side, and back (reliability 66)."""
    seconds = world.chance.choice(_STEPS) * world.chance.choice((-1, 1))
    world.kelpie.clock.step(seconds)
    world.tell(f"Kelpie's clock goes {seconds:+.0f} s")
    staged.owner_acts(world)
    return world.chance.uniform(15.0, 900.0), lambda: world.kelpie.clock.step(-seconds)


CLOCKS = (Fault("Kelpie's clock set", _clock_set, weight=2.0),)
