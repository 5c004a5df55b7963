"""Profit and loss by day, session or month: from fills, marks and commissions alone.

Pure. A deposit or a withdrawal never changes it. What was closed counts on the day on which it was
traded, at the rate that stands beside the fill; what is open counts by the difference of its mark
from that of the day before. A rate or a mark that is missing leaves the sum in the base currency
unknown (None), and the sum in its own currency standing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.equity_curve import sydney_day
from domain.exact import EXACT, plain
from domain.symbols import Symbol

_NEW_YORK = ZoneInfo("America/New_York")
#: IB's currency day ends at 17:00 in New York.
_CURRENCY_DAY = time(17)
_ZERO = Decimal(0)


class Period(StrEnum):
    """What the rows of a report stand for."""

    DAY = "day"
    """Sydney's."""
    SESSION = "session"
    """The trading day of the market: Sydney's for A$ shares, New York's for others, and for
    currencies from 17:00 to 17:00 in New York."""
    MONTH = "month"
    """Sydney's."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a fill (or an adoption) realised, or what one cost; in its own currency."""

    venue: str
    symbol: Symbol
    at: datetime
    currency: str
    amount: Decimal
    rate: Decimal | None
    """Base currency for one unit; None where nobody told it."""


@dataclass(frozen=True, slots=True)
class Open:
    """What the managed part of a holding would bring over its cost, at the end of a day."""

    venue: str
    symbol: Symbol
    amount: Decimal | None
    """In the currency of the symbol; None without a price."""
    rate: Decimal | None


@dataclass(slots=True)
class Sum:
    """One figure in its own currency and in the base currency; None: a part is not known."""

    own: Decimal | None = _ZERO
    base: Decimal | None = _ZERO

    def add(self, own: Decimal | None, base: Decimal | None) -> None:
        """Count this in."""
        self.own = _plus(self.own, own)
        self.base = _plus(self.base, base)


@dataclass(slots=True)
class ProfitRow:
    """A period, a symbol at a venue, and a currency; commissions may be in another than the price.

    `rates` are those by which it was converted, smallest and largest.
    """

    period: str
    venue: str
    symbol: Symbol
    currency: str
    realised: Sum = field(default_factory=Sum)
    unrealised_change: Sum = field(default_factory=Sum)
    commissions: Sum = field(default_factory=Sum)
    rates: set[Decimal] = field(default_factory=set)

    @property
    def net(self) -> Sum:
        """Realised and unrealised, less commissions."""
        own = _plus(self.realised.own, self.unrealised_change.own, _minus(self.commissions.own))
        base = _plus(self.realised.base, self.unrealised_change.base, _minus(self.commissions.base))
        return Sum(own, base)


def profit_rows(
    period: Period,
    realised: Iterable[Moved],
    charged: Iterable[Moved],
    marks: Mapping[date, Sequence[Open]],
) -> list[ProfitRow]:
    """The report, by period, venue, symbol and currency; rows of nothing are left out.

    `marks` are by each day of which the equity curve has a moment, of none for a flat one.
    """
    rows: dict[tuple[str, str, Symbol, str], ProfitRow] = {}

    def row(name: str, venue: str, symbol: Symbol, currency: str) -> ProfitRow:
        key = (name, venue, symbol, currency)
        return rows.setdefault(key, ProfitRow(*key))

    with localcontext(EXACT):
        for moves, figure in ((realised, _realised), (charged, _commissions)):
            for each in moves:
                if each.amount:
                    name = period_of(period, each.symbol, each.at)
                    found = row(name, each.venue, each.symbol, each.currency)
                    figure(found).add(each.amount, _converted(each.amount, each.rate))
                    if each.rate is not None:
                        found.rates.add(each.rate)
        for venue, symbol, day, own, base, rate in _changes(marks):
            name = _of_day(period, day)
            found = row(name, venue, symbol, symbol.currency)
            found.unrealised_change.add(own, base)
            if rate is not None:
                found.rates.add(rate)
    return [rows[key] for key in sorted(rows, key=lambda key: tuple(map(str, key)))]


def period_of(period: Period, symbol: Symbol, at: datetime) -> str:
    """The period of a trade, as `2026-11-23` or `2026-11`."""
    if period is Period.SESSION:
        return session_of(symbol, at).isoformat()
    return _of_day(period, sydney_day(at))


def session_of(symbol: Symbol, at: datetime) -> date:
    """The trading day that a trade belongs to, in the market's own time."""
    if symbol.is_currency_pair:
        there = at.astimezone(_NEW_YORK)
        return there.date() + timedelta(days=there.time() >= _CURRENCY_DAY)
    if symbol.currency == "AUD":
        return sydney_day(at)
    return at.astimezone(_NEW_YORK).date()


def in_all(rows: Iterable[ProfitRow]) -> Mapping[str, Sum]:
    """Realised, unrealised_change, commissions and net over all rows, in the base currency alone.

    `own` of each is None: amounts of several currencies are never added up.
    """
    names: dict[str, Callable[[ProfitRow], Sum]] = {
        "realised": _realised,
        "unrealised_change": lambda row: row.unrealised_change,
        "commissions": _commissions,
        "net": lambda row: row.net,
    }
    sums = {name: Sum(None, _ZERO) for name in names}
    for each in rows:
        for name, figure in names.items():
            sums[name].add(None, figure(each).base)
    return sums


def _changes(
    marks: Mapping[date, Sequence[Open]],
) -> Iterable[tuple[str, Symbol, date, Decimal | None, Decimal | None, Decimal | None]]:
    """From each day with marks to the next; what is not among the marks of a day is flat then."""
    before: dict[tuple[str, Symbol], Open] = {}
    for day in sorted(marks):
        now = {(mark.venue, mark.symbol): mark for mark in marks[day]}
        for place in sorted({*before, *now}, key=str):
            was, is_now = before.get(place), now.get(place)
            own = _plus(_own(is_now), _minus(_own(was)))
            base = _plus(_base(is_now), _minus(_base(was)))
            if own != 0 or base != 0:
                rate = is_now.rate if is_now is not None else None
                yield place[0], place[1], day, own, base, rate
        before = now


def _own(mark: Open | None) -> Decimal | None:
    return _ZERO if mark is None else mark.amount


def _base(mark: Open | None) -> Decimal | None:
    return _ZERO if mark is None else _converted(mark.amount, mark.rate)


def _converted(amount: Decimal | None, rate: Decimal | None) -> Decimal | None:
    if amount == 0:
        return _ZERO
    return None if amount is None or rate is None else plain(amount * rate)


def _plus(*amounts: Decimal | None) -> Decimal | None:
    result = _ZERO
    for amount in amounts:
        if amount is None:
            return None
        result += amount
    return plain(result)


def _minus(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else -amount


def _realised(row: ProfitRow) -> Sum:
    return row.realised


def _commissions(row: ProfitRow) -> Sum:
    return row.commissions


def _of_day(period: Period, day: date) -> str:
    return day.isoformat()[:7] if period is Period.MONTH else day.isoformat()
