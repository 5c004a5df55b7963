"""What is true: the simulated broker's own books. Kelpie's word counts for nothing here."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from domain.orders import Side
from domain.symbols import Symbol
from simulators.broker import SimulatedBroker
from simulators.model import BrokerOrder, Commission, Execution, TopOfBook

PREFIX = "KLP"
CLIENT_ID = 17


class Truth:
    """One broker's books, asked as Kelpie's own client would be known in them."""

    def __init__(self, broker: SimulatedBroker) -> None:
        self._broker = broker
        self._symbols = {each.con_id: each.symbol for each in broker.instruments()}

    def symbol(self, con_id: int) -> Symbol:
        """Which instrument it is."""
        return self._symbols[con_id]

    def is_ours(self, order: BrokerOrder) -> bool:
        """It came over Kelpie's client id, with a name of Kelpie's."""
        request = order.request
        return request.client_id == CLIENT_ID and request.order_ref.startswith(f"{PREFIX}-")

    def orders(self) -> list[BrokerOrder]:
        """All of ours, oldest first."""
        return [order for order in self._broker.orders() if self.is_ours(order)]

    def nameless(self) -> list[int]:
        """The permanent ids of orders of our client that bear no name."""
        return [
            order.perm_id
            for order in self._broker.orders()
            if order.request.client_id == CLIENT_ID and not order.request.order_ref
        ]

    def live(self) -> list[BrokerOrder]:
        """Those of ours that can still trade."""
        return [order for order in self.orders() if order.is_open]

    def executions(self) -> dict[str, tuple[Execution, Commission | None]]:
        """What has really traded of ours, by execution id without its last part.

        A correction stands in the place of what it corrects; a bust has the quantity 0.
        """
        found: dict[str, tuple[Execution, Commission | None]] = {}
        for execution, commission in self._broker.executions():
            if self.is_ours(execution.order):
                key = execution.execution_id.rpartition(".")[0]
                known = found.get(key)
                if known is None or known[0].execution_id < execution.execution_id:
                    found[key] = (execution, commission)
        return found

    def execution(self, execution_id: str) -> tuple[Execution, Commission | None] | None:
        """Exactly this one, in this revision; whoever's."""
        for execution, commission in self._broker.executions():
            if execution.execution_id == execution_id:
                return execution, commission
        return None

    def managed(self) -> dict[Symbol, Decimal]:
        """What Kelpie's own orders have come to, by symbol; short is negative."""
        managed: dict[Symbol, Decimal] = {}
        for execution, _ in self.executions().values():
            request = execution.order.request
            symbol = self._symbols[request.con_id]
            signed = execution.quantity * request.side.sign
            managed[symbol] = managed.get(symbol, Decimal(0)) + signed
        return managed

    def managed_within(self) -> dict[Symbol, tuple[Decimal, Decimal]]:
        """The least and the most that Kelpie may believe: of a correction it may not have heard."""
        quantities: dict[str, tuple[Symbol, Side, list[Decimal]]] = {}
        for execution, _ in self._broker.executions():
            if self.is_ours(execution.order):
                request = execution.order.request
                key = execution.execution_id.rpartition(".")[0]
                known = (self._symbols[request.con_id], request.side, list[Decimal]())
                quantities.setdefault(key, known)[2].append(execution.quantity)
        within: dict[Symbol, tuple[Decimal, Decimal]] = {}
        for symbol, side, told in quantities.values():
            least, most_ = within.get(symbol, (Decimal(0), Decimal(0)))
            if side is Side.BUY:
                within[symbol] = (least + min(told), most_ + max(told))
            else:
                within[symbol] = (least - max(told), most_ - min(told))
        return within

    def held(self) -> dict[Symbol, Decimal]:
        """What the account holds of shares, whoever bought it."""
        return {p.instrument.symbol: p.quantity for p in self._broker.positions()}

    def top(self, symbol: Symbol) -> TopOfBook:
        """Level 1 at the exchange itself."""
        con_id = next(each for each, known in self._symbols.items() if known == symbol)
        return self._broker.top(con_id)

    def stops(self, symbol: Symbol, side: Side) -> Decimal:
        """What stops of ours stand over that can trigger now."""
        return sum(
            (
                order.remaining
                for order in self.live()
                if order.request.stop_price is not None
                and order.request.side is side
                and self._symbols[order.request.con_id] == symbol
                and not order.waits_at_broker
            ),
            Decimal(0),
        )

    def spent_groups(self) -> set[str]:
        """Groups in which one of ours has traded or ended: IB takes no new member of those."""
        return {
            order.request.oca_group
            for order in self.orders()
            if order.status != "Inactive" and (order.filled or not order.is_open)
        }

    def working(self, symbol: Symbol, side: Side, *beside: tuple[str, Decimal]) -> Decimal:
        """The most that live orders of ours may trade; of those that cancel each other one.

        `beside` is what else may, by its group (empty: none) and its rest.
        """
        live = (
            (order.request.oca_group, order.remaining)
            for order in self.live()
            if self._symbols[order.request.con_id] == symbol
            and order.request.side is side
            # Kept back until its bracket is whole, or until its entry has traded.
            and not order.waits_at_broker
        )
        return most((*live, *beside))


def most(orders: Iterable[tuple[str | None, Decimal]]) -> Decimal:
    """What orders may still trade at the worst, given their group (empty: none) and their rest."""
    total = Decimal(0)
    largest: dict[str, Decimal] = {}
    for group, left in orders:
        if group:
            largest[group] = max(largest.get(group, Decimal(0)), left)
        else:
            total += left
    return total + sum(largest.values(), Decimal(0))
