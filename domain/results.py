"""What Kelpie has made or lost, and how a Sydney day stands: from fills, marks and commissions.

Money that somebody pays into the account, or takes out of it, is in none of these figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from domain.risk_figures import ResultFigures
from domain.symbols import Symbol

KEY = "risk_day"
"""Under which the book has how the Sydney day stands."""
SYDNEY = ZoneInfo("Australia/Sydney")
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Account:
    """What fills have left of one symbol: money in its own currency, fees by currency."""

    symbol: Symbol
    quantity: Decimal
    average_price: Decimal
    realised: Decimal
    fees: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """All of it since the book began, in the base currency; None where a part is not known."""

    total: Decimal | None
    """Realised and unrealised, less fees."""
    fees: Decimal | None
    missing: str = ""
    """The first of which the price or the rate is not known."""


def result_of(
    accounts: Iterable[Account],
    mark: Callable[[Symbol], Decimal | None],
    rate: Callable[[str], Decimal | None],
) -> Result:
    """Add up; `mark` gives a price in the symbol's currency, `rate` base currency for a unit."""
    total = fees = _NOTHING
    lost = paid = ""
    for account in accounts:
        symbol = account.symbol
        made, worth = account.realised, rate(symbol.currency)
        if account.quantity:
            price = mark(symbol)
            if price is None:
                lost = lost or str(symbol)
            else:
                made += (price - account.average_price) * account.quantity
        if made and worth is None:
            lost = lost or symbol.currency
        total += made * (worth or _NOTHING)
        for currency, amount in account.fees:
            worth = rate(currency)
            if amount and worth is None:
                paid = paid or currency
            fees += amount * (worth or _NOTHING)
    missing = lost or paid
    return Result(None if missing else total - fees, None if paid else fees, missing)


@dataclass(frozen=True, slots=True)
class Day:
    """A Sydney day as it stands, kept over restarts; totals as of `Result`, since the book began.

    After a restart the day's loss is the total by then less `opening`: what happened meanwhile
    is in it, whether or not this was written before the end.
    """

    day: date
    opening: Decimal
    """When the day began, or as last known before."""
    lowest: Decimal
    peak: Decimal
    """The best of all days, or since a person reset it."""
    last: Decimal
    fees_opening: Decimal
    fees_month: Decimal
    """The fees when the month began."""
    fees_last: Decimal


def day_of(now: datetime) -> date:
    """Which day it is in Sydney."""
    return now.astimezone(SYDNEY).date()


def after(day: Day | None, today: date, total: Decimal, fees: Decimal) -> Day:
    """The day once this is known; another day begins where the one before was last seen."""
    if day is None:
        return Day(today, total, total, total, total, fees, fees, fees)
    if today > day.day:
        another_month = (today.year, today.month) != (day.day.year, day.day.month)
        day = replace(
            day,
            day=today,
            opening=day.last,
            lowest=day.last,
            fees_opening=day.fees_last,
            fees_month=day.fees_last if another_month else day.fees_month,
        )
    if (total, fees) == (day.last, day.fees_last):
        return day
    lowest, peak = min(day.lowest, total), max(day.peak, total)
    return replace(day, lowest=lowest, peak=peak, last=total, fees_last=fees)


def shifted(day: Day, by: Decimal) -> Day:
    """The same day where something that is neither profit nor loss has moved the total."""
    return replace(
        day,
        opening=day.opening + by,
        lowest=day.lowest + by,
        peak=day.peak + by,
        last=day.last + by,
    )


def has_moved(day: Day, kept: Day | None, step: Decimal) -> bool:
    """What no later look would find again differs so much from what is on disk: it is written."""
    if kept is None or kept.day != day.day:
        return True
    pairs = (
        (day.opening, kept.opening),
        (day.lowest, kept.lowest),
        (day.peak, kept.peak),
        (day.fees_last, kept.fees_last),
    )
    return any(abs(one - other) >= step for one, other in pairs)


def figures_of(day: Day | None, result: Result) -> ResultFigures:
    """The day as the gates look at it, by the newest result."""
    if day is None:
        nothing = None if result.missing else _NOTHING
        return ResultFigures(nothing, nothing, nothing, nothing, nothing, result.missing)
    fees_today = fees_month = None
    if result.fees is not None:
        fees_today, fees_month = result.fees - day.fees_opening, result.fees - day.fees_month
    lowest = day.lowest - day.opening
    if result.total is None:
        return ResultFigures(None, lowest, None, fees_today, fees_month, result.missing)
    today = result.total - day.opening
    return ResultFigures(
        today,
        min(lowest, today),
        max(day.peak - result.total, _NOTHING),
        fees_today,
        fees_month,
        "",
    )


def as_text(day: Day) -> str:
    """As it is kept in the book."""
    figures = (
        day.opening,
        day.lowest,
        day.peak,
        day.last,
        day.fees_opening,
        day.fees_month,
        day.fees_last,
    )
    return " ".join([day.day.isoformat(), *(f"{each:f}" for each in figures)])


def from_text(text: str) -> Day | None:
    """What `as_text` wrote; None for nothing, or for what it did not write."""
    try:
        first, *rest = text.split()
        figures = [Decimal(each) for each in rest]
        return Day(date.fromisoformat(first), *figures)
    except (ValueError, TypeError, InvalidOperation):
        return None
