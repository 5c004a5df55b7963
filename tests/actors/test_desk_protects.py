"""The desk and protection: stops leave with entries, RED holds them, an exit joins a group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from actors import names
from actors.desk import Desk
from actors.messages import (
    FillRecorded,
    GuardChanged,
    LoadBook,
    OrderRecorded,
    PlanRecorded,
    PositionChanged,
    Propose,
    ProposeAmend,
    RecordIntent,
    Standing,
    Verdict,
)
from domain.amendments import Wanted
from domain.guard import Colour, Guard
from domain.order_groups import Protection as Stop
from domain.order_groups import bracket
from domain.orders import OrderRequest, OrderState, OrderType, Purpose, Side
from domain.plan_rules import PlanRules
from domain.plans import PlanState
from domain.venue import PositionReport
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.actors.test_desk import AROUND, DESK, MONITOR, OPTIONS, all_is_well
from tests.actors.test_protection import ENTRY, ME, NARRATOR, PLAN, STOP, order, position
from tests.store.material import ACCOUNT, BHP, NOON


@pytest.fixture
def desk() -> Iterator[Company]:
    options = replace(OPTIONS, protect_entries=True, plan_rules=PlanRules())
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    around = (names.LEDGER, MONITOR, ME, NARRATOR, names.STARTS, names.LIVE_GATE)
    with gathered(actors, *around, *AROUND) as company:
        company.heard.wait_for(LoadBook)
        all_is_well(company)
        company.tell(DESK, Standing(False, "", ""))
        yield company


def ask(company: Company, request: OrderRequest, *attached: OrderRequest) -> Verdict:
    until = company.clock.monotonic() + 5
    propose = Propose(until, request, "a person", "a test", attached)
    verdict = company.system.ask(DESK, propose).get(timeout=LIMIT)
    assert isinstance(verdict, Verdict)
    return verdict


def test_every_entry_leaves_with_the_stop_of_its_plan(desk: Company) -> None:
    entry = replace(ENTRY, plan=None)
    assert ask(desk, entry).admitted
    intent = desk.heard.wait_for(RecordIntent)
    requests = [each.request for each in intent.admission.members]
    assert [r.client_order_id for r in requests] == ["K-1", "K-1-T", "K-1-S"]
    target, stop = requests[1:]
    assert intent.plan is not None
    assert (stop.stop_price, target.limit_price) == (intent.plan.stop, intent.plan.target)
    assert {(r.plan, r.oca_group, r.parent) for r in (target, stop)} == {("K-1", "K-1.1", "K-1")}


def test_an_entry_that_brings_its_stop_keeps_it_and_its_levels_are_the_plans(
    desk: Company,
) -> None:
    entry = replace(ENTRY, plan=None)
    own = bracket(entry, Stop(Decimal("43.21")), None).attached
    assert ask(desk, entry, *own).admitted
    intent = desk.heard.wait_for(RecordIntent)
    assert [each.request.stop_price for each in intent.admission.attached] == [Decimal("43.21")]
    assert intent.plan is not None and intent.plan.stop == Decimal("43.21")


def test_entries_that_cancel_each_other_are_refused(desk: Company) -> None:
    one = replace(ENTRY, plan=None, oca_group="G")
    other = replace(one, client_order_id="K-2", limit_price=Decimal("44.90"))
    assert ask(desk, one, other).code == "ENTRY_UNPROTECTED"


def test_nothing_is_opened_in_a_symbol_that_is_red(desk: Company) -> None:
    red = Guard(BHP, Colour.RED, NOON, "its stop is gone")
    desk.tell(DESK, GuardChanged(red))
    refused = ask(desk, replace(ENTRY, plan=None))
    assert refused.code == "SYMBOL_ON_HOLD" and "its stop is gone" in refused.sentence
    desk.tell(DESK, GuardChanged(replace(red, colour=Colour.AMBER)))
    assert ask(desk, replace(ENTRY, plan=None)).admitted


def test_an_exit_may_join_the_group_of_the_stop_and_no_other(desk: Company) -> None:
    """Beside it the venue could fill both; in it, one at a time."""
    held = PositionReport(ACCOUNT, BHP, "BHP", Decimal(100), Decimal(45))
    desk.tell(DESK, FillRecorded(None, position(), False))  # type: ignore[arg-type]
    desk.tell(
        DESK, PositionChanged(names.IB, held), OrderRecorded(order(replace(STOP, parent=None)))
    )
    exit = OrderRequest(
        "K-1-E-1",
        BHP,
        Side.SELL,
        Decimal(100),
        OrderType.LIMIT,
        Decimal(45),
        purpose=Purpose.EXIT,
        plan="K-1",
    )
    assert ask(desk, exit).code == "MORE_THAN_HELD"
    assert ask(desk, replace(exit, oca_group="K-1.2")).code == "MORE_THAN_HELD"
    assert ask(desk, replace(exit, oca_group="K-1.1")).admitted


def test_a_stop_or_an_exit_of_a_plan_is_no_plan_of_its_own(desk: Company) -> None:
    """It would be one of a short position, watched and counted as such."""
    held = PositionReport(ACCOUNT, BHP, "BHP", Decimal(100), Decimal(45))
    desk.tell(DESK, FillRecorded(None, position(), False))  # type: ignore[arg-type]
    desk.tell(DESK, PositionChanged(names.IB, held))
    assert ask(desk, replace(STOP, client_order_id="K-1-S2", parent=None)).admitted
    intent = desk.heard.wait_for(RecordIntent)
    assert (intent.admission.request.plan, intent.plan) == ("K-1", None)


def test_an_entry_is_not_changed_against_its_own_plan() -> None:
    """Where a symbol may have one plan, its pending entry is that one, and stands in no way."""
    rules = PlanRules()
    options = replace(OPTIONS, protect_entries=True, plan_rules=rules, max_plans_per_symbol=1)
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    around = (names.LEDGER, MONITOR, ME, NARRATOR, names.STARTS, names.LIVE_GATE)
    with gathered(actors, *around, *AROUND) as company:
        company.heard.wait_for(LoadBook)
        all_is_well(company)
        company.tell(DESK, Standing(False, "", ""))
        pending = replace(PLAN, state=PlanState.PENDING, lot=Decimal(0))
        works = order(ENTRY, OrderState.WORKING)
        company.tell(DESK, PlanRecorded(pending), OrderRecorded(works))
        assert ask(company, replace(ENTRY, client_order_id="K-2", plan=None)).code == (
            "TOO_MANY_PLANS"
        )
        until, wanted = company.clock.monotonic() + 5, Wanted(limit_price=Decimal("45.01"))
        amend = ProposeAmend(until, "K-1", "A-1", wanted, "a person")
        verdict = company.system.ask(DESK, amend).get(timeout=LIMIT)
        assert verdict.admitted, verdict
