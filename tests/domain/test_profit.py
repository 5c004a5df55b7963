"""Profit and loss: by the day of the trade, from fills, marks and commissions alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.profit import Moved, Open, Period, ProfitRow, in_all, profit_rows, session_of
from domain.symbols import Symbol

BHP, AAPL, PAIR = Symbol("BHP", "AUD"), Symbol("AAPL", "USD"), Symbol("AUD", "USD")


def moved(
    amount: str, at: str, symbol: Symbol = BHP, currency: str | None = None, rate: str | None = "1"
) -> Moved:
    """At a time in UTC."""
    return Moved(
        "ib",
        symbol,
        datetime.fromisoformat(at).replace(tzinfo=UTC),
        currency or symbol.currency,
        Decimal(amount),
        None if rate is None else Decimal(rate),
    )


def marked(amount: str | None, symbol: Symbol = BHP, rate: str | None = "1") -> Open:
    return Open(
        "ib",
        symbol,
        None if amount is None else Decimal(amount),
        None if rate is None else Decimal(rate),
    )


def told(row: ProfitRow) -> tuple[str, str, str | None]:
    net = row.net.base
    return row.period, str(row.symbol), None if net is None else str(net)


def test_a_trade_counts_on_its_day_in_sydney() -> None:
    """12:59 UTC is 23:59 there, in summer."""
    rows = profit_rows(
        Period.DAY,
        [moved("10", "2026-11-23T12:59"), moved("5", "2026-11-23T13:00")],
        [moved("6.60", "2026-11-23T12:59")],
        {},
    )
    assert [told(row) for row in rows] == [
        ("2026-11-23", "BHP/AUD", "3.4"),
        ("2026-11-24", "BHP/AUD", "5"),
    ]


def test_what_is_open_counts_by_its_change_from_the_day_before() -> None:
    days = {date(2026, 11, 23): [marked("50")], date(2026, 11, 24): [marked("20")]}
    days |= {date(2026, 11, 25): [], date(2026, 11, 26): [marked("7")]}
    rows = profit_rows(Period.DAY, [], [], days)
    assert [told(row) for row in rows] == [
        ("2026-11-23", "BHP/AUD", "50"),
        ("2026-11-24", "BHP/AUD", "-30"),
        ("2026-11-25", "BHP/AUD", "-20"),
        ("2026-11-26", "BHP/AUD", "7"),
    ]
    [month] = profit_rows(Period.MONTH, [], [], days)
    assert told(month) == ("2026-11", "BHP/AUD", "7")


def test_a_missing_rate_leaves_the_base_unknown_and_the_currency_standing() -> None:
    rows = profit_rows(
        Period.DAY,
        [moved("10", "2026-11-23T01:00", AAPL, rate="1.5"), moved("4", "2026-11-23T02:00")],
        [moved("1", "2026-11-23T01:00", AAPL, rate=None)],
        {},
    )
    [aapl, bhp] = rows
    assert (aapl.realised.base, aapl.net.own, aapl.net.base) == (Decimal(15), Decimal(9), None)
    assert bhp.net.base == 4
    sums = in_all(rows)
    assert sums["realised"].base == 19
    assert sums["net"].base is None, "never counted as zero"
    assert sums["realised"].own is None, "two currencies are never added up"


def test_a_missing_mark_is_not_a_mark_of_zero() -> None:
    days = {date(2026, 11, 23): [marked("50")], date(2026, 11, 24): [marked(None)]}
    days |= {date(2026, 11, 25): [marked("60")]}
    rows = profit_rows(Period.DAY, [], [], days)
    assert [told(row)[2] for row in rows] == ["50", None, None]


def test_commissions_in_another_currency_have_a_row_of_their_own() -> None:
    rows = profit_rows(
        Period.DAY,
        [moved("10", "2026-11-23T01:00", PAIR, rate="1.5")],
        [moved("3.30", "2026-11-23T01:00", PAIR, currency="AUD")],
        {},
    )
    assert [(row.currency, row.net.base) for row in rows] == [
        ("AUD", Decimal("-3.30")),
        ("USD", Decimal(15)),
    ]
    assert rows[1].rates == {Decimal("1.5")}


@pytest.mark.parametrize(
    ("symbol", "at", "session"),
    [
        # The open in Sydney is still the day before in UTC.
        (BHP, "2026-11-22T23:00", "2026-11-23"),
        (AAPL, "2026-11-23T20:59", "2026-11-23"),
        # 17:00 in New York is 22:00 UTC in November, and begins the next day of currencies.
        (PAIR, "2026-11-23T21:59", "2026-11-23"),
        (PAIR, "2026-11-23T22:00", "2026-11-24"),
        # In July it is 21:00.
        (PAIR, "2026-07-01T21:00", "2026-07-02"),
    ],
)
def test_a_session_is_the_trading_day_of_the_market(symbol: Symbol, at: str, session: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert session_of(symbol, moment).isoformat() == session
