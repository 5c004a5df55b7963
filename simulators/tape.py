"""The figures of a trading day: the last trade, how much traded, and between which prices."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(slots=True)
class Tape:
    """Prices in units of the price grid; None where there is none yet."""

    last: int | None = None
    last_size: int = 0
    volume: int = 0
    open: int | None = None
    high: int | None = None
    low: int | None = None
    previous_close: int | None = None

    def print(self, price: int, quantity: int) -> None:
        """A trade."""
        self.last, self.last_size = price, quantity
        self.volume += quantity
        self.open = price if self.open is None else self.open
        self.high = price if self.high is None else max(self.high, price)
        self.low = price if self.low is None else min(self.low, price)

    def new_day(self) -> None:
        """Begin to count anew; the last trade stays."""
        self.volume = 0
        self.open = self.high = self.low = None

    def scale(self, factor: Fraction) -> None:
        """Its prices are of other units from now on, as after a split."""
        for name in ("last", "open", "high", "low", "previous_close"):
            price: int | None = getattr(self, name)
            if price is not None:
                setattr(self, name, max(round(price * factor), 1))
