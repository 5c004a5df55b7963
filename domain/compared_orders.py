"""One open order of the ledger held against the rows of the venue's lists that are its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from domain.amendments import on_terms
from domain.findings import Finding, Rule
from domain.order_life import is_another
from domain.orders import Order, OrderState
from domain.venue import ExecutionReport, OrderReport, Round, VenueStatus

_NOT_LIVE_YET = frozenset({OrderState.INTENDED, OrderState.SENT, OrderState.UNKNOWN})
_ACKNOWLEDGED = frozenset({VenueStatus.WORKING, VenueStatus.HELD})


def rows_of(order: Order, rows: Iterable[OrderReport]) -> list[OrderReport]:
    """The rows that are about this very order, by our id and the venue's."""
    name = order.client_order_id
    return [row for row in rows if row.client_order_id == name and not is_another(order, row)]


def open_there(order: Order, rows: Iterable[OrderReport]) -> list[Finding]:
    """What our own client has open at the venue under this order's id, beside it or in its place.

    Those that another client placed under such an id are theirs, and no difference.
    """
    name = order.client_order_id
    ours = [
        row
        for row in rows
        if row.client_order_id == name and not row.foreign and not row.status.is_done
    ]
    # One without an id of the venue's is on its way to get one: it may be any of them.
    ids = sorted({row.venue_order_id for row in ours if row.venue_order_id is not None})
    if len(ids) > 1:
        sentence = f"{len(ids)} open orders bear the id {name} at the venue: {', '.join(ids)}"
        return [Finding(Rule.DUPLICATE_ORDER, name, order.request.symbol, sentence)]
    if ids and not rows_of(order, ours):
        sentence = (
            f"the venue has an order {ids[0]} under the id {name}, and ours there was "
            f"{order.venue_order_id}"
        )
        return [Finding(Rule.ORDER_ID_OF_ANOTHER, name, order.request.symbol, sentence)]
    return []


def executed(order: Order, executions: Iterable[ExecutionReport]) -> Decimal | None:
    """What the listed executions of this order add up to; None where none is listed."""
    newest: dict[str, ExecutionReport] = {}
    for each in _of(order, executions):
        known = newest.get(each.execution_key)
        if known is None or known.revision < each.revision:
            newest[each.execution_key] = each
    if not newest:
        return None
    return sum((each.quantity for each in newest.values()), Decimal(0))


def _of(order: Order, executions: Iterable[ExecutionReport]) -> list[ExecutionReport]:
    """Those that are about this very order, by our id and the venue's."""
    return [
        each
        for each in executions
        if each.client_order_id == order.client_order_id
        and (
            None in (order.venue_order_id, each.venue_order_id)
            or order.venue_order_id == each.venue_order_id
        )
    ]


def _is_revised(order: Order, executions: Iterable[ExecutionReport]) -> bool:
    """A correction of one of its executions is listed: without one nothing was taken back."""
    return any(each.revision > 1 for each in _of(order, executions))


def not_booked(order: Order, traded: Decimal) -> list[Finding]:
    """Of an order that has so much in listed executions: whether all of that is booked."""
    if traded <= order.filled:
        return []
    name = order.client_order_id
    sentence = f"executions of {traded} of {name} are listed, and {order.filled} is booked"
    return [Finding(Rule.EXECUTIONS_NOT_BOOKED, name, order.request.symbol, sentence)]


def compare_order(order: Order, round: Round, *, of_today: bool) -> list[Finding]:
    """All in which an order that the lists show differs from the ledger's.

    Of one that is not of the gateway's day nobody knows if its count includes what was filled
    before: too small a count is then no difference. Its executions are not all listed either: too
    large a count may hold fills that were never booked, whatever was corrected since.
    """
    open_rows = rows_of(order, round.open_orders)
    done_rows = rows_of(order, round.completed_orders)
    findings = open_there(order, round.open_orders)
    for row in open_rows:
        findings += _identity(order, row)
    if not any(each.rule is Rule.ORDER_IS_ANOTHER for each in findings):
        findings += _state(order, open_rows, done_rows)
        traded = executed(order, round.executions)
        revised = _is_revised(order, round.executions)
        findings += _filled(order, open_rows, done_rows, traded, of_today=of_today, revised=revised)
    return _each_once(findings)


