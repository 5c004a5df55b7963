"""The orders of a venue: from the durable intent to the end, by the venue's messages alone.

Here is what comes from the venue; `order_sending` and `order_amending` have what goes there,
`order_resolving` a person's word, `order_keeping` what is known of each order.
"""

from __future__ import annotations

from dataclasses import replace

from actors import names
from actors.base import on
from actors.messages import (
    BookCommission,
    BookFill,
    OrderJudged,
    OrderRecorded,
    RoundFed,
    TakeSnapshot,
    VenueFact,
)
from actors.order_resolving import OrderResolving
from domain.claims import ClaimedBy
from domain.order_life import (
    AwaitFills,
    AwaitLists,
    Change,
    is_another,
    on_fill,
    on_less_filled,
    on_report,
    revives,
)
from domain.orders import Order, OrderState
from domain.venue import (
    CommissionReport,
    ExecutionReport,
    NoticeEffect,
    OrderReport,
    VenueNotice,
    VenueStatus,
)
from runtime.crash_points import CrashPoint, reached

_FILLS_WITHIN = 3.0
_ASK_FOR_FILLS = 3
_ENDS_CLAIMED = {
    NoticeEffect.REJECT: OrderState.REJECTED,
    NoticeEffect.CANCELLED: OrderState.CANCELLED,
}
_ASKED_ABOUT = {
    NoticeEffect.QUERY: "UNKNOWN_CODE",
    NoticeEffect.CHANGE_REFUSED: "CHANGE_REFUSED",
    NoticeEffect.CANCEL_REFUSED: "CANCEL_REFUSED",
    NoticeEffect.PACING: "PACING",
}
"""Codes after which the venue's lists have to say how an order stands."""
_LIVE = (VenueStatus.PENDING, VenueStatus.HELD, VenueStatus.WORKING)


