"""Books a fill: cash, position, commission, and what it realised."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from simulators.account import Account, Holding
from simulators.broker_store import BrokerStore
from simulators.commissions import currency_commission, share_commission
from simulators.exchange import Exchange
from simulators.funds import Funds
from simulators.model import Commission, Execution, Payment

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

    def remember(self, execution: Execution, commission: Commission) -> None:
        """Count a fill that was settled in an earlier life."""
        self._count(execution, commission.amount)

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

    def pay(self, payment: Payment) -> None:
        """Cash comes or goes beside trades."""
        self.account.charge(payment.currency, -payment.amount)
        self._store.put_payment(payment)
        self._store.put_cash(self.account.cash)

    def split(self, con_id: int, new: int, old: int) -> None:
        """What is held of an instrument is split."""
        held = self.account.holdings.get(con_id)
        if held is not None:
            self.account.holdings[con_id] = held.split(new, old)
            self._store.put_position(con_id, self.account.holdings[con_id])

    def recharge(self, before: Commission, after: Commission) -> None:
        """A commission turned out otherwise."""
        self.account.charge(after.currency, after.amount - before.amount)
        self._store.put_cash(self.account.cash)

    def correct(
        self,
        before: dict[str, tuple[Execution, Commission]],
        after: dict[str, tuple[Execution, Commission]],
        changed: str,
    ) -> Commission:
        """Put the account right where one trade was another one; gives its commission anew."""
        was, _ = self._replay(before, changed)
        now, realised = self._replay(after, changed)
        (old, _), (new, commission) = before[changed], after[changed]
        con_id, perm_id = new.order.request.con_id, new.order.perm_id
        for currency in {*was.cash, *now.cash}:
            moved = now.cash.get(currency, Decimal(0)) - was.cash.get(currency, Decimal(0))
            self.account.charge(currency, -moved)
        self.account.holdings[con_id] = now.holdings.get(con_id, Holding())
        self._value[perm_id] += new.quantity * new.price - old.quantity * old.price
        self._store.put_cash(self.account.cash)
        self._store.put_position(con_id, self.account.holdings[con_id])
        return replace(commission, realised_pnl=realised)

    def _replay(
        self, trades: dict[str, tuple[Execution, Commission]], wanted: str
    ) -> tuple[Account, Decimal | None]:
        """What these trades alone make of an empty account; what one of them realised."""
        account, result = Account(), None
        for key, (execution, commission) in trades.items():
            asked = execution.order.request
            listing = self._exchange.markets[asked.con_id].listing
            symbol, side = listing.instrument.symbol, asked.side
            quantity, price = execution.quantity, execution.price
            if not quantity:
                account.charge(commission.currency, commission.amount)
                continue
            if listing.is_currency:
                realised = account.book_pair(asked.con_id, symbol, side, quantity, price)
                account.charge(commission.currency, commission.amount)
            else:
                realised = account.book_share(
                    asked.con_id, symbol, side, quantity, price, commission.amount
                )
            if key == wanted:
                result = realised
        return account, result

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
