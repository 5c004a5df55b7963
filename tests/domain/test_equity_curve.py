"""When a point of the equity curve is due, and what a drawdown is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.equity_curve import ALL, EquityPoint, Why, due, peak_with

MORNING = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
"""11:30 in Sydney."""
CLOSE = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
"""16:00 in Sydney."""


def point(realised: str | None, commissions: str = "0", unrealised: str = "0") -> EquityPoint:
    return EquityPoint(
        at=MORNING,
        venue=ALL,
        why=Why.HOUR,
        day=MORNING.date(),
        currency="AUD",
        equity=None,
        cash=None,
        holdings=None,
        realised=None if realised is None else Decimal(realised),
        unrealised=Decimal(unrealised),
        commissions=Decimal(commissions),
        stale=False,
    )


@pytest.mark.parametrize(
    ("last", "minutes", "found"),
    [
        (None, 0, "HOUR 2026-11-23"),
        (MORNING, 29, None),
        (MORNING, 30, "HOUR 2026-11-23"),
        (MORNING, 31, "HOUR 2026-11-23"),
        (CLOSE - timedelta(minutes=1), 1, "CLOSE 2026-11-23"),
        (CLOSE, 5, None),
        # From 23:59 in Sydney to midnight; the end of June and of its summer time are as any day.
        (datetime(2026, 11, 23, 12, 59, tzinfo=UTC), 1, "DAY 2026-11-23"),
        (datetime(2027, 6, 30, 13, 59, tzinfo=UTC), 1, "DAY 2027-06-30"),
        (datetime(2027, 6, 30, 12, 59, tzinfo=UTC), 2, "HOUR 2027-06-30"),
    ],
)
def test_when_a_point_is_due(last: datetime | None, minutes: int, found: str | None) -> None:
    now = (last or MORNING) + timedelta(minutes=minutes)
    point = due(last, now, [CLOSE])
    assert found == (None if point is None else f"{point[0]} {point[1]}")


def test_what_was_earned_is_unknown_while_a_part_of_it_is() -> None:
    assert point("100", "6.60", "-20").profit == Decimal("73.40")
    assert point(None).profit is None
    assert replace(point(None), peak=Decimal(9)).drawdown is None


@given(st.lists(st.none() | st.decimals("-1000", "1000", places=2), max_size=12))
def test_a_drawdown_is_what_lies_below_the_highest_until_now(earned: list[Decimal | None]) -> None:
    peak, highest = None, Decimal(0)
    for profit in earned:
        peak = peak_with(peak, profit)
        highest = max([highest, *([profit] if profit is not None else [])])
        assert peak == highest
        text = None if profit is None else str(profit)
        drawdown = replace(point(text), peak=peak).drawdown
        assert drawdown == (None if profit is None else highest - profit)
