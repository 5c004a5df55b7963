"""The orders of a venue: from the durable intent to the end, by the venue's messages alone.

Nothing is handed to the connection but what the ledger has on disk; nothing is handed twice.
A state is ours alone to change; what is filled, the ledger says.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any

from actors import names
from actors.base import Actor, on
from actors.lanes import Command, Message, State
from actors.mailbox import Envelope
from actors.messages import (
    BookCommission,
    BookFill,
    BookLoaded,
    CancelDurable,
    CancelHanded,
    CancelNotSent,
    CancelOrder,
    IntentDurable,
    Introduce,
    LinkUp,
    LoadBook,
    OrderHanded,
    OrderJudged,
    OrderNotSent,
    OrderRecorded,
    PlaceOrder,
    QueryOrder,
    RecordState,
    RoundFed,
    TakeSnapshot,
    VenueFact,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.order_life import AwaitFills, Change, Claim, on_fill, on_report
from domain.orders import Order, OrderState
from domain.venue import (
    CommissionReport,
    ExecutionReport,
    NoticeEffect,
    OrderReport,
    VenueNotice,
    VenueStatus,
)

_KEEP_FINAL = 1000
_FILLS_WITHIN = 3.0
_ANSWER_WITHIN = 5.0
_CANCEL_WITHIN = 10.0
_ASK_FOR_FILLS = 3


class Orders(Actor):
    """The order state machine."""

    def __init__(self, system: ActorSystem, seat: Seat, *, venue: str) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self._epoch: int | None = None
        self._loaded = False
        self._stash: list[Envelope] = []
        self._unanswered: set[str] = set()
        """Those that the book has as INTENDED or SENT, of which nothing has been heard since."""
        self._claims: dict[str, str] = {}
        self._missed: dict[str, int] = {}
        """How often fills were asked for that the venue announced."""
        self._cancelled_on: dict[str, int] = {}
        """The link on which the cancel of an order was last handed over."""
        self._open: dict[str, Order] = {}
        self._final: OrderedDict[str, Order] = OrderedDict()
        self._by_venue_id: dict[str, str] = {}
        self._ends: dict[str, AwaitFills] = {}
        self._said: dict[str, str] = {}
        """What the venue last said of an order by a refusing or cancelling code."""

    def on_start(self) -> None:
        """Ask for what is open; everything else waits until it has come."""
        self.tell(names.LEDGER, LoadBook(self.seat.name, self.incarnation))
        self.tell(names.connection(self.venue), Introduce(self.seat.name))

    def on_stop(self) -> None:
        """What still waits for the book waits for the next incarnation's."""
        self._put_stash_back()

    def describe(self) -> State:
        """How many are open, by state, and which end waits for its fills."""
        states: dict[str, int] = {}
        for order in list(self._open.values()):
            states[order.state.value] = states.get(order.state.value, 0) + 1
        return {
            "open": states,
            "epoch": self._epoch,
            "awaiting_fills": list(self._ends),
            "loaded": self._loaded,
        }

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        if message.ticket != self.incarnation:
            return
        for order in message.open_orders:
            if order.venue == self.venue:
                self._keep(order)
        self._loaded = True
        # Their word may still wait in this mailbox; if not, nobody will ever say it.
        self._unanswered = {
            name
            for name, order in self._open.items()
            if order.state in (OrderState.INTENDED, OrderState.SENT)
        }
        if self._unanswered:
            self.after(_ANSWER_WITHIN, "unanswered")
        self._put_stash_back()

    def _put_stash_back(self) -> None:
        stash, self._stash = self._stash, []
        for envelope in reversed(stash):
            self.seat.mailbox.put_back(envelope)

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        """Resync began anew and has forgotten our questions."""
        for name, text in self._claims.items():
            self.tell(message.seat, QueryOrder(name, "REJECTED", text))

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        self._epoch = message.epoch

    # -- towards the venue ---------------------------------------------------------------

    @on(IntentDurable)
    def _intent(self, message: IntentDurable) -> None:
        if self._waits(message):
            return
        order = self._open.setdefault(message.order.client_order_id, message.order)
        if order.state is not OrderState.INTENDED:
            return
        if self._epoch is None or message.epoch != self._epoch:
            self._not_sent(order, "the link on which it was decided is gone")
            return
        place = PlaceOrder(message.deadline, message.admission, message.epoch)
        self.tell(names.connection(self.venue), place)

    @on(CancelDurable)
    def _cancel(self, message: CancelDurable) -> None:
        if self._waits(message):
            return
        order = self._open.get(message.order.client_order_id)
        if order is None:
            return
        order = replace(order, pending_change="CANCEL")
        self._keep(order)
        self._hand_cancel(order, message.deadline)

    def _hand_cancel(self, order: Order, deadline: float) -> None:
        if self._epoch is not None:
            self._cancelled_on[order.client_order_id] = self._epoch
        cancel = CancelOrder(deadline, order.client_order_id, order.venue_order_id)
        self.tell(names.connection(self.venue), cancel)

    def on_expired(self, command: Command) -> Any:
        """What comes too late is closed as not sent, durably; not before the book has come.

        Else the book, older than that word, would bring it back as open.
        """
        if self._waits(command):
            return
        if isinstance(command, IntentDurable):
            order = self._open.setdefault(command.order.client_order_id, command.order)
            if order.state is OrderState.INTENDED:
                self._not_sent(order, "its deadline was over before it could be sent")
        elif isinstance(command, CancelDurable):
            self._cancel_not_sent(command.order.client_order_id, "its deadline was over")

    @on(OrderHanded)
    def _handed(self, message: OrderHanded) -> None:
        if self._waits(message):
            return
        order = self._open.get(message.client_order_id)
        if order is None:
            return
        state = OrderState.SENT if order.state is OrderState.INTENDED else order.state
        self._record(replace(order, state=state, sent_at=message.at))

    @on(OrderNotSent)
    def _order_not_sent(self, message: OrderNotSent) -> None:
        if self._waits(message):
            return
        order = self._open.get(message.client_order_id)
        if order is not None and self._never_seen(order):
            self._not_sent(order, message.sentence)

    def _never_seen(self, order: Order) -> bool:
        """The venue has never said a word of it: proof that nothing left is believed."""
        early = (OrderState.INTENDED, OrderState.SENT, OrderState.UNKNOWN)
        return order.state in early and not order.venue_order_id and order.filled == 0

    @on(CancelHanded)
    def _cancel_handed(self, message: CancelHanded) -> None:
        self.log.debug("The cancel of {} has left.", message.client_order_id)

    @on(CancelNotSent)
    def _cancel_failed(self, message: CancelNotSent) -> None:
        if self._waits(message):
            return
        self._cancel_not_sent(message.client_order_id, message.sentence)

    # -- from the venue ------------------------------------------------------------------

    @on(VenueFact)
    def _fact(self, message: VenueFact) -> None:
        if self._waits(message):
            return
        fact = message.fact
        if isinstance(fact, ExecutionReport):
            self.tell(names.LEDGER, BookFill(fact))
        elif isinstance(fact, CommissionReport):
            self.tell(names.LEDGER, BookCommission(fact))
        elif isinstance(fact, OrderReport):
            self._report(fact)
        else:
            self._notice(fact)

    def _report(self, report: OrderReport) -> None:
        name = report.client_order_id or self._by_venue_id.get(report.venue_order_id or "")
        order = self._open.get(name or "")
        if order is None:
            self._about_one_that_ended(self._final.get(name or ""), report)
            return
        order = self._learn_venue_id(order, report)
        self._unanswered.discard(order.client_order_id)
        meaning = on_report(order, report)
        if isinstance(meaning, Change):
            self._change(order, meaning)
        elif isinstance(meaning, AwaitFills):
            first = order.client_order_id not in self._ends
            self._ends[order.client_order_id] = meaning
            if first:
                self.after(_FILLS_WITHIN, f"fills {order.client_order_id}")
        elif isinstance(meaning, Claim):
            self._query(order, "REJECTED", meaning.text)

    def _about_one_that_ended(self, order: Order | None, report: OrderReport) -> None:
        live = report.status in (VenueStatus.WORKING, VenueStatus.HELD, VenueStatus.PENDING)
        if order is not None and order.state is OrderState.NOT_SENT and live:
            self.log.critical(
                "{} was closed as not sent, and the venue has it: it is taken up again.",
                order.client_order_id,
            )
            self._final.pop(order.client_order_id, None)
            self._keep(order)
            self._report(report)

    def _notice(self, notice: VenueNotice) -> None:
        order = self._open.get(notice.client_order_id or "")
        if order is None:
            return
        text = f"{notice.code}: {notice.text}"
        if notice.effect in (NoticeEffect.REJECT, NoticeEffect.CANCELLED):
            self._said[order.client_order_id] = text
        if notice.effect is NoticeEffect.NOT_SENT:
            if self._never_seen(order):
                self._not_sent(order, notice.text)
            return
        if notice.effect is NoticeEffect.CANCEL_REFUSED and order.pending_change == "CANCEL":
            self.log.warning("{} is not cancelled: {}", order.client_order_id, text)
            self._record(replace(order, pending_change=None))
            self._query(order, "CANCEL_REFUSED", text)
            return
        if notice.effect in (NoticeEffect.REJECT, NoticeEffect.QUERY):
            claim = "REJECTED" if notice.effect is NoticeEffect.REJECT else "UNKNOWN_CODE"
            self._query(order, claim, text)
        self.log.info("The venue says of {}: {}", order.client_order_id, text)

    @on(OrderRecorded)
    def _recorded(self, message: OrderRecorded) -> None:
        """The ledger's word on what is filled; the state is ours."""
        if self._waits(message):
            return
        told = message.order
        name = told.client_order_id
        if name not in self._open and name not in self._final:
            return
        order = self._open.get(name) or self._final[name]
        if told.filled == order.filled and told.average_price == order.average_price:
            return
        order = replace(order, filled=told.filled, average_price=told.average_price)
        self._keep(order)
        change = on_fill(order)
        end = self._ends.get(name)
        if end is not None and order.filled >= end.filled:
            self._ended(order, end)
        elif change is not None:
            self._change(order, change)

    @on(OrderJudged)
    def _judged(self, message: OrderJudged) -> None:
        if self._waits(message):
            return
        order = self._open.get(message.client_order_id)
        if order is None or order.state is message.state:
            return
        if message.state is OrderState.NOT_SENT:
            self.log.warning("{}: {}", order.client_order_id, message.reason)
        self._change(order, Change(message.state, message.reason, order.pending_change))

    @on(RoundFed)
    def _round_fed(self, message: RoundFed) -> None:
        if not self._waits(message):
            self.tell(names.LEDGER, TakeSnapshot(names.resync(self.venue), message.number))
            self._cancel_again()

    def _cancel_again(self) -> None:
        """A wish to cancel is durable: on a new link it is said again, once orders are known."""
        for order in list(self._open.values()):
            name = order.client_order_id
            if order.pending_change == "CANCEL" and self._cancelled_on.get(name) != self._epoch:
                self.log.info("Asking again for the cancel of {}.", name)
                self._hand_cancel(order, self.clock.monotonic() + _CANCEL_WITHIN)

    # -- recording -----------------------------------------------------------------------

    def on_timer(self, name: str) -> None:
        """Fills that were announced have not come, or an intent has no answer."""
        what, _, order_id = name.partition(" ")
        if what == "fills":
            order = self._open.get(order_id)
            if order is not None and order_id in self._ends:
                self._miss_fills(order, self._ends[order_id])
            return
        unanswered, self._unanswered = self._unanswered, set()
        for name in unanswered:
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

    def _change(self, order: Order, change: Change) -> None:
        reason = change.reason if change.reason is not None else order.reason
        if change.state in (OrderState.REJECTED, OrderState.CANCELLED):
            # Its own words say more than the status does.
            reason = self._said.get(order.client_order_id, reason)
        self._record(
            replace(
                order,
                state=change.state,
                reason=reason,
                pending_change=None if change.state.is_final else change.pending_change,
            )
        )

    def _record(self, order: Order) -> None:
        self._keep(order)
        self.tell(
            names.LEDGER,
            RecordState(
                order.client_order_id,
                order.state,
                reason=order.reason,
                venue_order_id=order.venue_order_id,
                pending_change=order.pending_change,
                sent_at=order.sent_at,
            ),
        )

    def _keep(self, order: Order) -> None:
        name = order.client_order_id
        if order.venue_order_id:
            self._by_venue_id[order.venue_order_id] = name
        if not order.state.is_final:
            self._open[name] = order
            self._final.pop(name, None)
            return
        self._open.pop(name, None)
        for kept in (self._ends, self._said, self._claims, self._missed, self._cancelled_on):
            kept.pop(name, None)
        self._final[name] = order
        while len(self._final) > _KEEP_FINAL:
            _, oldest = self._final.popitem(last=False)
            self._by_venue_id.pop(oldest.venue_order_id or "", None)

    def _learn_venue_id(self, order: Order, report: OrderReport) -> Order:
        venue_id = report.venue_order_id
        if not venue_id or order.venue_order_id == venue_id:
            return order
        order = replace(order, venue_order_id=venue_id)
        self._record(order)
        return order

    def _not_sent(self, order: Order, reason: str) -> None:
        self.log.warning("{} is not sent: {}.", order.client_order_id, reason.rstrip("."))
        self._change(order, Change(OrderState.NOT_SENT, reason))

    def _cancel_not_sent(self, client_order_id: str, sentence: str) -> None:
        order = self._open.get(client_order_id)
        self.log.warning("The cancel of {} has not left: {}", client_order_id, sentence)
        if order is not None:
            self._record(replace(order, pending_change=None))

    def _query(self, order: Order, claim: str, text: str) -> None:
        if claim == "REJECTED":
            self._claims.setdefault(order.client_order_id, text)
        self.tell(names.resync(self.venue), QueryOrder(order.client_order_id, claim, text))

    def _waits(self, message: Message) -> bool:
        """Before the book has come nothing can be told apart: keep it until then."""
        if not self._loaded:
            now = self.clock.monotonic()
            stashed = Envelope(message, None, self.seat.name, self.correlation, now)
            self._stash.append(stashed)
        return not self._loaded
