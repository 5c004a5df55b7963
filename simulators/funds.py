"""What the account can afford, and what things are worth in its base currency.

In a cash account shares are paid in full; in a margin account they tie up a part of their value.
They are not sold short. A pair with the base currency may borrow the other currency, up to the
account's own worth; any other pair spends only what is there, as for a retail account in Australia.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from domain.orders import Side
from simulators import order_checks
from simulators.account import Account, Holding
from simulators.commissions import currency_commission, share_commission
from simulators.exchange import Exchange
from simulators.habits import Habits
from simulators.model import BrokerOrder, Margin, NewOrder, Preview
from simulators.order_checks import Refusal

IDEALPRO_MINIMUM_USD = Decimal(25_000)
#: ASX Operating Rules: a marketable parcel, in Australian dollars.
MINIMUM_PARCEL = Decimal(500)

_RATE_PLACES = Decimal("0.00000001")


class Funds:
    """Reads the account and the markets; changes nothing."""

    def __init__(
        self,
        exchange: Exchange,
        account: Account,
        base_currency: str,
        habits: Callable[[], Habits],
    ) -> None:
        self._exchange = exchange
        self._habits = habits
        self._account = account
        self.base_currency = base_currency
        self._pairs = {
            (market.listing.instrument.symbol.base, market.listing.instrument.symbol.currency): id_
            for id_, market in exchange.markets.items()
            if market.listing.is_currency
        }

    def market_price(self, con_id: int) -> Decimal:
        """The last trade of a share, the middle of a pair; the fair price where there is none."""
        market = self._exchange.markets[con_id]
        top = market.top(self._exchange.now)
        if top.last is not None:
            return top.last
        if top.bid is not None and top.ask is not None:
            return (top.bid + top.ask) / 2
        return market.steps.to_price(market.steps.nearest(self._exchange.fair_price(con_id)))

    def rate(self, currency: str) -> Decimal:
        """Units of the base currency for one of `currency`.

        Raises:
            LookupError: no pair leads from it to the base currency.
        """
        return self._rate(currency, frozenset()).quantize(_RATE_PLACES)

    def cash(self) -> Decimal:
        """All cash, in the base currency."""
        return sum(
            (amount * self.rate(currency) for currency, amount in self._account.cash.items()),
            Decimal(0),
        )

    def margin(self) -> Margin:
        """What the account is worth, and what its shares tie up of it."""
        shares, tied = Decimal(0), Decimal(0)
        for con_id, holding in self._account.holdings.items():
            listing = self._exchange.markets[con_id].listing
            if not listing.is_currency:
                value = holding.quantity * self.market_price(con_id)
                value *= self.rate(listing.instrument.symbol.currency)
                shares, tied = shares + value, tied + abs(value)
        initial, maintenance = self.margin_rates()
        return Margin(self.cash() + shares, tied * initial, tied * maintenance)

    def is_odd_lot(self, order: NewOrder) -> bool:
        """A currency order below the least that IDEALPRO takes, US$25,000."""
        listing = self._exchange.markets[order.con_id].listing
        if not (listing.is_currency and self._habits().odd_lots):
            return False
        in_base = order.quantity * self.rate(listing.instrument.symbol.base)
        return in_base < IDEALPRO_MINIMUM_USD * self.rate("USD")

    def starts_small(self, order: NewOrder) -> bool:
        """A purchase that leaves a holding of shares below A$500."""
        listing = self._exchange.markets[order.con_id].listing
        if listing.is_currency or order.side is Side.SELL:
            return False
        held = self._account.holdings.get(order.con_id, Holding()).quantity
        return (held + order.quantity) * self._price(order) < MINIMUM_PARCEL

    def preview(self, order: NewOrder) -> Preview:
        """The margin before and after an order traded at its price, and its commission."""
        before = self.margin()
        listing = self._exchange.markets[order.con_id].listing
        currency = listing.instrument.symbol.currency
        value = order.quantity * self._price(order)
        in_base = value * self.rate(currency)
        if listing.is_currency:
            charge = currency_commission(in_base, self.rate("USD"))
            return Preview(self._imagined(order), before, before, charge, self.base_currency)
        held = self._account.holdings.get(order.con_id, Holding()).quantity
        after = held + order.side.sign * order.quantity
        moved = in_base * (abs(after) - abs(held)) / order.quantity
        initial, maintenance = self.margin_rates()
        charge = share_commission(value)
        return Preview(
            self._imagined(order),
            before,
            Margin(
                before.equity - charge * self.rate(currency),
                before.initial + moved * initial,
                before.maintenance + moved * maintenance,
            ),
            charge,
            currency,
        )

    def _imagined(self, order: NewOrder) -> BrokerOrder:
        return BrokerOrder(
            request=order,
            perm_id=0,
            status="PreSubmitted",
            filled=Decimal(0),
            average_price=Decimal(0),
            last_fill_price=Decimal(0),
            why_held="",
            placed_at=self._exchange.now,
            completed_at=None,
            completed_status="",
        )

    def margin_rates(self) -> tuple[Decimal, Decimal]:
        """The parts of a share's value that are needed to buy it, and to hold it."""
        habits = self._habits()
        if habits.account_type == "cash":
            return Decimal(1), Decimal(1)
        return habits.initial_margin, habits.maintenance_margin

    def refuse(
        self, order: NewOrder, open_orders: Iterable[BrokerOrder], changed: BrokerOrder | None
    ) -> Refusal | None:
        """Whether the account can carry an order beside its other open ones."""
        others = [o for o in open_orders if changed is None or o.perm_id != changed.perm_id]
        done = changed.filled if changed is not None else Decimal(0)
        if self._exchange.markets[order.con_id].listing.is_currency:
            return self._refuse_pair(order, order.quantity - done)
        return self._refuse_share(order, order.quantity - done, others)

    def _refuse_share(
        self, order: NewOrder, remaining: Decimal, others: list[BrokerOrder]
    ) -> Refusal | None:
        if order.side is Side.SELL:
            held = self._account.holdings.get(order.con_id, Holding()).quantity
            selling = sum(
                (
                    other.request.quantity - other.filled
                    for other in others
                    if other.request.con_id == order.con_id and other.request.side is Side.SELL
                ),
                Decimal(0),
            )
            # A stop and a target for the same shares may stand side by side, as TWS lets them.
            committed = (
                Decimal(0) if order.type.needs_stop else selling - self._stops(order, others)
            )
            return None if remaining + committed <= held else order_checks.NOT_FOR_SHORT_SALE
        needed = self._cost(order, remaining)
        for other in others:
            asked = other.request
            pair = self._exchange.markets[asked.con_id].listing.is_currency
            if asked.side is Side.BUY and not pair:
                needed += self._cost(asked, asked.quantity - other.filled)
        margin = self.margin()
        needed += margin.initial
        if needed <= margin.equity:
            return None
        return order_checks.too_little_equity(margin.equity, needed, self.base_currency)

    def _stops(self, order: NewOrder, others: list[BrokerOrder]) -> Decimal:
        return sum(
            (
                other.request.quantity - other.filled
                for other in others
                if other.request.con_id == order.con_id
                and other.request.side is Side.SELL
                and other.request.type.needs_stop
            ),
            Decimal(0),
        )

    def _refuse_pair(self, order: NewOrder, remaining: Decimal) -> Refusal | None:
        symbol = self._exchange.markets[order.con_id].listing.instrument.symbol
        if self.base_currency not in (symbol.base, symbol.currency):
            buys = order.side is Side.BUY
            spent = symbol.currency if buys else symbol.base
            amount = remaining * self._price(order) if buys else remaining
            there = self._account.cash.get(spent, Decimal(0))
            return None if amount <= there else order_checks.CURRENCY_LEVERAGE
        needed = remaining * self.rate(symbol.base)
        equity = self.margin().equity
        if needed <= equity:
            return None
        return order_checks.too_little_equity(equity, needed, self.base_currency)

    def _cost(self, order: NewOrder, remaining: Decimal) -> Decimal:
        value = remaining * self._price(order)
        currency = self._exchange.markets[order.con_id].listing.instrument.symbol.currency
        initial, _ = self.margin_rates()
        return (value * initial + share_commission(value)) * self.rate(currency)

    def _price(self, order: NewOrder) -> Decimal:
        """What an order is taken to cost a unit: its limit, its stop, or the market's ask."""
        if order.limit_price is not None:
            return order.limit_price
        if order.stop_price is not None:
            return order.stop_price
        top = self._exchange.markets[order.con_id].top(self._exchange.now)
        return top.ask if top.ask is not None else self.market_price(order.con_id)

    def _rate(self, currency: str, seen: frozenset[str]) -> Decimal:
        if currency == self.base_currency:
            return Decimal(1)
        for (base, quote), con_id in self._pairs.items():
            other = quote if base == currency else base if quote == currency else None
            if other is None or other in seen or currency in seen:
                continue
            price = self.market_price(con_id)
            per_other = price if base == currency else 1 / price
            try:
                return per_other * self._rate(other, seen | {currency})
            except LookupError:
                continue
        raise LookupError(f"no currency pair leads from {currency} to {self.base_currency}")
