"""The plan of an entry: its own terms, or the settings', with levels on its market's steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from domain.market_rules import stop_on_step
from domain.orders import OrderRequest, Side
from domain.plan_terms import Overnight, PlanTerms, Trail
from domain.plans import Plan, PlanChange, check_sides
from domain.price_steps import ceil_to_step, floor_to_step, step_at
from domain.symbols import Symbol
from domain.venue import PriceStep


@dataclass(frozen=True, slots=True)
class PlanRules:
    """The terms of an entry that brings none, as fractions of its price; 0 is none of it."""

    stop: Decimal = Decimal("0.004")
    target: Decimal = Decimal("0.006")
    trail_after: Decimal = Decimal(0)
    """A gain of so many times the first distance to the stop moves it to the entry's price."""
    trail_distance: Decimal = Decimal("0.004")
    """How far behind the best price it follows from then on."""
    latest_age: timedelta = timedelta(minutes=3)
    overnight: Overnight = Overnight.HOLD


def terms_at(rules: PlanRules, side: Side, price: Decimal) -> PlanTerms:
    """The terms of the settings for an entry at this price."""
    sign = side.sign
    trail = None
    if rules.trail_after:
        trail = Trail(rules.trail_after, rules.trail_distance * price)
    return PlanTerms(
        stop=price * (1 - sign * rules.stop),
        target=price * (1 + sign * rules.target) if rules.target else None,
        trail=trail,
        latest_age=rules.latest_age or None,
        overnight=rules.overnight,
    )


def terms_on_steps(
    rules: PlanRules, side: Side, price: Decimal, steps: Sequence[PriceStep]
) -> PlanTerms:
    """The same with its levels on steps, at least one apart from the price."""
    terms = terms_at(rules, side, price)
    stop, target = _apart(*levels(terms, side, steps), side, price, steps)
    return replace(terms, stop=stop, target=target)


def expected_price(request: OrderRequest, touch: Decimal | None) -> Decimal | None:
    """What an entry will be filled at if nothing moves: its own price, or the touch if better."""
    own = request.limit_price if request.limit_price is not None else request.stop_price
    if own is None or touch is None:
        return own if touch is None else touch
    if request.type.needs_stop:
        return own
    return min(own, touch) if request.side is Side.BUY else max(own, touch)


def first_plan(
    request: OrderRequest,
    venue: str,
    terms: PlanTerms | None,
    rules: PlanRules,
    *,
    price: Decimal,
    steps: Sequence[PriceStep],
    at: datetime,
    reason: str,
) -> Plan:
    """The plan of an entry that is expected to be filled at `price`.

    Terms of the settings are pushed apart where the steps of the market are too coarse for them;
    what somebody has asked for is refused where it crosses.

    Raises:
        PlanError: `PLAN_CROSSED`.
    """
    terms = terms or terms_on_steps(rules, request.side, price, steps)
    stop, target = levels(terms, request.side, steps)
    check_sides(request.side, stop, target, price)
    return Plan(
        plan_id=request.client_order_id,
        version=1,
        symbol=request.symbol,
        venue=venue,
        side=request.side,
        wanted=request.quantity,
        terms=terms,
        stop=stop,
        target=target,
        created_at=at,
        reason=reason,
    )


def plan_of_holding(
    plan_id: str,
    symbol: Symbol,
    venue: str,
    rules: PlanRules,
    *,
    quantity: Decimal,
    price: Decimal,
    opened_at: datetime,
    steps: Sequence[PriceStep],
    at: datetime,
) -> Plan:
    """The plan of what is managed and no entry's plan guards; `quantity` is signed."""
    side = Side.BUY if quantity > 0 else Side.SELL
    terms = terms_on_steps(rules, side, price, steps)
    return Plan(
        plan_id=plan_id,
        version=1,
        symbol=symbol,
        venue=venue,
        side=side,
        wanted=abs(quantity),
        terms=terms,
        stop=terms.stop,
        target=terms.target,
        created_at=at,
        reason="a holding without a plan, given the terms of the settings",
        entry_price=price,
        opened_at=opened_at,
    )


def levels(
    terms: PlanTerms, side: Side, steps: Sequence[PriceStep]
) -> tuple[Decimal, Decimal | None]:
    """Stop and target on steps: the stop never to the worse side, the target never nearer."""
    leaving = Side.SELL if side is Side.BUY else Side.BUY
    stop = stop_on_step(terms.stop, leaving, steps)
    if terms.target is None:
        return stop, None
    up = side is Side.BUY
    target = ceil_to_step(terms.target, steps) if up else floor_to_step(terms.target, steps)
    return stop, target


def changed_levels(change: PlanChange, side: Side, steps: Sequence[PriceStep]) -> PlanChange:
    """A person's change with its prices on steps, rounded as the levels of an entry are."""
    stop, target = change.stop, change.target
    if stop is not None:
        stop = levels(PlanTerms(stop), side, steps)[0]
    if target is not None:
        target = levels(PlanTerms(target, target), side, steps)[1]
    return replace(change, stop=stop, target=target)


def _apart(
    stop: Decimal,
    target: Decimal | None,
    side: Side,
    price: Decimal,
    steps: Sequence[PriceStep],
) -> tuple[Decimal, Decimal | None]:
    """At least one step between entry and stop, and between entry and target."""
    sign = side.sign
    if (price - stop) * sign <= 0:
        stop = one_step_from(price, -sign, steps)
    if target is not None and (target - price) * sign <= 0:
        target = one_step_from(price, sign, steps)
    return stop, target


def one_step_from(price: Decimal, direction: int, steps: Sequence[PriceStep]) -> Decimal:
    """The nearest price on a step that is above (1) or below (-1) this one."""
    if direction > 0:
        up = ceil_to_step(price, steps)
        return up if up > price else ceil_to_step(price + step_at(price, steps), steps)
    down = floor_to_step(price, steps)
    if down < price:
        return down
    # On the edge of a band the steps below are the finer ones.
    return floor_to_step(price - min(step.increment for step in steps), steps)
