"""The rate by which an amount counts in the base currency, kept beside the amount for ever.

A rate that nobody told is none, never zero and never one; it is filled in later, if one comes
soon enough to speak of the same day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

#: A rate that comes later than this after an amount says nothing about it any more.
FILLED_IN_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class UsedRate:
    """`value` units of the base currency for one unit of another, as of `at` (UTC)."""

    value: Decimal
    source: str
    """As `domain.rates.Rate` has it: `base`, `quote`, `account`, …"""
    at: datetime

    def age(self, when: datetime) -> timedelta:
        """How old it was then; negative where it was filled in later."""
        return when - self.at


class RateBook:
    """The newest rates that were told, for rows that are written now."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._told: dict[str, UsedRate] = {}

    def take(self, rates: Mapping[str, UsedRate]) -> None:
        """These hold from now on; a currency that is not among them has none."""
        self._told = dict(rates)

    def of(self, currency: str, at: datetime) -> UsedRate | None:
        """The rate of a currency for an amount of that moment; None where nobody told one."""
        if currency == self.base:
            return UsedRate(Decimal(1), "base", at)
        rate = self._told.get(currency)
        return None if rate is None or abs(rate.age(at)) > FILLED_IN_WITHIN else rate
