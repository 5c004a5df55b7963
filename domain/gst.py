"""The goods and services tax within a commission of IB Australia.

IB charges Australian residents 10 % GST on its commissions, and the figure that its API and its
statements name includes it: 6.60 = 6.00 + 0.60 (facts: ib.md 7, measured on 19 August 2026).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_PARTS = Decimal(11)
_CENT = Decimal("0.01")


def gst_within(commission: Decimal) -> Decimal:
    """The GST in a commission that includes it, rounded to a hundredth of its currency."""
    return (commission / _PARTS).quantize(_CENT, ROUND_HALF_UP)
