"""Verbs for orders: what the exchange, the broker or a person at the gateway does with them.

Each acts on the open orders that fit `order_ref` (its beginning), `symbol` and `side`; with none
of these given, on the event's order, or on all where it has none. They answer how many there were.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

from domain.orders import Side
from simulators.model import BrokerOrder, Execution
from simulators.scenarios.on_markets import con_id_of
from simulators.scenarios.texts import text_of
from simulators.scenarios.verbs import Argument, ArgumentError, Verbs
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
    orders = [order for order in chosen(act) if not order.waits_at_broker]
    for order in orders:
        part = act.given["quantity"]
        if part is None:
            part = (order.remaining * act.given["fraction"]).to_integral_value(ROUND_UP)
        part = min(part, order.remaining)
        act.stage.gateway.broker.back_office.fill(order.perm_id, part, act.given["price"])
        act.note(filled=str(part), perm_id=order.perm_id)
        act.stage.gateway.publish_news()
    return len(orders)


@VERBS.enter(
    _CHOICE,
    reason=Argument("text", "Cancelled by System:\n"),
    by_hand=Argument("yes", False),
)
def cancel_order(act: Act) -> int:
    """The broker cancels the order; `reason` is its completed status.

    `by_hand`: somebody cancels it at the terminal instead, with PendingCancel first.
    """
    if not act.given["by_hand"]:
        return _end_orders(act, "Cancelled", act.given["reason"])
    orders = chosen(act)
    for order in orders:
        act.stage.gateway.broker.back_office.cancel(order.perm_id)
        act.stage.gateway.publish_news()
    return len(orders)


@VERBS.enter(_CHOICE, reason=Argument("text", "Order rejected - reason:"))
def reject_order(act: Act) -> int:
    """The broker rejects an order that it had taken: error 201 with the reason, and Inactive."""
    return _end_orders(act, "Inactive", act.given["reason"])


@VERBS.enter(_CHOICE)
def locate(act: Act) -> int:
    """Shares are found for short sales that are held for them."""
    waiting = [order for order in chosen(act) if order.why_held == "locate"]
    for order in waiting:
        act.stage.gateway.broker.back_office.locate(order.perm_id)
        act.stage.gateway.publish_news()
    return len(waiting)


@VERBS.enter(symbol=Argument("text", ""))
def purge_orders(act: Act) -> None:
    """GTC orders end: of one instrument as before its ex-date, of all as at a quarter's end."""
    broker, symbol = act.stage.gateway.broker, act.given["symbol"]
    broker.back_office.purge(con_id_of(broker, symbol) if symbol else None)
    act.stage.gateway.publish_news()


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


@VERBS.enter(
    _CHOICE,
    quantity=Argument("number", None),
    fraction=Argument("number", Decimal(1)),
    price=Argument("number", None),
)
def correct_execution(act: Act) -> str:
    """The last execution of the order was of another quantity, or part of it, or another price.

    It comes again, the last part of its id raised; position, cash and order follow. Answers the
    new id.
    """
    execution = _last_execution(act)
    quantity = act.given["quantity"]
    if quantity is None:
        quantity = (execution.quantity * act.given["fraction"]).to_integral_value(ROUND_UP)
    corrected = act.stage.gateway.broker.back_office.correct(
        execution.execution_id, quantity, act.given["price"]
    )
    act.stage.gateway.publish_news()
    return corrected


@VERBS.enter(_CHOICE)
def bust_execution(act: Act) -> str:
    """The last execution of the order never was: it is corrected to nothing."""
    busted = act.stage.gateway.broker.back_office.bust(_last_execution(act).execution_id)
    act.stage.gateway.publish_news()
    return busted


@VERBS.enter(_CHOICE, amount=Argument("number"))
def report_commission(act: Act) -> None:
    """The commission of the last execution of the order is reported again, with this amount."""
    back_office = act.stage.gateway.broker.back_office
    back_office.report_commission(_last_execution(act).execution_id, act.given["amount"])
    act.stage.gateway.publish_news()


@VERBS.enter(
    symbol=Argument("text"),
    side=Argument("text", choices=("BUY", "SELL")),
    quantity=Argument("number"),
    limit_price=Argument("number", None),
    stop_price=Argument("number", None),
)
def manual_order(act: Act) -> int:
    """Somebody enters an order at the terminal: order id 0, no orderRef.

    Answers its permanent id.
    """
    given = act.given
    perm_id = act.stage.gateway.broker.back_office.place(
        con_id_of(act.stage.gateway.broker, given["symbol"]),
        Side(given["side"]),
        given["quantity"],
        given["limit_price"],
        given["stop_price"],
    )
    act.stage.gateway.publish_news()
    return perm_id


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


def _last_execution(act: Act) -> Execution:
    for execution, _ in reversed(act.stage.gateway.broker.executions()):
        if _fits(act, execution.order):
            return execution
    raise ArgumentError("no order that fits has an execution")


def chosen(act: Act) -> list[BrokerOrder]:
    """The open orders that a verb acts on, oldest first."""
    return [o for o in act.stage.gateway.broker.orders() if o.is_open and _fits(act, o)]


def _fits(act: Act, order: BrokerOrder) -> bool:
    request, event = order.request, act.event
    wanted = {key: act.given[key] for key in _CHOICE if act.given[key]}
    if not wanted and event.about is not None:
        return (request.client_id, request.order_id) == (event.client_id, event.about)
    symbol = wanted.get("symbol", "")
    return (
        request.order_ref.startswith(wanted.get("order_ref", ""))
        and (not symbol or con_id_of(act.stage.gateway.broker, symbol) == request.con_id)
        and wanted.get("side", "") in ("", request.side.value)
    )


def _end_orders(act: Act, status: str, reason: str) -> int:
    orders = chosen(act)
    for order in orders:
        act.stage.gateway.broker.back_office.end(order.perm_id, status, reason)
        act.stage.gateway.publish_news()
    return len(orders)
