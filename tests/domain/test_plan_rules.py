"""The plan of an entry: its levels on steps, never to the worse side, never across its price."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.exits import AUCTION_BOUND, SLIP, Urgency, exit_limit, exit_order
from domain.orders import OrderRequest, OrderType, Purpose, Side
from domain.plan_rules import (
    PlanRules,
    changed_levels,
    expected_price,
    first_plan,
    one_step_from,
    plan_of_holding,
    terms_on_steps,
)
from domain.plan_terms import Overnight, PlanTerms
from domain.plans import Plan, PlanChange, PlanError, PlanState, changed, merged
from domain.price_steps import on_step
from tests.domain.test_prices_and_hours import ASX
from tests.domain.test_triggers import BHP, LONG, NOON, SHORT

RULES = PlanRules(trail_after=Decimal(1))


def entry(side: Side = Side.BUY, price: str = "45.10") -> OrderRequest:
    limit = Decimal(price)
    return OrderRequest("K-1", BHP, side, Decimal(100), OrderType.LIMIT, limit_price=limit)


def planned(side: Side, price: str, terms: PlanTerms | None = None) -> Plan:
    return first_plan(
        entry(side, price),
        "ib",
        terms,
        RULES,
        price=Decimal(price),
        steps=ASX,
        at=NOON,
        reason="a test",
    )


@pytest.mark.parametrize(
    ("side", "price", "stop", "target"),
    [
        (Side.BUY, "45.00", "44.82", "45.27"),
        (Side.BUY, "45.10", "44.92", "45.38"),  # 44.9196 up, 45.3706 up
        (Side.SELL, "45.10", "45.28", "44.82"),  # 45.2804 down, 44.8294 down
        (Side.BUY, "0.50", "0.495", "0.505"),  # pushed apart: a step is 1 % here
        (Side.SELL, "0.50", "0.505", "0.495"),
        (Side.BUY, "0.10", "0.099", "0.105"),  # over the edge of a band
        (Side.BUY, "2.00", "1.995", "2.02"),
    ],
)
def test_the_levels_of_the_settings(side: Side, price: str, stop: str, target: str) -> None:
    plan = planned(side, price)
    assert (plan.stop, plan.target) == (Decimal(stop), Decimal(target))
    assert (plan.terms.stop, plan.terms.latest_age) == (Decimal(stop), timedelta(minutes=3))


PRICES = st.decimals(min_value="0.02", max_value="200", places=3)
FRACTIONS = st.decimals(min_value="0.0005", max_value="0.2", places=4)


@given(PRICES, FRACTIONS, FRACTIONS, st.sampled_from(Side))
def test_levels_are_on_steps_and_on_their_own_sides(
    price: Decimal, stop: Decimal, target: Decimal, side: Side
) -> None:
    terms = terms_on_steps(replace(RULES, stop=stop, target=target), side, price, ASX)
    assert terms.target is not None
    assert on_step(terms.stop, ASX) and on_step(terms.target, ASX)
    assert (price - terms.stop) * side.sign > 0
    assert (terms.target - price) * side.sign > 0


@given(PRICES, PRICES, st.sampled_from(Side))
def test_a_stop_is_never_rounded_to_the_worse_side(
    price: Decimal, stop: Decimal, side: Side
) -> None:
    try:
        plan = planned(side, str(price), PlanTerms(stop))
    except PlanError as error:
        assert error.code == "PLAN_CROSSED"
        return
    assert (plan.stop - stop) * side.sign >= 0
    assert on_step(plan.stop, ASX)
    assert plan.terms.stop == stop, "as it was asked for"


@pytest.mark.parametrize(
    ("stop", "target"),
    [("45.10", None), ("45.20", None), ("44", "45"), ("44", "45.10"), ("0", None)],
)
def test_levels_that_cross_are_refused(stop: str, target: str | None) -> None:
    terms = PlanTerms(Decimal(stop), None if target is None else Decimal(target))
    with pytest.raises(PlanError) as caught:
        planned(Side.BUY, "45.10", terms)
    assert caught.value.code == "PLAN_CROSSED"


def test_what_an_entry_is_expected_to_be_filled_at() -> None:
    touch = Decimal("45.00")
    assert expected_price(entry(price="100"), touch) == touch
    assert expected_price(entry(price="30"), touch) == Decimal(30)
    assert expected_price(entry(Side.SELL, "30"), touch) == touch
    assert expected_price(entry(price="30"), None) == Decimal(30)
    stop = replace(entry(), type=OrderType.STOP, limit_price=None, stop_price=Decimal(46))
    assert expected_price(stop, touch) == Decimal(46)
    assert expected_price(replace(stop, stop_price=None), None) is None


def test_the_plan_of_a_holding() -> None:
    plan = plan_of_holding(
        "K-H-1",
        BHP,
        "ib",
        RULES,
        quantity=Decimal(-30),
        price=Decimal(45),
        opened_at=NOON - timedelta(days=9),
        steps=ASX,
        at=NOON,
    )
    assert (plan.side, plan.wanted, plan.entry_price) == (Side.SELL, Decimal(30), Decimal(45))
    assert plan.opened_at == NOON - timedelta(days=9), "its age counts from when it was opened"
    assert plan.stop > 45 > (plan.target or 0)


@given(st.sampled_from((-1, 1)), PRICES)
def test_the_nearest_step_on_a_side(direction: int, price: Decimal) -> None:
    other = one_step_from(price, direction, ASX)
    assert (other - price) * direction > 0
    assert on_step(other, ASX)
    assert abs(other - price) <= Decimal("0.02")


# -- a person's changes --------------------------------------------------------------------


def test_a_stop_is_only_ever_tightened() -> None:
    assert changed(LONG, PlanChange(stop=Decimal("44.5")), "x").stop == Decimal("44.5")
    assert changed(SHORT, PlanChange(stop=Decimal("46.5")), "x").stop == Decimal("46.5")
    for plan, stop in ((LONG, "43.99"), (SHORT, "47.01")):
        with pytest.raises(PlanError) as caught:
            changed(plan, PlanChange(stop=Decimal(stop)), "x")
        assert caught.value.code == "PLAN_STOP_LOOSER"


@pytest.mark.parametrize(
    ("plan", "change", "code"),
    [
        (replace(LONG, state=PlanState.CLOSED), PlanChange(target=Decimal(48)), "PLAN_CLOSED"),
        (LONG, PlanChange(), "PLAN_NOT_CHANGED"),
        (LONG, PlanChange(stop=Decimal(44), target=Decimal(47)), "PLAN_NOT_CHANGED"),
        (LONG, PlanChange(target=Decimal("43.5")), "PLAN_CROSSED"),
        (LONG, PlanChange(stop=Decimal(47)), "PLAN_CROSSED"),
    ],
)
def test_changes_that_are_none(plan: Plan, change: PlanChange, code: str) -> None:
    with pytest.raises(PlanError) as caught:
        changed(plan, change, "x")
    assert caught.value.code == code


def test_a_change_keeps_all_that_it_does_not_name() -> None:
    change = PlanChange(latest_age=timedelta(hours=1), overnight=Overnight.CLOSE)
    after = changed(LONG, change, "by somebody")
    assert after.terms == replace(
        LONG.terms, latest_age=timedelta(hours=1), overnight=Overnight.CLOSE
    )
    assert (after.stop, after.target) == (LONG.stop, LONG.target)


def test_a_stop_tightened_in_the_night_does_not_fall_back_in_the_morning() -> None:
    widened = replace(LONG, stop=Decimal(44), day_stop=Decimal("44.8"))
    assert changed(widened, PlanChange(stop=Decimal("44.5")), "x").day_stop == Decimal("44.8")
    assert changed(widened, PlanChange(stop=Decimal("44.9")), "x").day_stop is None


def test_a_persons_prices_are_put_on_steps() -> None:
    change = PlanChange(stop=Decimal("44.503"), target=Decimal("47.001"))
    put = changed_levels(change, Side.BUY, ASX)
    assert (put.stop, put.target) == (Decimal("44.51"), Decimal("47.01"))
    put = changed_levels(change, Side.SELL, ASX)
    assert (put.stop, put.target) == (Decimal("44.50"), Decimal("47.00"))


def test_what_fills_decide_nobody_else_does() -> None:
    filled = replace(LONG, version=5, lot=Decimal(60), state=PlanState.OPEN)
    wanted = replace(LONG, stop=Decimal("44.5"), reason="trailed", lot=Decimal(999))
    after = merged(filled, wanted)
    assert (after.version, after.lot, after.state) == (6, Decimal(60), PlanState.OPEN)
    assert (after.stop, after.reason) == (Decimal("44.5"), "trailed")


# -- exits ---------------------------------------------------------------------------------


@given(PRICES, st.sampled_from(Side))
def test_an_exit_reaches_beyond_the_quote_and_lies_on_a_step(price: Decimal, side: Side) -> None:
    limit = exit_limit(side, price, SLIP, ASX)
    if limit is None:
        return
    assert on_step(limit, ASX)
    assert (price - limit) * side.sign <= 0
    far = exit_limit(side, price, AUCTION_BOUND, ASX)
    assert far is None or (far - limit) * side.sign >= 0


def test_an_exit_belongs_to_its_plan() -> None:
    request = exit_order("K-P-1", SHORT, Decimal(30), Decimal("45.10"))
    assert (request.side, request.quantity, request.type) == (
        Side.BUY,
        Decimal(30),
        OrderType.LIMIT,
    )
    assert (request.plan, request.purpose) == ("K-1", Purpose.EXIT)
    blind = exit_order("K-P-1", LONG, Decimal(30), None)
    assert (blind.side, blind.type, blind.limit_price) == (Side.SELL, OrderType.MARKET, None)
    assert len(Urgency) == 3
