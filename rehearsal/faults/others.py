"""Others on the same account: at the terminal, and other programs at the same gateway."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from domain.orders import OrderType, Side, Tif
from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal, nothing_to_mend
from simulators.broker import ACCOUNT
from simulators.model import NewOrder

if TYPE_CHECKING:
    from rehearsal.world import World

_SHARES = ("BHP/AUD", "VAS/AUD")
_ANOTHER_CLIENT = 99


def _bought_by_hand(world: World) -> Heal | None:
    """Somebody buys at the terminal (pain 10; reliability 25)."""
    given = {
        "symbol": world.chance.choice(_SHARES),
        "side": "BUY",
        "quantity": world.chance.randint(5, 80),
    }
    if world.chance.random() < 0.3:
        given["limit_price"] = "10.00"
    return (1.0, nothing_to_mend) if staged.do(world, "manual_order", given) else None


def _sold_by_hand(world: World) -> Heal | None:
    """Somebody sells what Kelpie bought, and later buys it back (design, law 10)."""
    if not world.gateway.alive:
        return None
    world.be_lively(15.0)
    sold: list[dict[str, Any]] = []

    def sell() -> None:
        held = [p for p in world.gateway.broker.positions() if p.quantity > 0]
        shares = [p for p in held if str(p.instrument.symbol) in _SHARES]
        if shares:
            position = world.chance.choice(shares)
            given = {
                "symbol": str(position.instrument.symbol),
                "side": "SELL",
                "quantity": world.chance.randint(1, int(position.quantity)),
            }
            if staged.do(world, "manual_order", given):
                sold.append(given)

    def buy_back() -> bool:
        for given in sold:
            _until_done(world, {**given, "side": "BUY"})
        return bool(sold)

    for seconds in (5.0, 7.0):
        world.in_(seconds, world.owner.order)
    world.in_(10.0, sell)
    return world.chance.uniform(30.0, 400.0), buy_back


def _until_done(world: World, given: dict[str, Any]) -> None:
    """The gateway may be away just now."""
    if not staged.do(world, "manual_order", given):
        world.in_(30.0, _until_done, world, given)


def _another_client(world: World) -> Heal | None:
    """Another program trades on the account, by another client id (reliability 25)."""
    if not world.gateway.alive:
        return None
    broker = world.gateway.broker
    symbol = world.chance.choice(_SHARES)
    instrument = next(i for i in broker.instruments() if str(i.symbol) == symbol)
    rests = world.chance.random() < 0.5
    order = NewOrder(
        client_id=_ANOTHER_CLIENT,
        order_id=broker.next_order_id(_ANOTHER_CLIENT),
        order_ref=world.chance.choice(("", "other-1", "KLP")),
        account=ACCOUNT,
        con_id=instrument.con_id,
        exchange=instrument.valid_exchanges[0],
        side=Side.BUY,
        quantity=Decimal(world.chance.randint(1, 50)),
        type=OrderType.LIMIT if rests else OrderType.MARKET,
        limit_price=Decimal("10.00") if rests else None,
        stop_price=None,
        tif=Tif.DAY,
    )
    broker.place(order)
    world.gateway.inside(world.gateway.server.publish_news)
    return 1.0, nothing_to_mend


OTHERS = (
    Fault("bought by hand", _bought_by_hand),
    Fault("sold by hand", _sold_by_hand),
    Fault("another client trades", _another_client),
)
