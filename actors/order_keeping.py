"""What the order state machine knows of each order, and how it is told to the ledger.

A state is ours alone to change; what is filled, the ledger says.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime

from actors import names
from actors.base import Actor, on
from actors.lanes import Message, State
from actors.mailbox import Envelope
from actors.messages import (
    Alert,
    BookLoaded,
    Introduce,
    LinkUp,
    LoadBook,
    OrderAnswered,
    QueryOrder,
    RecordState,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.claims import ClaimedBy
from domain.order_life import AwaitFills, Change
from domain.orders import Order, OrderState
from domain.venue import OrderReport, VenueNotice

_KEEP_FINAL = 1000
_ANSWER_WITHIN = 5.0
_CURE = "What it is, the venue's own messages and lists say; look at it there if it stays so."


class OrderKeeping(Actor):
    """The open orders of a venue, and those that ended last."""

    def __init__(self, system: ActorSystem, seat: Seat, *, venue: str, telemetry: str = "") -> None:
        super().__init__(system, seat)
        self.venue = venue
        self._telemetry = telemetry
        """The seat that is told of the way of each order; empty where nobody is."""
        self._durable_at: dict[str, datetime] = {}
        """When the intents were taken up of which the venue has not said a word yet."""
        self._epoch: int | None = None
        self._loaded = False
        self._stash: list[Envelope] = []
        self._unanswered: set[str] = set()
        """Those that the book has as INTENDED or SENT, of which nothing has been heard since."""
        self._claims: dict[str, QueryOrder] = {}
        """Ends that the venue claims, and that its lists have to bear out."""
        self._missed: dict[str, int] = {}
        """How often fills were asked for that the venue announced."""
        self._cancelled_on: dict[str, int] = {}
        """The link on which the cancel of an order was last handed over."""
        self._handed_over: dict[str, None] = {}
        """Open orders that were given to the link: none is given to it twice."""
        self._open: dict[str, Order] = {}
        self._final: OrderedDict[str, Order] = OrderedDict()
        self._by_venue_id: dict[str, str] = {}
        self._ends: dict[str, AwaitFills] = {}
        self._terms_heard: dict[str, datetime] = {}
        """When the venue last told terms that are not those of an amendment on its way."""
        self._alive_at: dict[str, datetime] = {}
        """When the venue last spoke of an order as of a live one."""
        self._asked_at: datetime | None = None
        """When the lists were asked for that were fed last."""
        self._said: dict[str, str] = {}
        """What the venue last said of an order by a refusing or cancelling code."""
        self._alerted: dict[str, set[int]] = {}
        """Codes of which a person has been told, by order."""

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
            "amending": [name for name, o in list(self._open.items()) if o.amending is not None],
            "loaded": self._loaded,
        }

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        if message.ticket != self.incarnation:
            return
        for order in (*message.ended, *message.open_orders):
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
        for claim in self._claims.values():
            self.tell(message.seat, claim)

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        self._epoch = message.epoch

    # -- recording -----------------------------------------------------------------------

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
        for kept in (
            self._ends,
            self._said,
            self._alerted,
            self._claims,
            self._missed,
            self._cancelled_on,
            self._handed_over,
            self._terms_heard,
            self._alive_at,
            self._durable_at,
        ):
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

    def _answered(self, order: Order) -> None:
        """The venue's first word on an order that went out on this incarnation's watch."""
        name = order.client_order_id
        durable_at = self._durable_at.pop(name, None)
        if durable_at is not None and self._telemetry:
            answered = OrderAnswered(name, durable_at, order.sent_at, self.clock.now())
            self.tell(self._telemetry, answered)

    def _query(self, order: Order, claim: str, text: str) -> None:
        """Have the venue asked about it."""
        self.tell(names.resync(self.venue), QueryOrder(order.client_order_id, claim, text))

    def _alert(self, order: Order, notice: VenueNotice) -> None:
        """Tell a person what the venue says of it; once, however often it is said."""
        told = self._alerted.setdefault(order.client_order_id, set())
        if notice.code in told:
            return
        told.add(notice.code)
        sentence = f"The venue says of {order.client_order_id}: {notice.text} ({notice.code})."
        level, code = "warning", f"IB{notice.code}"
        alert = Alert(
            self.venue, level, code, sentence, _CURE, self.clock.now(), told=1, stands=False
        )
        for name in names.ALERT_READERS:
            self.tell(name, alert)

    def _claim(self, order: Order, end: OrderState, text: str, by: ClaimedBy) -> None:
        """Have the venue's lists bear out that it has ended so."""
        name = order.client_order_id
        claim = QueryOrder(name, end.value, text, end, by)
        known = self._claims.get(name)
        if known is None or by is ClaimedBy.END:
            self._claims[name] = claim
        self.tell(names.resync(self.venue), claim)

    def _waits(self, message: Message) -> bool:
        """Before the book has come nothing can be told apart: keep it until then."""
        if not self._loaded:
            now = self.clock.monotonic()
            stashed = Envelope(message, None, self.seat.name, self.correlation, now)
            self._stash.append(stashed)
        return not self._loaded
