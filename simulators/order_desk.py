"""The broker's order book of record: every order of the account, and what became of it.

Makes of what happens at the exchange the messages that TWS would send, in their order, and puts
each change into the store; the broker commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulators.books import Books
from simulators.broker_store import BrokerStore
from simulators.exchange import Exchange
from simulators.exchange_orders import Happening, MarketOrder, What
from simulators.model import (
    BrokerEvent,
    BrokerOrder,
    Commission,
    CommissionCharged,
    Execution,
    NewOrder,
    OrderChanged,
    OrderNotice,
    Traded,
)
from simulators.settlement import Settlement

#: The first parts of ids in the form of TWS: permanent ids have ten digits there.
_FIRST_PERM_ID = 1_100_000_001
_EXECUTION_ORIGIN = 0x0000E0D5
_FIRST_EXECUTION = 0x67FE0001
_PRICE_PLACES = Decimal("0.00000001")
_FINAL = ("Filled", "Cancelled", "Inactive")


class OrderDesk:
    """Orders and executions of one account, in memory as they are on disk."""

    def __init__(
        self,
        store: BrokerStore,
        exchange: Exchange,
        settlement: Settlement,
        books: Books,
    ) -> None:
        self._store = store
        self._exchange = exchange
        self._settlement = settlement
        self._orders = {order.perm_id: order for order in books.orders}
        self._open = {order.perm_id for order in books.orders if order.is_open}
        self._by_client = {
            (order.request.client_id, order.request.order_id): order.perm_id
            for order in books.orders
        }
        self._executions = [
            (execution, books.commissions.get(execution.execution_id))
            for execution in books.executions
        ]
        for execution, commission in self._executions:
            settlement.remember(execution, commission)
        self._last_perm_id = int(store.meta("last_perm_id") or _FIRST_PERM_ID - 1)
        self._last_execution = int(store.meta("last_execution") or _FIRST_EXECUTION - 1)
        self._triggered: set[int] = set()
        self._session_opens: dict[int, datetime] = {}

    def orders(self) -> Sequence[BrokerOrder]:
        """All orders, oldest first."""
        return list(self._orders.values())

    def open_orders(self) -> list[BrokerOrder]:
        """Those that can still trade."""
        return [self._orders[perm_id] for perm_id in sorted(self._open)]

    def executions(self) -> Sequence[tuple[Execution, Commission | None]]:
        """All executions with their commissions, oldest first."""
        return list(self._executions)

    def find(self, client_id: int, order_id: int) -> BrokerOrder | None:
        """The order that a client gave this id."""
        perm_id = self._by_client.get((client_id, order_id))
        return None if perm_id is None else self._orders[perm_id]

    def put_back(self, state: dict[int, tuple[bool, datetime]]) -> None:
        """Before the markets open: the open orders have rested there all the while."""
        for perm_id, (triggered, session_opens) in sorted(state.items()):
            order = self._orders[perm_id]
            self._session_opens[perm_id] = session_opens
            if triggered:
                self._triggered.add(perm_id)
            market = self._exchange.markets[order.request.con_id]
            market.restore(self._market_order(order))

    def take(self, order: NewOrder) -> list[BrokerEvent]:
        """A new order that passed every check."""
        new = self._enter(order, "PreSubmitted")
        events: list[BrokerEvent] = [OrderChanged(new)]
        return events + self.tell(
            self._exchange.submit(order.con_id, self._market_order(new)), fresh=True
        )

    def keep_refused(self, order: NewOrder) -> BrokerOrder:
        """A new order that TWS refuses and yet keeps, as Inactive."""
        return self._enter(order, "Inactive")

    def change(self, old: BrokerOrder, asked: NewOrder) -> list[BrokerEvent]:
        """An amendment that passed every check; only a smaller quantity keeps its place."""
        before = old.request
        self._session_opens[old.perm_id] = self._exchange.span(asked.con_id).session.opens
        order = self._put(replace(old, request=replace(asked, order_ref=before.order_ref)))
        events: list[BrokerEvent] = [OrderChanged(order)]
        same_terms = (before.type, before.limit_price, before.stop_price, before.tif) == (
            asked.type, asked.limit_price, asked.stop_price, asked.tif
        )  # fmt: skip
        if same_terms and asked.quantity <= before.quantity:
            remaining = int(asked.quantity - old.filled)
            self._exchange.reduce(asked.con_id, old.perm_id, remaining)
            return events
        self._exchange.withdraw(asked.con_id, old.perm_id)
        if before.type is not asked.type or before.stop_price != asked.stop_price:
            self._triggered.discard(old.perm_id)
        return events + self.tell(self._exchange.submit(asked.con_id, self._market_order(order)))

    def cancel(self, order: BrokerOrder) -> list[BrokerEvent]:
        """A cancel that passed every check."""
        self._exchange.withdraw(order.request.con_id, order.perm_id)
        return self._cancelled(order, "Cancelled by Trader", self._exchange.now)

    def end_by_hand(self, order: BrokerOrder, status: str, how: str) -> list[BrokerEvent]:
        """The broker ends an order: Cancelled, or Inactive as if it had refused it."""
        self._exchange.withdraw(order.request.con_id, order.perm_id)
        now, asked = self._exchange.now, order.request
        if status == "Cancelled":
            return self._cancelled(order, how, now)[1:]
        done = self._put(
            replace(order, status=status, why_held="", completed_at=now, completed_status=how)
        )
        return [OrderNotice(asked.client_id, asked.order_id, 201, how), OrderChanged(done)]

    def forget_order_ids(self) -> None:
        """No order is found by its order id any more; a new one may have the same."""
        self._by_client.clear()

    def tell(self, happenings: Iterable[Happening], fresh: bool = False) -> list[BrokerEvent]:
        """Book what happened at the exchange, and say it as TWS would."""
        events: list[BrokerEvent] = []
        waiting: list[int] = []
        for happening in happenings:
            order = self._orders[happening.perm_id]
            match happening.what:
                case What.FILLED:
                    events += self._filled(order, happening)
                case What.HELD:
                    events += self._held(order, announce=fresh)
                case What.TRIGGERED:
                    self._triggered.add(order.perm_id)
                    events.append(OrderChanged(self._put(replace(order, why_held=""))))
                case What.WORKING if order.request.type.needs_limit:
                    events += self._working(order)
                case What.WORKING:
                    waiting.append(order.perm_id)
                case What.EXPIRED:
                    events += self._cancelled(order, "Cancelled by System:\n", happening.time)[1:]
                case What.KILLED:
                    events += self._cancelled(order, "Cancelled by System:\n", happening.time)
        # A market order that fills at once is never seen as Submitted.
        for perm_id in waiting:
            if perm_id in self._open:
                events += self._working(self._orders[perm_id])
        return events

    def _enter(self, order: NewOrder, status: str) -> BrokerOrder:
        self._last_perm_id += 1
        self._store.put_meta("last_perm_id", str(self._last_perm_id))
        now = self._exchange.now
        final = status in _FINAL
        new = BrokerOrder(
            request=order,
            perm_id=self._last_perm_id,
            status=status,
            filled=Decimal(0),
            average_price=Decimal(0),
            last_fill_price=Decimal(0),
            why_held="",
            placed_at=now,
            completed_at=now if final else None,
            completed_status=status if final else "",
        )
        self._by_client[(order.client_id, order.order_id)] = new.perm_id
        session = self._exchange.span(order.con_id).session
        self._session_opens[new.perm_id] = session.opens
        return self._put(new)

    def _put(self, order: BrokerOrder) -> BrokerOrder:
        self._orders[order.perm_id] = order
        if order.is_open:
            self._open.add(order.perm_id)
        else:
            self._open.discard(order.perm_id)
        self._store.put_order(
            order, order.perm_id in self._triggered, self._session_opens[order.perm_id]
        )
        return order

    def _market_order(self, order: BrokerOrder) -> MarketOrder:
        asked = order.request
        steps = self._exchange.markets[asked.con_id].steps
        limit, stop = asked.limit_price, asked.stop_price
        return MarketOrder(
            perm_id=order.perm_id,
            side=asked.side,
            type=asked.type,
            remaining=int(asked.quantity - order.filled),
            limit=steps.to_units(limit) if asked.type.needs_limit and limit is not None else None,
            stop=steps.to_units(stop) if asked.type.needs_stop and stop is not None else None,
            tif=asked.tif,
            session_opens=self._session_opens[order.perm_id],
            triggered=order.perm_id in self._triggered,
        )

    def _working(self, order: BrokerOrder) -> list[BrokerEvent]:
        if order.status == "Submitted":
            return []
        return [OrderChanged(self._put(replace(order, status="Submitted", why_held="")))]

    def _held(self, order: BrokerOrder, announce: bool) -> list[BrokerEvent]:
        asked = order.request
        waits_for_stop = asked.type.needs_stop and order.perm_id not in self._triggered
        why = "trigger" if waits_for_stop else ""
        events: list[BrokerEvent] = []
        if (order.status, order.why_held) != ("PreSubmitted", why):
            changed = self._put(replace(order, status="PreSubmitted", why_held=why))
            events.append(OrderChanged(changed))
        if announce and not waits_for_stop:
            instrument = self._exchange.markets[asked.con_id].listing.instrument
            opens = self._exchange.opens(asked.con_id)
            local = opens.astimezone(ZoneInfo(instrument.time_zone_id))
            text = (
                f"Order Message:\n{asked.side} {asked.quantity} {instrument.local_symbol} "
                f"{instrument.exchange}\nWarning: Your order will not be placed at the exchange "
                f"until {local:%Y-%m-%d %H:%M:%S} {instrument.time_zone_id}."
            )
            events.append(OrderNotice(asked.client_id, asked.order_id, 399, text))
        return events

    def _cancelled(self, order: BrokerOrder, how: str, when: datetime) -> list[BrokerEvent]:
        """PendingCancel, Cancelled and the notice 202; what expires is never pending."""
        pending = replace(order, status="PendingCancel")
        done = self._put(
            replace(order, status="Cancelled", why_held="", completed_at=when, completed_status=how)
        )
        asked = order.request
        return [
            OrderChanged(pending),
            OrderChanged(done),
            OrderNotice(asked.client_id, asked.order_id, 202, "Order Canceled - reason:"),
        ]

    def _filled(self, order: BrokerOrder, fill: Happening) -> list[BrokerEvent]:
        filled = order.filled + fill.quantity
        value = order.average_price * order.filled + fill.price * fill.quantity
        complete = filled >= order.request.quantity
        order = self._put(
            replace(
                order,
                status="Filled" if complete else "Submitted",
                filled=filled,
                average_price=(value / filled).quantize(_PRICE_PLACES),
                last_fill_price=fill.price,
                why_held="",
                completed_at=fill.time if complete else None,
                completed_status=f"Filled Size: {filled}" if complete else "",
            )
        )
        self._last_execution += 1
        self._store.put_meta("last_execution", str(self._last_execution))
        instrument = self._exchange.markets[order.request.con_id].listing.instrument
        execution = Execution(
            execution_id=f"{_EXECUTION_ORIGIN:08x}.{self._last_execution:08x}.01.01",
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
        self._executions.append((execution, commission))
        self._store.put_execution(execution, commission)
        self._store.put_cash(self._settlement.account.cash)
        con_id = order.request.con_id
        self._store.put_position(con_id, self._settlement.account.holdings[con_id])
        return [
            Traded(execution),
            OrderChanged(order),
            CommissionCharged(commission, order.request.client_id),
        ]
