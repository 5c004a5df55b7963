"""Plans on the disk: every version is kept as it was, and what their orders traded is added up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.store import SqliteBook, book_path, open_book
from adapters.store.connection import Connection
from domain.orders import Order, OrderState, Purpose, Side
from domain.plans import PlanState
from tests.store.material import ACCOUNT, BHP, NOON, StandingClock, execution, intent
from tests.store.story import plan_of


def entry(name: str = "K-1") -> Order:
    order = intent(name)
    return replace(order, request=replace(order.request, plan=name))


def exit_of(plan: str, name: str) -> Order:
    order = intent(name, side=Side.SELL)
    return replace(order, request=replace(order.request, plan=plan, purpose=Purpose.EXIT))


def test_every_version_comes_back_as_it_was_written(book: SqliteBook) -> None:
    first = plan_of(entry())
    second = replace(
        first,
        version=2,
        state=PlanState.OPEN,
        lot=Decimal(60),
        entry_price=Decimal("45.123"),
        opened_at=NOON,
        best=Decimal("46.00"),
        moved_at=NOON,
        day_stop=Decimal("44.5"),
        target=None,
        terms=replace(first.terms, trail=None, latest_age=None, target=None),
    )
    for plan in (first, second):
        book.plans.record(plan, NOON, "c")
    assert book.plans.versions("K-1") == [first, second]
    assert book.plans.one("K-1") == second
    assert book.plans.open() == book.plans.open_in("ib", BHP) == [second]
    book.plans.record(replace(second, version=3, state=PlanState.CLOSED), NOON, "c")
    assert book.plans.open() == book.plans.open_in("ib", BHP) == []
    assert [plan.version for plan in book.plans.newest(9, BHP, PlanState.CLOSED)] == [3]
    assert book.plans.newest(9, None, PlanState.OPEN) == []
    assert book.plans.one("K-2") is None


def test_a_version_is_never_written_twice(book: SqliteBook) -> None:
    plan = plan_of(entry())
    book.plans.record(plan, NOON, "c")
    with pytest.raises(Exception, match="UNIQUE"):
        book.plans.record(plan, NOON, "c")
    assert book.plans.versions("K-1") == [plan]


def test_what_the_orders_of_a_plan_traded(book: SqliteBook) -> None:
    plan = plan_of(entry())
    book.record_intent(entry(), "c")
    book.record_intent(exit_of("K-1", "K-1-S"), "c")
    book.record_intent(exit_of("K-9", "K-OTHER"), "c")
    flow = book.plans.flow(plan)
    assert (flow.entered, flow.left, flow.may_enter) == (Decimal(0), Decimal(0), True)
    book.book_fill("ib", execution(quantity="60", price="45.00"), NOON)
    book.book_fill("ib", execution("2.01", quantity="20", price="45.40", seconds=1), NOON)
    sale = execution("3.01", order="K-1-S", side=Side.SELL, quantity="30", seconds=2)
    book.book_fill("ib", sale, NOON)
    other = execution("4.01", order="K-OTHER", side=Side.SELL, quantity="7", seconds=3)
    book.book_fill("ib", other, NOON)
    book.record_state("K-1", OrderState.CANCELLED, NOON)
    flow = book.plans.flow(plan)
    assert (flow.entered, flow.entry_price) == (Decimal(80), Decimal("45.1"))
    assert (flow.left, flow.lot, flow.may_enter) == (Decimal(30), Decimal(50), False)


def test_the_plan_of_a_holding_entered_what_it_was_made_for(book: SqliteBook) -> None:
    plan = replace(plan_of(entry("K-H-1")), entry_price=Decimal(45))
    flow = book.plans.flow(plan)
    assert (flow.entered, flow.entry_price) == (Decimal(100), Decimal(45))
    assert not flow.may_enter


def test_an_order_keeps_its_plan_over_a_restart(tmp_path: Path) -> None:
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    book.record_intent(entry(), "c")
    book.close()
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    [order] = book.open_orders()
    book.close()
    assert order == entry()


def test_open_plans_are_found_by_an_index(tmp_path: Path) -> None:
    """However many versions there have been."""
    open_book(tmp_path, "demo", ACCOUNT, StandingClock()).close()
    connection = Connection(book_path(tmp_path, "demo", ACCOUNT))
    sql = (
        "EXPLAIN QUERY PLAN SELECT plan_id FROM plans WHERE newest = 1 AND state != 'CLOSED' "
        "AND symbol = ? AND venue = ? ORDER BY created_us, plan_id"
    )
    [how, *_] = connection.rows(sql, ("BHP/AUD", "ib"))
    connection.close()
    assert "plans_open" in how[3]
