"""Stops and trailing stops at a market: when they are touched, and how they follow it.

By TWS's default methods: those of shares go by the last trade, those of currencies by the bid (to
buy) or the ask (to sell).
"""

from __future__ import annotations

from decimal import Decimal

from domain.orders import Side
from simulators.exchange_orders import MarketOrder
from simulators.price_steps import PriceSteps


def is_touched(order: MarketOrder, seen: int | None) -> bool:
    """The market has reached the stop price; prices in units of the grid."""
    if seen is None or order.stop is None:
        return False
    return seen >= order.stop if order.side is Side.BUY else seen <= order.stop


def trailing_stop(
    side: Side, seen: int, amount: int | None, percent: Decimal, steps: PriceSteps
) -> int:
    """Where a trailing stop stands that has just seen a price, on the grid, in units.

    It keeps `amount` away, or where there is none so many percent of the price.
    """
    distance = Decimal(seen) * percent / 100 if amount is None else Decimal(amount)
    price = float((seen + side.sign * distance) * steps.unit)
    return steps.ceil(price) if side is Side.BUY else steps.floor(price)


def follow(order: MarketOrder, seen: int | None, steps: PriceSteps) -> bool:
    """Move a trailing stop behind the market, never away from it; True where it moved.

    The limit of a trailing stop limit keeps its distance from the stop.
    """
    if not order.trails or seen is None or order.stop is None:
        return False
    stop = trailing_stop(order.side, seen, order.trail_amount, order.trail_percent, steps)
    if stop <= order.stop if order.side is Side.SELL else stop >= order.stop:
        return False
    order.stop = stop
    if order.limit is not None and order.limit_offset is not None:
        order.limit = max(stop + order.side.sign * order.limit_offset, 1)
    return True
