"""How a stop follows its position: to break-even, behind the best price, and wider for a night.

What is followed is a price that stood, not a print: the worst of all readings over at least 250 ms.
A rule moves the stop in the position's favour alone; for the night it may give back a part of that,
and is never further away than when the position was opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from domain.market_rules import stop_on_step
from domain.orders import Side
from domain.plan_rules import one_step_from
from domain.plans import Plan
from domain.price_steps import step_at
from domain.triggers import CONFIRM_SECONDS, Reading
from domain.venue import PriceStep

BETWEEN_MOVES = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class TrailRules:
    """When a move is worth an order."""

    least_steps: int = 2
    """Of the market's price steps."""
    night_room: Decimal = Decimal(0)
    """How much of the way back to its first level a stop goes for the night, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The worst price for the position since `since` (monotonic)."""

    since: float
    worst: Decimal


def confirm(
    standing: Standing | None, reading: Reading, side: Side
) -> tuple[Standing, Decimal | None]:
    """What one more reading makes of it, and the price that has stood for 250 ms, if one has."""
    if standing is None:
        return Standing(reading.at, reading.price), None
    worse = min if side is Side.BUY else max
    worst = worse(standing.worst, reading.price)
    if reading.at - standing.since < CONFIRM_SECONDS:
        return Standing(standing.since, worst), None
    return Standing(reading.at, reading.price), worst


def better(side: Side, one: Decimal | None, other: Decimal) -> Decimal:
    """Which price is better for a position that was opened by this side."""
    if one is None:
        return other
    return max(one, other) if side is Side.BUY else min(one, other)


def trailed(
    plan: Plan,
    best: Decimal,
    price: Decimal,
    now: datetime,
    rules: TrailRules,
    steps: Sequence[PriceStep],
) -> Plan | None:
    """The plan with its stop moved, where its terms and the best price want that; else None.

    `price` is what it would fill at now: the stop stays at least one step behind it.
    """
    trail, entry, sign = plan.terms.trail, plan.entry_price, plan.side.sign
    if trail is None or entry is None or plan.day_stop is not None:
        return None
    if (best - entry) * sign < trail.break_even_after * plan.first_risk:
        return None
    if plan.moved_at is not None and now - plan.moved_at < BETWEEN_MOVES:
        return None
    wanted = better(plan.side, entry, best - sign * trail.distance)
    stop = stop_on_step(wanted, plan.leaving_side, steps)
    if (price - stop) * sign <= 0:
        stop = one_step_from(price, -sign, steps)
    least = rules.least_steps * step_at(plan.stop, steps)
    if (stop - plan.stop) * sign < least:
        return None
    reason = f"trailed: the best price was {best}, the entry's {entry.normalize():f}"
    return replace(plan, stop=stop, best=best, moved_at=now, reason=reason)


def for_the_night(plan: Plan, rules: TrailRules, steps: Sequence[PriceStep]) -> Plan | None:
    """The plan with its stop widened over the close; None where there is no room to give back."""
    if plan.day_stop is not None or not plan.is_open:
        return None
    first = stop_on_step(plan.terms.stop, plan.leaving_side, steps)
    back = (plan.stop - first) * rules.night_room
    stop = stop_on_step(plan.stop - back, plan.leaving_side, steps)
    if (plan.stop - stop) * plan.side.sign <= 0:
        return None
    return replace(plan, stop=stop, day_stop=plan.stop, reason="widened for the night")


def for_the_day(plan: Plan) -> Plan | None:
    """The plan with the stop that it had before the night; None where it was not widened."""
    if plan.day_stop is None:
        return None
    return replace(plan, stop=plan.day_stop, day_stop=None, reason="the night is over")
