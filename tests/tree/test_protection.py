"""What is held stands under its stop, judged by the gateway's wire log and the broker's books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from actors import names
from actors.ledger import Ledger
from actors.messages import LeavePlan, PlanAnswer, RecordAudit, Standing
from adapters.store import SqliteBook
from domain.exits import Urgency
from simulators.model import BrokerOrder
from tests.pains.acts import taken, wait_for_quote
from tests.pains.agreement import at_broker, held, status_at_broker
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import SOON, until

BHP = "BHP/AUD"


@contextmanager
def guarded(stage: Stage) -> Iterator[Tree]:
    wait_for_open_market()
    with stage.tree(PROTECT_ENTRIES="true", PLAN_STOP="2", PLAN_TARGET="3") as tree:
        tree.wait_until_ready()
        yield tree


def open_stops(stage: Stage) -> list[BrokerOrder]:
    """At work in the broker's books, and not waiting for a parent."""
    orders = (o for o in stage.books().orders if o.is_open and o.request.stop_price is not None)
    return [order for order in orders if order.why_held != "child"]


def covered(stage: Stage) -> bool:
    """The broker's own stops stand over what the account holds, neither more nor less."""
    return sum(order.remaining for order in open_stops(stage)) == held(stage.books())


def until_covered(stage: Stage, seconds: float = SOON) -> None:
    until(lambda: covered(stage), "stops at the broker cover what is held", seconds)


def colour(tree: Tree) -> str:
    rows = [row for row in tree.get("/positions")["items"] if row["symbol"] == BHP]
    guard = rows[0]["protection"] if rows else None
    return guard["colour"] if guard is not None else ""


def until_green(tree: Tree) -> None:
    until(lambda: colour(tree) == "GREEN", "it is GREEN")


def sent(stage: Stage, prefix: str) -> list[tuple[str, ...]]:
    """placeOrder messages of orders whose id begins so, as the gateway logged them."""
    messages = stage.wire().from_client(3)
    return [m.fields for m in messages if m.fields[26].startswith(prefix)]


def leave(tree: Tree, plan_id: str) -> None:
    """As a person asks for it."""
    wish = LeavePlan(tree.clock.monotonic() + SOON, plan_id, "a test", Urgency.PRICED, "a person")
    answer = tree.system.ask(names.PLAN_MONITOR, wish).get(timeout=SOON)
    assert isinstance(answer, PlanAnswer) and not answer.code, answer


def test_an_entry_leaves_as_one_piece_with_its_stop(stage: Stage) -> None:
    stage.play()
    with guarded(stage) as tree:
        taken(tree, "KLP-1", quantity="100")
        tree.wait_for_state("KLP-1", "FILLED")
        until_covered(stage)
        until_green(tree)
        entry, target, stop = sent(stage, "KLP-1")
        assert [f[26] for f in (entry, target, stop)] == ["KLP-1", "KLP-1-T", "KLP-1-S"]
        assert [f[27] for f in (entry, target, stop)] == ["0", "0", "1"], "transmit"
        assert [f[28] for f in (target, stop)] == [entry[1], entry[1]], "their parent"
        assert stop[18] == "STP" and stop[21] == "GTC" and stop[32] == "2", "its trigger is said"
        assert (target[22], stop[22]) == ("KLP-1.1", "KLP-1.1")
        # The same body again is the same order, though the desk has added to it.
        taken(tree, "KLP-1", quantity="100")
        assert len(sent(stage, "KLP-1")) == 3
        assert "GREEN" in str(tree.get("/actors/trading.protection")["state"]["guards"][BHP])


def test_stops_that_the_exchange_purges_come_back(stage: Stage) -> None:
    stage.play()
    with guarded(stage) as tree:
        taken(tree, "KLP-1", quantity="100")
        tree.wait_for_state("KLP-1", "FILLED")
        until_green(tree)
        stage.control.do("purge_orders", symbol=BHP)
        until(lambda: status_at_broker(stage, "KLP-1-S2") == "PreSubmitted", "a stop anew")
        until_covered(stage)
        assert at_broker(stage, "KLP-1-S2").request.oca_group == "KLP-1.2", "another group"
        until_green(tree)


