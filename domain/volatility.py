"""How far a market moves in a day, from its daily bars."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from domain.bars import Bar

DAYS = 14


def average_true_range(bars: Sequence[Bar], days: int = DAYS) -> Decimal | None:
    """The mean true range of the last `days` daily bars, oldest first; None of too few.

    A true range is the widest of high less low, and of either from the close before (J. Welles
    Wilder, *New Concepts in Technical Trading Systems*, 1978; the plain mean of them).
    """
    if days < 1 or len(bars) < days + 1:
        return None
    newest = bars[-days - 1 :]
    ranges = [max(bar[2], before[4]) - min(bar[3], before[4]) for before, bar in pairwise(newest)]
    mean = sum(ranges) / days
    return Decimal(repr(round(mean, 10))) if mean > 0 else None
