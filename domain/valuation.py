"""What is held, at the market's prices and in the base currency, each figure with its age.

A price or rate that is missing leaves a figure unknown (None); one that is too old leaves it
standing and marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from domain.account import converted, total
from domain.holdings import external_of, unrealised
from domain.quotes import DataType, Quote
from domain.rates import Rate
from domain.symbols import Symbol
from domain.views import AccountView, EquityView, PositionView


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of a symbol: in all, and by us. Short is negative."""

    symbol: Symbol
    venue: str
    held: Decimal
    managed: Decimal
    average_price: Decimal | None
    """Of the managed part."""


@dataclass(frozen=True, slots=True)
class Market:
    """The prices and rates to value by; `now` on the monotonic clock."""

    quotes: Mapping[Symbol, Quote]
    rates: Mapping[str, Rate]
    now: float
    quote_stale_seconds: float


def position_view(holding: Holding, market: Market) -> PositionView:
    """A holding, valued."""
    symbol = holding.symbol
    quote = market.quotes.get(symbol)
    mark = quote.price if quote is not None else None
    age = quote.age(market.now) if quote is not None else None
    average = holding.average_price if holding.managed else None
    profit = unrealised(holding.managed, average, mark)
    value = None if mark is None else holding.held * Decimal(repr(mark))
    rate = market.rates.get(symbol.currency)
    fresh = (
        quote is not None
        and quote.data_type is DataType.LIVE
        and quote.age(market.now) <= market.quote_stale_seconds
    )
    return PositionView(
        symbol=symbol,
        venue=holding.venue,
        held=holding.held,
        managed=holding.managed,
        external=external_of(symbol, holding.managed, holding.held),
        average_price=average,
        market_price=mark,
        price_age_seconds=age,
        price_stale=not fresh,
        market_value=value,
        unrealised_pnl=profit,
        rate=rate,
        market_value_base=converted(value, rate),
        unrealised_pnl_base=converted(profit, rate),
    )


def equity_view(
    accounts: Iterable[AccountView], positions: Iterable[PositionView], base: str
) -> EquityView:
    """One equity over all venues, and the same reckoned from cash and holdings beside it.

    Currency pairs are left out of the holdings: what they hold is cash, and counted there.
    """
    accounts, positions = tuple(accounts), tuple(positions)
    shares = [each for each in positions if not each.symbol.is_currency_pair]
    told = total(account.summary.net_liquidation for account in accounts)
    cash = total(account.summary.cash_in_base for account in accounts)
    holdings = total(each.market_value_base for each in shares)
    reckoned = total((cash, holdings))
    return EquityView(
        base_currency=base,
        equity=told if accounts else None,
        cash=cash if accounts else None,
        holdings=holdings,
        reckoned=reckoned if accounts else None,
        unexplained=None if told is None or reckoned is None else told - reckoned,
        unrealised_pnl=total(each.unrealised_pnl_base for each in positions),
        stale=any(account.summary.rates_stale for account in accounts)
        or any(
            each.price_stale or each.rate is None or each.rate.stale for each in shares if each.held
        ),
    )
