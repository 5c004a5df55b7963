"""What a statement proves of orders whose fate nobody else could prove.

An order that the statement shows filled whole is filled. For the rest its days must be over: only
complete days count, so many after the last on which it could have traded that no holiday hides a
session, and an order that works until it is cancelled is never proven absent by trades alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from domain.orders import Tif
from domain.resolution import Outcome
from domain.statement import Section, Statement, StatementTrade

#: Sent after the close on the eve of Easter or Christmas, a day's order trades five days later.
LAST_TRADES_WITHIN = timedelta(days=5)
_DAY = timedelta(days=1)
_PLACES = Decimal("1E-8")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class UnknownOrder:
    """An order that is UNKNOWN; `filled` is what the book has of it, by `executions`."""

    client_order_id: str
    quantity: Decimal
    """The most that it can have filled."""
    filled: Decimal
    tif: Tif
    intended: date
    """The day in Sydney on which it was meant to be sent."""
    executions: tuple[str, ...]
    """The keys of the executions that are booked."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a statement says of one; without an outcome it proves nothing, and says why."""

    client_order_id: str
    outcome: Outcome | None
    sentence: str
    fee: Decimal | None = None
    """What the executions that the book lacks have cost, in `fee_currency`."""
    fee_currency: str | None = None
    day: date | None = None
    """Of the last of these executions."""


def settled(orders: Iterable[UnknownOrder], statement: Statement) -> tuple[Settled, ...]:
    """Judge each order by the statement's trades."""
    return tuple(_settled(order, statement) for order in orders)


def _settled(order: UnknownOrder, statement: Statement) -> Settled:
    name = order.client_order_id
    if Section.TRADES not in statement.sections:
        return Settled(name, None, f"The statement has no trades, so it says nothing of {name}.")
    mine = [trade for trade in statement.trades if trade.order == name]
    more = [trade for trade in mine if not any(trade.is_execution(key) for key in order.executions)]
    filled = order.filled + sum((trade.quantity for trade in more), _ZERO)
    if filled > order.quantity:
        return Settled(
            name,
            None,
            f"By the statement {filled} of {name} have filled, and it was for {order.quantity}: "
            "somebody else used its reference. Look at it yourself (kelpie resolve).",
        )
    if filled < order.quantity and (open_still := _may_trade_still(order, statement)):
        return Settled(name, None, f"{name}: {open_still}")
    if not filled:
        sentence = f"{name} is in no complete day of the statement: the broker does not have it."
        return Settled(name, Outcome(None), sentence)
    price = _average(more)
    fee, currency = _fee(more)
    return Settled(
        name,
        Outcome(filled, price),
        f"By the statement {filled} of {order.quantity} of {name} have filled.",
        fee,
        currency,
        max((trade.day for trade in more), default=None),
    )


def _may_trade_still(order: UnknownOrder, statement: Statement) -> str:
    """Why what has not filled by the statement may have filled all the same; empty if it cannot."""
    if order.tif is Tif.GTC:
        return "it works until it is cancelled, and trades alone do not show that it was."
    if statement.trades and not any(trade.order for trade in statement.trades):
        return "no trade of the statement names its order: tick *Order Reference* in the query."
    complete = _last_complete(statement)
    if statement.first > order.intended - _DAY:
        return f"the statement begins on {statement.first}, not before the day of the order."
    due = order.intended + LAST_TRADES_WITHIN
    if complete < due:
        return (
            f"the statement's last complete day is {complete}; with one up to {due} or later "
            "it is proven."
        )
    return ""


def _last_complete(statement: Statement) -> date:
    """The last day that was over when the statement was made, on any clock of the world."""
    if statement.generated is None:
        return statement.last - _DAY
    return min(statement.last, statement.generated - 2 * _DAY)


def _average(trades: Sequence[StatementTrade]) -> Decimal | None:
    units = sum((trade.quantity for trade in trades), _ZERO)
    if not units:
        return None
    value = sum((trade.quantity * trade.price for trade in trades), _ZERO)
    return (value / units).quantize(_PLACES)


def _fee(trades: Sequence[StatementTrade]) -> tuple[Decimal | None, str | None]:
    currencies = {trade.commission_currency for trade in trades}
    if len(currencies) != 1 or any(trade.commission is None for trade in trades):
        return None, None
    return sum((trade.commission or _ZERO for trade in trades), _ZERO), currencies.pop()
