"""From points of the equity curve to what a page draws: the curve, and what each day made. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from console.pages.charts import Bar, Point
from domain.equity_curve import EquityPoint, sydney_day


def curve_points(newest_first: Sequence[EquityPoint]) -> list[Point]:
    """What everything was worth, in the order of time, with how far the profit was below its peak.

    A deposit moves the first and not the second.
    """
    return [
        Point(each.at, each.equity, None if each.drawdown is None else max(each.drawdown, _ZERO))
        for each in reversed(newest_first)
    ]


def daily_bars(
    ends_newest_first: Sequence[EquityPoint],
    since: datetime,
    today: Decimal | None,
    now: datetime,
) -> list[Bar]:
    """What each Sydney day made, in the order of time, today as far as it has gone.

    Args:
        ends_newest_first: a point of the end of each day, all that there are since then.
        since: from when they were asked for. A day that ended later than the first possible one
            is the book's first: before it nothing was earned.
        today: what today has made so far; None where that is not known.
        now: the moment of `today`.
    """
    ends = list(reversed(ends_newest_first))
    found = []
    before: Decimal | None = None
    if ends and (ends[0].day - sydney_day(since)).days > 1:
        before = _ZERO
    for place, each in enumerate(ends):
        if place or before is not None:
            made = None
            if each.profit is not None and before is not None:
                made = each.profit - before
            found.append(Bar(each.day, made))
        before = each.profit
    found.append(Bar(sydney_day(now), today))
    return found


_ZERO = Decimal(0)
