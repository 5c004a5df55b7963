"""The ledger held against the venue's answers: what agrees, what does not, what is not known.

Pure and idempotent: once what it says has been carried out, the same answers say nothing new.
Nothing is invented: each difference has its rule (`domain.findings`), absence its own proof
(`domain.absence`), and what cannot be proven stays UNKNOWN, for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal

from domain.absence import Watched, was_there, within_horizon
from domain.compared_orders import (
    compare_order,
    ended_as,
    executed,
    not_booked,
    open_there,
    rows_of,
)
from domain.findings import Before, Finding, Reconciliation, Rule
from domain.foreign import ForeignOrder, Whose, foreign_order
from domain.order_life import is_another
from domain.orders import Order, OrderState, Tif
from domain.symbols import Symbol
from domain.venue import OrderReport, PositionReport, Round

_AT_ONCE = frozenset({Rule.DUPLICATE_ORDER})
"""Needs no second comparison: one list shows both."""
_AT_ONCE_ON_A_NEW_LINK = frozenset({Rule.POSITION_SHORT, Rule.POSITION_OPPOSITE})
"""Later on a fill is booked before the venue's word on the position comes."""
_CARRIED_OUT = frozenset({Rule.OPEN_THERE_ENDED_HERE, Rule.CORRECTED_THERE})
"""Once confirmed, the order is brought to what the lists show."""
_TAKEN_OVER = frozenset(
    {
        Rule.VENUE_ID_LEARNT,
        Rule.LIVE_THERE,
        Rule.COMPLETED_THERE,
        Rule.TERMS_DIFFER,
        Rule.EXECUTIONS_NOT_BOOKED,
    }
)


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The ledger after all facts of the round have been told to it."""

    open_orders: tuple[Order, ...]
    managed: Mapping[Symbol, Decimal]
    at: float
    """Monotonic: when this was taken."""
    ended: tuple[Order, ...] = ()
    """Orders that have ended, of those that the venue lists as open."""


@dataclass(frozen=True, slots=True)
class Answers:
    """A complete round of the venue's lists."""

    round: Round
    asked: float
    """Monotonic: not later than any of its lists was asked for."""
    held: tuple[PositionReport, ...]
    """The newest word on each position: the list, and what came since."""
    gateway_zone: tzinfo | None
    """In which the days of its lists are counted; None where nobody knows."""


@dataclass(slots=True)
class _Found:
    """What is gathered on the way through the orders."""

    matches: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unknowns: list[Finding] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    watched: dict[str, Watched] = field(default_factory=dict)


def reconcile(ledger: LedgerState, answers: Answers, before: Before) -> Reconciliation:
    """Hold the ledger against a complete round; `before` is what the last comparison left."""
    found = _Found()
    for order in ledger.open_orders:
        _judge(order, ledger, answers, before, found)
    findings = [
        *found.findings,
        *_opened_again(ledger.ended, answers.round.open_orders),
        *compare_positions(ledger.managed, answers.held),
    ]
    blamed = {each.subject for each in findings}
    agreed = [str(s) for s, q in ledger.managed.items() if q != 0 and str(s) not in blamed]
    confirmed = [each for each in findings if _is_confirmed(each, before)]
    return Reconciliation(
        matches=(*found.matches, *sorted(agreed)),
        adoptions=tuple(f for f in findings if f.rule in _TAKEN_OVER and f not in confirmed),
        mismatches=tuple(
            _not_taken_over(each) if each.rule in _TAKEN_OVER else each
            for each in confirmed
            if each.rule not in _CARRIED_OUT
        ),
        unknowns=tuple(found.unknowns),
        foreign=foreign_orders(ledger, answers.round.open_orders),
        absent=tuple(found.absent),
        revived=tuple(f.subject for f in confirmed if f.rule is Rule.OPEN_THERE_ENDED_HERE),
        ended=_ended(confirmed, ledger, answers.round),
        suspected=tuple(f for f in findings if f not in confirmed and f.rule not in _TAKEN_OVER),
        next=Before(
            first=False,
            watched=found.watched,
            suspected=frozenset(map(_mark, findings)),
        ),
    )


def _ended(
    confirmed: Iterable[Finding], ledger: LedgerState, round: Round
) -> tuple[tuple[str, OrderState, str], ...]:
    orders = {order.client_order_id: order for order in ledger.open_orders}
    return tuple(
        (each.subject, ended_as(orders[each.subject], round.completed_orders), each.sentence)
        for each in confirmed
        if each.rule is Rule.CORRECTED_THERE
    )


def _is_confirmed(finding: Finding, before: Before) -> bool:
    """One comparison is one moment of two books that move: two in a row are a difference."""
    if finding.rule in _AT_ONCE or _mark(finding) in before.suspected:
        return True
    return before.first and finding.rule in _AT_ONCE_ON_A_NEW_LINK


def _mark(finding: Finding) -> tuple[Rule, str, str]:
    """By what it is known again.

    What Kelpie takes over it has to have been told twice in the same words: an order that is
    changed between list and judgement in two comparisons was taken over in both.
    """
    told = finding.sentence if finding.rule in _TAKEN_OVER else ""
    return finding.rule, finding.subject, told


