"""Books a fill: cash, position, commission, and what it realised."""

from __future__ import annotations

from decimal import Decimal

from simulators.account import Account
from simulators.broker_store import BrokerStore
from simulators.commissions import currency_commission, share_commission
from simulators.exchange import Exchange
from simulators.funds import Funds
from simulators.model import Commission, Execution

_PLACES = Decimal("0.00000001")


class Settlement:
    """Moves money in `account`. Knows what each order has traded and been charged so far."""

    def __init__(
        self, store: BrokerStore, exchange: Exchange, account: Account, funds: Funds
    ) -> None:
        self._store = store
        self.account = account
        self._exchange = exchange
        self._funds = funds
        self._value: dict[int, Decimal] = {}
        self._charged: dict[int, Decimal] = {}

    def remember(self, execution: Execution, commission: Commission | None) -> None:
        """Count a fill that was settled in an earlier life."""
        self._count(execution, commission.amount if commission else Decimal(0))

    def settle(self, execution: Execution) -> Commission:
        """Book a new fill; its order's minimum commission is charged with the first one."""
        self._count(execution, Decimal(0))
        listing = self._exchange.markets[execution.order.request.con_id].listing
        settled = (
            self._settle_pair(execution) if listing.is_currency else self._settle_share(execution)
        )
        self._charged[execution.order.perm_id] += settled.amount
        con_id = execution.order.request.con_id
        self._store.put_cash(self.account.cash)
        self._store.put_position(con_id, self.account.holdings[con_id])
        return settled

    def _settle_share(self, execution: Execution) -> Commission:
        order, asked = execution.order, execution.order.request
        symbol = self._exchange.markets[asked.con_id].listing.instrument.symbol
        due = share_commission(self._value[order.perm_id])
        amount = max(due - self._charged[order.perm_id], Decimal(0))
        realised = self.account.book_share(
            asked.con_id, symbol, asked.side, execution.quantity, execution.price, amount
        )
        return Commission(execution.execution_id, amount, symbol.currency, realised)

    def _settle_pair(self, execution: Execution) -> Commission:
        order, asked = execution.order, execution.order.request
        symbol = self._exchange.markets[asked.con_id].listing.instrument.symbol
        rate = self._funds.rate(symbol.currency)
        due = currency_commission(self._value[order.perm_id] * rate, self._funds.rate("USD"))
        amount = max(due - self._charged[order.perm_id], Decimal(0))
        realised = self.account.book_pair(
            asked.con_id, symbol, asked.side, execution.quantity, execution.price
        )
        self.account.charge(self._funds.base_currency, amount)
        if realised is not None:
            realised = (realised * rate).quantize(_PLACES) - amount
        return Commission(execution.execution_id, amount, self._funds.base_currency, realised)

    def _count(self, execution: Execution, commission: Decimal) -> None:
        perm_id = execution.order.perm_id
        traded = execution.quantity * execution.price
        self._value[perm_id] = self._value.get(perm_id, Decimal(0)) + traded
        self._charged[perm_id] = self._charged.get(perm_id, Decimal(0)) + commission
