"""By which order a plan is left: priced through the quote, at the market, or into an auction."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from domain.orders import OrderRequest, OrderType, Purpose, Side, Tif
from domain.plans import Plan
from domain.price_steps import ceil_to_step, floor_to_step
from domain.venue import PriceStep

SLIP = Decimal("0.001")
"""How far beyond the quote the limit of an exit may reach, as a fraction of it."""
AUCTION_BOUND = Decimal("0.02")
"""The same into the closing auction, from the last price of continuous trading."""


class Urgency(StrEnum):
    """How a plan is to be left."""

    PRICED = "PRICED"
    """By a limit through the quote, priced anew while it does not fill."""
    BLIND = "BLIND"
    """At the market: there is no fresh quote, and it is due all the same."""
    AUCTION = "AUCTION"
    """By a limit at the bound, into the closing auction."""


def exit_limit(
    side: Side, reference: Decimal, slip: Decimal, steps: Sequence[PriceStep]
) -> Decimal | None:
    """The price to leave at by this side, `slip` (a fraction) beyond the reference."""
    if side is Side.SELL:
        limit = floor_to_step(reference * (1 - slip), steps)
    else:
        limit = ceil_to_step(reference * (1 + slip), steps)
    return limit if limit > 0 else None


def exit_order(
    client_order_id: str, plan: Plan, quantity: Decimal, limit: Decimal | None
) -> OrderRequest:
    """So much of the plan's lot, at this limit; None goes at the market."""
    return OrderRequest(
        client_order_id=client_order_id,
        symbol=plan.symbol,
        side=plan.leaving_side,
        quantity=quantity,
        type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        limit_price=limit,
        tif=Tif.DAY,
        purpose=Purpose.EXIT,
        plan=plan.plan_id,
    )
