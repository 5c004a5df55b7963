"""The ledger and plans: written with their entries, followed by fills, told after the commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from actors import names
from actors.ledger import Ledger
from actors.messages import (
    BookFill,
    BookLoaded,
    FillRecorded,
    GetPlan,
    IntentDurable,
    LoadBook,
    PlanRecorded,
    RecordAdoption,
    RecordIntent,
    RecordPlan,
    RecordState,
)
from adapters.store import open_book, open_emergency
from domain.admission import Admission
from domain.adoption import Adoption
from domain.orders import Order, OrderState, Purpose, Side
from domain.plans import Plan, PlanState
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.store.material import ACCOUNT, BHP, NOON, StandingClock, execution, intent
from tests.store.story import plan_of

LEDGER, ORDERS, READER = names.LEDGER, names.orders(names.IB), "reader"


@contextmanager
def keeping(folder: Path) -> Iterator[Company]:
    """A ledger with its book, and one that reads everything."""

    def build(system: object, seat: object) -> Ledger:
        return Ledger(
            system,  # type: ignore[arg-type]
            seat,  # type: ignore[arg-type]
            open_book=lambda: open_book(folder, "demo", ACCOUNT, StandingClock()),
            open_emergency=lambda: open_emergency(folder / "emergency"),
            readers=(READER,),
            plan_readers=(READER,),
        )

    with gathered({LEDGER: build}, ORDERS, READER, names.DESK, names.NARRATOR) as company:
        yield company


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with keeping(tmp_path) as gathering:
        yield gathering


def order_of(name: str, *, plan: str, side: Side = Side.BUY) -> Order:
    order = intent(name, side=side)
    purpose = Purpose.ENTRY if name == plan else Purpose.EXIT
    return replace(order, request=replace(order.request, plan=plan, purpose=purpose))


def place(company: Company, order: Order, plan: Plan | None = None) -> None:
    admission = Admission(order.request, "ib", Decimal(4510), "AUD", Decimal("45.10"))
    company.put(LEDGER, RecordIntent(admission, 1e12, 1, plan))
    name = order.client_order_id
    company.heard.wait_for(IntentDurable, lambda m: m.order.client_order_id == name)


def enter(company: Company, name: str = "K-1") -> Plan:
    entry = order_of(name, plan=name)
    plan = plan_of(entry)
    place(company, entry, plan)
    return plan


def versions(company: Company, name: str = "K-1") -> list[Plan]:
    answer = company.system.ask(LEDGER, GetPlan(name)).get(timeout=LIMIT)
    return list(answer)


def told(company: Company, version: int, name: str = "K-1") -> Plan:
    message = company.heard.wait_for(
        PlanRecorded, lambda m: (m.plan.plan_id, m.plan.version) == (name, version)
    )
    return message.plan


def test_a_plan_is_written_with_its_entry_and_opened_by_its_fill(company: Company) -> None:
    plan = enter(company)
    assert told(company, 1) == plan
    company.put(LEDGER, BookFill("ib", execution(quantity="60")))
    opened = told(company, 2)
    assert (opened.state, opened.lot, opened.entry_price) == (
        PlanState.OPEN,
        Decimal(60),
        Decimal("45.1"),
    )
    assert opened.opened_at == NOON, "by the time of the trade"
    assert versions(company) == [plan, opened]


def test_readers_hear_of_the_plan_before_they_hear_of_the_position(company: Company) -> None:
    """Else a monitor would take the shares for a holding that no plan guards."""
    enter(company)
    company.put(LEDGER, BookFill("ib", execution()))
    told(company, 2)
    company.heard.wait_for(FillRecorded)
    order = [
        type(m)
        for m in company.heard.of(object)  # type: ignore[type-var]
        if isinstance(m, PlanRecorded | FillRecorded)
    ]
    assert order == [PlanRecorded, PlanRecorded, FillRecorded]


def test_it_is_closed_when_an_exit_of_its_own_has_left_nothing(company: Company) -> None:
    enter(company)
    company.put(LEDGER, RecordState("K-1", OrderState.FILLED))
    company.put(LEDGER, BookFill("ib", execution()))
    told(company, 2)
    place(company, order_of("K-P-1", plan="K-1", side=Side.SELL))
    sale = execution("2.01", order="K-P-1", side=Side.SELL, quantity="40", seconds=1)
    company.put(LEDGER, BookFill("ib", sale))
    assert told(company, 3).lot == Decimal(60)
    rest = execution("3.01", order="K-P-1", side=Side.SELL, quantity="60", seconds=2)
    company.put(LEDGER, BookFill("ib", rest))
    assert told(company, 4).state is PlanState.CLOSED


def test_a_word_that_it_is_filled_closes_nothing_while_its_executions_are_on_the_way(
    company: Company,
) -> None:
    enter(company)
    company.put(LEDGER, RecordState("K-1", OrderState.FILLED))
    company.put(LEDGER, BookFill("ib", execution()))
    assert told(company, 2).state is PlanState.OPEN


def test_an_entry_that_ended_unfilled_closes_it_and_a_late_fill_opens_it(company: Company) -> None:
    enter(company)
    company.put(LEDGER, RecordState("K-1", OrderState.CANCELLED))
    assert told(company, 2).state is PlanState.CLOSED
    company.put(LEDGER, BookFill("ib", execution(quantity="10")))
    assert (told(company, 3).state, told(company, 3).lot) == (PlanState.OPEN, Decimal(10))


def test_a_sale_without_a_plan_is_taken_from_the_oldest(company: Company) -> None:
    for number, name in enumerate(("K-1", "K-2"), 1):
        enter(company, name)
        company.put(LEDGER, RecordState(name, OrderState.FILLED))
        key = f"000{number}.01"
        company.put(LEDGER, BookFill("ib", execution(key, order=name, seconds=number)))
        told(company, 2, name)
    by_hand = intent("K-F-1", side=Side.SELL)
    place(company, by_hand)
    sale = execution("9.01", order="K-F-1", side=Side.SELL, quantity="130", seconds=9)
    company.put(LEDGER, BookFill("ib", sale))
    assert told(company, 3, "K-1").state is PlanState.CLOSED
    assert told(company, 3, "K-2").lot == Decimal(70)
    # A word on the older one's entry changes nothing: what was sold stays sold.
    again = execution("0001.01", revision=2, order="K-1", price="45.00", seconds=1)
    company.put(LEDGER, BookFill("ib", again))
    assert versions(company, "K-2")[-1].lot == Decimal(70)
    assert versions(company, "K-1")[-1].lot == 0


def test_giving_up_a_holding_takes_it_out_of_its_plan(company: Company) -> None:
    enter(company)
    company.put(LEDGER, BookFill("ib", execution()))
    told(company, 2)
    adoption = Adoption("A", "ib", BHP, Decimal(-30), None, Decimal(100), "owner", "mine")
    company.put(LEDGER, RecordAdoption(adoption))
    assert told(company, 3).lot == Decimal(70)


def test_levels_are_the_monitors_and_lots_are_the_ledgers(company: Company) -> None:
    plan = enter(company)
    company.put(LEDGER, BookFill("ib", execution(quantity="60")))
    told(company, 2)
    moved = replace(plan, version=2, stop=Decimal("45.00"), best=Decimal("46.5"), reason="trailed")
    company.put(LEDGER, RecordPlan(moved, "trading.plan_monitor"))
    third = told(company, 3)
    assert (third.stop, third.best, third.reason) == (Decimal("45.00"), Decimal("46.5"), "trailed")
    assert (third.lot, third.state) == (Decimal(60), PlanState.OPEN), "decided on an older version"


def test_the_plan_of_a_holding_is_opened_by_what_is_managed(company: Company) -> None:
    adoption = Adoption("A", "ib", BHP, Decimal(50), Decimal(45), Decimal(0), "owner", "mine")
    company.put(LEDGER, RecordAdoption(adoption))
    plan = replace(plan_of(intent("K-H-1")), wanted=Decimal(50), entry_price=Decimal(45))
    company.put(LEDGER, RecordPlan(plan, "trading.plan_monitor"))
    assert (told(company, 2, "K-H-1").state, told(company, 2, "K-H-1").lot) == (
        PlanState.OPEN,
        Decimal(50),
    )


def test_open_plans_come_with_the_book_after_a_restart(tmp_path: Path) -> None:
    with keeping(tmp_path) as company:
        enter(company)
        company.put(LEDGER, BookFill("ib", execution()))
        told(company, 2)
    with keeping(tmp_path) as company:
        company.put(LEDGER, LoadBook(READER))
        loaded = company.heard.wait_for(BookLoaded)
        assert [(p.plan_id, p.lot) for p in loaded.plans] == [("K-1", Decimal(100))]


def test_a_plan_whose_entry_ended_while_nobody_looked_is_closed_at_the_start(
    tmp_path: Path,
) -> None:
    """As by the emergency file, whose ends go into the book past the ledger's own handlers."""
    with keeping(tmp_path) as company:
        enter(company)
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    book.record_state("K-1", OrderState.REJECTED, NOON)
    book.close()
    with keeping(tmp_path) as company:
        assert told(company, 2).state is PlanState.CLOSED