@pytest.mark.parametrize("fate", ["cancelled", "kept"])
def test_an_entry_cancelled_after_a_part_ends_protected(stage: Stage, fate: str) -> None:
    stage.play()
    stage.control.do("change_habits", habits={"children_of_part_filled_parent": fate})
    with guarded(stage) as tree:
        bid = wait_for_quote(tree) - 1
        taken(tree, "KLP-1", quantity="100", type="LIMIT", limit_price=str(bid))
        tree.wait_for_state("KLP-1", "WORKING")
        stage.control.do("fill", order_ref="KLP-1", quantity=40)
        # Its children sleep: shares are not left bare for the sake of the rest.
        until(lambda: status_at_broker(stage, "KLP-1") == "Cancelled", "the rest is taken back")
        until_covered(stage)
        assert held(stage.books()) == 40
        until_green(tree)


def test_a_process_killed_between_finds_what_it_left_bare(stage: Stage) -> None:
    """The stop goes while nobody is there; the next process asks the venue, and places it anew."""
    stage.play()
    with guarded(stage) as tree:
        taken(tree, "KLP-1", quantity="100")
        tree.wait_for_state("KLP-1", "FILLED")
        until_green(tree)
    stage.control.do("purge_orders", symbol=BHP)
    assert open_stops(stage) == []
    with guarded(stage) as tree:
        until_covered(stage)
        until_green(tree)
        [stop] = open_stops(stage)
        assert stop.request.oca_group == "KLP-1.2"


def test_an_exit_reprices_the_target_and_the_stop_goes_with_it(stage: Stage) -> None:
    stage.play()
    with guarded(stage) as tree:
        taken(tree, "KLP-1", quantity="100")
        tree.wait_for_state("KLP-1", "FILLED")
        until_green(tree)
        leave(tree, "KLP-1")
        until(lambda: held(stage.books()) == 0, "it is out")
        until(lambda: not [o for o in stage.books().orders if o.is_open], "nothing is left over")
        assert at_broker(stage, "KLP-1-T").status == "Filled"
        assert len(sent(stage, "KLP-1")) == 4, "bracket, and one change of the target"


def test_with_the_disk_dead_an_exit_joins_the_group_and_nothing_is_sold_twice(
    stage: Stage,
) -> None:
    """No order is changed while the book is not written, and the target would have to be."""
    stage.play()
    with guarded(stage) as tree:
        taken(tree, "KLP-1", quantity="100")
        tree.wait_for_state("KLP-1", "FILLED")
        until_green(tree)
        ledger = tree.system.seat(names.LEDGER).occupant
        assert isinstance(ledger, Ledger) and isinstance(ledger.book, SqliteBook)
        connection = ledger.book.connection
        (pages,) = connection.rows("PRAGMA page_count")[0]
        connection.rows(f"PRAGMA max_page_count = {pages}")
        tree.system.tell(names.LEDGER, RecordAudit("a test", "something large", "x" * 60_000))
        until(
            lambda: bool(tree.system.inspect(names.LEDGER).get(timeout=SOON)["outage"]),
            "the ledger knows",
        )
        leave(tree, "KLP-1")
        until(lambda: held(stage.books()) == 0, "it is out")
        until(lambda: not [o for o in stage.books().orders if o.is_open], "nothing is left over")
        connection.rows("PRAGMA max_page_count = 1000000")
        tree.wait_for_state("KLP-1-S", "CANCELLED")
        until(tree.settled, "all is handled")
        assert held(stage.books()) == 0
        assert not [o for o in stage.books().orders if o.is_open]


def test_flatten_is_not_fought(stage: Stage) -> None:
    stage.play()
    with guarded(stage) as tree:
        taken(tree, "KLP-1", quantity="100")
        tree.wait_for_state("KLP-1", "FILLED")
        until_green(tree)
        assert tree.call("POST", "/trading/flatten", {"symbols": [BHP]}).status_code == 202
        until(lambda: held(stage.books()) == 0, "it is out")
        until(lambda: not [o for o in stage.books().orders if o.is_open], "nothing is left over")
        executions = stage.books().executions
        assert sum(e.order.request.side.sign * e.quantity for e in executions) == Decimal(0)


@pytest.mark.parametrize("state", ["paused", "disarmed"])
def test_protection_goes_on_while_entries_may_not(stage: Stage, state: str) -> None:
    stage.play()
    with guarded(stage) as tree:
        taken(tree, "KLP-1", quantity="100")
        tree.wait_for_state("KLP-1", "FILLED")
        until_green(tree)
        if state == "paused":
            assert tree.call("POST", "/trading/pause", {"reason": "a test"}).status_code == 200
        else:
            tree.system.ask(names.DESK, Standing(False, "a mismatch", "")).get(timeout=SOON)
        stage.control.do("cancel_order", order_ref="KLP-1-S")
        until(lambda: status_at_broker(stage, "KLP-1-S2") == "PreSubmitted", "a stop anew")
        until_covered(stage)
        until_green(tree)
