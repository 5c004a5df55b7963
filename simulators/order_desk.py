"""What the broker does with its orders: makes of what happens at the exchange the messages of TWS.

The events are in the order in which TWS would send their messages. Each change is put into the
register; the broker commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.orders import OrderType
from simulators.exchange import Exchange
from simulators.exchange_orders import Happening, What
from simulators.funds import Funds
from simulators.habits import Habits
from simulators.linked_orders import LinkedOrders
from simulators.market_terms import MarketTerms
from simulators.model import (
    BrokerEvent,
    BrokerOrder,
    CommissionCharged,
    Execution,
    NewOrder,
    OrderChanged,
    OrderNotice,
    Traded,
)
from simulators.order_messages import ODD_LOT, discarded, held_until, locating, warning
from simulators.order_register import OrderRegister
from simulators.settlement import Settlement

_PRICE_PLACES = Decimal("0.00000001")


class OrderDesk:
    """Acts on orders that passed every check, and on what the exchange says of them."""

    def __init__(
        self,
        register: OrderRegister,
        exchange: Exchange,
        settlement: Settlement,
        funds: Funds,
        habits: Callable[[], Habits],
    ) -> None:
        self._register = register
        self._exchange = exchange
        self._settlement = settlement
        self._funds = funds
        self._terms = MarketTerms(register, exchange, funds)
        self._habits = habits
        self._linked = LinkedOrders(self, register, habits)

    def put_back(self, state: dict[int, tuple[bool, datetime]]) -> None:
        """Before the markets open: the open orders have rested there all the while."""
        register = self._register
        for perm_id, (triggered, session_opens) in sorted(state.items()):
            order = register.order(perm_id)
            register.session_opens[perm_id] = session_opens
            if triggered:
                register.triggered.add(perm_id)
            if not order.waits_at_broker:
                market = self._exchange.markets[order.request.con_id]
                market.restore(self._terms.at_market(order))

    # What clients ask for

    def take(self, asked: NewOrder, *, located: bool = True) -> list[BrokerEvent]:
        """A new order; with `transmit` it goes out, and what was kept back of its bracket too.

        One that is not `located` waits for shares that can be borrowed.
        """
        parent = self._register.parent(asked)
        if parent is not None and not asked.oca_group:
            # IB makes a group of the orders that share a parent.
            asked = replace(asked, oca_group=str(parent.perm_id), oca_type=3)
        order = self._register.enter(asked, "PreSubmitted")
        if not located and asked.transmit:
            held = self._register.put(replace(order, why_held="locate"))
            return [OrderChanged(held), locating(asked)]
        return self._transmit(order) if asked.transmit else []

    def keep_refused(self, asked: NewOrder) -> BrokerOrder:
        """A new order that TWS refuses and yet keeps, as Inactive."""
        return self._register.enter(replace(asked, transmit=True), "Inactive")

    def change(self, old: BrokerOrder, asked: NewOrder) -> list[BrokerEvent]:
        """An amendment; only a smaller quantity keeps its place in the queue."""
        before = old.request
        register = self._register
        kept_back = not before.transmit
        new = replace(
            asked,
            order_ref=before.order_ref,
            parent_id=before.parent_id,
            oca_group=asked.oca_group or before.oca_group,
            oca_type=asked.oca_type if asked.oca_group else before.oca_type,
            transmit=before.transmit,
        )
        order = replace(old, request=new)
        if kept_back:
            order = register.put(order)
            return self._transmit(order) if asked.transmit else []
        opens = self._exchange.session_of_new_order(asked.con_id)
        register.session_opens[old.perm_id] = opens
        same_terms = (before.type, before.limit_price, before.stop_price, before.tif) == (
            asked.type, asked.limit_price, asked.stop_price, asked.tif
        ) and before.trail == asked.trail  # fmt: skip
        if (before.type, before.stop_price) != (asked.type, asked.stop_price):
            register.triggered.discard(old.perm_id)
        order = register.put(order)
        events: list[BrokerEvent] = [OrderChanged(order)]
        if order.waits_at_broker:
            return events
        if same_terms and asked.quantity <= before.quantity:
            self._exchange.reduce(asked.con_id, old.perm_id, int(order.remaining))
            return events
        self._exchange.withdraw(asked.con_id, old.perm_id)
        return events + self.submit(order)

    def locate(self, order: BrokerOrder) -> list[BrokerEvent]:
        """Shares were found that can be borrowed: the order goes to the exchange."""
        found = self._register.put(replace(order, why_held=""))
        return [OrderChanged(found), *self.submit(found, fresh=True)]

    def cancel(self, order: BrokerOrder) -> list[BrokerEvent]:
        """A cancel by whoever owns it, with all that hangs on it."""
        if not order.request.transmit:
            return self._discard(order)
        return self.end(order, "Cancelled by Trader") + self._linked.after_cancel(order)

    def end_by_broker(self, order: BrokerOrder, status: str, how: str) -> list[BrokerEvent]:
        """The broker ends an order: Cancelled, or Inactive as if it had refused it."""
        if status == "Cancelled":
            return self.end(order, how, pending=False) + self._linked.after_cancel(order)
        self._exchange.withdraw(order.request.con_id, order.perm_id)
        now, asked = self._exchange.now, order.request
        done = self._register.put(
            replace(order, status=status, why_held="", completed_at=now, completed_status=how)
        )
        refusal = OrderNotice(asked.client_id, asked.order_id, 201, how)
        return [refusal, OrderChanged(done), *self._linked.after_cancel(order)]

    # What the exchange says

    def tell(self, happenings: Iterable[Happening], fresh: bool = False) -> list[BrokerEvent]:
        """Book what happened at the exchange, and say it as TWS would."""
        events: list[BrokerEvent] = []
        waiting: list[int] = []
        for happening in happenings:
            order = self._register.order(happening.perm_id)
            if not order.is_open:
                # Its group was cancelled in the same moment; only without block may it trade.
                if happening.what is What.FILLED and not order.request.blocks:
                    events += self._filled(order, happening)
                continue
            match happening.what:
                case What.FILLED:
                    events += self._filled(order, happening)
                    events += self._linked.after_fill(order, happening.quantity)
                case What.HELD:
                    events += self._held(order, announce=fresh)
                case What.TRIGGERED:
                    self._register.triggered.add(order.perm_id)
                    events.append(OrderChanged(self._register.put(replace(order, why_held=""))))
                case What.LIMITED:
                    limited = replace(
                        order.request, type=OrderType.LIMIT, limit_price=happening.price
                    )
                    self._register.put(replace(order, request=limited))
                case What.TRAILED:
                    request = replace(
                        order.request, stop_price=happening.price, limit_price=happening.limit
                    )
                    moved = self._register.put(replace(order, request=request))
                    if self._habits().trailing_stop_told:
                        events.append(OrderChanged(moved))
                case What.WORKING if order.request.type.needs_limit:
                    events += self._working(order)
                case What.WORKING:
                    waiting.append(order.perm_id)
                case What.EXPIRED:
                    events += self.end(order, "Cancelled by System:\n", happening.time, False)
                    events += self._linked.after_cancel(order)
                case What.KILLED:
                    events += self.end(order, "Cancelled by System:\n", happening.time)
                    events += self._linked.after_cancel(order)
        # A market order that fills at once is never seen as Submitted.
        for perm_id in waiting:
            if self._register.order(perm_id).is_open:
                events += self._working(self._register.order(perm_id))
        return events

    # Steps that linked orders take too

    def submit(self, order: BrokerOrder, fresh: bool = False) -> list[BrokerEvent]:
        """Send an order to the exchange; `fresh`: for the first time, so that it is announced."""
        con_id = order.request.con_id
        return self.tell(self._exchange.submit(con_id, self._terms.at_market(order)), fresh)

    def anchored(self, asked: NewOrder) -> NewOrder:
        """A trailing stop whose first price the client left open, set behind the market."""
        return self._terms.anchored(asked)

    def resize(self, order: BrokerOrder, quantity: Decimal) -> list[BrokerEvent]:
        """Give an order another quantity by the broker's own decision; it keeps its place."""
        changed = self._register.put(
            replace(order, request=replace(order.request, quantity=quantity))
        )
        con_id = order.request.con_id
        events: list[BrokerEvent] = [OrderChanged(changed)]
        if changed.waits_at_broker:
            return events
        if not order.remaining:
            return events + self.submit(changed)
        if changed.remaining:
            self._exchange.reduce(con_id, order.perm_id, int(changed.remaining))
        else:
            self._exchange.withdraw(con_id, order.perm_id)
        return events

    def end(
        self, order: BrokerOrder, how: str, when: datetime | None = None, pending: bool = True
    ) -> list[BrokerEvent]:
        """PendingCancel, Cancelled and the notice 202; what expires is never pending."""
        if not order.request.transmit:
            return self._discard(order)
        self._exchange.withdraw(order.request.con_id, order.perm_id)
        completed_at = when or self._exchange.now
        done = self._register.put(
            replace(
                order,
                status="Cancelled",
                why_held="",
                completed_at=completed_at,
                completed_status=how,
            )
        )
        asked = order.request
        events: list[BrokerEvent] = [
            OrderChanged(done),
            OrderNotice(asked.client_id, asked.order_id, 202, "Order Canceled - reason:"),
        ]
        return (
            [OrderChanged(replace(order, status="PendingCancel")), *events] if pending else events
        )

    # Inside

    def _transmit(self, order: BrokerOrder) -> list[BrokerEvent]:
        """Let an order go out, with all of its bracket that was kept back: parents first."""
        register = self._register
        events: list[BrokerEvent] = []
        outgoing: list[BrokerOrder] = []
        for member in register.family(order):
            asked = member.request
            if asked.transmit and member.perm_id != order.perm_id:
                continue
            parent = register.parent(asked)
            waits = parent is not None and parent.is_open
            sent = register.put(
                replace(
                    member,
                    request=replace(asked, transmit=True),
                    why_held="child" if waits else "",
                )
            )
            events.append(OrderChanged(sent))
            if not waits:
                outgoing.append(sent)
                if self._funds.is_odd_lot(asked):
                    instrument = self._exchange.markets[asked.con_id].listing.instrument
                    events.append(warning(asked, instrument, ODD_LOT))
        for sent in outgoing:
            events += self.submit(sent, fresh=True)
        return events

    def _discard(self, order: BrokerOrder) -> list[BrokerEvent]:
        """Forget an order that was never transmitted, and what is attached to it."""
        events: list[BrokerEvent] = []
        for gone in (order, *self._register.children(order)):
            self._register.put(
                replace(gone, status="ApiCancelled", completed_at=self._exchange.now)
            )
            events += discarded(gone)
        return events

    def _working(self, order: BrokerOrder) -> list[BrokerEvent]:
        if order.status == "Submitted":
            return []
        working = self._register.put(replace(order, status="Submitted", why_held=""))
        return [OrderChanged(working)]

    def _held(self, order: BrokerOrder, announce: bool) -> list[BrokerEvent]:
        asked = order.request
        waits_for_stop = asked.type.needs_stop and order.perm_id not in self._register.triggered
        why = "trigger" if waits_for_stop else ""
        events: list[BrokerEvent] = []
        if (order.status, order.why_held) != ("PreSubmitted", why):
            changed = self._register.put(replace(order, status="PreSubmitted", why_held=why))
            events.append(OrderChanged(changed))
        halted = self._exchange.markets[asked.con_id].halted
        if announce and not waits_for_stop and not halted:
            instrument = self._exchange.markets[asked.con_id].listing.instrument
            events.append(held_until(asked, instrument, self._exchange.opens(asked.con_id)))
        return events

    def _filled(self, order: BrokerOrder, fill: Happening) -> list[BrokerEvent]:
        filled = order.filled + fill.quantity
        value = order.average_price * order.filled + fill.price * fill.quantity
        complete = filled >= order.request.quantity and not order.asleep
        over = complete or not order.is_open
        order = self._register.put(
            replace(
                order,
                status="Filled" if complete else "Submitted" if order.is_open else order.status,
                filled=filled,
                average_price=(value / filled).quantize(_PRICE_PLACES),
                last_fill_price=fill.price,
                why_held="",
                completed_at=fill.time if over else None,
                completed_status=f"Filled Size: {filled}" if over else "",
            )
        )
        instrument = self._exchange.markets[order.request.con_id].listing.instrument
        execution = Execution(
            execution_id=self._register.new_execution_id(),
            order=order,
            time=fill.time,
            exchange=instrument.exchange,
            quantity=fill.quantity,
            price=fill.price,
            cumulative_quantity=filled,
            average_price=order.average_price,
            liquidity=fill.liquidity,
        )
        commission = self._settlement.settle(execution)
        self._register.put_execution(execution, commission)
        return [
            Traded(execution),
            OrderChanged(order),
            CommissionCharged(commission, order),
        ]