def _not_taken_over(finding: Finding) -> Finding:
    sentence = f"{finding.sentence}; Kelpie was told twice and has not taken it over"
    return Finding(Rule.NOT_TAKEN_OVER, finding.subject, finding.symbol, sentence)


# -- orders ------------------------------------------------------------------------------


def _judge(
    order: Order, ledger: LedgerState, answers: Answers, before: Before, found: _Found
) -> None:
    name, round = order.client_order_id, answers.round
    watched = before.watched.get(name)
    if order.state is not OrderState.INTENDED:
        found.watched[name] = watched or Watched(ledger.at)
    if rows_of(order, (*round.open_orders, *round.completed_orders)):
        if name in found.watched:
            found.watched[name] = found.watched[name].found()
        of_today = within_horizon(order, round.ended_at, answers.gateway_zone)
        findings = compare_order(order, round, of_today=of_today)
        found.findings += findings
        if not findings:
            found.matches.append(name)
        return
    found.findings += open_there(order, round.open_orders)
    traded = executed(order, round.executions)
    if traded is not None:
        found.findings += not_booked(order, traded)
    if order.state is OrderState.INTENDED or order.filled >= order.request.quantity:
        return  # not sent yet; or its fills are booked, and its end is on its way
    since = order.sent_at or order.created_at
    if watched is None and since >= round.asked_at:
        return  # sent after the lists were asked for
    if traded is not None:
        # Executions alone do not say what became of the rest.
        found.watched[name] = found.watched[name].found()
        found.unknowns.append(_unknown(order, Rule.ORDER_REST_NOT_SHOWN))
        return
    missed = found.watched[name] = found.watched[name].missed(answers.asked)
    if was_there(order):
        found.unknowns.append(_unknown(order, Rule.ORDER_VANISHED))
    elif not within_horizon(order, round.ended_at, answers.gateway_zone):
        found.unknowns.append(_unknown(order, Rule.ORDER_BEYOND_HORIZON))
    elif missed.is_proven_absent(answers.asked):
        found.absent.append(name)
    else:
        found.unknowns.append(_unknown(order, Rule.ORDER_NOT_SHOWN))


def _unknown(order: Order, rule: Rule) -> Finding:
    name = order.client_order_id
    if rule is Rule.ORDER_REST_NOT_SHOWN:
        sentence = f"executions of {name} are listed, and no list says what became of the rest"
    elif rule is Rule.ORDER_VANISHED:
        gtc = ", though it is good till cancelled" if order.request.tif is Tif.GTC else ""
        sentence = f"{name} was at the venue, and no list shows it now{gtc}"
    elif rule is Rule.ORDER_BEYOND_HORIZON:
        sentence = f"the venue's lists do not provably reach back to the day of {name}"
    else:
        sentence = f"no list shows {name}; that it never came is not proven yet"
    return Finding(rule, name, order.request.symbol, sentence)


def _opened_again(ended: Iterable[Order], rows: Sequence[OrderReport]) -> list[Finding]:
    """Orders that have ended here, of which a list of open orders speaks as of live ones."""
    return [
        Finding(
            Rule.OPEN_THERE_ENDED_HERE,
            order.client_order_id,
            order.request.symbol,
            f"{order.client_order_id} ended as {order.state} here, and the venue lists it as open",
        )
        for order in ended
        if any(row.status.is_live for row in rows_of(order, rows))
    ]


def foreign_orders(ledger: LedgerState, rows: Sequence[OrderReport]) -> tuple[ForeignOrder, ...]:
    """The open orders of the venue that are none of this book's."""
    known = {o.client_order_id: o for o in (*ledger.ended, *ledger.open_orders)}
    listed = []
    for row in rows:
        order = known.get(row.client_order_id or "")
        if row.status.is_done or (order is not None and not is_another(order, row)):
            continue
        whose = Whose.UNDER_OUR_ID if order is not None else Whose.NOT_IN_BOOK
        listed.append(foreign_order(row, Whose.OTHERS if row.foreign else whose))
    return tuple(listed)


# -- positions ---------------------------------------------------------------------------


def compare_positions(
    managed: Mapping[Symbol, Decimal], held: Iterable[PositionReport]
) -> tuple[Finding, ...]:
    """Symbols of which the venue holds less than we bought.

    More is no mismatch: the difference is somebody else's (external). A currency pair is not
    compared: the venue shows cash, not a position.
    """
    quantities: dict[Symbol, Decimal] = {}
    for report in held:
        if report.symbol is not None:
            quantities[report.symbol] = quantities.get(report.symbol, Decimal(0)) + report.quantity
    findings = []
    for symbol in sorted(managed):
        ours, theirs = managed[symbol], quantities.get(symbol, Decimal(0))
        if ours == 0 or symbol.is_currency_pair:
            continue
        if theirs >= ours if ours > 0 else theirs <= ours:
            continue
        opposite = theirs * ours < 0
        too_much = ours if opposite else ours - theirs
        findings.append(
            Finding(
                Rule.POSITION_OPPOSITE if opposite else Rule.POSITION_SHORT,
                str(symbol),
                symbol,
                f"Kelpie bought {ours}, the venue holds {theirs}",
                quantity=format(-too_much, "f"),
            )
        )
    return tuple(findings)
