"""The only writer of the book. What it has told anybody is on disk.

Facts that wait together are committed together; nobody is told before the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress

from actors import names
from actors.base import Actor, on
from actors.lanes import Exit, ExitKind, Message, State
from actors.mailbox import Envelope
from actors.messages import (
    BookCommission,
    BookFill,
    BookLoaded,
    BookSnapshot,
    CancelDurable,
    FillRecorded,
    GetFills,
    GetForeignFills,
    GetOrder,
    GetOrders,
    IntentDurable,
    IntentRefused,
    LoadBook,
    OrderRecorded,
    RecordAudit,
    RecordCancel,
    RecordIntent,
    RecordSetting,
    RecordState,
    TakeSnapshot,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import (
    AuditRow,
    Book,
    BookError,
    Booking,
    DuplicateIntent,
    Fill,
    ForeignFill,
)
from domain.orders import Order

EXIT_DAMAGED = 76
_LARGEST_GROUP = 200
_ENDED_LAST = 1000
_WRITES = (
    RecordIntent,
    RecordCancel,
    RecordState,
    RecordSetting,
    RecordAudit,
    BookFill,
    BookCommission,
)
_KEPT = (*_WRITES, LoadBook, TakeSnapshot)
"""What must be handled anew when the commit fails: it was written, or its answer was not sent."""


class Ledger(Actor):
    """Owns the book; the one actor that may wait, for its disk."""

    owns_handle = True
    budget_seconds = 20.0

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        open_book: Callable[[], Book],
        readers: Sequence[str],
    ) -> None:
        super().__init__(system, seat)
        self._open_book = open_book
        self._readers = tuple(readers)
        self._book: Book | None = None
        self._group: ExitStack | None = None
        self._grouped: list[tuple[Message, str]] = []
        self._outbox: list[tuple[str, Message, str]] = []
        self._commits = 0

    def on_start(self) -> None:
        """Open the book. A damaged or foreign one ends the process: nothing trades without it.

        On a full disk it is tried again until there is room.
        """
        try:
            self._book = self._open_book()
        except BookError as error:
            if error.code in ("DAMAGED", "TOO_NEW", "WRONG_BOOK"):
                self.log.critical("{}", error)
                self.system.end(EXIT_DAMAGED)
            if error.code != "DISK_FULL":
                raise
            self._end_after(error)

    def on_stop(self) -> None:
        """Commit what is in hand, and close, whatever becomes of the commit."""
        try:
            self._commit()
        finally:
            if self._book is not None:
                self._book.close()

    def describe(self) -> State:
        """How many commits, and what waits for one."""
        return {"commits": self._commits, "grouped": len(self._grouped)}

    @property
    def book(self) -> Book:
        """The open book."""
        assert self._book is not None, "the ledger has not been started"
        return self._book

    # -- writing -------------------------------------------------------------------------

    @on(RecordIntent)
    def _intent(self, message: RecordIntent) -> None:
        admission = message.admission
        order = Order.intended(admission.request, admission.venue, self.clock.now())
        try:
            self.book.record_intent(order, self.correlation)
        except DuplicateIntent as error:
            self._later(names.DESK, IntentRefused(order.client_order_id, str(error)))
            return
        self._later(
            names.orders(admission.venue),
            IntentDurable(message.deadline, admission, order, message.epoch),
        )
        # `orders` has had its own word.
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

    # -- one commit of many --------------------------------------------------------------

    def on_settled(self) -> None:
        """No fact waits any more: commit, then tell."""
        self._commit()

    def on_receive(self, message: Message) -> object:
        """Let a write join the group in hand; it counts as in it once it has succeeded."""
        writes = isinstance(message, _WRITES)
        answer: object = None
        try:
            if writes and self._group is None:
                self._group = ExitStack()
                self._group.enter_context(self.book.group())
            answer = super().on_receive(message)
        except BookError as error:
            if not writes or error.code != "DISK_FULL":
                raise
            # No fault of the message's: it waits with its group until there is room.
            self._grouped.append((message, self.correlation))
            self._give_back()
            self._end_after(error)
            return None
        if isinstance(message, _KEPT):
            self._grouped.append((message, self.correlation))
            if len(self._grouped) >= _LARGEST_GROUP:
                self._commit()
        return answer

    def _commit(self) -> None:
        """Commit, then tell. What cannot be committed is handled anew by the next incarnation.

        Nothing is raised: the message in hand is among those, and no more to blame than they.
        """
        if self._group is not None:
            try:
                self._group.close()
            except BaseException as failure:
                self._give_back()
                self._end_after(failure)
                return
            self._commits += 1
        self._group, self._grouped = None, []
        outbox, self._outbox = self._outbox, []
        correlation = self.correlation
        for name, message, self.correlation in outbox:
            self.tell(name, message)
        self.correlation = correlation

    def _give_back(self) -> None:
        """Undo the group: all that was handled in it goes back, and nobody is told of it."""
        group, self._group = self._group, None
        grouped, self._grouped = self._grouped, []
        self._outbox = []
        if group is not None:
            with suppress(BookError):  # it fails for what spoilt it, once more
                group.close()
        now = self.clock.monotonic()
        for message, correlation in reversed(grouped):
            envelope = Envelope(message, None, self.seat.name, correlation, now)
            self.seat.mailbox.put_back(envelope)

    def _end_after(self, failure: BaseException) -> None:
        full = isinstance(failure, BookError) and failure.code == "DISK_FULL"
        # A full disk is no crash: it is tried again for as long as it takes, and facts wait.
        kind = ExitKind.DISK_FULL if full else ExitKind.CRASHED
        self.log.critical("Nothing is written: {}", failure)
        cause = failure.code if isinstance(failure, BookError) else type(failure).__name__
        self.end(Exit(kind, cause, str(failure)))

    def _later(self, name: str, message: Message) -> None:
        self._outbox.append((name, message, self.correlation))

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
