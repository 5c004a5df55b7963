"""The only writer of the book. What it has told anybody is on disk.

Facts that wait together are committed together; nobody is told before the commit.
"""

from __future__ import annotations

from actors import names
from actors.base import on
from actors.group_commit import GroupCommit
from actors.messages import (
    AmendmentDurable,
    AmendmentRefused,
    AmendmentSettled,
    BookCommission,
    BookFill,
    BookLoaded,
    BookSnapshot,
    CancelDurable,
    FillRecorded,
    GetFills,
    GetForeignFills,
    GetOrder,
    GetOrderDetail,
    GetOrders,
    IntentDurable,
    IntentRefused,
    LoadBook,
    OrderRecorded,
    RecordAmended,
    RecordAmendment,
    RecordAudit,
    RecordCancel,
    RecordIntent,
    RecordSetting,
    RecordState,
    RecordTerms,
    TakeSnapshot,
)
from adapters.book import (
    AuditRow,
    Booking,
    DuplicateAmendment,
    DuplicateIntent,
    Fill,
    ForeignFill,
    OrderDetail,
)
from domain.orders import Order

_ENDED_LAST = 1000
_WRITES = (
    RecordIntent,
    RecordAmendment,
    RecordAmended,
    RecordTerms,
    RecordCancel,
    RecordState,
    RecordSetting,
    RecordAudit,
    BookFill,
    BookCommission,
)
_KEPT = (*_WRITES, LoadBook, TakeSnapshot)
"""What must be handled anew when the commit fails: it was written, or its answer was not sent."""


class Ledger(GroupCommit):
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
                order, self.correlation, attached=others, preview=admission.preview
            )
        except DuplicateIntent as error:
            self._later(names.DESK, IntentRefused(order.client_order_id, str(error)))
            return
        self._later(
            names.orders(admission.venue),
            IntentDurable(message.deadline, admission, order, message.epoch, tuple(others)),
        )
        # `orders` has had its own word.
        for each in (order, *others):
            self._announce_to_readers(each)

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
        self._later(names.orders(order.venue), CancelDurable(message.deadline, order))
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
        self._announce(order)

    @on(BookFill)
    def _fill(self, message: BookFill) -> None:
        booking, fill = self.book.book_fill(message.venue, message.report, self.clock.now())
        if fill is not None and booking is not Booking.DUPLICATE:
            self._announce_fill(fill, new=booking is Booking.NEW)

    @on(BookCommission)
    def _commission(self, message: BookCommission) -> None:
        now = self.clock.now()
        booking, fill = self.book.book_commission(message.venue, message.report, now)
        if fill is not None and booking is not Booking.DUPLICATE:
            self._announce_fill(fill, new=False)

    @on(RecordSetting)
    def _setting(self, message: RecordSetting) -> None:
        now = self.clock.now()
        self.book.record_setting(message.key, message.value, now)
        detail = f"{message.key} = {message.value}: {message.reason}"
        self.book.record_audit(AuditRow(now, message.who, "setting", detail))

    @on(RecordAudit)
    def _audit(self, message: RecordAudit) -> None:
        self.book.record_audit(
            AuditRow(self.clock.now(), message.who, message.what, message.detail)
        )

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
                self._ended_last(),
            ),
        )

    def _ended_last(self) -> tuple[Order, ...]:
        newest = self.book.orders(limit=_ENDED_LAST)
        return tuple(order for order in reversed(newest) if order.state.is_final)

    @on(TakeSnapshot)
    def _snapshot(self, message: TakeSnapshot) -> None:
        self._later(
            message.reply_to,
            BookSnapshot(
                message.number,
                tuple(self.book.open_orders()),
                tuple(self.book.positions()),
            ),
        )

    @on(GetOrders)
    def _orders(self, message: GetOrders) -> tuple[Order, ...]:
        return tuple(
            self.book.orders(limit=message.limit, symbol=message.symbol, state=message.state)
        )

    @on(GetOrder)
    def _order(self, message: GetOrder) -> Order | None:
        return self.book.order(message.client_order_id)

    @on(GetOrderDetail)
    def _detail(self, message: GetOrderDetail) -> OrderDetail | None:
        name = message.client_order_id
        order = self.book.order(name)
        if order is None:
            return None
        return OrderDetail(
            order=order,
            amendments=tuple(self.book.amendments(name)),
            related=tuple(self.book.related(name)),
            preview=self.book.preview(name),
        )

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
