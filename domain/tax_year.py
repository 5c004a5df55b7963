"""The Australian tax year: 1 July to 30 June, by the contract's date in Sydney.

Not by UTC and not by settlement: a sale at 2027-06-30 23:30 UTC is made on 1 July 2027 at 09:30
in Sydney (facts: australia.md, *Tax year*).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SYDNEY = ZoneInfo("Australia/Sydney")

_LABEL = re.compile(r"^(\d{4})-(\d{2})$")


class TaxYearError(ValueError):
    """A text is no tax year; the sentence says what one looks like."""


@dataclass(frozen=True, slots=True, order=True)
class TaxYear:
    """A year by the calendar year in which it begins: 2026 is 2026-27."""

    start: int

    @classmethod
    def of(cls, day: date) -> TaxYear:
        """The year of a contract's date."""
        return cls(day.year if day.month >= 7 else day.year - 1)

    @classmethod
    def parse(cls, text: str) -> TaxYear:
        """Read `2026-27`.

        Raises:
            TaxYearError: the text is no such year.
        """
        match = _LABEL.match(text.strip())
        if match is None or (int(match[1]) + 1) % 100 != int(match[2]):
            raise TaxYearError(f"{text!r} is no tax year: write it as 2026-27 (1 July to 30 June)")
        return cls(int(match[1]))

    @property
    def first(self) -> date:
        """1 July."""
        return date(self.start, 7, 1)

    @property
    def last(self) -> date:
        """30 June."""
        return date(self.start + 1, 6, 30)

    def __contains__(self, day: date) -> bool:
        """The contract's date is in it."""
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.start}-{(self.start + 1) % 100:02}"


def contract_date(at: datetime) -> date:
    """The day in Sydney on which a trade was made.

    Raises:
        ValueError: the time has no zone, so nobody can say which day it is.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone")
    return at.astimezone(SYDNEY).date()


def start_of(day: date) -> datetime:
    """The first instant of a day in Sydney, in UTC."""
    return datetime.combine(day, time(), SYDNEY).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The last microsecond of a day in Sydney, in UTC."""
    return start_of(day + timedelta(days=1)) - timedelta(microseconds=1)
