"""What the desk knows of a symbol: ours, theirs, what works, and what a position is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from domain.figures import RISK_REDUCING
from domain.orders import Order, Purpose, Side
from domain.rates import Rate
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Working:
    """What open orders of a symbol may still trade, at their worst."""

    buys: Decimal = Decimal(0)
    sells: Decimal = Decimal(0)
    active_buys: int = 0
    """How many orders."""
    active_sells: int = 0


def working_of(
    orders: Iterable[Order], symbol: Symbol, lots: Mapping[str, Decimal] | None = None
) -> Working:
    """Every order that is not final counts with all that it may still trade, UNKNOWN included.

    Of those that cancel each other the largest counts, for the venue lets one of them trade. One
    that waits for its entry counts up to what the entry has filled: before that it cannot trade.
    Those that guard a plan count with all of its lot (`lots`, by plan): the venue may set their
    size after its entry's fills by itself, and tells of it later.
    """
    lots = lots or {}
    listed = [o for o in orders if o.request.symbol == symbol and not o.state.is_final]
    active_buys = sum(1 for order in listed if order.request.side is Side.BUY)
    active_sells = len(listed) - active_buys
    # A conversion neither opens nor leaves a position.
    listed = [order for order in listed if order.request.purpose is not Purpose.CONVERT]
    filled_of = {order.client_order_id: order.filled for order in listed}
    total = {Side.BUY: Decimal(0), Side.SELL: Decimal(0)}
    largest: dict[tuple[Side, str], Decimal] = {}
    for order in listed:
        request = order.request
        exposed = order.exposed
        if request.parent in filled_of:
            exposed = min(exposed, filled_of[request.parent])
        if request.oca_group is None:
            total[request.side] += exposed
        else:
            group = (request.side, request.oca_group)
            lot = lots.get(request.plan or "", Decimal(0))
            largest[group] = max(largest.get(group, Decimal(0)), exposed, lot)
    for (side, _), exposed in largest.items():
        total[side] += exposed
    return Working(total[Side.BUY], total[Side.SELL], active_buys, active_sells)


def room_to_leave(
    side: Side, managed: Decimal, held: Decimal, works: Decimal, others: Decimal = Decimal(0)
) -> Decimal:
    """How much may leave a position by this side: provably held, and not offered yet.

    Never more than the lesser of managed and held, less what `works` to leave it already. What
    `others` offer eats what others hold first; only the rest of it is taken from ours.
    """
    sign = -side.sign
    return max(min(managed * sign, held * sign - others) - works, Decimal(0))


def reserved_of(orders: Iterable[Order], rates: Mapping[str, Rate]) -> Decimal | None:
    """What orders may still take up at their worst, in the base currency, by their own prices.

    It is released by a final state alone: UNKNOWN counts whole. What only leaves takes up
    nothing. None where the rate of a currency, or the price of an order, is not known; a rate
    that is too old is not known either.
    """
    total = Decimal(0)
    for order in orders:
        request = order.request
        if request.purpose in RISK_REDUCING or order.state.is_final:
            continue
        rate = rates.get(request.symbol.currency)
        prices = [p for p in (request.limit_price, request.stop_price) if p is not None]
        if rate is None or rate.stale or not prices:
            return None
        total += order.exposed * max(prices) * rate.value
    return total


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
