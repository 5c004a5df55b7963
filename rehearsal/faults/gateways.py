"""The gateway and what is behind it: restarts, logins, windows without IB, ids, its clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal, nothing_to_mend

if TYPE_CHECKING:
    from rehearsal.world import World

_FILLS = ("0.3", "0.5", "1")


def _gateway_gone(world: World) -> Heal | None:
    """Its process dies and comes back (reliability 14)."""
    if not world.gateway.alive:
        return None
    world.gateway.kill()
    return world.chance.uniform(5.0, 300.0), lambda: start(world)


def start(world: World) -> None:
    """Start the gateway where none runs."""
    if not world.gateway.alive:
        world.gateway.boot()


def _nightly_restart(world: World) -> Heal | None:
    """IB's daily restart; some forget order ids, some what was executed (Lean-IB #242)."""
    given = {
        "ids": world.chance.choice(("kept", "kept", "rolled_back")),
        "executions": world.chance.choice(("kept", "kept", "gone")),
    }
    return staged.while_lasting(world, world.chance.uniform(20.0, 240.0), "nightly_restart", given)


def _weekly_login(world: World) -> Heal | None:
    """It runs and takes connections, and nobody has logged it in yet (pain 19; docker #119)."""
    row = {"name": "not logged in", "on": "startApi", "do": "drop", "times": "always"}
    heal = staged.while_rules(world, world.chance.uniform(300.0, 1500.0), [row])
    staged.do(world, "close")
    return heal


def _out_of_reach(world: World) -> Heal | None:
    """1100: orders fill meanwhile and nobody hears of it until 1101 or 1102 (pain 1)."""
    if not world.gateway.alive:
        return None
    world.owner.rest()
    given = {"restored": world.chance.choice((1101, 1102)), "repeat_seconds": 5.0}
    lost = [
        {"name": f"unheard {name}", "on": name, "do": "drop", "times": "always"}
        for name in ("execDetails", "commissionReport", "orderStatus", "openOrder")
    ]
    seconds = world.chance.uniform(8.0, 200.0)
    windows = [
        staged.while_rules(world, seconds, lost if world.chance.random() < 0.6 else []),
        staged.while_lasting(world, seconds, "connectivity_lost", given),
    ]
    staged.owner_acts(world)
    part = world.chance.choice(_FILLS)
    world.in_(seconds / 2, staged.do, world, "fill", {"order_ref": "KLP-", "fraction": part})
    return seconds, lambda: _mend_all(windows)


def _mend_all(windows: list[Heal | None]) -> None:
    for window in windows:
        if window is not None:
            window[1]()


def _client_id_busy(world: World) -> Heal | None:
    """326: an old socket still holds our client id (pain 4)."""
    heal = staged.while_lasting(world, world.chance.uniform(10.0, 120.0), "busy_client_id")
    staged.do(world, "close")
    return heal


def _order_ids_rolled_back(world: World) -> Heal | None:
    """NextValidId begins anew while old orders are open (pain 5; ib_insync #80)."""
    if not world.gateway.alive:
        return None
    world.owner.rest()

    def restart() -> None:
        # Never on a link that stands: ids are forgotten by a gateway that begins anew.
        staged.do(world, "close")
        staged.do(world, "reissue_order_ids")

    world.in_(3.0, restart)
    staged.owner_acts(world)
    return 12.0, nothing_to_mend


def _gateway_clock(world: World) -> Heal | None:
    """The clock of the gateway's machine is set (reliability 66)."""
    seconds = world.chance.choice((1.0, 3600.0, 86_400.0)) * world.chance.choice((-1, 1))
    world.gateway.clock.step(seconds)
    world.tell(f"the gateway's clock goes {seconds:+.0f} s")
    staged.owner_acts(world)
    return world.chance.uniform(15.0, 900.0), lambda: world.gateway.clock.step(-seconds)


#: An open circuit waits as long again as the outage was, at most ten minutes.
_AFTER_MINUTES, _AFTER_AN_HOUR = 600.0, 900.0

GATEWAYS = (
    Fault("gateway gone", _gateway_gone, ready_within=_AFTER_MINUTES),
    Fault("nightly restart", _nightly_restart, ready_within=_AFTER_MINUTES),
    Fault("weekly login", _weekly_login, ready_within=_AFTER_AN_HOUR),
    Fault("1100 with fills inside", _out_of_reach, weight=1.5),
    Fault("client id busy", _client_id_busy),
    Fault("order ids rolled back", _order_ids_rolled_back),
    Fault("gateway's clock set", _gateway_clock),
)
