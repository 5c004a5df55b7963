"""What the ledger does while its disk does not write: law 6 with the disk dead.

Cancels go at once. An exit leaves on the emergency file, which is written into the book when that
can be written again, here or at the next start. All else waits, and entries are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from actors import names
from actors.lanes import Message
from actors.ledger_emergency import CURE, STAND, LedgerEmergency, as_told
from actors.messages import (
    Alert,
    BookFill,
    BookLoaded,
    CancelDurable,
    IntentDurable,
    IntentRefused,
    LoadBook,
    OrderRecorded,
    RecordCancel,
    RecordIntent,
    RecordSetting,
    RecordState,
)
from actors.outage import Outage
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import Book, BookError
from adapters.emergency import (
    Emergency,
    EmergencyCancel,
    EmergencyEnd,
    EmergencyIntent,
    EmergencySetting,
)
from domain.figures import LEAVING
from domain.orders import Order, OrderState

_ENDED_LAST = 1000
"""So many orders that have ended are told with the open ones."""
_GOES_ON = "Exits and cancels go on; entries do by themselves as soon as it can be written."
_UNFILLED = (
    OrderState.CANCELLED,
    OrderState.REJECTED,
    OrderState.EXPIRED,
    OrderState.NOT_SENT,
)


class LedgerOutage(LedgerEmergency):
    """Has exits and cancels leave while the book cannot be written."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        open_book: Callable[[], Book],
        open_emergency: Callable[[], Emergency],
        readers: Sequence[str],
    ) -> None:
        super().__init__(
            system, seat, open_book=open_book, open_emergency=open_emergency, readers=readers
        )
        self._filled: set[str | None] = set()
        """Orders with a fill that waits; None for a fill that does not name its order."""
        self._unwritten: set[str] = set()
        """Orders whose intent waits: nobody else has heard of them."""
        self._looked_at: dict[int, RecordState] = {}
        """States that wait, by their identity: each comes again whenever writing is tried."""
        self._revived: set[str] = set()
        """Orders that were told to have ended, and that live."""

    # -- the outage ----------------------------------------------------------------------

    def outage_began(self, outage: Outage) -> None:
        """One alert; the desk stops entries."""
        self.tell_health()
        self._alert(outage, f"Nothing is written, so no entries: {outage.sentence}", stands=True)

    def outage_ended(self, outage: Outage) -> None:
        """Entries go on."""
        self.waiting_states, self._filled, self.no_exits = {}, set(), False
        self.decided = {}
        self._looked_at, self._revived, self._unwritten = {}, set(), set()
        seconds = self.clock.monotonic() - outage.since
        sentence = f"The book is written again, after {seconds:.0f} s; nothing is lost."
        self.log.warning("{}", sentence)
        self.make_ready()
        self.tell_health()
        self._alert(outage, sentence, stands=False)

    # -- what need not wait --------------------------------------------------------------

    def meanwhile(self, message: Message) -> bool:
        """Let exits and cancels go, and tell what is open; all else waits."""
        if isinstance(message, RecordIntent):
            return self._leave(message)
        if isinstance(message, RecordCancel):
            return self._cancel_at_once(message)
        if isinstance(message, LoadBook):
            return self._load_as_it_is(message)
        if isinstance(message, RecordSetting):
            return self._set_at_once(message)
        if isinstance(message, RecordState):
            self.waiting_states[message.client_order_id] = message
            self._tell_at_once(message)
        elif isinstance(message, BookFill):
            self._filled.add(message.report.client_order_id)
        return False

    def _leave(self, message: RecordIntent) -> bool:
        """An exit goes on the emergency file; anything else waits, and expires."""
        admission = message.admission
        if any(each.request.purpose not in LEAVING for each in admission.members):
            self._unwritten.update(each.request.client_order_id for each in admission.members)
            return False
        now = self.clock.now()
        orders = [Order.intended(each.request, each.venue, now) for each in admission.members]
        refusal = self._why_not(message, orders)
        if refusal is not None:
            self.tell(names.DESK, refusal)
            return True
        first, *others = orders
        if message.decision is not None:
            self.decided[first.client_order_id] = message.decision
        durable = IntentDurable(
            message.deadline, admission, first, message.epoch, tuple(others), emergency=True
        )
        self.tell(names.orders(admission.venue), durable)
        for each in orders:
            self._tell_readers(each)
        return True

    def _why_not(self, message: RecordIntent, orders: Sequence[Order]) -> IntentRefused | None:
        """None once the exit is on the emergency file."""
        name = orders[0].client_order_id
        if self.clock.monotonic() > message.deadline:
            sentence = "Its deadline was over before it could be written."
            return IntentRefused(name, sentence, "ORDER_EXPIRED_UNSENT", "Propose it anew.")
        taken = [o.client_order_id for o in orders if self.find(o.client_order_id) is not None]
        if taken:
            return IntentRefused(name, f"There is an order {taken[0]} already.")
        assert self.outage is not None
        intent = EmergencyIntent(tuple(orders), self.correlation, self.outage.sentence)
        failure = self.append_emergency(intent)
        if failure:
            sentence = f"Neither the book nor the emergency file can be written: {failure}"
            return IntentRefused(name, sentence, "BOOK_NOT_WRITABLE", f"{CURE} {STAND}")
        self.log.warning("{} leaves on the emergency file.", name)
        return None

    def _cancel_at_once(self, message: RecordCancel) -> bool:
        """A cancel gives no order its identity: it may go before it is written down.

        Where it cannot be sent yet, the wish outlives a kill on the emergency file.
        """
        if message.client_order_id in self._unwritten:
            return False  # ahead of its intent it would be the cancel of nothing
        if not message.handed:
            durable = CancelDurable(message.deadline, message.client_order_id)
            self.tell(names.orders(message.venue), durable)
        wish = EmergencyCancel(message.client_order_id, message.who, self.clock.now())
        if self.no_exits or self.append_emergency(wish):
            self.set_aside(replace(message, handed=True))
        return True

    def _set_at_once(self, message: RecordSetting) -> bool:
        """A pause or a flatten outlives a kill now, too: whoever asked was told that it holds."""
        if self.no_exits:
            return False  # one that waits is not overtaken by a newer one on the file
        now = self.clock.now()
        switch = EmergencySetting(message.key, message.value, message.who, message.reason, now)
        return not self.append_emergency(switch)

    def _tell_at_once(self, message: RecordState) -> None:
        """An order that ended without a fill, or that lives though it was told to have ended.

        The exit that is to come next waits for the one: a stop or an entry that was taken back
        stands in its way like an exit does. The other counts at its worst again. Where a fill of
        it waits the readers would count what has been traded already.
        """
        name = message.client_order_id
        order = self.find(name)
        if order is None or id(message) in self._looked_at:
            return
        self._looked_at[id(message)] = message
        ended = order.state.is_final or self.has_end_on_file(name)
        ended = ended and name not in self._revived
        if message.state.is_final is ended:
            return
        if ended:
            self._revived.add(name)
        elif not self._end_on_file(message):
            return
        self._tell_readers(as_told(order, message))

    def _end_on_file(self, message: RecordState) -> bool:
        name = message.client_order_id
        if message.state not in _UNFILLED or not self._filled.isdisjoint({name, None}):
            return False
        now = self.clock.now()
        if self.append_emergency(EmergencyEnd(name, message.state, message.reason, now)):
            return False
        self._revived.discard(name)
        return True

    def _load_as_it_is(self, message: LoadBook) -> bool:
        """The book, with the exits and the states that wait; fills that wait are not in it."""
        try:
            loaded = self._as_it_is(message.ticket)
        except BookError as error:
            if not error.may_pass:
                raise
            return False
        self.tell(message.reply_to, loaded)
        if message.reply_to == names.DESK:
            self.tell_health()
        return True

    def _as_it_is(self, ticket: int) -> BookLoaded:
        on_file = {each.client_order_id: each for each in self.orders_on_file()}
        orders = {each.client_order_id: each for each in self.book.open_orders()} | on_file
        told = [self.as_it_waits(order) for order in orders.values()]
        return BookLoaded(
            tuple(order for order in told if not order.state.is_final),
            tuple(self.book.positions()),
            tuple(self.settings_as_they_are().items()),
            ticket,
            self.ended_last() + tuple(order for order in told if order.state.is_final),
            tuple(self.book.plans.open()),
            tuple(self.book.plans.groups()),
        )

    # -- what is known -------------------------------------------------------------------

    def ended_last(self) -> tuple[Order, ...]:
        """The last orders of the book that have ended, oldest first."""
        newest = self.book.orders(limit=_ENDED_LAST)
        return tuple(order for order in reversed(newest) if order.state.is_final)

    # -- telling -------------------------------------------------------------------------

    def _tell_readers(self, order: Order) -> None:
        for name in self._readers:
            self.tell(name, OrderRecorded(order))

    def _alert(self, outage: Outage, sentence: str, *, stands: bool) -> None:
        level, cure = ("error", _GOES_ON) if stands else ("info", "")
        code = "BOOK_NOT_WRITABLE"
        alert = Alert(
            self.seat.name, level, code, sentence, cure, outage.began, told=1, stands=stands
        )
        for name in names.ALERT_READERS:
            self.tell(name, alert)
