"""The emergency file in the ledger's hands: exits that left while the book could not be written.

What is on it is booked before anything else when the book can be written again, here or at the
next start, so that the venue's order is known and never sent a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from actors import names
from actors.group_commit import GroupCommit
from actors.lanes import State
from actors.messages import Alert, BookHealth, RecordState
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import AuditRow, Book, BookError
from adapters.emergency import (
    Emergency,
    EmergencyCancel,
    EmergencyEnd,
    EmergencyIntent,
    EmergencyRecord,
    EmergencySetting,
)
from domain.decisions import Decision
from domain.orders import Order, OrderState
from domain.symbols import Symbol

CURE = "Free or mend the disk of STATE_DIR."
STAND = "The stops at the venue stand, and cancels go."


class LedgerEmergency(GroupCommit):
    """Keeps the emergency file, books what is on it, and knows the orders that are."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        open_book: Callable[[], Book],
        open_emergency: Callable[[], Emergency],
        readers: Sequence[str],
    ) -> None:
        super().__init__(system, seat, open_book=open_book, readers=readers)
        self._open_emergency = open_emergency
        self._emergency: Emergency | None = None
        self.waiting_states: dict[str, RecordState] = {}
        """The last one that waits, by order."""
        self.no_exits = False
        """It was told that the emergency file takes no more."""
        self.decided: dict[str, Decision] = {}
        """How the desk came to exits of the file: that has room for the exits alone."""

    def on_start(self) -> None:
        """Make the emergency file ready while there is room; what it has is booked first."""
        self.make_ready()
        if self._emergency is not None and self._emergency.torn:
            self.log.error("A torn emergency intent is left out: nothing was sent on it.")
        super().on_start()
        if self.outage is None:
            self.tell_health()  # the incarnation before this one may have told of an outage

    def on_stop(self) -> None:
        """Close both files."""
        try:
            super().on_stop()
        finally:
            if self._emergency is not None:
                self._emergency.close()

    def describe(self) -> State:
        """With the exits that have left and are not in the book."""
        waiting = [each.client_order_id for each in self.orders_on_file()]
        return {**super().describe(), "emergency": waiting, "emergency_ready": self._is_ready()}

    def make_ready(self) -> None:
        """Have the emergency file; a person is told where there can be none."""
        if self._emergency is None:
            try:
                self._emergency = self._open_emergency()
            except BookError as error:
                self._say("EMERGENCY_NOT_READY", f"No exit could leave with the disk dead: {error}")

    # -- into the book -------------------------------------------------------------------

    def catch_up(self) -> None:
        """Book the exits that left on the emergency file: each once, however often this is done."""
        file = self._emergency
        if file is None:
            return
        if file.records:
            with self.book.group():
                for record in file.records:
                    if isinstance(record, EmergencyIntent):
                        self._book_intent(record)
                    elif isinstance(record, EmergencySetting):
                        self._book_setting(record)
                    elif isinstance(record, EmergencyCancel):
                        self._book_cancel(record)
                    else:
                        self._book_end(record)
        if not file.records and file.usable and not file.torn:
            return
        try:
            file.clear()
        except BookError as error:
            self._say("EMERGENCY_NOT_READY", f"No exit could leave with the disk dead: {error}")

    def _book_intent(self, record: EmergencyIntent) -> None:
        first, *others = record.orders
        name = first.client_order_id
        if self.book.order(name) is not None:
            return  # booked before the file could be cleared
        decision = self.decided.get(name)
        self.book.record_intent(first, record.correlation, attached=others, decision=decision)
        detail = f"{name} left on the emergency file at {first.created_at.isoformat()}: "
        self.book.record_audit(
            AuditRow(self.clock.now(), self.seat.name, "emergency", detail + record.why)
        )

    def _book_cancel(self, record: EmergencyCancel) -> None:
        name = record.client_order_id
        order = self.book.order(name)
        if order is None or order.state.is_final or order.pending_change == "CANCEL":
            return
        self.book.record_audit(AuditRow(record.at, record.who, "cancel", f"wants {name} cancelled"))
        self.book.record_state(name, order.state, record.at, pending_change="CANCEL")

    def _book_setting(self, record: EmergencySetting) -> None:
        row = _row_of(record)
        if self.book.has_audited(row):
            return  # booked before the file could be cleared, and perhaps set anew since
        self.book.record_setting(record.key, record.value, record.at)
        self.book.record_audit(row)

    def _book_end(self, record: EmergencyEnd) -> None:
        order = self.book.order(record.client_order_id)
        if order is not None and not order.state.is_final:
            self.book.record_state(
                record.client_order_id, record.state, record.at, reason=record.reason
            )

    # -- onto the file -------------------------------------------------------------------

    def append_emergency(self, record: EmergencyRecord) -> str:
        """Write it into the emergency file; why that failed, empty when it did not."""
        if self._emergency is None:
            return "it could not be made ready"
        try:
            self._emergency.append(record)
        except BookError as error:
            if not self.no_exits:
                self.no_exits = True
                self._say("EMERGENCY_NOT_WRITTEN", f"No exit can leave: {error} {STAND}")
                self.tell_health()
            return str(error)
        return ""

    # -- what is known -------------------------------------------------------------------

    def on_file(self, client_order_id: str) -> Order | None:
        """An exit of the emergency file, as it stands now; None for all that is in the book."""
        for order in self.orders_on_file():
            if order.client_order_id == client_order_id:
                return self.as_it_waits(order)
        return None

    def newest_on_file(self, symbol: Symbol | None, state: OrderState | None) -> Sequence[Order]:
        """Exits of the emergency file as they stand now, newest first; None for any."""
        return [
            order
            for order in map(self.as_it_waits, reversed(self.orders_on_file()))
            if symbol in (None, order.request.symbol) and state in (None, order.state)
        ]

    def orders_on_file(self) -> Sequence[Order]:
        """Orders of the emergency file, oldest first, as they stand on it."""
        orders: dict[str, Order] = {}
        for record in self._emergency.records if self._emergency is not None else ():
            if isinstance(record, EmergencyIntent):
                orders |= {order.client_order_id: order for order in record.orders}
            elif isinstance(record, EmergencyEnd) and record.client_order_id in orders:
                order = orders[record.client_order_id]
                ended = replace(order, state=record.state, reason=record.reason)
                orders[record.client_order_id] = ended
        return tuple(orders.values())

    def settings_as_they_are(self) -> dict[str, str]:
        """The switches of the book, with those on the file."""
        return self.book.settings() | {each.key: each.value for each in self._thrown_on_file()}

    def switch_on_file(self, key: str) -> AuditRow | None:
        """Who threw this switch last, where that is on the file and not in the book yet."""
        rows = [_row_of(each) for each in self._thrown_on_file() if each.key == key]
        return rows[-1] if rows else None

    def _thrown_on_file(self) -> Sequence[EmergencySetting]:
        """What is not in the book yet, oldest first."""
        records = self._emergency.records if self._emergency is not None else ()
        thrown = (each for each in records if isinstance(each, EmergencySetting))
        return [each for each in thrown if not self.book.has_audited(_row_of(each))]

    def has_end_on_file(self, client_order_id: str) -> bool:
        """It was told to have ended, whether it is on the file or in the book."""
        records = self._emergency.records if self._emergency is not None else ()
        ends = (each for each in records if isinstance(each, EmergencyEnd))
        return any(each.client_order_id == client_order_id for each in ends)

    def as_it_waits(self, order: Order) -> Order:
        """With the last state that waits to be written."""
        waiting = self.waiting_states.get(order.client_order_id)
        if waiting is not None:
            return as_told(order, waiting)
        records = self._emergency.records if self._emergency is not None else ()
        wishes = (each for each in records if isinstance(each, EmergencyCancel))
        wanted = any(each.client_order_id == order.client_order_id for each in wishes)
        return replace(order, pending_change="CANCEL") if wanted else order

    def as_booked(self, order: Order) -> Order:
        """An order of the book, with the last state that waits to be written.

        An exit may have come from the file into the book while its states still wait.
        """
        waiting = self.waiting_states.get(order.client_order_id)
        return order if waiting is None else as_told(order, waiting)

    def find(self, client_order_id: str) -> Order | None:
        """An order: on the emergency file, or in the book where that can be read."""
        for order in self.orders_on_file():
            if order.client_order_id == client_order_id:
                return order
        try:
            return self.book.order(client_order_id)
        except BookError:
            return None

    def _is_ready(self) -> bool:
        return self._emergency is not None and self._emergency.usable and not self.no_exits

    # -- telling -------------------------------------------------------------------------

    def tell_health(self) -> None:
        """Tell the desk whether the book can be written, and exits at least."""
        outage = self.outage
        trouble = outage.sentence if outage is not None and outage.told else ""
        self.tell(names.DESK, BookHealth(trouble, exits=not trouble or self._is_ready()))

    def _say(self, code: str, sentence: str) -> None:
        self.log.critical("{}", sentence)
        now = self.clock.now()
        alert = Alert(self.seat.name, "error", code, sentence, CURE, now, told=1, stands=True)
        for name in names.ALERT_READERS:
            self.tell(name, alert)


def _row_of(record: EmergencySetting) -> AuditRow:
    """By which the book shows that it has the switch already, whatever the wall clock did since."""
    detail = f"{record.key} = {record.value}: {record.reason}"
    return AuditRow(record.at, record.who, "setting", detail)


def as_told(order: Order, told: RecordState) -> Order:
    """The order with a state that waits; None leaves a term as it is."""
    return replace(
        order,
        state=told.state,
        pending_change=told.pending_change,
        reason=order.reason if told.reason is None else told.reason,
        venue_order_id=order.venue_order_id if told.venue_order_id is None else told.venue_order_id,
        sent_at=order.sent_at if told.sent_at is None else told.sent_at,
    )
