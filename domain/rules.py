"""The small rule that trades in the demo: go with a rising price or buy a dip, a little, seldom.

It is there to give the tree something to do. It makes no claim to make money.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal

from domain.orders import OrderRequest, OrderType, Purpose, Side, Tif
from domain.price_steps import ceil_to_step
from domain.quotes import Quote
from domain.venue import InstrumentDetails

_FAST, _SLOW = 0.4, 0.1
_LEAST_QUOTES = 4
TARGET_VALUE = Decimal(2500)
"""What an entry is worth, in the currency of the symbol."""
LEAST_VALUE = Decimal(500)
"""The smallest first parcel that the ASX takes (facts/ib.md 6.4)."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Two averages of the mid price, one quick and one slow."""

    fast: float = 0.0
    slow: float = 0.0
    seen: int = 0

    def after(self, mid: float) -> Trend:
        """With one more observation."""
        if self.seen == 0:
            return Trend(mid, mid, 1)
        return replace(
            self,
            fast=self.fast + _FAST * (mid - self.fast),
            slow=self.slow + _SLOW * (mid - self.slow),
            seen=self.seen + 1,
        )

    @property
    def signal(self) -> str:
        """Why to buy now: a rise, or a dip below the slow average; empty while too little moves."""
        if self.seen < _LEAST_QUOTES or self.fast == self.slow:
            return ""
        if self.fast > self.slow:
            return f"the price rises ({self.fast:.4f} over {self.slow:.4f})"
        return f"the price has dipped ({self.fast:.4f} under {self.slow:.4f})"


def trend_of(closes: list[float]) -> Trend:
    """What a series of closes adds up to, oldest first."""
    trend = Trend()
    for close in closes:
        trend = trend.after(close)
    # History alone never trades: fresh quotes have to agree with it.
    return replace(trend, seen=min(trend.seen, 1))


def entry(
    client_order_id: str, quote: Quote, instrument: InstrumentDetails, trend: Trend
) -> OrderRequest | None:
    """A small purchase a little above the ask, if there is a signal; else None.

    Not of currencies: what this rule risks is far below the smallest order of IDEALPRO.
    """
    if quote.symbol.is_currency_pair:
        return None
    if not trend.signal or quote.ask is None or not quote.two_sided or quote.halted:
        return None
    ask = Decimal(repr(quote.ask))
    limit = ceil_to_step(ask, instrument.price_steps)
    limit = ceil_to_step(limit + (limit / 2000), instrument.price_steps)
    quantity = (TARGET_VALUE / limit / instrument.lot).to_integral_value(ROUND_FLOOR)
    quantity *= instrument.lot
    if quantity * ask < LEAST_VALUE:
        return None
    return OrderRequest(
        client_order_id=client_order_id,
        symbol=quote.symbol,
        side=Side.BUY,
        quantity=quantity,
        type=OrderType.LIMIT,
        limit_price=limit,
        tif=Tif.DAY,
        purpose=Purpose.ENTRY,
    )
