"""The only writer of the book. What it has told anybody is on disk.

Facts that wait together are committed together; nobody is told before the commit.
"""

from __future__ import annotations

from decimal import Decimal

from actors import names
from actors.base import on
from actors.lanes import Quarantined
from actors.ledger_money import MONEY_WRITES, LedgerMoney
from actors.messages import (
    AmendmentDurable,
    AmendmentRefused,
    AmendmentSettled,
    BookCommission,
    BookFill,
    BookLoaded,
    BookSnapshot,
    CancelDurable,
    EndQuarantine,
    FillRecorded,
    GetAdoption,
    GetExplanation,
    GetFills,
    GetForeignFills,
    GetOrder,
    GetOrderDetail,
    GetOrders,
    GetQuarantine,
    IntentDurable,
    IntentRefused,
    LoadBook,
    LoadOutside,
    OrderRecorded,
    PositionAdopted,
    RecordAdoption,
    RecordAmended,
    RecordAmendment,
    RecordAudit,
    RecordCancel,
    RecordIntent,
    RecordOutside,
    RecordPlan,
    RecordSetting,
    RecordSplit,
    RecordState,
    RecordTerms,
    TakeSnapshot,
)
from adapters.book import (
    AuditRow,
    Booking,
    DuplicateAmendment,
    DuplicateIntent,
    Explanation,
    Fill,
    ForeignFill,
    KeptFact,
    OrderDetail,
)
from domain.adoption import Adoption
from domain.assurance import is_of_that_order
from domain.orders import Order, OrderState
from runtime.crash_points import CrashPoint

_WRITES = (
    RecordIntent,
    RecordAmendment,
    RecordAmended,
    RecordTerms,
    RecordCancel,
    RecordState,
    RecordSetting,
    RecordAudit,
    RecordAdoption,
    RecordOutside,
    RecordPlan,
    RecordSplit,
    BookFill,
    BookCommission,
    Quarantined,
    EndQuarantine,
    *MONEY_WRITES,
)
_KEPT = (*_WRITES, LoadBook, LoadOutside, TakeSnapshot)
"""What must be handled anew when the commit fails: it was written, or its answer was not sent."""

_POINTS = {
    OrderState.WORKING: (CrashPoint.ACK_BEFORE_COMMIT, CrashPoint.ACK_COMMITTED),
    OrderState.HELD: (CrashPoint.ACK_BEFORE_COMMIT, CrashPoint.ACK_COMMITTED),
    OrderState.CANCELLED: (CrashPoint.END_BEFORE_COMMIT, CrashPoint.END_COMMITTED),
    OrderState.FILLED: (CrashPoint.END_BEFORE_COMMIT, CrashPoint.END_COMMITTED),
}
"""Around the commit of a state."""


