"""Faults that the scenario engine of the simulated gateway plays (simulators/scenarios/README.md).

A rule waits for messages, a verb that lasts is undone by `heal`, any other is done at once. All of
it belongs to the gateway that runs now: with its process it is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rehearsal.faults.fault import Heal

if TYPE_CHECKING:
    from rehearsal.world import World

#: After so many virtual seconds quotes are fresh, and the owner acts into the fault.
_OWNER_AFTER = (5.0, 9.0)


def while_rules(world: World, seconds: float, rows: Sequence[Mapping[str, Any]]) -> Heal | None:
    """Have rules at work for so long. It counts as a fault where one of them acted."""
    if not world.gateway.alive:
        return None
    gateway, stage = world.gateway, world.gateway.stage
    moment = f"{world.loop.time():.3f}"  # two faults of a kind may be at work together
    names = [gateway.inside(stage.play, {**row, "name": f"{row['name']} {moment}"}) for row in rows]

    def mend() -> bool:
        return sum([gateway.inside(stage.forget, name) for name in names]) > 0

    return seconds, mend


def while_lasting(
    world: World, seconds: float, verb: str, given: Mapping[str, Any] | None = None
) -> Heal | None:
    """Have something at work for so long."""
    if not world.gateway.alive:
        return None
    gateway, stage = world.gateway, world.gateway.stage
    name = gateway.inside(stage.do, verb, given or {})

    def mend() -> None:
        gateway.inside(stage.forget, name)

    return seconds, mend


def do(world: World, verb: str, given: Mapping[str, Any] | None = None) -> bool:
    """Have something done now; False where there is nothing to do it to."""
    if not world.gateway.alive:
        return False
    try:
        world.gateway.inside(world.gateway.stage.do, verb, given or {})
    except ValueError:
        return False
    return True


def owner_acts(world: World) -> None:
    """An order shall be on its way while the fault is at work."""
    world.be_lively(_OWNER_AFTER[-1] + 5.0)
    for seconds in _OWNER_AFTER:
        world.in_(seconds, world.owner.act)
