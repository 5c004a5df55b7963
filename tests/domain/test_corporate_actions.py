"""What says that a share may have been split, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.corporate_actions import (
    Kept,
    Ratio,
    RatioError,
    counted,
    doubt_of_close,
    kept_of,
    key_of,
    ratio_of,
    text_of,
    traded_since,
)
from domain.orders import Side
from domain.plan_terms import PlanTerms, Trail
from domain.plans import Plan, PlanState
from domain.restating import closed_for, successors
from domain.symbols import Symbol
from domain.venue import ExecutionReport, PriceStep

BHP, NOON = Symbol.parse("BHP/AUD"), datetime(2026, 11, 23, 1, tzinfo=UTC)
KEPT = Kept(Decimal(44), Decimal(40), Decimal(100), NOON)
THREE = Decimal(3)


@pytest.mark.parametrize(
    ("close", "doubted"),
    [
        ("40", False),
        ("41.20", False),  # 3 % of 40 is 1.20: at the bound it still agrees
        ("41.21", True),
        ("38.80", False),
        ("38.79", True),
        ("4", True),
        ("44", False),  # the same session's: it was taken for true before
    ],
)
def test_a_new_close_has_to_agree_with_the_last_price_seen(close: str, doubted: bool) -> None:
    assert bool(doubt_of_close(KEPT, Decimal(close), THREE)) is doubted


def test_nothing_is_doubted_that_was_never_seen() -> None:
    assert doubt_of_close(Kept(), Decimal(4), THREE) == ""
    assert doubt_of_close(Kept(close=Decimal(40)), Decimal(4), THREE) == ""


@pytest.mark.parametrize(
    ("held", "traded", "doubted"),
    [
        (100, 0, False),
        (1000, 0, True),
        (10, 0, True),
        (0, 0, True),
        (60, -40, False),
        (60, 0, True),
        (100, -40, True),
        (140, 40, False),
        (0, -100, False),
    ],
)
def test_a_quantity_has_to_follow_from_trades(held: int, traded: int, doubted: bool) -> None:
    later = NOON + timedelta(minutes=5)
    count = counted(KEPT, Decimal(held), Decimal(traded), later)
    assert bool(count.doubt) is doubted
    expected = KEPT if doubted else replace(KEPT, held=Decimal(held), traded_to=later)
    assert count.kept == expected, "what is doubted is not taken for true"


def execution(key: str, side: Side, quantity: int, seconds: int) -> ExecutionReport:
    at = NOON + timedelta(seconds=seconds)
    amount, price = Decimal(quantity), Decimal(40)
    return ExecutionReport(
        *(key, key, 1, None, None, BHP, side, amount, price, at, "ASX", "added", "DU1")
    )


def test_trades_of_one_second_are_told_apart_by_their_keys() -> None:
    done = (execution("a", Side.BUY, 100, 0), execution("b", Side.SELL, 30, 0))
    assert traded_since(done, BHP, NOON, {"a": None}) == (Decimal(-30), NOON)
    assert traded_since(done, BHP, NOON, {"a": None, "b": None}) == (Decimal(0), NOON)
    # After a restart the keys are not known, and later ones are new.
    later = (*done, execution("c", Side.SELL, 20, 60))
    assert traded_since(later, BHP, NOON, None)[0] == -20
    assert traded_since(later, BHP, None, None)[0] == 50
    assert traded_since(later, Symbol.parse("CBA/AUD"), None, None) == (Decimal(0), None)


@pytest.mark.parametrize("kept", [KEPT, Kept(), Kept(Decimal("0.001")), replace(KEPT, last=None)])
def test_what_is_kept_comes_back_from_the_book(kept: Kept) -> None:
    switches = [("paused", "no"), (key_of(BHP), text_of(kept)), (key_of(Symbol("A", "AUD")), "")]
    assert kept_of(switches) == {BHP: kept}


def test_a_ratio_says_new_for_old() -> None:
    assert ratio_of("10:1") == Ratio(Decimal(10), Decimal(1))
    assert ratio_of("10:1").units(Decimal(15)) == 150
    assert ratio_of("1:10").units(Decimal(15)) == 1, "a fraction is paid out"
    assert ratio_of("1:10").units(Decimal(-15)) == -1
    assert ratio_of("10:1").price(Decimal(40)) == 4
    for wrong in ("10", "1:1", "0:1", "-2:1", "a:b", "1:2:3", "NaN:1", ""):
        with pytest.raises(RatioError):
            ratio_of(wrong)


def plan(number: int, lot: str) -> Plan:
    """Bought at 43.21; its stop is on no step of what comes after."""
    return Plan(
        *(f"K-{number}", 3, BHP, "ib", Side.BUY, Decimal(lot)),
        terms=PlanTerms(Decimal("42.35"), Decimal("44.51"), Trail(Decimal(1), Decimal("0.5"))),
        stop=Decimal("42.35"),
        target=Decimal("44.51"),
        created_at=NOON,
        reason="a test",
        state=PlanState.OPEN,
        lot=Decimal(lot),
        entry_price=Decimal("43.21"),
        opened_at=NOON,
    )


def test_plans_go_on_in_new_units_with_their_dates() -> None:
    step = (PriceStep(Decimal(0), Decimal("0.01")),)
    [one] = successors([plan(1, "100")], ratio_of("10:1"), ["K-H-1"], step)
    after = one.after
    assert (after.plan_id, after.version) == ("K-H-1", 1)
    assert after.lot == after.wanted == 1000
    assert (after.stop, after.target) == (Decimal("4.24"), Decimal("4.46")), "never the worse step"
    assert (after.entry_price, after.opened_at) == (Decimal("4.321"), NOON)
    assert after.terms.trail == Trail(Decimal(1), Decimal("0.05"))
    ended = closed_for(one)
    assert (ended.plan_id, ended.version) == ("K-1", 4)
    assert ended.state is PlanState.CLOSED and ended.lot == 0


def test_fractions_of_several_plans_that_make_a_whole_unit_are_not_lost() -> None:
    step = (PriceStep(Decimal(0), Decimal("0.01")),)
    plans = [plan(1, "15"), plan(2, "15"), plan(3, "4")]
    after = successors(plans, ratio_of("1:10"), ["a", "b", "c"], step)
    assert [each.after.lot for each in after] == [2, 1], "34 of old ones are 3 whole new ones"
