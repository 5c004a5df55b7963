"""Money in several currencies: counted once, converted by rates whose age shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from domain.account import AccountRows, AccountSummary
from domain.quotes import DataType, Quote
from domain.rates import ACCOUNT_STALE_SECONDS, Rate, ToldRate, rate_of
from domain.symbols import Symbol
from domain.valuation import Holding, Market, equity_view, position_view
from domain.views import AccountView

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AUDUSD, BHP, AAPL = (Symbol.parse(text) for text in ("AUD/USD", "BHP/AUD", "AAPL/USD"))
FIXTURE = Path(__file__).parents[3] / "shared" / "fixtures" / "account_values_aud.json"


def quote(
    symbol: Symbol,
    bid: float | None,
    ask: float | None,
    at: float = 100.0,
    kind: DataType = DataType.LIVE,
    last: float | None = None,
) -> Quote:
    return Quote(symbol, NOW, at, bid, ask, 1, 3, last, 1, 1, None, kind)


def rate(
    currency: str, *quotes: Quote, told: dict[str, ToldRate] | None = None, now: float = 100.0
) -> Rate | None:
    return rate_of(
        currency,
        "AUD",
        quotes={each.symbol: each for each in quotes},
        told=told or {},
        now=now,
        quote_stale_seconds=15.0,
    )


def money(*amounts: str) -> tuple[Decimal | None, ...]:
    return tuple(map(Decimal, amounts))


# -- rates -------------------------------------------------------------------------------


def test_the_base_currency_is_worth_itself() -> None:
    assert rate("AUD") == Rate(Decimal(1), 0.0, False, "base")


def test_a_fresh_quote_gives_the_rate_whichever_way_round_the_market_writes_it() -> None:
    direct = rate("EUR", quote(Symbol("EUR", "AUD"), 1.64, 1.66))
    assert direct is not None
    assert (direct.value, direct.source) == (Decimal("1.65"), "quote")
    inverse = rate("USD", quote(AUDUSD, 0.4, 0.6))
    assert inverse is not None
    assert inverse.value == 2


def test_a_stale_quote_yields_to_a_fresh_word_of_the_account() -> None:
    told = {"USD": ToldRate(Decimal("1.51"), 90.0)}
    found = rate("USD", quote(AUDUSD, 0.66, 0.66, at=50.0), told=told)
    assert found == Rate(Decimal("1.51"), 10.0, False, "account")


def test_with_nothing_fresh_the_younger_word_stands_and_is_marked() -> None:
    now = 100.0 + ACCOUNT_STALE_SECONDS
    told = {"USD": ToldRate(Decimal("1.51"), 90.0)}
    found = rate("USD", quote(AUDUSD, 0.5, 0.5, at=95.0), told=told, now=now)
    assert found == Rate(Decimal(2), now - 95.0, True, "quote")


def test_a_delayed_quote_is_never_fresh() -> None:
    found = rate("USD", quote(AUDUSD, 0.5, 0.5, kind=DataType.DELAYED))
    assert found is not None
    assert found.stale


@pytest.mark.parametrize("bid", [None, 0.7])
def test_a_quote_with_one_side_or_crossed_is_no_rate(bid: float | None) -> None:
    assert rate("USD", quote(AUDUSD, bid, 0.66)) is None


# -- the account -------------------------------------------------------------------------


def rows(*given: tuple[str, str, str]) -> AccountRows:
    account = AccountRows()
    for tag, value, currency in given:
        account.take(tag, currency, value, NOW)
    return account


def summary(account: AccountRows, **rates: str) -> AccountSummary:
    by = {name: Rate(Decimal(value), 1.0, False, "account") for name, value in rates.items()}
    return account.summary("AUD", {"AUD": Rate(Decimal(1), 0.0, False, "base"), **by})


def test_cash_in_several_currencies_is_counted_once() -> None:
    """The sum that IB sends beside them, and the second name of the same cash, add nothing."""
    account = rows(
        ("CashBalance", "-100.00", "AUD"),
        ("CashBalance", "200.00", "USD"),
        ("CashBalance", "200.00", "BASE"),
        ("TotalCashBalance", "-100.00", "AUD"),
        ("TotalCashBalance", "200.00", "USD"),
        ("TotalCashBalance", "200.00", "BASE"),
    )
    found = summary(account, USD="1.5")
    assert [(row.currency, str(row.amount)) for row in found.cash] == [
        ("AUD", "-100.00"),
        ("USD", "200.00"),
    ]
    assert found.cash_in_base == 200


def test_cash_without_a_rate_is_unknown_and_never_zero() -> None:
    account = rows(("CashBalance", "10", "AUD"), ("CashBalance", "20", "USD"))
    found = summary(account)
    assert found.cash_in_base is None
    assert found.rates_stale
    empty = summary(rows(("CashBalance", "10", "AUD"), ("CashBalance", "0.00", "USD")))
    assert empty.cash_in_base == 10
    assert not empty.rates_stale


@pytest.mark.parametrize("text", ["", "nan", "1.7976931348623157E308", "n/a"])
def test_what_is_no_figure_is_none(text: str) -> None:
    assert summary(rows(("NetLiquidation", text, "AUD"))).net_liquidation is None


@pytest.mark.skipif(not FIXTURE.exists(), reason="the recorded account is not beside this checkout")
def test_a_recorded_account_in_aud_with_cash_in_three_currencies() -> None:
    recorded = json.loads(FIXTURE.read_text())
    account = rows(*((row["tag"], row["value"], row["currency"]) for row in recorded))
    told = {
        row["currency"]: ToldRate(Decimal(row["value"]), 0.0)
        for row in recorded
        if row["tag"] == "ExchangeRate" and row["currency"] != "BASE"
    }
    rates = {}
    for currency in account.currencies():
        found = rate_of(currency, "AUD", quotes={}, told=told, now=1.0, quote_stale_seconds=15.0)
        assert found is not None
        rates[currency] = found
    shown = account.summary("AUD", rates)
    assert [(row.currency, str(row.amount)) for row in shown.cash] == [
        ("AUD", "-100000.79"),
        ("EUR", "429.72"),
        ("USD", "100000.27"),
    ]
    expected = (
        Decimal("-100000.79")
        + Decimal("429.72") * Decimal("1.5508992")
        + Decimal("100000.27") * Decimal("1.5139472")
    )
    assert shown.cash_in_base == expected
    assert (shown.net_liquidation, shown.buying_power) == (
        Decimal("1000000.24"),
        Decimal("2000000.57"),
    )
    assert (shown.initial_margin, shown.maintenance_margin) == (
        Decimal("200000.97"),
        Decimal("200000.36"),
    )


# -- holdings ----------------------------------------------------------------------------


def market(*quotes: Quote, now: float = 100.0, **rates: Rate) -> Market:
    return Market({each.symbol: each for each in quotes}, rates, now, 15.0)


def test_a_holding_is_valued_whole_and_its_profit_is_of_our_part() -> None:
    usd = Rate(Decimal("1.5"), 4.0, False, "quote")
    holding = Holding(AAPL, "ib", Decimal(10), Decimal(4), Decimal(180))
    view = position_view(holding, market(quote(AAPL, 199.0, 201.0, at=95.0), USD=usd))
    assert (view.market_value, view.market_value_base) == money("2000", "3000")
    assert (view.unrealised_pnl, view.unrealised_pnl_base) == money("80", "120")
    assert (view.price_age_seconds, view.price_stale) == (5.0, False)


def test_an_old_price_or_rate_stands_and_is_marked() -> None:
    old = Rate(Decimal("1.5"), 4000.0, True, "account")
    holding = Holding(AAPL, "ib", Decimal(10), Decimal(10), Decimal(180))
    view = position_view(holding, market(quote(AAPL, 199.0, 201.0, at=10.0), USD=old))
    assert view.market_value_base == 3000
    assert view.price_stale
    account = AccountView("ib", "DU1", summary(rows(("NetLiquidation", "3000", "AUD"))))
    assert equity_view([account], [view], "AUD").stale


def test_without_a_price_or_a_rate_nothing_is_made_up() -> None:
    aud = Rate(Decimal(1), 0.0, False, "base")
    holding = Holding(BHP, "ib", Decimal(10), Decimal(10), Decimal(40))
    unpriced = position_view(holding, market(AUD=aud))
    assert (unpriced.market_value, unpriced.unrealised_pnl, unpriced.price_stale) == (
        None,
        None,
        True,
    )
    foreign = Holding(AAPL, "ib", Decimal(10), Decimal(10), Decimal(180))
    view = position_view(foreign, market(quote(AAPL, 199.0, 201.0)))
    assert view.market_value == 2000
    assert view.market_value_base is None


def test_the_last_trade_prices_a_holding_when_there_are_no_two_sides() -> None:
    holding = Holding(BHP, "ib", Decimal(10), Decimal(0), None)
    view = position_view(holding, market(quote(BHP, None, None, last=45.0)))
    assert view.market_value == 450
    assert view.unrealised_pnl == 0


def test_equity_adds_cash_and_holdings_but_never_a_pair_s_holding() -> None:
    aud = Rate(Decimal(1), 0.0, False, "base")
    usd = Rate(Decimal("1.5"), 1.0, False, "quote")
    account = summary(
        rows(
            ("NetLiquidation", "1460.00", "AUD"),
            ("CashBalance", "700", "AUD"),
            ("CashBalance", "200", "USD"),
        ),
        USD="1.5",
    )
    world = market(quote(BHP, 44.0, 46.0), quote(AUDUSD, 0.66, 0.67), AUD=aud, USD=usd)
    held = [
        position_view(Holding(BHP, "ib", Decimal(10), Decimal(10), Decimal(40)), world),
        position_view(Holding(AUDUSD, "ib", Decimal(500), Decimal(500), Decimal("0.66")), world),
    ]
    view = equity_view([AccountView("ib", "DU1", account)], held, "AUD")
    assert (view.cash, view.holdings, view.reckoned) == money("1000", "450", "1450")
    assert (view.equity, view.unexplained) == money("1460", "10")
    assert not view.stale


def test_equity_without_an_account_is_not_known() -> None:
    view = equity_view([], [], "AUD")
    assert (view.equity, view.cash, view.reckoned) == (None, None, None)


# -- quotes ------------------------------------------------------------------------------


def test_spread_and_imbalance_need_two_sides() -> None:
    book = quote(BHP, 99.0, 101.0)
    assert book.spread_percent == pytest.approx(2.0)
    assert book.book_imbalance == pytest.approx(-0.5)
    for broken in (quote(BHP, None, 101.0), quote(BHP, 102.0, 101.0)):
        assert (broken.spread_percent, broken.book_imbalance) == (None, None)
