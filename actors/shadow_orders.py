"""The shadow market of mode *observe*: it fills by quotes what the desk would have sent.

It sits where for a real venue `orders` does: intents come from the ledger, fills go to it. So
the book of this mode, its positions, plans and profit are kept as any others are. But the only
road that leads here is that of the venue `shadow`, and none leads on: nothing here knows a
connection, and no connection knows this venue.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from actors import names
from actors.base import on
from actors.lanes import Command, State
from actors.messages import (
    AmendmentDurable,
    BookCommission,
    BookFill,
    BookLoaded,
    CancelDurable,
    IntentDurable,
    LoadBook,
    OrderRecorded,
    RecordAmended,
    RecordState,
)
from actors.seat import Seat
from actors.shadow_watch import ShadowOptions, ShadowWatch
from actors.system import ActorSystem
from domain.admission import Admission
from domain.orders import Order, OrderState
from domain.shadow import SHADOW, ShadowFill
from domain.shadow_market import ShadowEvent, ShadowFilled
from domain.terms import AmendmentState
from domain.venue import CommissionReport, ExecutionReport


class ShadowOrders(ShadowWatch):
    """Every order of the shadow book, against every quote."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: ShadowOptions) -> None:
        super().__init__(system, seat, options=options)
        self._admissions: dict[str, Admission] = {}
        """By which commissions are reckoned; of what was open before a restart nobody knows."""
        self._charged: dict[str, Decimal] = {}
        self._fills = 0

    def on_start(self) -> None:
        """What is open goes on, and is held against the market as it is."""
        super().on_start()
        self.tell(names.LEDGER, LoadBook(self.seat.name))

    def describe(self) -> State:
        """What is open, and how much was filled."""
        return {**super().describe(), "fills": self._fills}

    # -- from the ledger -----------------------------------------------------------------

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        for order in message.ended:
            if order.venue == SHADOW:
                self.market.remember(order)
        for order in message.open_orders:
            if order.venue == SHADOW:
                self.market.keep(order)

    @on(IntentDurable)
    def _intent(self, message: IntentDurable) -> None:
        orders = (message.order, *message.attached)
        for order, admission in zip(orders, message.admission.members, strict=True):
            self._admissions[order.client_order_id] = admission
            self.market.keep(order)
            self._record(order.client_order_id, OrderState.WORKING, "in the shadow book")
        self.look(message.order.request.symbol)

    def on_expired(self, command: Command) -> None:
        """It came too late: it would not have been sent either."""
        if isinstance(command, IntentDurable):
            for order in (command.order, *command.attached):
                self._record(order.client_order_id, OrderState.NOT_SENT, "its time was over")

    @on(CancelDurable)
    def _cancel(self, message: CancelDurable) -> None:
        why = "cancelled, in the shadow book"
        self.take(self.market.end(message.client_order_id, OrderState.CANCELLED, why))

    @on(AmendmentDurable)
    def _amend(self, message: AmendmentDurable) -> None:
        amendment = message.admission.amendment
        confirmed = AmendmentState.CONFIRMED
        name = amendment.client_order_id
        self.tell(names.LEDGER, RecordAmended(name, amendment.amendment_id, confirmed))

    @on(OrderRecorded)
    def _recorded(self, message: OrderRecorded) -> None:
        """As the book has it: on other terms, or ended."""
        order = message.order
        if order.state.is_final:
            self.market.drop(order.client_order_id)
            self._admissions.pop(order.client_order_id, None)
            self._charged.pop(order.client_order_id, None)
        elif self.market.change(order):
            self.look(order.request.symbol)

    # -- to the ledger -------------------------------------------------------------------

    def take(self, events: list[ShadowEvent]) -> None:
        """Have it booked as a venue's own words would be."""
        for event in events:
            self.correlation = event.order.client_order_id
            if isinstance(event, ShadowFilled):
                self._book_fill(event)
            else:
                self._record(event.order.client_order_id, event.state, event.reason)

    def _book_fill(self, event: ShadowFilled) -> None:
        self._fills += 1
        key, now = f"S-{self.runtime.new_id()}", self.clock.now()
        self.tell(names.LEDGER, BookFill(SHADOW, _execution(key, event.order, event.fill, now)))
        charge = self._charge(event)
        if charge is not None:
            amount, currency = charge
            report = CommissionReport(key, key, 0, amount, currency, None)
            self.tell(names.LEDGER, BookCommission(SHADOW, report))

    def _charge(self, event: ShadowFilled) -> tuple[Decimal, str] | None:
        """What this fill adds to the commission of its order, GST included; None: not known."""
        name = event.order.client_order_id
        admission = self._admissions.get(name)
        if admission is None or admission.estimate is None:
            return None
        due = admission.estimate.for_filled(event.filled, event.value)
        if due is None:
            return None
        before, self._charged[name] = self._charged.get(name, Decimal(0)), due
        return due - before, admission.estimate.currency

    def _record(self, name: str, state: OrderState, reason: str) -> None:
        sent_at = self.clock.now() if state is OrderState.WORKING else None
        why = reason if state.is_final else None
        self.tell(names.LEDGER, RecordState(name, state, reason=why, sent_at=sent_at))


def _execution(key: str, order: Order, fill: ShadowFill, at: datetime) -> ExecutionReport:
    return ExecutionReport(
        execution_id=key,
        execution_key=key,
        revision=0,
        client_order_id=order.client_order_id,
        venue_order_id=None,
        symbol=order.request.symbol,
        side=order.request.side,
        quantity=fill.quantity,
        price=fill.price,
        time=at,
        exchange="SHADOW",
        liquidity="added" if fill.added else "removed",
        account=SHADOW,
    )
