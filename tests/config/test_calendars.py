"""The committed calendar of the ASX is the one that its command writes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from config.calendars import render
from domain.xasx import XASX

HOUSE = Path(__file__).resolve().parents[2]


def test_the_committed_calendar_is_the_one_that_the_library_makes() -> None:
    assert (HOUSE / "domain" / "xasx.py").read_text() == render()


def test_it_agrees_with_what_the_asx_has_published() -> None:
    """Against the trading calendar of the ASX, by hand: the days that go wrong most often."""
    closed = ["2026-12-25", "2026-12-28", "2027-01-26", "2027-03-26", "2027-03-29", "2027-06-14"]
    for text in closed:
        assert XASX.continuous(date.fromisoformat(text)) is None, text
    # New South Wales has a Labour Day and a bank holiday in August; the exchange has neither.
    for text in ("2026-10-05", "2026-08-03", "2027-10-04"):
        assert XASX.continuous(date.fromisoformat(text)) is not None, text
    assert XASX.early_closes[date(2026, 12, 24)] == time(14, 10)
    # When the last day before Christmas is no weekday, the half day comes before it.
    assert XASX.early_closes[date(2028, 12, 22)] == time(14, 10)


def test_a_session_begins_on_the_date_before_in_utc_while_sydney_has_summer_time() -> None:
    monday = XASX.continuous(date(2026, 11, 23))
    assert monday == (
        datetime(2026, 11, 22, 23, tzinfo=UTC),
        datetime(2026, 11, 23, 5, tzinfo=UTC),
    )
    assert XASX.continuous(date(2026, 12, 24)) == (
        datetime(2026, 12, 23, 23, tzinfo=UTC),
        datetime(2026, 12, 24, 3, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2029, 1, 1)])
def test_beyond_its_years_it_says_that_it_does_not_know(day: date) -> None:
    assert not XASX.covers(day)
    with pytest.raises(LookupError, match="XASX"):
        XASX.continuous(day)
