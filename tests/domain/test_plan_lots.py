"""What each plan holds: never more than is managed, and closed when it is flat."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.orders import Side
from domain.plan_lots import Flow, allot, followed, unplanned
from domain.plans import Plan, PlanState
from tests.domain.test_triggers import LONG, NOON, SHORT

ZERO = Decimal(0)


def flow(entered: int = 0, left: int = 0, *, may_enter: bool = False) -> Flow:
    return Flow(Decimal(entered), Decimal(45) if entered else None, Decimal(left), may_enter)


def after(plan: Plan, flow: Flow, managed: int) -> Plan | None:
    changed = followed([(plan, flow)], Decimal(managed), NOON)
    return changed[0] if changed else None


def test_the_first_fill_opens_it() -> None:
    opened = after(LONG, flow(40, may_enter=True), 40)
    assert opened is not None
    assert (opened.state, opened.lot, opened.opened_at) == (PlanState.OPEN, Decimal(40), NOON)
    assert (opened.version, opened.entry_price) == (2, Decimal(45))
    more = followed([(opened, flow(60))], Decimal(60), NOON + timedelta(hours=1))[0]
    assert (more.lot, more.opened_at) == (Decimal(60), NOON)


def test_nothing_changed_is_no_version() -> None:
    opened = after(LONG, flow(40), 40)
    assert opened is not None
    assert after(opened, flow(40), 40) is None
    assert after(LONG, flow(may_enter=True), 0) is None


def test_it_is_closed_when_its_lot_is_flat_and_no_more_can_come() -> None:
    opened = replace(LONG, state=PlanState.OPEN, lot=Decimal(40))
    closed = after(opened, flow(40, 40), 0)
    assert closed is not None
    assert (closed.state, closed.reason) == (PlanState.CLOSED, "its lot is flat")
    waiting = after(opened, flow(40, 40, may_enter=True), 0)
    assert waiting is not None and waiting.state is PlanState.OPEN


def test_an_entry_that_ended_without_a_fill_closes_it() -> None:
    closed = after(LONG, flow(), 0)
    assert closed is not None
    assert (closed.state, closed.reason) == (PlanState.CLOSED, "its entry ended without a fill")


def test_a_late_fill_opens_it_again() -> None:
    opened = after(replace(LONG, state=PlanState.CLOSED), flow(10), 10)
    assert opened is not None
    assert (opened.state, opened.lot) == (PlanState.OPEN, Decimal(10))


def test_what_left_without_a_plan_is_taken_from_the_oldest() -> None:
    two = [(LONG, flow(100)), (replace(LONG, plan_id="K-2"), flow(100))]
    assert allot(two, Decimal(150)) == [Decimal(50), Decimal(100)]
    assert allot(two, Decimal(70)) == [ZERO, Decimal(70)]
    assert allot(two, Decimal(250)) == [Decimal(100), Decimal(100)]


def test_plans_on_both_sides_net_out() -> None:
    two = [(LONG, flow(100)), (SHORT, flow(30))]
    assert allot(two, Decimal(70)) == [Decimal(70), ZERO]
    assert allot(two, ZERO) == [ZERO, ZERO]
    assert allot([(SHORT, flow(30))], Decimal(-30)) == [Decimal(30)]


AMOUNTS = st.integers(0, 200)


@given(
    st.lists(st.tuples(st.sampled_from(Side), AMOUNTS, AMOUNTS), max_size=6),
    st.integers(-400, 400),
)
def test_plans_never_hold_more_than_is_managed(
    parts: list[tuple[Side, int, int]], managed: int
) -> None:
    plans = [
        (replace(LONG, plan_id=f"K-{n}", side=side), flow(entered, left))
        for n, (side, entered, left) in enumerate(parts)
    ]
    lots = allot(plans, Decimal(managed))
    assert all(ZERO <= lot <= each.lot for lot, (_, each) in zip(lots, plans, strict=True))
    assert sum(lots) <= abs(managed)
    held = [replace(plan, lot=lot) for lot, (plan, _) in zip(lots, plans, strict=True)]
    assert unplanned(held, Decimal(managed)) == abs(managed) - sum(lots)
    wanted = sum(f.lot for plan, f in plans if plan.side.sign * managed > 0)
    assert sum(lots) == min(wanted, abs(managed))
