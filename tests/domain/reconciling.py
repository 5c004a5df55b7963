"""A ledger and a venue's lists to hold against each other, and the carrying out of what comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from domain.amendments import on_terms
from domain.compared_orders import executed, rows_of
from domain.findings import Before, Reconciliation
from domain.order_life import AwaitLists, Change, is_another, on_fill, on_report
from domain.orders import Order, OrderRequest, OrderState, OrderType, Side, Tif
from domain.reconciliation import Answers, LedgerState, reconcile
from domain.symbols import Symbol
from domain.venue import (
    ExecutionReport,
    OrderReport,
    OrderTerms,
    PositionReport,
    Round,
    VenueStatus,
)

SENT_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
SYDNEY = ZoneInfo("Australia/Sydney")
BHP, PAIR = Symbol("BHP", "AUD"), Symbol("AUD", "USD")
REQUEST = OrderRequest("KLP-1", BHP, Side.BUY, Decimal(10), OrderType.LIMIT, Decimal(40))
ORDER = replace(Order.intended(REQUEST, "ib", SENT_AT), state=OrderState.SENT, sent_at=SENT_AT)
WORKING = replace(ORDER, state=OrderState.WORKING, venue_order_id="7")
TERMS = OrderTerms(BHP, Side.BUY, Decimal(10), OrderType.LIMIT, Decimal(40), None, Tif.DAY)
SHOWN = OrderReport("KLP-1", "7", VenueStatus.WORKING, Decimal(0), Decimal(10), None, terms=TERMS)
TRADED = ExecutionReport(
    execution_id="1.01",
    execution_key="1",
    revision=1,
    client_order_id="KLP-1",
    venue_order_id="7",
    symbol=BHP,
    side=Side.BUY,
    quantity=Decimal(1),
    price=Decimal(40),
    time=SENT_AT,
    exchange="ASX",
    liquidity="added",
    account="DU1",
)


def asked(after: float, **lists: object) -> Round:
    """A complete round asked so many seconds after the send."""
    at = SENT_AT + timedelta(seconds=after)
    empty = Round(number=1, asked_at=at, ended_at=at + timedelta(seconds=0.5), unended=())
    return replace(empty, **lists)  # type: ignore[arg-type]


def held(symbol: Symbol | None, quantity: int | Decimal) -> PositionReport:
    """A row of the positions."""
    return PositionReport("DU1", symbol, "", Decimal(quantity), Decimal(40))


def compare(
    round: Round,
    orders: Sequence[Order] = (),
    before: Before | None = None,
    *,
    after: float | None = None,
    managed: Mapping[Symbol, Decimal] | None = None,
    ended: Sequence[Order] = (),
    zone: tzinfo | None = SYDNEY,
) -> Reconciliation:
    """One comparison; by the monotonic clock the round is asked `after` seconds after the send."""
    mono = (round.asked_at - SENT_AT).total_seconds() if after is None else after
    ledger = LedgerState(tuple(orders), managed or {}, mono + 0.5, tuple(ended))
    answers = Answers(round, mono, round.positions, zone)
    return reconcile(ledger, answers, before or Before())


def in_turn(
    rounds: Sequence[Round], order: Order = ORDER, zone: tzinfo | None = SYDNEY
) -> Reconciliation:
    """Compare with each round in turn on one link; the first sees the order right at its send."""
    watched = compare(asked(-0.5), [order], zone=zone).next
    assert order.client_order_id in watched.watched or order.state is OrderState.INTENDED
    outcome = Reconciliation(next=watched)
    for each in rounds:
        outcome = compare(each, [order], outcome.next, zone=zone)
    return outcome


def fed(order: Order, round: Round) -> Order:
    """The order once the facts of the lists have been told to it, by the rules of its life."""
    traded = executed(order, round.executions)
    if traded is not None and traded > order.filled:
        order = replace(order, filled=traded)
        order = _changed(order, on_fill(order))
    for row in rows_of(order, (*round.open_orders, *round.completed_orders)):
        if order.state.is_final:
            break
        if is_another(order, row):
            continue  # since a row before it has told the venue's id
        order = replace(order, venue_order_id=order.venue_order_id or row.venue_order_id)
        seen = on_terms(order, row.terms) if row.terms and not row.completed else None
        if seen is not None and seen.adopted is not None:
            order = replace(order, request=order.request.amended(seen.adopted))
        meaning = on_report(order, row)
        if isinstance(meaning, AwaitLists):
            meaning = meaning.then  # these lists are complete
        order = _changed(order, meaning if isinstance(meaning, Change) else None)
    return order


def judged(order: Order, outcome: Reconciliation) -> Order:
    """The order once it has been told what is proven of it."""
    name = order.client_order_id
    if name in outcome.absent:
        return replace(order, state=OrderState.NOT_SENT)
    if name in outcome.in_doubt:
        return replace(order, state=OrderState.UNKNOWN)
    return order


def _changed(order: Order, change: Change | None) -> Order:
    if change is None:
        return order
    return replace(order, state=change.state, pending_change=change.pending_change)
