"""The fair price of an instrument as a function of time alone.

Noise of many periods, from four seconds to weeks, the slower the larger, summed: it walks like a
price, and yet any moment can be asked for at once. So history agrees with what was quoted, and a
market that nobody watched is caught up without working through the time between.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import datetime

_SHORTEST = 4.0
_OCTAVES = 20
_MASK = (1 << 64) - 1
#: Seconds of continuous trading in a year, roughly: 252 days of six hours.
_TRADING_YEAR = 252 * 6 * 3600


class _Octave:
    """Noise of one period, with the stretch of it that was asked for last."""

    __slots__ = ("index", "left", "period", "rise", "size")

    def __init__(self, period: float, size: float) -> None:
        self.period = period
        self.size = size
        self.index = -1
        self.left = 0.0
        self.rise = 0.0


class PricePath:
    """One instrument's fair price; `volatility` 0 makes it stand still."""

    def __init__(self, seed: int, con_id: int, reference: float, volatility: float) -> None:
        self._reference = reference
        self._key = _mix((seed << 32) ^ con_id)
        sigma = volatility / math.sqrt(_TRADING_YEAR)
        # Every octave adds its share to the spread of a second's change; together about 4 c².
        self._octaves = [
            _Octave(_SHORTEST * 2**k, math.sqrt(3 * _SHORTEST * 2**k) * sigma / 2)
            for k in range(_OCTAVES if sigma else 0)
        ]
        self.jumps: list[tuple[float, float]] = []
        """(since, factor): where somebody moved the price by hand."""

    def at(self, seconds: float) -> float:
        """The fair price at a moment, in seconds since 1970."""
        total = 0.0
        for number, octave in enumerate(self._octaves):
            place = seconds / octave.period
            index = math.floor(place)
            if index != octave.index:
                octave.index = index
                octave.left = octave.size * self._node(number, index)
                octave.rise = octave.size * self._node(number, index + 1) - octave.left
            total += octave.left + octave.rise * (place - index)
        return self._reference * math.exp(total) * self._factor(seconds)

    def move_to(self, price: float, moment: datetime) -> None:
        """From this moment on the path goes through `price`; what was before stays."""
        seconds = moment.timestamp()
        factor = self._factor(seconds) * price / self.at(seconds)
        self.jumps.append((seconds, factor))

    def _factor(self, seconds: float) -> float:
        if not self.jumps:
            return 1.0
        index = bisect_right(self.jumps, (seconds, math.inf)) - 1
        return self.jumps[index][1] if index >= 0 else 1.0

    def _node(self, octave: int, index: int) -> float:
        """Between -1 and 1, the same for ever for the same place."""
        return _mix(self._key ^ (octave * 0x9E3779B97F4A7C15 + index)) / 2**63 - 1.0


def _mix(value: int) -> int:
    """SplitMix64's finaliser: every bit of the argument reaches every bit of the result."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
