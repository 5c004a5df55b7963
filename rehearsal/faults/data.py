"""Market data that stop, lie or leap, while orders work on."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal, nothing_to_mend

if TYPE_CHECKING:
    from rehearsal.world import World

_SYMBOLS = ("BHP/AUD", "VAS/AUD", "AUD/USD")


def _farm_down(world: World) -> Heal | None:
    """2103, then silence, then 2104 (reliability 28)."""
    heal = staged.while_lasting(world, world.chance.uniform(20.0, 300.0), "mute")
    if heal is None:
        return None
    _say(world, 2103, "Market data farm connection is broken:afarm")
    seconds, mend = heal

    def mended() -> None:
        mend()
        _say(world, 2104, "Market data farm connection is OK:afarm")

    return seconds, mended


def _say(world: World, code: int, text: str) -> None:
    staged.do(world, "send_error", {"code": code, "text": text, "about": "nothing"})


def _competing_session(world: World) -> Heal | None:
    """10197: the same login streams elsewhere (pain 3)."""
    given = {"data": {"competing_session": True}}
    heal = staged.while_lasting(world, world.chance.uniform(20.0, 300.0), "change_habits", given)
    staged.owner_acts(world)
    return heal


def _silent(world: World) -> Heal | None:
    """A subscription that stands and says nothing (pain 3: NT #4949)."""
    given = {"symbol": world.chance.choice(_SYMBOLS)}
    heal = staged.while_lasting(world, world.chance.uniform(30.0, 400.0), "mute", given)
    staged.owner_acts(world)
    return heal


def _halted(world: World) -> Heal | None:
    """The exchange halts a share: its orders are held (tick 49)."""
    given = {"symbol": world.chance.choice(_SYMBOLS[:2])}
    heal = staged.while_lasting(world, world.chance.uniform(30.0, 600.0), "halt", given)
    staged.owner_acts(world)
    return heal


def _price_leaps(world: World) -> Heal | None:
    """The market is somewhere else within a second."""
    symbol = world.chance.choice(_SYMBOLS[:2])
    broker = world.gateway.broker
    con_id = next(i.con_id for i in broker.instruments() if str(i.symbol) == symbol)
    price = broker.top(con_id).last
    if price is None:
        return None
    factor = Decimal(str(round(world.chance.uniform(0.96, 1.04), 3)))
    given = {"symbol": symbol, "price": str((price * factor).quantize(Decimal("0.01")))}
    staged.do(world, "move_price", given)
    staged.owner_acts(world)
    return 1.0, nothing_to_mend


DATA = (
    Fault("data farm down", _farm_down),
    Fault("competing session", _competing_session),
    Fault("silent subscription", _silent),
    Fault("trading halt", _halted),
    Fault("price leaps", _price_leaps),
)
