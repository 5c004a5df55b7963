"""Where orders come in at the broker: what is a new one, what a change, and what is refused.

What an order may be whatever the account holds stands in `order_checks`; here it meets the
register, the market and the means of the account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulators import order_checks
from simulators.broker_store import BrokerStore
from simulators.exchange import Exchange
from simulators.funds import Funds
from simulators.habits import Habits
from simulators.model import (
    BrokerEvent,
    BrokerOrder,
    NewOrder,
    OrderChanged,
    OrderRefused,
    Preview,
)
from simulators.order_checks import Refusal
from simulators.order_desk import OrderDesk
from simulators.order_register import OrderRegister


class OrderEntry:
    """Checks orders and hands them to the desk; the broker commits."""

    def __init__(
        self,
        store: BrokerStore,
        register: OrderRegister,
        desk: OrderDesk,
        exchange: Exchange,
        funds: Funds,
        account: str,
        habits: Callable[[], Habits],
    ) -> None:
        self._store = store
        self._register = register
        self._desk = desk
        self._exchange = exchange
        self._funds = funds
        self._account = account
        self._habits = habits
        self._highest = store.clients()

    def place(self, order: NewOrder) -> list[BrokerEvent]:
        """Take a new order, or change the live one that has its client id and order id."""
        order = self._completed(order)
        live = self._register.find(order.client_id, order.order_id)
        live = live or self._register.find_same(order)
        if live is not None and live.is_open:
            return self._change(live, order)
        return self._take_once(live, order)

    def preview(self, order: NewOrder) -> Preview | OrderRefused:
        """What would come of an order; nothing is kept of the question."""
        order = self._completed(order)
        refusal = self._refuse(order, None)
        if refusal is not None:
            return OrderRefused(order.client_id, order.order_id, refusal.code, refusal.text)
        return self._funds.preview(order)

    def take(self, order: NewOrder) -> list[BrokerEvent]:
        """Take a new order whose id nobody has to look at."""
        refusal = self._refuse(order, None)
        if refusal is order_checks.NOT_FOR_SHORT_SALE and self._habits().short_sale == "locate":
            return self._desk.take(order, located=False)
        if refusal is not None:
            return [self._refused(order, refusal)]
        if order.fill_or_kill:
            return [OrderChanged(self._desk.keep_refused(order))]
        events = self._desk.take(order)
        if self._habits().minimum_parcel == "cancelled" and self._funds.starts_small(order):
            entered = self._register.orders()[-1]
            if entered.is_open:
                events += self._desk.end(entered, "Cancelled by System:\n")
        return events

    def next_order_id(self, client_id: int) -> int:
        """One above the highest order id that this client has used."""
        return self._highest.get(client_id, 0) + 1

    def reissue_order_ids(self) -> None:
        """Forget which order ids were used; they begin at 1 again."""
        self._highest.clear()
        self._register.forget_order_ids()

    def _completed(self, order: NewOrder) -> NewOrder:
        """With its account; a trailing stop begins behind the market, or where it stood before."""
        if not order.account:
            order = replace(order, account=self._account)
        live = self._register.find(order.client_id, order.order_id)
        if live is not None and live.request.trail == order.trail and order.trail is not None:
            before = live.request
            return replace(order, stop_price=before.stop_price, limit_price=before.limit_price)
        if order.con_id not in self._exchange.markets or not order_checks.trail_is_sound(order):
            return order
        return self._desk.anchored(order)

    def _take_once(self, old: BrokerOrder | None, order: NewOrder) -> list[BrokerEvent]:
        if order.order_id <= self._highest.get(order.client_id, 0):
            refusal = order_checks.refuse_used_id(old, order)
            if refusal.code == 104 and self._habits().change_of_filled == "silence":
                return []
            return [OrderRefused(order.client_id, order.order_id, refusal.code, refusal.text)]
        self._highest[order.client_id] = order.order_id
        self._store.put_client(order.client_id, order.order_id)
        return self.take(order)

    def _change(self, old: BrokerOrder, order: NewOrder) -> list[BrokerEvent]:
        refusal = (
            order_checks.refuse_change(old, order)
            or self._refuse_changed_child(old, order)
            or self._refuse(order, old)
        )
        if refusal is not None:
            return [OrderRefused(order.client_id, order.order_id, refusal.code, refusal.text)]
        return self._desk.change(old, order)

    def _refuse(self, order: NewOrder, old: BrokerOrder | None) -> Refusal | None:
        market = self._exchange.markets.get(order.con_id)
        if market is None:
            return order_checks.UNKNOWN_CONTRACT
        return (
            order_checks.refuse_fields(order, market.listing.instrument, self._account)
            or order_checks.refuse_phase(market.phase, self._habits())
            or self._refuse_by_rules(order, old)
            or self._refuse_links(order, old)
            or self._refuse_means(order, old)
        )

    def _refuse_by_rules(self, order: NewOrder, old: BrokerOrder | None) -> Refusal | None:
        """Rules of the exchange and of IB that an account may or may not meet."""
        if order.fill_or_kill and self._habits().fill_or_kill == "refused":
            return order_checks.NO_FILL_OR_KILL
        if self._habits().minimum_parcel == "refused" and self._funds.starts_small(order):
            return order_checks.SMALL_PARCEL
        active = [
            other
            for other in self._register.open_orders()
            if (other.request.con_id, other.request.side) == (order.con_id, order.side)
        ]
        if old is None and len(active) >= self._habits().most_active_orders:
            return order_checks.too_many_orders(self._habits().most_active_orders)
        return None

    def _refuse_links(self, order: NewOrder, old: BrokerOrder | None) -> Refusal | None:
        """A parent that is not there, or a group whose day is over."""
        parent = self._register.parent(order)
        if order.parent_id and old is None:
            if parent is None:
                return order_checks.unknown_order(order.parent_id)
            if not parent.is_open and parent.status != "Filled":
                return order_checks.PARENT_GONE
        known = old is not None and old.request.oca_group == order.oca_group
        if order.oca_group and not known and self._register.is_spent(order.oca_group):
            return order_checks.GROUP_SPENT
        return None

    def _refuse_changed_child(self, old: BrokerOrder, order: NewOrder) -> Refusal | None:
        parent = self._register.parent(order)
        gone = parent is not None and not parent.is_open
        if gone and self._habits().change_of_child == "135":
            return order_checks.unknown_order(order.parent_id)
        return None

    def _refuse_means(self, order: NewOrder, old: BrokerOrder | None) -> Refusal | None:
        """Money and holdings; an attached order brings what its parent will have got."""
        parent = self._register.parent(order)
        if parent is not None and parent.is_open:
            return None
        others = [
            other
            for other in self._register.open_orders()
            if other.request.transmit
            and other.why_held != "child"
            and not (order.oca_group and other.request.oca_group == order.oca_group)
        ]
        refusal = self._funds.refuse(order, others, old)
        if refusal is order_checks.NOT_FOR_SHORT_SALE:
            if self._habits().short_sale == "banned":
                return order_checks.SHORT_SALE_BANNED
            if old is not None and self._habits().short_sale == "locate":
                return None
        return refusal

    def _refused(self, order: NewOrder, refusal: Refusal) -> OrderRefused:
        kept = self._desk.keep_refused(order) if refusal.kept else None
        return OrderRefused(order.client_id, order.order_id, refusal.code, refusal.text, kept)
