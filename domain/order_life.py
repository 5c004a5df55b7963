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
class Claim:
    """The venue seems to have refused it: to be proven by a complete answer."""

    text: str


_LIVE = {
    VenueStatus.PENDING: OrderState.SENT,
    VenueStatus.HELD: OrderState.HELD,
    VenueStatus.WORKING: OrderState.WORKING,
}
_WOKEN_BY_A_FILL = frozenset(
    {
        OrderState.INTENDED,
        OrderState.SENT,
        OrderState.HELD,
        OrderState.UNKNOWN,
        OrderState.NOT_SENT,  # it was sent after all, and may work on
    }
)
_RANK = {OrderState.INTENDED: 0, OrderState.SENT: 1, OrderState.HELD: 2, OrderState.WORKING: 3}


def on_report(order: Order, report: OrderReport) -> Change | AwaitFills | Claim | None:
    """What a report means for an order; None when it says nothing new."""
    if order.state.is_final and order.state is not OrderState.NOT_SENT:
        return None
    if report.status in _LIVE:
        return _on_live(order, _LIVE[report.status])
    if report.status is VenueStatus.PENDING_CANCEL:
        state = order.state if order.state in _RANK else OrderState.WORKING
        return _changed(order, Change(max(state, OrderState.SENT, key=_rank), None, "CANCEL"))
    if report.status is VenueStatus.INACTIVE and not report.completed:
        return Claim(report.reason or "the venue set it inactive")
    return _on_end(order, report)


def on_fill(order: Order) -> Change | None:
    """What a booked fill means: all of it filled, or a sign of life of one thought dead."""
    if order.filled >= order.most:
        return _changed(order, Change(OrderState.FILLED))
    if order.state in _WOKEN_BY_A_FILL:
        return Change(OrderState.WORKING, pending_change=order.pending_change)
    return None


def _on_live(order: Order, state: OrderState) -> Change | None:
    if order.state in _RANK and _rank(state) < _rank(order.state):
        # A late word about an earlier moment. A working order can be held again, never unsent.
        if not (state is OrderState.HELD and order.state is OrderState.WORKING):
            return None
        if order.filled:
            return None
    return _changed(order, Change(state, None, order.pending_change))


def _on_end(order: Order, report: OrderReport) -> Change | AwaitFills | None:
    filled = report.filled if report.filled is not None else order.filled
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
    if filled > order.filled:
        return AwaitFills(filled, then)
    return _changed(order, then)


def _rank(state: OrderState) -> int:
    return _RANK.get(state, 0)


def _changed(order: Order, change: Change) -> Change | None:
    same = order.state is change.state and order.pending_change == change.pending_change
    return None if same else change
