"""Rounding to the steps in which a market's prices move."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from domain.venue import PriceStep


def step_at(price: Decimal, steps: Sequence[PriceStep]) -> Decimal:
    """The step that holds at a price: that of the highest band that begins at or below it.

    Raises:
        ValueError: there are no bands.
    """
    if not steps:
        raise ValueError("an instrument without price steps cannot be priced")
    ordered = sorted(steps, key=lambda step: step.low_edge)
    fitting = [step for step in ordered if step.low_edge <= price]
    return (fitting[-1] if fitting else ordered[0]).increment


def on_step(price: Decimal, steps: Sequence[PriceStep]) -> bool:
    """The market takes this price as it is."""
    return price % step_at(price, steps) == 0


def floor_to_step(price: Decimal, steps: Sequence[PriceStep]) -> Decimal:
    """The highest price on a step that is not above this one."""
    step = step_at(price, steps)
    return (price / step).to_integral_value(ROUND_FLOOR) * step


def ceil_to_step(price: Decimal, steps: Sequence[PriceStep]) -> Decimal:
    """The lowest price on a step that is not below this one."""
    step = step_at(price, steps)
    rounded = (price / step).to_integral_value(ROUND_CEILING) * step
    # Rounding up may reach the next band, whose steps are wider.
    return rounded if on_step(rounded, steps) else ceil_to_step(rounded, steps)