class Ledger(LedgerMoney):
    """Writes what it is told, reads what it is asked, and tells after the commit."""

    writes = _WRITES
    kept = _KEPT

    # -- writing -------------------------------------------------------------------------

    @on(RecordIntent)
    def _intent(self, message: RecordIntent) -> None:
        admission = message.admission
        now = self.clock.now()
        order, *others = [
            Order.intended(each.request, each.venue, now) for each in admission.members
        ]
        try:
            self.book.record_intent(
                order,
                self.correlation,
                attached=others,
                preview=admission.preview,
                estimates={
                    each.request.client_order_id: each.estimate
                    for each in admission.members
                    if each.estimate is not None
                },
                decision=message.decision,
            )
        except DuplicateIntent as error:
            self._later(names.DESK, IntentRefused(order.client_order_id, str(error)))
            return
        self.plan_intended(message.plan)
        self._later(
            names.orders(admission.venue),
            IntentDurable(message.deadline, admission, order, message.epoch, tuple(others)),
        )
        committed = CrashPoint.BRACKET_COMMITTED if others else CrashPoint.INTENT_COMMITTED
        self._past(CrashPoint.INTENT_BEFORE_COMMIT, committed)
        # `orders` has had its own word; what only writes of it does so once it has left.
        for each in (order, *others):
            recorded = OrderRecorded(each)
            for name in self._readers:
                if name != names.TELEMETRY:
                    self._later(name, recorded)

    @on(RecordAmendment)
    def _amendment(self, message: RecordAmendment) -> None:
        amendment = message.admission.amendment
        name = amendment.client_order_id
        refusal = self._why_not_amended(self.book.order(name))
        try:
            if not refusal:
                order = self.book.record_amendment(amendment, self.correlation)
        except DuplicateAmendment as error:
            refusal = ("AMENDMENT_ID_TAKEN", str(error), "Give each amendment an id of its own.")
        if refusal:
            refused = AmendmentRefused(name, amendment.amendment_id, *refusal)
            self._later(names.DESK, refused)
            return
        words = f"{amendment.was} becomes {amendment.terms}"
        self.book.record_audit(
            AuditRow(self.clock.now(), message.who, "amend", f"wants {name} changed: {words}")
        )
        self._later(
            names.orders(order.venue),
            AmendmentDurable(message.deadline, message.admission, order, message.epoch),
        )
        self._past(CrashPoint.AMEND_BEFORE_COMMIT, CrashPoint.AMEND_COMMITTED)
        self._announce_to_readers(order)

    def _why_not_amended(self, order: Order | None) -> tuple[str, str, str] | None:
        """What came in between the desk's decision and the disk."""
        if order is None or order.state.is_final:
            return "ORDER_NOT_OPEN", "The order has ended meanwhile.", "Look at /orders."
        name = order.client_order_id
        if order.pending_change == "CANCEL":
            return "CANCEL_PENDING", f"{name} is being cancelled.", "Wait until it has ended."
        if order.amending is not None:
            sentence = f"A change of {name} is on its way already."
            return "AMENDMENT_PENDING", sentence, "Wait until the venue has answered."
        return None

    @on(RecordAmended)
    def _amended(self, message: RecordAmended) -> None:
        order = self.book.record_amended(
            message.client_order_id,
            message.amendment_id,
            message.state,
            self.clock.now(),
            reason=message.reason,
            sent_at=message.sent_at,
        )
        self._announce_to_readers(order)
        if message.state.is_settled:
            settled = self.book.amendments(message.client_order_id)
            [amendment] = [a for a in settled if a.amendment_id == message.amendment_id]
            self._later(names.DESK, AmendmentSettled(order, amendment))
            self._past(CrashPoint.SETTLED_BEFORE_COMMIT, CrashPoint.SETTLED_COMMITTED)

    @on(RecordTerms)
    def _terms(self, message: RecordTerms) -> None:
        order = self.book.record_terms(
            message.client_order_id, message.terms, self.clock.now(), message.why
        )
        self._announce_to_readers(order)

    @on(RecordCancel)
    def _cancel(self, message: RecordCancel) -> None:
        order = self.book.order(message.client_order_id)
        if order is None or order.state.is_final:
            return
        now = self.clock.now()
        self.book.record_audit(
            AuditRow(now, message.who, "cancel", f"wants {order.client_order_id} cancelled")
        )
        order = self.book.record_state(
            order.client_order_id, order.state, now, pending_change="CANCEL"
        )
        self._past(CrashPoint.CANCEL_BEFORE_COMMIT, CrashPoint.CANCEL_COMMITTED)
        if not message.handed:
            durable = CancelDurable(message.deadline, order.client_order_id)
            self._later(names.orders(order.venue), durable)
        self._announce(order)

    @on(RecordState)
    def _state(self, message: RecordState) -> None:
        order = self.book.record_state(
            message.client_order_id,
            message.state,
            self.clock.now(),
            reason=message.reason,
            venue_order_id=message.venue_order_id,
            pending_change=message.pending_change,
            sent_at=message.sent_at,
        )
        if order.state in _POINTS:
            self._past(*_POINTS[order.state])
        if order.state.is_final and order.request.plan is not None:
            self.follow_order(order, self.clock.now())
        self._announce(order)

    @on(BookFill)
    def _fill(self, message: BookFill) -> None:
        order = self.book.order(message.report.client_order_id or "")
        if order is not None:
            is_of_that_order(message.report, order)
        booking, fill = self.book.book_fill(message.venue, message.report, self.clock.now())
        if booking is not Booking.DUPLICATE:
            self.cash_moved(message.venue)
        if fill is not None and booking is not Booking.DUPLICATE:
            self._past(CrashPoint.FILL_BEFORE_COMMIT, CrashPoint.FILL_COMMITTED)
            filled = order or self.book.order(fill.client_order_id)
            assert filled is not None, f"{fill.execution_id} is of no order of the book"
            self.follow_order(filled, fill.time)
            self._announce_fill(fill, new=booking is Booking.NEW)

    @on(BookCommission)
    def _commission(self, message: BookCommission) -> None:
        now = self.clock.now()
        booking, fill = self.book.book_commission(message.venue, message.report, now)
        if booking is not Booking.DUPLICATE:
            self.cash_moved(message.venue)
        if fill is not None and booking is not Booking.DUPLICATE:
            self._past(CrashPoint.COMMISSION_BEFORE_COMMIT, CrashPoint.COMMISSION_COMMITTED)
            self._announce_fill(fill, new=False)

    @on(RecordAdoption)
    def _adoption(self, message: RecordAdoption) -> None:
        adoption, now = message.adoption, self.clock.now()
        position = self.book.position(adoption.venue, adoption.symbol)
        managed = position.quantity if position is not None else Decimal(0)
        if managed != adoption.was:
            # What came in between the person's look and the disk: they are told to look again.
            self.log.warning("{} is not written: {} are managed now.", adoption, managed)
            return
        position = self.book.record_adoption(adoption, now)
        price = "at its cost" if adoption.price is None else f"at {adoption.price}"
        words = (
            f"{adoption.symbol} at {adoption.venue}: {adoption.was} managed becomes "
            f"{position.quantity}, {price}: {adoption.reason}"
        )
        self.book.record_audit(AuditRow(now, adoption.who, "adopt", words))
        self.follow(adoption.venue, adoption.symbol, now)
        for name in self._readers:
            self._later(name, PositionAdopted(adoption, position))

    @on(RecordAudit)
    def _audit(self, message: RecordAudit) -> None:
        self.book.record_audit(
            AuditRow(self.clock.now(), message.who, message.what, message.detail)
        )

    @on(Quarantined)
    def _quarantined(self, message: Quarantined) -> None:
        self.book.quarantine(
            KeptFact(
                id=message.dead_letter,
                at=self.clock.now(),
                seat=message.seat,
                message=type(message.what).__name__,
                content=message.content,
                cause=message.cause,
                correlation=message.correlation,
                times=message.times,
            )
        )

    @on(EndQuarantine)
    def _quarantine_ended(self, message: EndQuarantine) -> None:
        self.book.end_quarantine(
            message.dead_letter, self.clock.now(), message.who, message.outcome, message.reason
        )

    @on(GetQuarantine)
    def _quarantine(self, message: GetQuarantine) -> tuple[KeptFact, ...]:
        return tuple(self.book.quarantined())

    # -- reading -------------------------------------------------------------------------

    @on(LoadBook)
    def _load(self, message: LoadBook) -> None:
        self._later(
            message.reply_to,
            BookLoaded(
                tuple(self.book.open_orders()),
                tuple(self.book.positions()),
                tuple(self.book.settings().items()),
                message.ticket,
                self.ended_last(),
                tuple(self.book.plans.open()),
                tuple(self.book.plans.groups()),
            ),
        )

    @on(TakeSnapshot)
    def _snapshot(self, message: TakeSnapshot) -> None:
        self._later(
            message.reply_to,
            BookSnapshot(
                message.number,
                tuple(self.book.open_orders()),
                tuple(self.book.positions()),
                self._ended_of(message.names),
            ),
        )

    def _ended_of(self, names: tuple[str, ...]) -> tuple[Order, ...]:
        orders = (self.book.order(name) for name in names)
        return tuple(order for order in orders if order is not None and order.state.is_final)

    @on(GetOrders)
    def _orders(self, message: GetOrders) -> tuple[Order, ...]:
        booked = self.book.orders(limit=message.limit, symbol=message.symbol, state=message.state)
        told = [o for o in map(self.as_booked, booked) if message.state in (None, o.state)]
        return (*self.newest_on_file(message.symbol, message.state), *told)[: message.limit]

    @on(GetOrder)
    def _order(self, message: GetOrder) -> Order | None:
        name = message.client_order_id
        order = self.on_file(name)
        if order is None and (booked := self.book.order(name)) is not None:
            order = self.as_booked(booked)
        return order

    @on(GetOrderDetail)
    def _detail(self, message: GetOrderDetail) -> OrderDetail | None:
        name = message.client_order_id
        leaving = self.on_file(name)
        if leaving is not None:
            return OrderDetail(leaving, amendments=(), related=(), preview=None)
        order = self.book.order(name)
        if order is None:
            return None
        return OrderDetail(
            order=self.as_booked(order),
            amendments=tuple(self.book.amendments(name)),
            related=tuple(self.book.related(name)),
            preview=self.book.preview(name),
            estimate=self.book.estimate(name),
        )

    @on(GetExplanation)
    def _explanation(self, message: GetExplanation) -> Explanation | None:
        return self.book.explanation(message.client_order_id)

    @on(GetAdoption)
    def _adoption_of(self, message: GetAdoption) -> Adoption | None:
        return self.book.adoption(message.adoption_id)

    @on(GetFills)
    def _fills(self, message: GetFills) -> tuple[Fill, ...]:
        return tuple(
            self.book.fills(
                limit=message.limit,
                symbol=message.symbol,
                client_order_id=message.client_order_id,
            )
        )

    @on(GetForeignFills)
    def _foreign_fills(self, message: GetForeignFills) -> tuple[ForeignFill, ...]:
        return tuple(self.book.foreign_fills(limit=message.limit, symbol=message.symbol))

    def _announce(self, order: Order) -> None:
        self._announce_to_readers(order)
        self._later(names.orders(order.venue), OrderRecorded(order))

    def _announce_to_readers(self, order: Order) -> None:
        recorded = OrderRecorded(order)
        for name in self._readers:
            self._later(name, recorded)

    def _announce_fill(self, fill: Fill, *, new: bool) -> None:
        position = self.book.position(fill.venue, fill.symbol)
        assert position is not None, f"the book has a fill of {fill.symbol} and no position"
        order = self.book.order(fill.client_order_id)
        for name in self._readers:
            self._later(name, FillRecorded(fill, position, new))
        if order is not None:
            self._announce(order)
