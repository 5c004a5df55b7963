"""Near misses about orders: dialogs that hold them back (IBAutomater #104, Lean-IB #251), a
read-only API (IBC #10), the stops of others (trading_skills #37), a child's change with its
parent's id (ib_insync #647), positions that lag fills (ib_async #15, lumibot PR #1171).

On lower levels: tests/actors/test_orders.py, tests/actors/test_resync.py, tests/tree/
test_order_changes.py, tests/simulators/test_gateway_linked.py.
"""

from __future__ import annotations

from decimal import Decimal

from simulators.tws.protocol import Request
from tests.pains.acts import LIMIT, buy, refused, rest, taken, venue_row, wait_for_quote
from tests.pains.agreement import BHP, assert_agreed, at_broker, held
from tests.pains.conftest import Stage
from tests.pains.hurried import hurried
from tests.tree.waiting import until

_POSITION_END = 62


def test_orders_that_a_dialog_holds_back_are_neither_ended_nor_sent_again(stage: Stage) -> None:
    """As under stacked dialogs; all go to the market at once when it is answered."""
    stage.play("near_orders_held_by_a_dialog")
    wanted = [f"KLP-{number:02}" for number in range(15)]
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        for name in wanted:
            taken(tree, name, **LIMIT)
        until(lambda: set(stage.wire().orders_per_ref()) == set(wanted), "all are at the gateway")
        # Asked for its lists meanwhile, the gateway shows none of them: that proves nothing yet.
        asked = len(stage.wire().from_client(Request.ALL_OPEN_ORDERS))
        assert tree.call("POST", "/reconcile").status_code == 202
        until(lambda: len(stage.wire().from_client(Request.ALL_OPEN_ORDERS)) > asked, "lists come")
        until(tree.ready, "reconciled")
        left = lambda: {tree.state(name) for name in wanted} <= {"SENT", "UNKNOWN"}  # noqa: E731
        until(left, "all have left")
        assert tree.get("/account")["working_orders"] == 15, "each counts"
        assert stage.books().orders == (), "nothing is at the broker"
        stage.control.end("dialog")
        for name in wanted:
            tree.wait_for_state(name, "WORKING")
        assert_agreed(stage, tree)
    assert stage.wire().from_client(Request.CANCEL_ORDER) == []


def test_a_read_only_gateway_is_said_once_and_not_tried_again_and_again(stage: Stage) -> None:
    """Its 321 answers the preview already: no order leaves, and the words say what to change."""
    stage.play("near_read_only")
    with stage.tree() as tree:
        tree.wait_until_ready()
        code, detail = refused(tree, "KLP-1", **LIMIT)
        assert code == "PREVIEW_REFUSED" and "read-only" in detail.lower()
        assert stage.wire().orders_per_ref() == {}
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        taken(tree, "KLP-2", **LIMIT)
        tree.wait_for_state("KLP-2", "REJECTED")
        assert "321" in tree.get("/orders/KLP-2")["reason"]
        until(tree.settled, "all is handled")
    assert stage.wire().orders_per_ref() == {"KLP-2": 1}
    assert stage.books().orders == ()


def test_the_stop_of_somebody_else_is_shown_and_left_alone(stage: Stage) -> None:
    """Not ours, so neither counted as protection nor cleaned up; and never sold beside it."""
    stage.play(hurried(stage.folder, "near_anothers_stop", 10))
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        until(lambda: len(stage.books().orders) == 2, "somebody enters a stop")
        until(
            lambda: (
                tree.call("POST", "/reconcile").status_code == 202
                and venue_row(tree)["foreign_orders"] == 1
            ),
            "it is seen as another's",
            every=0.3,
        )
        assert [order["client_order_id"] for order in tree.get("/orders")["items"]] == ["KLP-1"]
        # The one share that it would sell is not sold a second time; the others are ours to sell.
        until(lambda: tree.get("/positions")["items"][0]["held"] == "20", "it is held")
        code, detail = refused(tree, "KLP-2", side="SELL")
        assert code == "MORE_THAN_HELD" and "orders of others work for 1" in detail.lower()
        taken(tree, "KLP-3", side="SELL", quantity="19")
        tree.wait_for_state("KLP-3", "FILLED")
        assert tree.call("POST", "/reconcile").status_code == 202
        until(tree.settled, "all is handled")
        assert_agreed(stage, tree)
    [foreign] = [o for o in stage.books().orders if not o.request.order_ref]
    assert foreign.is_open and foreign.request.stop_price == 10
    assert stage.wire().from_client(Request.CANCEL_ORDER) == []
    assert stage.wire().from_client(Request.GLOBAL_CANCEL) == []


