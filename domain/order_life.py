"""The life of an order: what a message of the venue does to it.

Only the venue's order, execution and completed-order messages change a state; an error code
alone never does. Pure: the order as it stood and the message give the next state, whatever the
order, repetition or absence of messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.orders import Order, OrderState
from domain.venue import OrderReport, VenueStatus


@dataclass(frozen=True, slots=True)
class Change:
    """What should be recorded of an order."""

    state: OrderState
    reason: str | None = None
    pending_change: str | None = None


@dataclass(frozen=True, slots=True)
class AwaitFills:
    """The venue says that it is done with more filled than we have booked.

    The end is recorded when the executions have come; they are asked for if they do not.
    """

    filled: Decimal
    then: Change


@dataclass(frozen=True, slots=True)
class AwaitLists:
    """The venue says that it is done, and not how much of it was filled.

    The end is recorded once complete lists, asked for from now on, have brought every fill.
    """

    then: Change


@dataclass(frozen=True, slots=True)
class Claim:
    """The venue seems to have refused it: to be proven by a complete answer."""

    text: str


Meaning = Change | AwaitFills | AwaitLists | Claim

_LIVE = {
    VenueStatus.PENDING: OrderState.SENT,
    VenueStatus.HELD: OrderState.HELD,
    VenueStatus.WORKING: OrderState.WORKING,
}
_WOKEN_BY_A_FILL = frozenset(OrderState) - {OrderState.WORKING, OrderState.FILLED}
_JUDGED = frozenset({OrderState.NOT_SENT, OrderState.REJECTED})
"""Ends that we conclude from what the venue does not show; it may show it yet."""
_SIGNS_OF_LIFE = frozenset(
    {VenueStatus.HELD, VenueStatus.WORKING, VenueStatus.PENDING_CANCEL, VenueStatus.FILLED}
)
BY_HAND = "settled by hand"
"""How the reason of an order begins that a person has settled."""
_RANK = {OrderState.INTENDED: 0, OrderState.SENT: 1, OrderState.HELD: 2, OrderState.WORKING: 3}


def on_report(order: Order, report: OrderReport) -> Meaning | None:
    """What a report means for an order; None when it says nothing new."""
    if order.state.is_final:
        return None
    if report.status in _LIVE:
        return _on_live(order, _LIVE[report.status])
    if report.status is VenueStatus.PENDING_CANCEL:
        state = order.state if order.state in _RANK else OrderState.WORKING
        return _changed(order, Change(max(state, OrderState.SENT, key=_rank), None, "CANCEL"))
    if report.status is VenueStatus.INACTIVE and not report.completed:
        if report.why_held:
            held = Change(OrderState.HELD, f"held: {report.why_held}", order.pending_change)
            return _changed(order, held)
        return Claim(report.reason or "the venue set it inactive")
    return _on_end(order, report)


def revives(order: Order, report: OrderReport) -> bool:
    """Whether the venue speaks as of a live order about one that we, or a person, ended."""
    if order.state is OrderState.NOT_SENT and report.status is VenueStatus.PENDING:
        return True
    if order.state is OrderState.FILLED and report.status is VenueStatus.FILLED:
        return False
    by_hand = (order.reason or "").startswith(BY_HAND)
    if by_hand and report.completed:
        # That it is completed the person has read too; what it filled, the executions say.
        return False
    return (order.state in _JUDGED or by_hand) and report.status in _SIGNS_OF_LIFE


def is_another(order: Order, report: OrderReport) -> bool:
    """The reference is that of an order of ours, and the order is not: others may use it.

    The venue's permanent id tells them apart; while ours has none, whose client it is.
    """
    told = report.venue_order_id
    if told is None:
        return False
    return report.foreign if order.venue_order_id is None else told != order.venue_order_id


def on_fill(order: Order) -> Change | None:
    """What a booked fill means: all of it filled, or a sign of life of one thought dead.

    An end waits for the fills that it announces: one that comes after it was not among them.
    """
    if order.filled >= order.most:
        return _changed(order, Change(OrderState.FILLED))
    if order.state in _WOKEN_BY_A_FILL:
        ended = f"it traded after it had ended as {order.state}" if order.state.is_final else None
        return Change(OrderState.WORKING, ended, order.pending_change)
    return None


def on_less_filled(order: Order) -> Change | None:
    """What a correction or a bust means: of a filled order nobody knows if the rest works."""
    if order.state is OrderState.FILLED and order.filled < order.request.quantity:
        reason = (
            f"the venue corrected an execution: {order.filled} of {order.request.quantity} are "
            "filled, and whether the rest works is not known"
        )
        return Change(OrderState.UNKNOWN, reason)
    return None


def _on_live(order: Order, state: OrderState) -> Change | None:
    if order.state in _RANK and _rank(state) < _rank(order.state):
        # A late word about an earlier moment. A working order can be held again, never unsent.
        if not (state is OrderState.HELD and order.state is OrderState.WORKING):
            return None
        if order.filled:
            return None
    return _changed(order, Change(state, None, order.pending_change))


def _on_end(order: Order, report: OrderReport) -> Meaning | None:
    filled = report.filled
    if report.status is VenueStatus.FILLED:
        # Completed orders may bring no number, or 0: then it is done when all of it is booked.
        filled = report.filled or order.request.quantity
        then = Change(OrderState.FILLED)
    elif report.status is VenueStatus.EXPIRED:
        then = Change(OrderState.EXPIRED, report.reason or "expired at the venue")
    elif report.status is VenueStatus.INACTIVE:
        then = Change(OrderState.REJECTED, report.reason or "refused by the venue")
    else:
        then = Change(OrderState.CANCELLED, report.reason or "cancelled")
    if filled is None:
        return AwaitLists(then)
    if filled > order.filled:
        return AwaitFills(filled, then)
    return _changed(order, then)


def _rank(state: OrderState) -> int:
    return _RANK.get(state, 0)


def _changed(order: Order, change: Change) -> Change | None:
    same = order.state is change.state and order.pending_change == change.pending_change
    return None if same else change
