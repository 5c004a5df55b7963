"""What a unit of a currency was worth in A$ on a day, as statements told it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

BASE = "AUD"
#: Over a weekend and its holidays the last rate before stands.
_OLDEST = timedelta(days=5)


class DayRates:
    """Rates by currency and day."""

    def __init__(self, told: Iterable[tuple[str, date, Decimal]]) -> None:
        self._rates = {(currency, day): rate for currency, day, rate in told}

    def on(self, currency: str, day: date) -> Decimal | None:
        """The rate of the day, or of at most five days before; None is *not known*."""
        if currency == BASE:
            return Decimal(1)
        for back in range(_OLDEST.days + 1):
            rate = self._rates.get((currency, day - timedelta(days=back)))
            if rate is not None:
                return rate
        return None

    def in_base(self, amount: Decimal | None, currency: str | None, day: date) -> Decimal | None:
        """An amount in A$; None without the amount, its currency or its rate. Zero needs none."""
        if amount is None or currency is None:
            return None
        if amount == 0:
            return Decimal(0)
        rate = self.on(currency, day)
        return None if rate is None else amount * rate