class Orders(OrderResolving):
    """The order state machine."""

    # -- from the venue ------------------------------------------------------------------

    @on(VenueFact)
    def _fact(self, message: VenueFact) -> None:
        if self._waits(message):
            return
        fact = message.fact
        if isinstance(fact, ExecutionReport):
            reached(CrashPoint.FILL_HEARD)
            self.tell(names.LEDGER, BookFill(self.venue, self._of_that_order(fact)))
        elif isinstance(fact, CommissionReport):
            reached(CrashPoint.COMMISSION_HEARD)
            self.tell(names.LEDGER, BookCommission(self.venue, fact))
        elif isinstance(fact, OrderReport):
            self._report(fact)
        else:
            self._notice(fact)

    def _report(self, report: OrderReport) -> None:
        name = report.client_order_id or self._by_venue_id.get(report.venue_order_id or "")
        order = self._open.get(name or "")
        known = order or self._final.get(name or "")
        if known is not None and is_another(known, report):
            self.log.debug("Order {} bears {} too.", report.venue_order_id, name)
            return
        if order is None:
            self._about_one_that_ended(known, report)
            return
        self._answered(order)
        reached(CrashPoint.ACK_HEARD if report.status in _LIVE else CrashPoint.END_HEARD)
        order = self._take_terms(self._learn_venue_id(order, report), report)
        self._unanswered.discard(order.client_order_id)
        if report.status in _LIVE:
            self._claims.pop(order.client_order_id, None)
            self._alive_at[order.client_order_id] = self.clock.now()
        meaning = on_report(order, report)
        if isinstance(meaning, Change):
            self._change(order, meaning)
        elif isinstance(meaning, AwaitFills):
            first = order.client_order_id not in self._ends
            self._ends[order.client_order_id] = meaning
            if first:
                self.after(_FILLS_WITHIN, f"fills {order.client_order_id}")
        elif isinstance(meaning, AwaitLists):
            then = meaning.then
            self._claim(order, then.state, then.reason or "it has ended", ClaimedBy.END)
        elif meaning is not None:
            self._claim(order, OrderState.REJECTED, meaning.text, ClaimedBy.INACTIVE)

    def _of_that_order(self, report: ExecutionReport) -> ExecutionReport:
        """As it is; without our reference where it is of another order that bears it too."""
        name = report.client_order_id or ""
        order = self._open.get(name) or self._final.get(name)
        if order is None or None in (order.venue_order_id, report.venue_order_id):
            return report
        same = order.venue_order_id == report.venue_order_id
        return report if same else replace(report, client_order_id=None)

    def _about_one_that_ended(self, order: Order | None, report: OrderReport) -> None:
        if order is None or not revives(order, report):
            return
        text = f"closed as {order.state}, and the venue says {report.status}"
        self._take_up_again(order, text)
        self._report(report)

    def _take_up_again(self, order: Order, text: str) -> None:
        self.log.critical("{} was {}: it is taken up again.", order.client_order_id, text)
        order = replace(order, state=OrderState.UNKNOWN)
        self._keep(order)
        self._query(order, "REVIVED", text)

    def _notice(self, notice: VenueNotice) -> None:
        order = self._open.get(notice.client_order_id or "")
        if order is None:
            return
        text = f"{notice.code}: {notice.text}"
        level = "WARNING" if notice.alert else "INFO"
        self.log.log(level, "The venue says of {}: {}", order.client_order_id, text)
        if notice.alert:
            self._alert(order, notice)
        if self._concerns_amendment(order, notice, text):
            return
        if notice.effect is NoticeEffect.NOT_SENT:
            if self._never_seen(order):
                self._not_sent(order, notice.text)
            return
        if notice.effect is NoticeEffect.CANCEL_REFUSED and order.pending_change == "CANCEL":
            self._record(replace(order, pending_change=None))
        if notice.effect in _ENDS_CLAIMED:
            self._said[order.client_order_id] = text
            self._claim(order, _ENDS_CLAIMED[notice.effect], text, ClaimedBy.CODE)
        elif notice.effect in _ASKED_ABOUT:
            self._query(order, _ASKED_ABOUT[notice.effect], text)

    @on(OrderRecorded)
    def _recorded(self, message: OrderRecorded) -> None:
        """The ledger's word on what is filled; the state is ours.

        One that comes before the book is older than the book, which has it already: taken up after
        it, it would take fills back.
        """
        if not self._loaded:
            return
        told = message.order
        name = told.client_order_id
        if name not in self._open and name not in self._final:
            return
        order = self._open.get(name) or self._final[name]
        before = order
        order = replace(order, filled=told.filled, average_price=told.average_price)
        self._keep(order)
        if order.filled == before.filled:
            return
        change = on_fill(order) if order.filled > before.filled else on_less_filled(order)
        end = self._ends.get(name)
        if end is not None and order.filled >= end.filled:
            self._ended(order, end)
        elif change is not None:
            self._change(order, change)
            if before.state.is_final and not change.state.is_final:
                self.log.error("{}: {}.", name, change.reason)
                self._query(order, "TRADED_AFTER_ITS_END", change.reason or "")

    @on(OrderJudged)
    def _judged(self, message: OrderJudged) -> None:
        if self._waits(message):
            return
        ended = self._final.get(message.client_order_id)
        if ended is not None and message.state is OrderState.WORKING:
            # Two complete lists have shown it open: they count for more than the end did.
            self._take_up_again(ended, message.reason)
        order = self._open.get(message.client_order_id)
        if order is None or order.state is message.state:
            return
        if message.state.is_final and self._lives_since_the_lists(order):
            return
        if message.state is OrderState.NOT_SENT:
            self.log.warning("{}: {}", order.client_order_id, message.reason)
        self._change(order, Change(message.state, message.reason, order.pending_change))
        if message.state is OrderState.REJECTED:
            self._discard_with(order)

    def _lives_since_the_lists(self, order: Order) -> bool:
        """The venue has shown it after it was asked for the lists that are judged now."""
        alive = self._alive_at.get(order.client_order_id)
        return alive is not None and self._asked_at is not None and alive >= self._asked_at

    @on(RoundFed)
    def _round_fed(self, message: RoundFed) -> None:
        if not self._waits(message):
            self._asked_at = message.asked_at
            reached(CrashPoint.RECONCILE_FED)
            snapshot = TakeSnapshot(names.resync(self.venue), message.number, message.names)
            self.tell(names.LEDGER, snapshot)
            self._judge_amendments(message.asked_at)
            self._cancel_again()

    def on_timer(self, name: str) -> None:
        """Fills that were announced have not come, or an intent has no answer."""
        what, _, order_id = name.partition(" ")
        if what == "amendment":
            self._amendment_unanswered(order_id)
            return
        if what == "fills":
            order = self._open.get(order_id)
            if order is not None and order_id in self._ends:
                self._miss_fills(order, self._ends[order_id])
            return
        unanswered, self._unanswered = self._unanswered, set()
        for name in sorted(unanswered):
            order = self._open.get(name)
            if order is not None and order.state in (OrderState.INTENDED, OrderState.SENT):
                reason = "the process or the link ended while it was on its way"
                self._change(order, Change(OrderState.UNKNOWN, reason, order.pending_change))
                self._query(order, "IN_DOUBT", reason)

    def _miss_fills(self, order: Order, end: AwaitFills) -> None:
        """Ask for them; when complete answers do not bring them, say that nobody knows."""
        name = order.client_order_id
        text = f"{end.filled} announced, {order.filled} booked"
        self._missed[name] = self._missed.get(name, 0) + 1
        if self._missed[name] <= _ASK_FOR_FILLS:
            self._query(order, "FILLS_MISSING", text)
            self.after(_FILLS_WITHIN * 4, f"fills {name}")
            return
        reason = f"{text}; the executions do not come"
        self.log.error("{}: {}.", name, reason)
        if order.state is not OrderState.UNKNOWN:
            self._change(order, Change(OrderState.UNKNOWN, reason, order.pending_change))

    def _ended(self, order: Order, end: AwaitFills) -> None:
        self._ends.pop(order.client_order_id, None)
        self.cancel_timer(f"fills {order.client_order_id}")
        full = order.filled >= order.request.quantity
        self._change(order, Change(OrderState.FILLED) if full else end.then)
