"""Verbs for orders: what the exchange, the broker or a person at the gateway does with them.

Each acts on the open orders that fit `order_ref` (its beginning), `symbol` and `side`; with none
of these given, on the event's order, or on all where it has none. They answer how many there were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

from simulators.model import BrokerOrder
from simulators.scenarios.texts import text_of
from simulators.scenarios.verbs import Argument, Verbs
from simulators.tws import encode_orders

if TYPE_CHECKING:
    from simulators.scenarios.acts import Act

VERBS = Verbs()

_CHOICE = {
    "order_ref": Argument("text", ""),
    "symbol": Argument("text", ""),
    "side": Argument("text", "", choices=("", "BUY", "SELL")),
}


@VERBS.enter(
    _CHOICE,
    fraction=Argument("number", Decimal(1)),
    quantity=Argument("number", None),
    price=Argument("number", None),
)
def fill(act: Act) -> int:
    """The exchange fills the order.

    A `quantity`, or a `fraction` of what is left (rounded up), at a `price`, or its limit, or
    the last price.
    """
    count = 0
    for order in chosen(act):
        left = order.request.quantity - order.filled
        part = act.given["quantity"]
        if part is None:
            part = (left * act.given["fraction"]).to_integral_value(ROUND_UP)
        events = act.stage.gateway.broker.fill_by_hand(
            order.perm_id, min(part, left), act.given["price"]
        )
        act.note(filled=str(min(part, left)), perm_id=order.perm_id)
        act.stage.gateway.publish(events)
        count += 1
    return count


@VERBS.enter(_CHOICE, reason=Argument("text", "Cancelled by System:\n"))
def cancel_order(act: Act) -> int:
    """The broker cancels the order; `reason` is its completed status."""
    return _end_orders(act, "Cancelled", act.given["reason"])


@VERBS.enter(_CHOICE, reason=Argument("text", "Order rejected - reason:"))
def reject_order(act: Act) -> int:
    """The broker rejects an order that it had taken: error 201 with the reason, and Inactive."""
    return _end_orders(act, "Inactive", act.given["reason"])


@VERBS.enter(_CHOICE, status=Argument("text"), why_held=Argument("text", ""))
def send_status(act: Act) -> int:
    """An orderStatus says what is not in the books: the order itself goes on as it was."""
    count = 0
    for order in chosen(act):
        session = act.stage.gateway.clients.get(order.request.client_id)
        if session is not None:
            told = replace(order, status=act.given["status"], why_held=act.given["why_held"])
            session.send(encode_orders.order_status(told, session.version))
            session.flush_soon()
            count += 1
    return count


@VERBS.enter(_CHOICE, code=Argument("whole"), text=Argument("text", ""))
def order_error(act: Act) -> int:
    """An error or a notice with the order's id, whatever becomes of the order."""
    count, code = 0, act.given["code"]
    for order in chosen(act):
        session = act.stage.gateway.clients.get(order.request.client_id)
        if session is not None:
            order_id = order.request.order_id
            session.send_error(order_id, code, act.given["text"] or text_of(code, order_id))
            session.flush_soon()
            count += 1
    return count


@VERBS.enter()
def reissue_order_ids(act: Act) -> None:
    """The gateway forgets which order ids were used.

    The next one is 1 again, and an old order that is still open has the same id as a new one.
    """
    act.stage.gateway.broker.reissue_order_ids()


@VERBS.enter()
def forget_executions(act: Act) -> None:
    """What was executed or completed until now is in no list that is asked for."""
    act.stage.gateway.forget_executions()


def chosen(act: Act) -> list[BrokerOrder]:
    """The orders that a verb acts on, oldest first."""
    return list(_chosen(act))


def _chosen(act: Act) -> Iterator[BrokerOrder]:
    symbols = {i.con_id: str(i.symbol) for i in act.stage.gateway.broker.instruments()}
    wanted = {key: act.given[key] for key in _CHOICE if act.given[key]}
    for order in act.stage.gateway.broker.orders():
        request = order.request
        if not order.is_open:
            continue
        if not wanted and act.event.about is not None:
            if (request.client_id, request.order_id) == (act.event.client_id, act.event.about):
                yield order
        elif (
            request.order_ref.startswith(wanted.get("order_ref", ""))
            and wanted.get("symbol", "").upper() in ("", symbols[request.con_id])
            and wanted.get("side", "") in ("", request.side.value)
        ):
            yield order


def _end_orders(act: Act, status: str, reason: str) -> int:
    orders = chosen(act)
    for order in orders:
        events = act.stage.gateway.broker.end_by_hand(order.perm_id, status, reason)
        act.stage.gateway.publish(events)
    return len(orders)
