"""Causes in what is held and ordered: not protected, fate not known, mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from console.owner.causes import Cause, Level
from console.owner.facts import Facts
from console.owner.words import number, owners, venue_name
from domain.guard import Colour, Guard
from domain.orders import Order, OrderState
from domain.views import PositionView

_GOES_ON_TRYING = (
    "Kelpie goes on trying to place the stop, and buys no more {symbol}. Until it stands, nothing "
    "at IB ends a loss."
)
_HELD_BACK = (
    "Kelpie places no stop and sells nothing of it until you have said what it was. Nothing at IB "
    "ends a loss."
)


def of_what_is_held(facts: Facts) -> Iterator[Cause]:
    """Worst first: what nothing guards, what nobody knows, what two know differently."""
    positions = facts.desk.positions if facts.desk is not None else ()
    for position in positions:
        if position.guard is not None and position.guard.colour is Colour.RED:
            yield _unprotected(position, position.guard)
    for order in facts.orders or ():
        if order.state is OrderState.UNKNOWN:
            yield _unknown(order)
    yield from _of_the_venues(facts)


def _unprotected(position: PositionView, guard: Guard) -> Cause:
    symbol, held = str(position.symbol), abs(position.managed)
    bare = held - guard.protected
    if bare <= 0:
        said = f"The stop of {number(held)} {symbol} is not as it should be"
    elif bare < held:
        said = f"{number(bare)} of {number(held)} {symbol} are not protected"
    else:
        said = f"{number(held)} {symbol} are not protected"
    return Cause(
        Level.NEEDS_YOU,
        "UNPROTECTED",
        f"{said}: {owners(guard.cause) or 'it is not told why'}.",
        (_HELD_BACK if guard.held_back else _GOES_ON_TRYING).format(symbol=symbol),
        _split_or_not(symbol) if guard.held_back else _by_hand(symbol),
        symbol,
    )


def _by_hand(symbol: str) -> tuple[str, ...]:
    return (
        f"Place a stop at IB by hand if it lasts, or sell: `kelpie flatten {symbol}`.",
        "`kelpie plans` shows what is wanted.",
    )


def _split_or_not(symbol: str) -> tuple[str, ...]:
    """A corporate action is suspected: nothing moves before a person has said what it was."""
    return (
        f"Was it split? `kelpie resolve {symbol} --split NEW:OLD`.",
        f"If nothing has happened: `kelpie resolve {symbol} --none`.",
    )


def _unknown(order: Order) -> Cause:
    request = order.request
    symbol, id = str(request.symbol), request.client_order_id
    return Cause(
        Level.NEEDS_YOU,
        "ORDER_UNKNOWN",
        f"It is not known what became of an order: {request.side} {number(request.quantity)} "
        f"{symbol}.",
        f"Kelpie goes on asking IB, counts the order at its worst, and buys no more {symbol}.",
        (
            "If it stays so for some minutes, look for the order in IB's own app.",
            f"Then say what you saw: `kelpie resolve {id} --absent`, or `--filled QUANTITY`.",
        ),
        symbol,
    )


def _of_the_venues(facts: Facts) -> Iterator[Cause]:
    lost = {o.request.client_order_id for o in facts.orders or () if o.state is OrderState.UNKNOWN}
    for venue in facts.desk.venues if facts.desk is not None else ():
        name = venue_name(venue.venue)
        for id in venue.in_doubt:
            if id not in lost:
                yield Cause(
                    Level.NEEDS_YOU,
                    "ORDER_UNKNOWN",
                    f"{name} does not show yet what became of the order {id}.",
                    "Kelpie goes on asking IB, and counts the order at its worst.",
                    ("`kelpie reconcile` compares again, and says how it ends.",),
                )
        for symbol, why in venue.mismatches:
            yield Cause(
                Level.NEEDS_YOU,
                "MISMATCH",
                f"Mismatch with {name} in {symbol}: {owners(why)}.",
                f"Kelpie buys no more {symbol}, and sells no more than is surely there. Its "
                "stops stay.",
                ("`kelpie reconcile` shows both sides, and which command settles it.",),
                str(symbol),
            )
