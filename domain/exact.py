"""Sums of money that are never rounded, and one spelling for each."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

#: Wide enough that no sum or product of real amounts is ever rounded.
EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros or exponent: one spelling for each sum."""
    trimmed = EXACT.normalize(value)
    exponent = trimmed.as_tuple().exponent
    return EXACT.quantize(trimmed, Decimal(1)) if int(exponent) > 0 else trimmed