def _identity(order: Order, row: OrderReport) -> list[Finding]:
    told, request = row.terms, order.request
    # An instrument that the link could not name is not known to be another one.
    if told is None or (told.symbol or request.symbol, told.side) == (
        request.symbol,
        request.side,
    ):
        return []
    theirs = f"{told.side} {told.symbol or request.symbol}"
    sentence = (
        f"{order.client_order_id} is {request.side} {request.symbol} here, "
        f"and {theirs} at the venue"
    )
    return [Finding(Rule.ORDER_IS_ANOTHER, order.client_order_id, request.symbol, sentence)]


def _state(
    order: Order, open_rows: Sequence[OrderReport], done_rows: Sequence[OrderReport]
) -> list[Finding]:
    name, symbol = order.client_order_id, order.request.symbol
    findings = []
    ids = [row.venue_order_id for row in (*open_rows, *done_rows) if row.venue_order_id]
    if order.venue_order_id is None and ids:
        sentence = f"the venue has {name} as {ids[0]}"
        findings.append(Finding(Rule.VENUE_ID_LEARNT, name, symbol, sentence))
    for row in open_rows:
        if row.status in _ACKNOWLEDGED and order.state in _NOT_LIVE_YET:
            sentence = f"{name} is {order.state} here, and {row.status} at the venue"
            findings.append(Finding(Rule.LIVE_THERE, name, symbol, sentence))
        seen = on_terms(order, row.terms) if row.terms is not None else None
        if seen is not None and (seen.confirmed or seen.adopted is not None):
            sentence = f"{name} has other terms at the venue: {_terms_of(row)}"
            findings.append(Finding(Rule.TERMS_DIFFER, name, symbol, sentence))
    return findings


def _filled(
    order: Order,
    open_rows: Sequence[OrderReport],
    done_rows: Sequence[OrderReport],
    traded: Decimal | None,
    *,
    of_today: bool,
    revised: bool,
) -> list[Finding]:
    """What the venue counts as filled, by its executions and by its orders."""
    name, symbol = order.client_order_id, order.request.symbol
    unbooked = not_booked(order, traded) if traded is not None else []
    if unbooked:
        return unbooked
    counts = [row.filled for row in open_rows if row.filled is not None]
    for row in done_rows:
        if row.filled:  # zero is written where nobody knows better
            counts.append(row.filled)
        elif row.status is VenueStatus.FILLED:
            counts.append(order.request.quantity)
    there = max(counts, default=None)
    if there is not None and there > order.filled:
        taken_back = of_today and revised and traded == order.filled
        if taken_back and done_rows and not open_rows:
            sentence = (
                f"{name} has ended at the venue; of the {there} that its order counts, "
                f"{there - order.filled} were taken back by corrections"
            )
            return [Finding(Rule.CORRECTED_THERE, name, symbol, sentence)]
        sentence = f"the venue counts {there} of {name} as filled, and {order.filled} is booked"
        return [Finding(Rule.FILLED_MORE_THERE, name, symbol, sentence)]
    if there is not None and there < order.filled and of_today:
        sentence = f"{order.filled} of {name} is booked, and the venue counts {there} as filled"
        return [Finding(Rule.FILLED_LESS_THERE, name, symbol, sentence)]
    if done_rows and not open_rows:
        sentence = f"{name} is {order.state} here, and has ended at the venue"
        return [Finding(Rule.COMPLETED_THERE, name, symbol, sentence)]
    return []


_ENDS = {
    VenueStatus.FILLED: OrderState.FILLED,
    VenueStatus.EXPIRED: OrderState.EXPIRED,
    VenueStatus.INACTIVE: OrderState.REJECTED,
}


def ended_as(order: Order, rows: Iterable[OrderReport]) -> OrderState:
    """How the venue's completed orders say that an order of theirs has ended."""
    statuses = [row.status for row in rows_of(order, rows)]
    return next((_ENDS[each] for each in statuses if each in _ENDS), OrderState.CANCELLED)


def _terms_of(row: OrderReport) -> str:
    assert row.terms is not None
    prices = [str(p) for p in (row.terms.limit_price, row.terms.stop_price) if p is not None]
    return " at ".join([str(row.terms.quantity), *prices])


def _each_once(findings: Iterable[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))
