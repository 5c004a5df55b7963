"""What the desk tells the ledger of money: rates, cash, and points of the equity curve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from actors import names
from actors.desk import Desk
from actors.messages import (
    AccountChanged,
    BookLoaded,
    CashTold,
    LoadBook,
    QuoteUpdate,
    RatesTold,
    Reconciled,
    RecordEquity,
)
from adapters.book import ManagedPosition
from domain.equity_curve import CurveRow, Why
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.venue import AccountValue, PositionReport
from tests.actors.company import Company, gathered
from tests.actors.test_desk import AROUND, DESK, MONITOR, OPTIONS, all_is_well
from tests.store.material import ACCOUNT, BHP, NOON

AUDUSD, AAPL = Symbol("AUD", "USD"), Symbol("AAPL", "USD")
CHOSEN = replace(OPTIONS, venue_of={BHP: names.IB, AUDUSD: names.IB})


@pytest.fixture
def company() -> Iterator[Company]:
    """A desk with a book and nothing else; the venue is not there yet."""
    actors = {DESK: lambda s, seat: Desk(s, seat, options=CHOSEN)}
    with gathered(
        actors, names.LEDGER, MONITOR, names.NARRATOR, names.STARTS, *AROUND
    ) as gathering:
        gathering.heard.wait_for(LoadBook)
        yield gathering


def quoted(company: Company, symbol: Symbol, bid: float, ask: float) -> None:
    now, at = company.clock.now(), company.clock.monotonic()
    quote = Quote(symbol, now, at, bid, ask, 1, 1, bid, 1, 1, bid, DataType.LIVE)
    company.tell(DESK, QuoteUpdate(names.IB, quote))


def holds(company: Company) -> None:
    """100 BHP of ours at 44, with A$20 earned and A$6.60 paid; 10 AAPL with US$2 earned."""
    bhp = ManagedPosition(
        BHP,
        names.IB,
        Decimal(100),
        Decimal(44),
        NOON,
        Decimal(20),
        (("AUD", Decimal("6.60")),),
    )
    aapl = ManagedPosition(AAPL, names.IB, Decimal(0), Decimal(0), NOON, Decimal(2), ())
    company.tell(DESK, BookLoaded((), (bhp, aapl), ()))
    held = PositionReport(ACCOUNT, BHP, "BHP", Decimal(100), Decimal(44))
    company.tell(DESK, Reconciled(names.IB, 1, NOON, (held,), (), (), 0))


def rows(company: Company, times: int) -> CurveRow:
    """The last of so many points; and there are no more."""
    company.heard.wait_for(RecordEquity, times=times)
    found = company.heard.of(RecordEquity)
    assert len(found) == times
    return found[-1].row


def test_rates_are_told_each_minute_and_that_there_are_none_any_more_once(
    company: Company,
) -> None:
    all_is_well(company)
    company.leap(50)
    company.drain(names.LEDGER)
    assert company.heard.of(RatesTold) == []
    quoted(company, AUDUSD, 0.64, 0.66)
    company.leap(10)
    assert dict(company.heard.wait_for(RatesTold).rates)
    for _ in range(3):
        company.leap(60)
    company.heard.wait_for(RatesTold, lambda m: m.rates == ())
    company.drain(names.LEDGER)
    assert len(company.heard.of(RatesTold)) == 2, "a quote that is too old is no rate"


def test_a_rate_is_told_with_its_age(company: Company) -> None:
    all_is_well(company)
    company.leap(50)
    before = company.clock.now()
    quoted(company, AUDUSD, 0.64, 0.66)
    after = company.clock.now()
    company.leap(10)
    told = company.heard.wait_for(RatesTold)
    [(currency, rate)] = told.rates
    assert (currency, rate.source) == ("USD", "quote")
    assert abs(rate.value - 1 / Decimal("0.65")) < Decimal("1e-9")
    # Of when it was quoted, and not of when it was told, ten seconds later.
    assert before - timedelta(seconds=3) < rate.at < after + timedelta(seconds=3)


def test_cash_is_told_when_all_lists_have_ended(company: Company) -> None:
    all_is_well(company)
    company.drain(names.LEDGER)
    assert company.heard.of(CashTold) == [], "no row of cash has come: that is not none"
    for tag, currency, value in (
        ("CashBalance", "AUD", "10000.50"),
        ("CashBalance", "USD", "-12"),
        ("CashBalance", "BASE", "9981"),
        ("NetLiquidation", "AUD", "1"),
    ):
        row = AccountValue(ACCOUNT, tag, value, currency)
        company.tell(DESK, AccountChanged(names.IB, row))
    company.tell(DESK, Reconciled(names.IB, 1, NOON, (), (), (), 0))
    told = company.heard.wait_for(CashTold)
    assert told.cash == (("AUD", Decimal("10000.50")), ("USD", Decimal(-12)))


def test_the_curve_begins_when_every_venue_has_told_what_it_holds(company: Company) -> None:
    company.leap(120)
    company.drain(names.LEDGER)
    assert company.heard.of(RecordEquity) == []
    all_is_well(company)
    holds(company)
    company.leap(60)
    quoted(company, BHP, 45.0, 45.5)
    company.leap(60)
    row = rows(company, 1)
    assert [point.venue for point in row.points] == ["*", "ib"]


def test_a_point_adds_up_what_was_earned_and_says_what_is_not_known(company: Company) -> None:
    all_is_well(company)
    company.leap(50)
    holds(company)
    quoted(company, BHP, 45.0, 45.5)
    company.leap(10)
    row = rows(company, 1)
    whole, venue = row.points
    assert whole.unrealised == venue.unrealised == Decimal("125.00")
    assert whole.commissions == Decimal("6.60")
    assert whole.realised is None, "what was earned in US$ has no rate, and is not zero"
    assert whole.profit is None
    assert dict(row.rates).get("USD") is None
    [mark] = row.marks
    assert (mark.symbol, mark.price, mark.unrealised) == (BHP, Decimal("45.25"), Decimal("125.00"))


def test_with_a_rate_it_is_known(company: Company) -> None:
    all_is_well(company)
    company.leap(50)
    holds(company)
    quoted(company, BHP, 45.0, 45.5)
    quoted(company, AUDUSD, 0.49, 0.51)
    company.leap(10)
    row = rows(company, 1)
    whole = row.points[0]
    assert (whole.realised, whole.profit) == (Decimal(24), Decimal("142.40"))
    rate = dict(row.rates)["USD"]
    assert rate is not None and rate.value == 2


def test_one_each_hour_and_one_when_the_day_of_sydneys_has_ended(company: Company) -> None:
    """It is noon in Sydney, in summer: 01:00 UTC."""
    all_is_well(company)
    company.leap(60)
    assert rows(company, 1).points[0].why is Why.HOUR
    for _ in range(58):
        company.leap(60)
    rows(company, 1)
    company.leap(60)
    assert rows(company, 2).points[0].why is Why.HOUR
    company.leap(12 * 3600)
    last = rows(company, 3).points[0]
    assert (last.why, last.day.isoformat()) == (Why.DAY, "2026-11-23")
