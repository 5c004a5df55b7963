"""What the gateway says of orders, said twice, late, in another order, in another session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal

if TYPE_CHECKING:
    from rehearsal.world import World

_NEWS = ("orderStatus", "openOrder", "execDetails", "commissionReport")
#: A list's end never comes before its rows: they go over the wire in one line.
_ENDS = {"openOrder": "openOrderEnd", "execDetails": "execDetailsEnd"}


def _repeated(world: World) -> Heal | None:
    """TWS repeats itself, orderStatus above all (reliability 22)."""
    rows = [
        {
            "name": f"twice {name}",
            "on": name,
            "do": "repeat",
            "times": "always",
            "with": {"copies": world.chance.randint(1, 3), "seconds": world.chance.uniform(0, 4)},
        }
        for name in world.chance.sample(_NEWS, 2)
    ]
    return _while(world, rows)


def _late(world: World) -> Heal | None:
    """Some news come long after others (pain 12, 14)."""
    rows = [
        {
            "name": f"late {name}",
            "on": [name, _ENDS[name]] if name in _ENDS else name,
            "do": "delay",
            "times": "always",
            "with": {"seconds": world.chance.uniform(0.5, 40.0)},
        }
        for name in world.chance.sample(_NEWS, 2)
    ]
    return _while(world, rows)


def _reordered(world: World) -> Heal | None:
    """The fill before the acknowledgement, the commission before the fill (pain 14)."""
    order = world.chance.sample(_NEWS, len(_NEWS))
    row = {
        "name": "another order",
        "on": ["openOrder", "execDetails"],
        "do": "reorder",
        "times": 3,
        "with": {"order": order, "within_seconds": world.chance.uniform(0.5, 5.0)},
    }
    return _while(world, [row])


def _in_another_session(world: World) -> Heal | None:
    """What was said on a lost link is said on the next one (reliability 22, pain 10)."""
    rows = [
        {
            "name": f"next session {name}",
            "on": name,
            "do": "repeat",
            "times": 4,
            "with": {"next_session": True},
        }
        for name in world.chance.sample(_NEWS, 2)
    ]
    heal = _while(world, rows)
    world.in_(12.0, staged.do, world, "close")
    return heal


def _held_back(world: World) -> Heal | None:
    """All news wait, as behind a dialog of the gateway, and come at once (Lean-IB #251)."""
    every = [*_NEWS, *_ENDS.values(), "completedOrder", "completedOrdersEnd"]
    row = {"name": "held back", "on": every, "do": "hold", "times": "always"}
    return _while(world, [row])


def _while(world: World, rows: Sequence[Mapping[str, Any]]) -> Heal | None:
    heal = staged.while_rules(world, world.chance.uniform(14.0, 90.0), rows)
    staged.owner_acts(world)
    return heal


CALLBACKS = (
    Fault("news repeated", _repeated),
    Fault("news late", _late),
    Fault("news reordered", _reordered),
    Fault("news in another session", _in_another_session),
    Fault("news held back", _held_back),
)
