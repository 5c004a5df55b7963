"""Processes that end: Kelpie killed at any step, stopped in order, with its whole machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal
from rehearsal.faults.gateways import start

if TYPE_CHECKING:
    from rehearsal.world import World

#: From the owner's word to the last of the bytes there are so many steps, about.
_STEPS_OF_AN_ORDER = 400


def _kill_kelpie(world: World) -> Heal | None:
    """`kill -9` at some step (reliability 11)."""
    if not world.kelpie.alive:
        return None
    _kill_in(world, world.chance.randrange(60))
    return world.chance.uniform(1.0, 20.0), lambda: _boot(world)


def _kill_while_an_order_goes(world: World) -> Heal | None:
    """The same between the intent, its commit, the send, the answer (reliability 1 to 8)."""
    if not world.kelpie.alive:
        return None
    world.be_lively()

    def act() -> None:
        world.owner.act()
        _kill_in(world, world.chance.randrange(_STEPS_OF_AN_ORDER))

    world.in_(5.0, act)
    return world.chance.uniform(8.0, 30.0), lambda: _boot(world)


def _kill_in(world: World, steps: int) -> None:
    host = world.kelpie.host

    def kill() -> None:
        if host.alive:
            world.kelpie.kill()

    world.loop.at_step(world.loop.steps + steps, kill)


def _boot(world: World) -> None:
    """Start it; one that was to be killed and has not been is killed first."""
    world.kelpie.kill()
    world.kelpie.boot()


def _stop_in_order(world: World) -> Heal | None:
    """`systemctl stop`, and `start`: with orders on their way."""
    if not world.kelpie.alive:
        return None
    world.be_lively()
    world.in_(5.0, world.owner.act)
    world.in_(5.0 + world.chance.uniform(0.0, 0.2), world.kelpie.stop)
    return world.chance.uniform(20.0, 60.0), lambda: _boot(world)


def _machine_restarts(world: World) -> Heal | None:
    """Kelpie and the gateway end in one moment and come back in any order."""
    if not (world.kelpie.alive and world.gateway.alive):
        return None
    world.kelpie.kill()
    world.gateway.kill()
    seconds = world.chance.uniform(10.0, 120.0)
    world.in_(world.chance.uniform(1.0, seconds), start, world)
    world.in_(world.chance.uniform(1.0, seconds), _boot, world)
    return seconds, lambda: staged.owner_acts(world)


PROCESS = (
    Fault("Kelpie killed", _kill_kelpie, weight=2.0),
    Fault("Kelpie killed while an order goes", _kill_while_an_order_goes, weight=2.0),
    Fault("Kelpie stopped", _stop_in_order),
    Fault("machine restarted", _machine_restarts),
)
