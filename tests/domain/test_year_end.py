"""Of which 30 June closing prices are stored, and which bar has them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.symbols import Symbol
from domain.year_end import close_of, due_days, lacking
from tests.domain.parcels_story import BHP, VAS, day, sydney


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2026-11-23 12:00", []),
        ("2027-06-30 17:00", []),
        ("2027-07-01 23:59", []),
        ("2027-07-02 01:00", ["2027-06-30"]),
        ("2028-03-01 12:00", ["2027-06-30"]),
        ("2028-07-02 12:00", ["2027-06-30", "2028-06-30"]),
        ("2028-10-01 12:00", ["2027-06-30"]),
        ("2026-07-02 12:00", ["2026-06-30"]),
        ("2026-09-01 12:00", []),
    ],
)
def test_which_days_are_due(now: str, days: list[str]) -> None:
    assert due_days(sydney(now)) == tuple(day(each) for each in days)


def bar(at: datetime, close: float) -> tuple[float, float, float, float, float, float | None]:
    return at.timestamp(), 1.0, 1.0, 1.0, close, 100.0


def test_the_last_bar_up_to_the_day_has_the_price() -> None:
    bars = [
        bar(sydney("2027-06-29").replace(hour=0), 60.1),
        bar(sydney("2027-06-30").replace(hour=0), 60.25),
        bar(sydney("2027-07-01").replace(hour=0), 99.0),
    ]
    fact = close_of(BHP, day("2027-06-30"), bars, "a test")
    assert fact is not None and fact.detail == {"price": "60.25"}
    assert lacking([fact], [BHP, VAS], day("2027-06-30")) == (VAS,)
    assert lacking([fact], [BHP], day("2028-06-30")) == (BHP,)
    # New York's 30 June begins at 14:00 in Sydney and ends on the morning after.
    york = bar(datetime(2027, 6, 30, 4, tzinfo=UTC), 101.5)
    fact = close_of(Symbol("AAPL", "USD"), day("2027-06-30"), [york], "a test")
    assert fact is not None and fact.detail == {"price": "101.5"}


def test_what_did_not_trade_for_weeks_has_no_price_of_that_day() -> None:
    old = bar(sydney("2027-06-10"), 60.1)
    assert close_of(BHP, day("2027-06-30"), [old], "a test") is None
