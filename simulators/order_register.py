"""The broker's register: every order of the account and every execution, in memory as on disk.

It knows how orders hang together, by parent and by group; what follows from that is the desk's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from simulators.books import Books
from simulators.broker_store import BrokerStore
from simulators.exchange import Exchange
from simulators.model import BrokerOrder, Commission, Execution, NewOrder

#: The first parts of ids in the form of TWS: permanent ids have ten digits there.
_FIRST_PERM_ID = 1_100_000_001
_EXECUTION_ORIGIN = 0x0000E0D5
_FIRST_EXECUTION = 0x67FE0001
_FINAL = ("Filled", "Cancelled", "Inactive")


class OrderRegister:
    """Whatever is put here is put into the store too; the broker commits."""

    def __init__(self, store: BrokerStore, exchange: Exchange, books: Books) -> None:
        self._store = store
        self._exchange = exchange
        self._orders = {order.perm_id: order for order in books.orders}
        self._open = {order.perm_id for order in books.orders if order.is_open}
        self._by_client = {
            (order.request.client_id, order.request.order_id): order.perm_id
            for order in books.orders
            if order.request.order_id
        }
        self._executions = [
            (execution, books.commissions.get(execution.execution_id))
            for execution in books.executions
        ]
        self._last_perm_id = int(store.meta("last_perm_id") or _FIRST_PERM_ID - 1)
        self._last_execution = int(store.meta("last_execution") or _FIRST_EXECUTION - 1)
        self.triggered: set[int] = set()
        self.session_opens: dict[int, datetime] = {}

    def orders(self) -> Sequence[BrokerOrder]:
        """All orders, oldest first."""
        return list(self._orders.values())

    def open_orders(self) -> list[BrokerOrder]:
        """Those that can still trade."""
        return [self._orders[perm_id] for perm_id in sorted(self._open)]

    def executions(self) -> list[tuple[Execution, Commission | None]]:
        """All executions with their commissions, oldest first."""
        return list(self._executions)

    def order(self, perm_id: int) -> BrokerOrder:
        """An order as it stands now."""
        return self._orders[perm_id]

    def find(self, client_id: int, order_id: int) -> BrokerOrder | None:
        """The order that a client gave this id."""
        perm_id = self._by_client.get((client_id, order_id))
        return None if perm_id is None else self._orders[perm_id]

    def find_same(self, order: NewOrder) -> BrokerOrder | None:
        """The open order of which this is a change, though its client's ids were forgotten.

        An open order is told with its id after such a restart as well: by that, and by its
        reference, it is told from a new one that was given the same id.
        """
        same = (order.client_id, order.order_id, order.order_ref)
        for each in self.open_orders() if order.order_ref else ():
            asked = each.request
            if (asked.client_id, asked.order_id, asked.order_ref) == same:
                return each
        return None

    def find_any(self, order_id: int) -> BrokerOrder | None:
        """An open order with this id, whichever client's."""
        ids = (order for order in self.open_orders() if order.request.order_id == order_id != 0)
        return next(ids, None)

    def lowest_id(self, client_id: int) -> int:
        """The lowest order id of a client, at most 0: orders by hand are bound below it."""
        return min(
            (order_id for client, order_id in self._by_client if client == client_id), default=0
        )

    def effective(self) -> dict[str, tuple[Execution, Commission]]:
        """What has really traded, by execution id without its last part: corrections replace."""
        found = {}
        for execution, commission in self._executions:
            assert commission is not None
            found[execution.execution_id.rpartition(".")[0]] = (execution, commission)
        return found

    # How orders hang together

    def forget_order_ids(self) -> None:
        """No order is found by its order id any more; a new one may have the same."""
        self._by_client.clear()

    def parent(self, order: NewOrder) -> BrokerOrder | None:
        """The order that this one is attached to."""
        return self.find(order.client_id, order.parent_id) if order.parent_id else None

    def children(self, order: BrokerOrder) -> list[BrokerOrder]:
        """The open orders that are attached to this one."""
        asked = order.request
        return [
            other
            for other in self.open_orders()
            if other.request.parent_id == asked.order_id != 0
            and other.request.client_id == asked.client_id
        ]

    def family(self, order: BrokerOrder) -> list[BrokerOrder]:
        """The bracket that an order belongs to, parents before their children."""
        root, above = order, self.parent(order.request)
        while above is not None:
            root, above = above, self.parent(above.request)
        found = [root]
        for member in found:
            found += self.children(member)
        return found

    def rest_of_group(self, order: BrokerOrder) -> list[BrokerOrder]:
        """The other open orders of its one-cancels-all group."""
        group = order.request.oca_group
        return [
            other
            for other in self.open_orders()
            if group and other.request.oca_group == group and other.perm_id != order.perm_id
            if other.request.transmit
        ]

    def is_spent(self, group: str) -> bool:
        """A member of this one-cancels-all group has traded or was cancelled."""
        return any(
            order.request.oca_group == group and (order.filled or not order.is_open)
            for order in self._orders.values()
            if order.status != "Inactive"
        )

    # What is written down

    def enter(self, order: NewOrder, status: str) -> BrokerOrder:
        """Write down a new order under a permanent id of its own."""
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
        self.session_opens[new.perm_id] = self._exchange.session_of_new_order(order.con_id)
        return self.put(new)

    def put(self, order: BrokerOrder) -> BrokerOrder:
        """Write down what an order is now."""
        asked = order.request
        self._orders[order.perm_id] = order
        if asked.order_id:
            self._by_client[(asked.client_id, asked.order_id)] = order.perm_id
        if order.is_open:
            self._open.add(order.perm_id)
        else:
            self._open.discard(order.perm_id)
        opens = self.session_opens.get(order.perm_id, order.placed_at)
        self._store.put_order(order, order.perm_id in self.triggered, opens)
        return order

    def put_halts(self) -> None:
        """Write down where trading is halted."""
        halted = (con_id for con_id, market in self._exchange.markets.items() if market.halted)
        self._store.put_meta("halted", " ".join(map(str, halted)))

    def new_execution_id(self) -> str:
        """The next, in the form of TWS: `0000e0d5.67fe0001.01.01`."""
        self._last_execution += 1
        self._store.put_meta("last_execution", str(self._last_execution))
        return f"{_EXECUTION_ORIGIN:08x}.{self._last_execution:08x}.01.01"

    def put_execution(self, execution: Execution, commission: Commission) -> None:
        """Write down a trade and what it cost."""
        self._executions.append((execution, commission))
        self._store.put_execution(execution)
        self._store.put_commission(commission)

    def put_commission(self, commission: Commission) -> None:
        """Write down what a trade cost after all."""
        self._executions = [
            (execution, commission if execution.execution_id == commission.execution_id else known)
            for execution, known in self._executions
        ]
        self._store.put_commission(commission)
