"""The equity curve: what everything was worth at a moment, and what has been earned until then.

Pure. What was earned comes from fills, marks and commissions alone, so that a deposit or a
withdrawal never changes it; a drawdown is how far it lies below its highest. A part that is not
known leaves its sum unknown (None).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.symbols import Symbol
from domain.used_rates import UsedRate

#: Days are Sydney's, whatever is traded where.
SYDNEY = ZoneInfo("Australia/Sydney")
#: The row of all venues together.
ALL = "*"


class Why(StrEnum):
    """Why a point of the curve was taken."""

    HOUR = "HOUR"
    CLOSE = "CLOSE"
    """A market that is traded has closed."""
    DAY = "DAY"
    """A day of Sydney's has ended."""


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """One moment of one venue, or of all; amounts in the base currency, None where not known."""

    at: datetime
    venue: str
    """`*` for all together."""
    why: Why
    day: date
    """Sydney's; of a day that has just ended, that day."""
    currency: str
    equity: Decimal | None
    """As the venue says."""
    cash: Decimal | None
    holdings: Decimal | None
    realised: Decimal | None
    """Ever since the book began, commissions not deducted."""
    unrealised: Decimal | None
    """Of what we manage, at the market's prices."""
    commissions: Decimal | None
    stale: bool
    """A price or rate behind a figure was too old or missing."""
    peak: Decimal | None = None
    """The highest profit until now."""

    @property
    def profit(self) -> Decimal | None:
        """All that was earned: realised and unrealised, less commissions."""
        if self.realised is None or self.unrealised is None or self.commissions is None:
            return None
        return self.realised + self.unrealised - self.commissions

    @property
    def drawdown(self) -> Decimal | None:
        """How far the profit lies below its highest; zero at the highest itself."""
        return None if self.profit is None or self.peak is None else self.peak - self.profit


@dataclass(frozen=True, slots=True)
class Mark:
    """A holding at that moment, and the price it counted at."""

    venue: str
    symbol: Symbol
    held: Decimal
    managed: Decimal
    average_price: Decimal | None
    price: Decimal | None
    price_age: timedelta | None
    stale: bool
    unrealised: Decimal | None
    """Of the managed part, in the currency of the symbol."""


@dataclass(frozen=True, slots=True)
class CurveRow:
    """All that is written at one moment."""

    points: tuple[EquityPoint, ...]
    marks: tuple[Mark, ...]
    rates: tuple[tuple[str, UsedRate | None], ...]
    """By currency; None where nobody told one."""


def sydney_day(at: datetime) -> date:
    """The day of a moment in Sydney."""
    return at.astimezone(SYDNEY).date()


def peak_with(before: Decimal | None, profit: Decimal | None) -> Decimal | None:
    """The highest profit so far; it begins at zero, before anything was traded."""
    highest = before if before is not None else Decimal(0)
    return highest if profit is None else max(highest, profit)


def due(
    last: datetime | None, now: datetime, closes: Iterable[datetime]
) -> tuple[Why, date] | None:
    """Whether a point is to be taken, and of which day; `closes` are ends of sessions.

    The end of a day counts for more than a close, a close for more than an hour.
    """
    if last is None:
        return Why.HOUR, sydney_day(now)
    if sydney_day(last) != sydney_day(now):
        return Why.DAY, sydney_day(last)
    if any(last < close <= now for close in closes):
        return Why.CLOSE, sydney_day(now)
    if now.replace(minute=0, second=0, microsecond=0) > last:
        return Why.HOUR, sydney_day(now)
    return None
