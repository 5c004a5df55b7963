"""What the simulated broker charges: IB Australia's fixed schedule for Australian residents.

ASX: 0.08 % of the trade value, at least A$6.00, plus 10 % GST: 0.088 %, at least A$6.60. A
what-if order of August 2026 showed A$6.60 over the API, so the figure there includes GST.
Currencies: 0.20 basis points of the value, at least US$2.00, plus GST: 0.22 bp, US$2.20, charged
in the base currency of the account.

The minimum is per order: its first fill carries it, later ones only what exceeds it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

ASX_RATE = Decimal("0.00088")
ASX_MINIMUM = Decimal("6.60")
FX_RATE = Decimal("0.000022")
FX_MINIMUM_USD = Decimal("2.20")

_PLACES = Decimal("0.0001")


def share_commission(order_value: Decimal) -> Decimal:
    """For all that an order has traded so far, in the share's currency (A$)."""
    return _rounded(max(ASX_MINIMUM, order_value * ASX_RATE))


def currency_commission(order_value: Decimal, usd_rate: Decimal) -> Decimal:
    """For all that an order has traded so far, value and result in the base currency.

    `usd_rate` is what one US dollar costs in the base currency.
    """
    return _rounded(max(FX_MINIMUM_USD * usd_rate, order_value * FX_RATE))


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_PLACES, ROUND_HALF_EVEN)
