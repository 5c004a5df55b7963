"""From points of the curve to what each day made."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from console.pages.charts import Bar
from console.pages.earnings import curve_points, daily_bars
from domain.equity_curve import ALL, EquityPoint, Why

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def end_of(day: int, profit: str | None, equity: str = "1000", peak: str = "0") -> EquityPoint:
    """The end of a day of November."""
    return EquityPoint(
        at=datetime(2026, 11, day, 13, 0, tzinfo=UTC),
        venue=ALL,
        why=Why.DAY,
        day=date(2026, 11, day),
        currency="AUD",
        equity=Decimal(equity),
        cash=None,
        holdings=None,
        realised=None if profit is None else Decimal(profit),
        unrealised=Decimal(0),
        commissions=Decimal(0),
        stale=False,
        peak=Decimal(peak),
    )


def made(*ends: EquityPoint, since: datetime, today: str | None = "5") -> list[Bar]:
    newest_first = sorted(ends, key=lambda each: each.at, reverse=True)
    return daily_bars(newest_first, since, None if today is None else Decimal(today), NOW)


def test_the_first_day_of_the_book_counts_from_nothing() -> None:
    bars = made(end_of(20, "10"), end_of(21, "7"), since=NOW - timedelta(days=32))
    assert bars == [
        Bar(date(2026, 11, 20), Decimal(10)),
        Bar(date(2026, 11, 21), Decimal(-3)),
        Bar(TODAY, Decimal(5)),
    ]


def test_where_there_are_older_days_the_first_is_only_what_the_others_count_from() -> None:
    bars = made(end_of(20, "10"), end_of(21, "7"), since=NOW - timedelta(days=3))
    assert bars == [Bar(date(2026, 11, 21), Decimal(-3)), Bar(TODAY, Decimal(5))]


def test_a_day_that_is_not_known_makes_no_zero_of_it_nor_of_the_next() -> None:
    ends = (end_of(19, "10"), end_of(20, None), end_of(21, "7"), end_of(22, "9"))
    bars = made(*ends, since=NOW - timedelta(days=32), today=None)
    assert [each.value for each in bars] == [Decimal(10), None, None, Decimal(2), None]


def test_a_deposit_moves_the_curve_and_not_the_drawdown() -> None:
    before = end_of(20, "10", equity="1000", peak="12")
    after = end_of(21, "10", equity="9000", peak="12")
    first, second = curve_points([after, before])
    assert (first.value, second.value) == (Decimal(1000), Decimal(9000))
    assert first.below == second.below == Decimal(2)