def test_orders_of_another_client_and_account_are_never_touched(stage: Stage) -> None:
    """A start, a reconciliation and a flat day: what others have working goes on working."""
    stage.play()
    stage.control.do("manual_order", symbol="BHP/AUD", side="BUY", quantity=20, limit_price=30)
    stage.control.do("manual_order", symbol="CBA/AUD", side="BUY", quantity=5, limit_price=10)
    with stage.tree() as tree:
        tree.wait_until_ready()
        until(lambda: venue_row(tree)["foreign_orders"] == 2, "they are seen")
        rest(tree, "KLP-1")
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "CANCELLED")
        assert tree.get("/account")["working_orders"] == 0
    assert len([o for o in stage.books().orders if o.is_open]) == 2
    assert len(stage.wire().from_client(Request.CANCEL_ORDER)) == 1, "our own alone"


def test_a_childs_change_that_is_answered_with_135_leaves_the_child_as_it_was(
    stage: Stage,
) -> None:
    stage.play("near_child_change_135")
    with stage.tree() as tree:
        tree.wait_until_ready()
        entry = wait_for_quote(tree) + Decimal("0.05")
        bracket = tree.propose(
            "KLP-1",
            type="LIMIT",
            limit_price=str(entry),
            protection={"stop_price": str(entry - 2)},  # type: ignore[arg-type]
            target={"limit_price": str(entry + 3)},  # type: ignore[arg-type]
        )
        assert bracket.status_code == 202, bracket.text
        tree.wait_for_state("KLP-1", "FILLED")
        until(lambda: tree.state("KLP-1-S") == "HELD", "the stop stands")
        moved = tree.call("PATCH", "/orders/KLP-1-S", {"stop_price": str(entry - 1)})
        assert moved.status_code == 202, moved.text
        until(
            lambda: (
                tree.get("/orders/KLP-1-S")["amendments"][0]["state"] in ("CONFIRMED", "REFUSED")
            ),
            "the change is settled",
        )
        settled = tree.get("/orders/KLP-1-S")
        there = at_broker(stage, "KLP-1-S")
        assert there.is_open and there.request.stop_price == Decimal(settled["stop_price"])
        assert settled["state"] in ("HELD", "WORKING")
        # Whatever came of the change, the stop is still in hand, and it is the only one.
        assert tree.call("DELETE", "/orders/KLP-1-S").status_code == 202
        tree.wait_for_state("KLP-1-S", "CANCELLED")
        assert_agreed(stage, tree)


def test_positions_that_lag_the_fills_are_no_mismatch_and_move_nothing(stage: Stage) -> None:
    """The list is complete and older than the fill: nobody buys or sells to mend it."""
    stage.play(hurried(stage.folder, "near_positions_lag_fills", 4))
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        lists = len(stage.wire().to_client(_POSITION_END))
        assert tree.call("POST", "/reconcile").status_code == 202
        until(lambda: len(stage.wire().to_client(_POSITION_END)) > lists, "the lists come")
        until(tree.settled, "and are judged")
        assert venue_row(tree)["mismatches"] == [] and tree.ready()
        [position] = [p for p in tree.get("/positions")["items"] if p["symbol"] == "BHP/AUD"]
        assert position["managed"] == "20"
        assert_agreed(stage, tree)
        assert venue_row(tree)["mismatches"] == []
    assert stage.wire().orders_per_ref() == {"KLP-1": 1}
    assert held(stage.books(), BHP) == 20
