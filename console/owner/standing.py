"""What stands at the broker without anybody: holdings with their stops, and orders that work."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from console.owner.facts import Facts
from console.owner.words import number, price, sydney
from domain.orders import Order, OrderState, Purpose, Side
from domain.symbols import Symbol

_SHOWN = 3
_AT_THE_VENUE = (OrderState.SENT, OrderState.WORKING, OrderState.HELD)


def stop_of(symbol: Symbol, managed: Decimal, orders: Sequence[Order]) -> Decimal | None:
    """The level of the stop that works over a position; of several the one farthest away.

    That of an entry which has not filled waits for it at the broker, and guards nothing yet.
    """
    side = Side.SELL if managed > 0 else Side.BUY
    waiting = {order.request.client_order_id for order in orders if not order.filled}
    levels = [
        order.request.stop_price
        for order in orders
        if order.request.purpose is Purpose.PROTECTION
        and order.request.symbol == symbol
        and order.request.side is side
        and order.request.parent not in waiting
        and order.state in (OrderState.WORKING, OrderState.HELD)
        and order.request.stop_price is not None
    ]
    if not levels or not managed:
        return None
    return min(levels) if managed > 0 else max(levels)


def stands(facts: Facts) -> str:
    """In one or two sentences; as last heard where the link is down."""
    if facts.desk is None or facts.orders is None:
        return "What stands at IB is not known just now; IB has it."
    managed = [(each.symbol, each.managed) for each in facts.desk.positions if each.managed]
    text = what_stands(managed, facts.orders)
    away = [venue.since for venue in facts.desk.venues if not venue.connected]
    if away and (managed or facts.orders):
        return f"{text} So it was at {sydney(min(away), facts.now)}."
    return text


def what_stands(managed: Sequence[tuple[Symbol, Decimal]], orders: Sequence[Order]) -> str:
    """Of what Kelpie manages, and of its orders that are not final."""
    others = [
        order
        for order in orders
        if order.state in _AT_THE_VENUE and order.request.purpose is not Purpose.PROTECTION
    ]
    lost = sum(order.state is OrderState.UNKNOWN for order in orders)
    words = [_held(symbol, quantity, orders) for symbol, quantity in managed[:_SHOWN]]
    if len(managed) > _SHOWN:
        words.append(f"and {len(managed) - _SHOWN} more")
    parts = [f"{'; '.join(words)}." if words else "Kelpie holds nothing."]
    if others:
        more = f"{len(others)} more order" if words else f"{len(others)} order"
        parts.append(f"{more}{' works' if len(others) == 1 else 's work'} at IB.")
    if lost:
        parts.append(f"Of {_many(lost, 'order')} the fate is not known.")
    if not words and not others and not lost:
        return "Kelpie holds nothing, and no order works."
    return " ".join(parts)


def _held(symbol: Symbol, quantity: Decimal, orders: Sequence[Order]) -> str:
    stop = stop_of(symbol, quantity, orders)
    guard = f"stop {price(stop, symbol.currency)}" if stop is not None else "no stop"
    return f"{number(quantity)} {symbol}, {guard}"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
