"""Stops that follow: a price that stood, in favour alone, seldom, and never wider than at first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.orders import Side
from domain.plan_terms import PlanTerms, Trail
from domain.plans import Plan, PlanState
from domain.price_steps import on_step
from domain.trailing import TrailRules, better, confirm, for_the_day, for_the_night, trailed
from domain.triggers import Reading
from tests.domain.test_prices_and_hours import ASX
from tests.domain.test_triggers import LONG, NOON, SHORT, at

RULES = TrailRules(least_steps=2)
TRAIL = Trail(break_even_after=Decimal(1), distance=Decimal("0.80"))
OPEN = replace(
    LONG,
    terms=PlanTerms(Decimal(44), trail=TRAIL),
    entry_price=Decimal(45),
    target=None,
    state=PlanState.OPEN,
    lot=Decimal(100),
)
SOLD = replace(
    SHORT,
    terms=PlanTerms(Decimal(46), trail=TRAIL),
    entry_price=Decimal(45),
    stop=Decimal(46),
    target=None,
    state=PlanState.OPEN,
    lot=Decimal(100),
)


def stop_after(
    plan: Plan, best: str, price: str | None = None, *, least_steps: int = 2
) -> Decimal | None:
    rules = TrailRules(least_steps)
    moved = trailed(plan, Decimal(best), Decimal(price or best), NOON, rules, ASX)
    return None if moved is None else moved.stop


def test_below_the_gain_it_stays() -> None:
    assert stop_after(OPEN, "45.99") is None
    assert stop_after(SOLD, "44.01") is None
    assert stop_after(replace(OPEN, terms=replace(OPEN.terms, trail=None)), "60") is None
    assert stop_after(replace(OPEN, entry_price=None), "60") is None


def test_a_gain_of_r_moves_it_to_break_even_and_more_behind_the_best_price() -> None:
    assert stop_after(OPEN, "46.00") == Decimal("45.20")
    far = replace(OPEN, terms=replace(OPEN.terms, trail=replace(TRAIL, distance=Decimal(3))))
    assert stop_after(far, "46.00") == Decimal("45.00")
    assert stop_after(SOLD, "44.00") == Decimal("44.80")
    assert stop_after(OPEN, "48.00", "47.50") == Decimal("47.20")


def test_it_stays_behind_the_market() -> None:
    near = replace(OPEN, terms=replace(OPEN.terms, trail=replace(TRAIL, distance=Decimal("0.05"))))
    assert stop_after(near, "48.00", "47.20") == Decimal("47.19")


def test_it_moves_by_enough_steps_and_seldom() -> None:
    at_45_20 = replace(OPEN, stop=Decimal("45.20"), moved_at=NOON - timedelta(seconds=30))
    assert stop_after(at_45_20, "46.01") is None
    assert stop_after(at_45_20, "46.02") == Decimal("45.22")
    assert stop_after(at_45_20, "46.01", least_steps=1) == Decimal("45.21")
    just_now = replace(at_45_20, moved_at=NOON - timedelta(seconds=29))
    assert stop_after(just_now, "47.00") is None


@given(
    st.sampled_from((OPEN, SOLD)),
    st.lists(st.decimals(min_value=40, max_value=50, places=2), max_size=12),
    st.decimals(min_value="0.01", max_value=3, places=2),
)
def test_it_only_ever_moves_in_favour(plan: Plan, prices: list[Decimal], distance: Decimal) -> None:
    terms = replace(plan.terms, trail=replace(TRAIL, distance=distance))
    plan, best, now = replace(plan, terms=terms), None, NOON
    for price in prices:
        now += timedelta(seconds=20)
        best = better(plan.side, best, price)
        moved = trailed(plan, best, price, now, RULES, ASX)
        if moved is None:
            continue
        assert plan.is_tighter(moved.stop)
        assert on_step(moved.stop, ASX)
        assert (price - moved.stop) * plan.side.sign > 0, "it would be reached at once"
        assert plan.moved_at is None or now - plan.moved_at >= timedelta(seconds=30)
        plan = moved


# -- what is followed ------------------------------------------------------------------------


def stood(side: Side, *readings: Reading) -> list[Decimal]:
    standing, prices = None, []
    for reading in readings:
        standing, price = confirm(standing, reading, side)
        prices += [] if price is None else [price]
    return prices


def test_one_print_is_not_followed() -> None:
    readings = at(0, "45"), at(0.3, "45.1"), at(0.4, "99"), at(0.5, "45.2"), at(0.6, "45.2")
    assert stood(Side.BUY, *readings) == [Decimal("45"), Decimal("45.1")]
    assert stood(Side.BUY, at(0, "45"), at(0.3, "99"), at(0.6, "45.1")) == [
        Decimal("45"),
        Decimal("45.1"),
    ]
    assert stood(Side.SELL, at(0, "45"), at(0.1, "1"), at(0.3, "44")) == [Decimal("45")]


# -- the night -----------------------------------------------------------------------------


def test_a_night_gives_back_a_part_and_the_morning_takes_it_again() -> None:
    trailing = replace(OPEN, stop=Decimal("46.00"))
    half = TrailRules(night_room=Decimal("0.5"))
    night = for_the_night(trailing, half, ASX)
    assert night is not None
    assert (night.stop, night.day_stop) == (Decimal("45.00"), Decimal("46.00"))
    assert for_the_night(night, half, ASX) is None, "once"
    assert trailed(night, Decimal(60), Decimal(60), NOON, RULES, ASX) is None
    day = for_the_day(night)
    assert day is not None and (day.stop, day.day_stop) == (Decimal("46.00"), None)
    assert for_the_day(day) is None


def test_without_room_or_before_it_was_trailed_nothing_is_given_back() -> None:
    assert for_the_night(replace(OPEN, stop=Decimal("46.00")), TrailRules(), ASX) is None
    assert for_the_night(OPEN, TrailRules(night_room=Decimal(1)), ASX) is None


@given(
    st.sampled_from((OPEN, SOLD)),
    st.decimals(min_value=0, max_value=3, places=2),
    st.decimals(min_value=0, max_value=1, places=2),
)
def test_a_night_is_never_wider_than_the_first_stop(
    plan: Plan, gained: Decimal, room: Decimal
) -> None:
    sign = plan.side.sign
    plan = replace(plan, stop=plan.stop + sign * gained)
    night = for_the_night(plan, TrailRules(night_room=room), ASX)
    if night is not None:
        assert (night.stop - plan.terms.stop) * sign >= 0
        assert (plan.stop - night.stop) * sign > 0
        assert on_step(night.stop, ASX)
