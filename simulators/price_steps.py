"""The grid of prices that a market allows, step by band.

Inside the exchange a price is a whole number of `unit`s, the smallest step of the instrument, so
that books compare and add integers. Decimals appear at the edges only.
"""

from __future__ import annotations

import math
from decimal import Decimal


class PriceSteps:
    """Price bands of one instrument, lowest first; the low edge belongs to the band it opens."""

    def __init__(self, bands: tuple[tuple[Decimal, Decimal], ...]) -> None:
        self.unit = min(step for _, step in bands)
        self._unit_float = float(self.unit)
        self._bands = [(int(low / self.unit), int(step / self.unit)) for low, step in bands]

    def conforms(self, price: Decimal) -> bool:
        """Whether an order may carry this price."""
        units, rest = divmod(price, self.unit)
        return rest == 0 and units > 0 and int(units) % self._step(int(units)) == 0

    def to_units(self, price: Decimal) -> int:
        """A price on the grid as a whole number of units."""
        return int(price / self.unit)

    def to_price(self, units: int) -> Decimal:
        """Units as an exact price."""
        return self.unit * units

    def floor(self, price: float) -> int:
        """The highest allowed price at or below a synthetic one, in units, at least one step."""
        units = math.floor(price / self._unit_float + 1e-9)
        step = self._step(units)
        return max(units - units % step, self._bands[0][1])

    def ceil(self, price: float) -> int:
        """The lowest allowed price at or above a synthetic one, in units."""
        low = self.floor(price)
        return low if low >= price / self._unit_float - 1e-9 else self.up(low)

    def nearest(self, price: float) -> int:
        """The allowed price closest to a synthetic one, in units."""
        low = self.floor(price)
        high = self.up(low)
        return low if price / self._unit_float - low <= high - price / self._unit_float else high

    def up(self, units: int) -> int:
        """One step above."""
        return units + self._step(units)

    def down(self, units: int) -> int:
        """One step below; never below the lowest price there is."""
        below = units - self._step(units - 1)
        return max(below, self._bands[0][1])

    def _step(self, units: int) -> int:
        step = self._bands[0][1]
        for low, band_step in self._bands:
            if units < low:
                break
            step = band_step
        return step
