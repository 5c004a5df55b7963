"""The small rule that trades in the demo: go with a rising price or buy a dip, a little, seldom.

It is there to give the tree something to do. It makes no claim to make money.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.orders import OrderRequest, OrderType, Purpose, Side, Tif
from domain.plan_rules import PlanRules, terms_on_steps
from domain.plan_terms import PlanTerms
from domain.price_steps import ceil_to_step
from domain.quotes import Quote
from domain.sizing import Candidate, Method, NotSized, Sized, SizingRules, size
from domain.venue import InstrumentDetails, PriceStep

_FAST, _SLOW = 0.4, 0.1
_LEAST_QUOTES = 4


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


@dataclass(frozen=True, slots=True)
class Idea:
    """An entry that the rule would like, with what guards it."""

    request: OrderRequest
    plan: PlanTerms
    sized: Sized


def entry(
    client_order_id: str,
    quote: Quote,
    instrument: InstrumentDetails,
    trend: Trend,
    plans: PlanRules,
    sizing: SizingRules,
    *,
    rate: Decimal | None,
    true_range: Decimal | None = None,
) -> Idea | NotSized | None:
    """A purchase a little above the ask, if there is a signal; else None.

    Not of currencies: what this rule risks is far below the smallest order of IDEALPRO. `rate` is
    base currency for one unit of the symbol's, `true_range` that of an average day.
    """
    symbol, steps = quote.symbol, instrument.price_steps
    if symbol.is_currency_pair:
        return None
    if not trend.signal or quote.ask is None or not quote.two_sided or quote.halted:
        return None
    ask = Decimal(repr(quote.ask))
    limit = ceil_to_step(ask, steps)
    limit = ceil_to_step(limit + (limit / 2000), steps)
    plan = terms_on_steps(plans, Side.BUY, ask, steps)
    if sizing.method is Method.VOLATILITY and true_range is not None:
        plan = _by_volatility(plan, ask, sizing.volatility_factor * true_range, steps)
    candidate = Candidate(
        symbol,
        Side.BUY,
        limit,
        plan.stop,
        rate,
        instrument.lot,
        true_range=true_range,
        parcel=instrument.kind in ("STK", "ETF") and symbol.currency == "AUD",
    )
    sized = size(candidate, sizing)
    if isinstance(sized, NotSized):
        return sized
    request = OrderRequest(
        client_order_id=client_order_id,
        symbol=symbol,
        side=Side.BUY,
        quantity=sized.quantity,
        type=OrderType.LIMIT,
        limit_price=limit,
        tif=Tif.DAY,
        purpose=Purpose.ENTRY,
    )
    return Idea(request, plan, sized)


def _by_volatility(
    plan: PlanTerms, price: Decimal, distance: Decimal, steps: Sequence[PriceStep]
) -> PlanTerms:
    """With its stop as far away as the market moves, which also follows so far behind."""
    stop = ceil_to_step(price - distance, steps)
    if not 0 < stop < plan.stop:
        return plan  # nearer than that, ordinary days would take it out
    trail = None if plan.trail is None else replace(plan.trail, distance=distance)
    return replace(plan, stop=stop, trail=trail)
