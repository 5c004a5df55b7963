"""What the broker's own books say of a drill: the stops that stand, and what was lost or twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from domain.orders import OrderType, Side
from simulators.books import Books
from simulators.tws.wire_history import WireHistory

_OPEN = ("PreSubmitted", "Submitted", "PendingSubmit")


def stops_of(books: Books, entry: str) -> list[str]:
    """The stops that work at the broker in the instrument of an entry, each in words."""
    con_ids = {each.request.con_id for each in books.orders if each.request.order_ref == entry}
    return [
        f"a stop to sell {each.request.quantity - each.filled} at {each.request.stop_price}"
        for each in books.orders
        if each.request.con_id in con_ids
        and each.request.type is OrderType.STOP
        and each.request.side is Side.SELL
        and each.status in _OPEN
    ]


def differences(
    books: Books, wire: WireHistory, orders: Iterable[Mapping[str, Any]], fills: Any, held: Any
) -> list[str]:
    """What is lost or twice, a sentence each: the broker's books and wire against Kelpie's word.

    `orders`, `fills` and `held` are the items of `GET /orders`, `/fills` and `/positions`.
    """
    found = [
        f"{name} went over the wire {count} times"
        for name, count in wire.orders_per_ref().items()
        if count != 1
    ]
    known = {each["client_order_id"]: each["symbol"] for each in orders}
    found += [
        f"the broker has an order {each.request.order_ref} that Kelpie does not know"
        for each in books.orders
        if each.request.order_ref not in known
    ]
    theirs = {each.execution_id: (each.quantity, each.price) for each in books.executions}
    ours: dict[str, tuple[Decimal, Decimal]] = {}
    for fill in fills:
        if fill["execution_id"] in ours:
            found.append(f"the execution {fill['execution_id']} is booked twice")
        ours[fill["execution_id"]] = (Decimal(fill["quantity"]), Decimal(fill["price"]))
    found += [f"the execution {name} is lost" for name in theirs.keys() - ours.keys()]
    found += [f"the execution {name} is invented" for name in ours.keys() - theirs.keys()]
    found += [
        f"the execution {name} is booked as {ours[name]}, not as {theirs[name]}"
        for name in theirs.keys() & ours.keys()
        if theirs[name] != ours[name]
    ]
    symbols = {
        each.request.con_id: known[each.request.order_ref]
        for each in books.orders
        if each.request.order_ref in known
    }
    there = {
        symbols.get(con_id, str(con_id)): each.quantity
        for con_id, each in books.positions.items()
        if each.quantity
    }
    here = {each["symbol"]: Decimal(each["managed"]) for each in held}
    if there != here:
        found.append(f"the broker holds {_words(there)}, Kelpie {_words(here)}")
    return found


def _words(held: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{quantity} {symbol}" for symbol, quantity in sorted(held.items())) or "none"
