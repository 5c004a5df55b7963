"""What the desk knows of a symbol: ours, theirs, what works, and what a position is worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from domain.orders import Order, Side
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Working:
    """What open orders of a symbol may still trade, at their worst."""

    buys: Decimal = Decimal(0)
    sells: Decimal = Decimal(0)


def working_of(orders: Iterable[Order], symbol: Symbol) -> Working:
    """Every order that is not final counts with all that remains of it, UNKNOWN included."""
    buys = sells = Decimal(0)
    for order in orders:
        if order.request.symbol == symbol and not order.state.is_final:
            if order.request.side is Side.BUY:
                buys += order.remaining
            else:
                sells += order.remaining
    return Working(buys, sells)


def external_of(symbol: Symbol, managed: Decimal, held: Decimal) -> Decimal:
    """What somebody else holds in the account: the venue's position less ours.

    A currency pair has none: the venue keeps cash, and ours is all there is of it.
    """
    return Decimal(0) if symbol.is_currency_pair else held - managed


def unrealised(managed: Decimal, average: Decimal | None, mark: float | None) -> Decimal | None:
    """What the managed part would bring over its cost, in the symbol's currency, unrounded."""
    if managed == 0:
        return Decimal(0)
    if average is None or mark is None:
        return None
    return (Decimal(repr(mark)) - average) * managed
