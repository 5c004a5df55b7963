"""Each way in which ledger and venue may differ, in a real tree before a real gateway: it is found
by its rule, it holds back its symbol, and a command of a person's ends it.

The same on the level of values: tests/domain/test_reconciliation.py.
"""

from __future__ import annotations

import pytest

from simulators.tws.protocol import Request
from tests.pains.acts import refused, rest, taken, written
from tests.pains.again import leap
from tests.pains.agreement import BHP, held
from tests.pains.conftest import Stage
from tests.tree.person import (
    KELPIES_CLIENT,
    Sits,
    audited,
    managed,
    place,
    trades_again,
)
from tests.tree.waiting import until

pytestmark = pytest.mark.timeout(150)


# -- orders whose fate is not known ------------------------------------------------------------


@pytest.mark.parametrize("filled", [False, True], ids=["cancelled", "filled"])
def test_a_gtc_order_that_ended_while_nobody_looked_is_settled_by_a_person(
    stage: Stage, sits: Sits, filled: bool
) -> None:
    """Cancelled, or filled, on another day of the gateway: no list shows it any more."""
    stage.play()
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1", tif="GTC")
    if filled:
        stage.control.do("fill", order_ref="KLP-1", price=30)
    else:
        stage.control.do("cancel_order", order_ref="KLP-1")
    stage.control.do("forget_executions")
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_for_state("KLP-1", "UNKNOWN")
        person = sits(tree)
        status, row = person.reconciles()
        assert (status, [each["rule"] for each in row["unknowns"]]) == (1, ["ORDER_VANISHED"])
        assert "kelpie resolve KLP-1" in row["unknowns"][0]["cure"]
        tree.wait_until_ready()
        assert refused(tree, "KLP-2")[0] == "SYMBOL_ON_HOLD"
        outcome = ("--filled", "20", "--price", "30") if filled else ("--absent",)
        assert person.says("resolve", "KLP-1", *outcome, "--dry-run")[0] == 0
        assert tree.state("KLP-1") == "UNKNOWN", "only shown"
        assert person.says("resolve", "KLP-1", *outcome, "--yes")[0] == 0
        until(tree.settled, "it is written")
        assert person.reconciles()[0] == 0
        assert managed(tree) == held(stage.books(), BHP) == (20 if filled else 0)
        trades_again(stage, tree, "KLP-3")
    assert len(audited(stage, "resolve")) == 1


# -- orders of which the two say different things ------------------------------------------------


def told_wrong(stage: Stage, rules: str) -> None:
    """A gateway that plays these rules."""
    stage.play(written(stage.folder, "a test", rules))


def test_fills_that_are_counted_and_never_told_are_settled_by_a_person(
    stage: Stage, sits: Sits
) -> None:
    told_wrong(
        stage,
        '[[rule]]\non = "execDetails"\nmatch = { order_ref = "KLP-1" }\ntimes = "always"\n'
        'do = "drop"\n',
    )
    with stage.tree(ENTRY_PREVIEWS="false", watched=False) as tree:
        tree.wait_until_ready()
        taken(tree, "KLP-1")
        until(lambda: held(stage.books(), BHP) == 20, "it fills at the venue")
        person = sits(tree)
        person.reconciles()
        assert person.rules("mismatches") == ["FILLED_MORE_THERE"]
        for _ in range(5):
            leap(stage, tree, 12.5)
            until(tree.settled, "it is asked for again")
        tree.wait_for_state("KLP-1", "UNKNOWN")
        word = ("resolve", "KLP-1", "--filled", "20", "--price", "43.42", "--yes")
        assert person.says(*word)[0] == 0
        tree.wait_for_state("KLP-1", "FILLED")
        status, row = person.reconciles()
        assert (status, row["mismatches"], row["unknowns"]) == (0, [], [])
        trades_again(stage, tree, "KLP-3")


def test_what_is_booked_and_not_counted_ends_with_the_order(stage: Stage, sits: Sits) -> None:
    told_wrong(
        stage,
        '[[rule]]\non = "orderStatus"\nmatch = { order_ref = "KLP-1", status = "Submitted" }\n'
        'times = "always"\ndo = "set"\nwith = { change = { filled = "0" } }\n',
    )
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
        stage.control.do("fill", order_ref="KLP-1", quantity=8, price=30)
        until(lambda: managed(tree) == 8, "a part of it is booked")
        person = sits(tree)
        assert person.reconciles()[0] == 1
        assert person.rules("mismatches") == ["FILLED_LESS_THERE"]
        assert refused(tree, "KLP-2")[0] == "SYMBOL_ON_HOLD"
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "CANCELLED")
        assert person.reconciles()[0] == 0
        trades_again(stage, tree, "KLP-3")


def test_an_order_that_is_another_one_at_the_venue_is_cancelled(stage: Stage, sits: Sits) -> None:
    told_wrong(
        stage,
        '[[rule]]\non = "openOrder"\nmatch = { order_ref = "KLP-1" }\ntimes = "always"\n'
        'do = "set"\nwith = { change = { side = "SELL" } }\n',
    )
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
        person = sits(tree)
        assert person.reconciles()[0] == 1
        assert person.rules("mismatches") == ["ORDER_IS_ANOTHER"]
        assert refused(tree, "KLP-2")[0] == "SYMBOL_ON_HOLD"
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "CANCELLED")
        assert person.reconciles()[0] == 0
        trades_again(stage, tree, "KLP-3")


def test_one_whose_id_names_another_at_the_venue_is_settled_and_the_other_left(
    stage: Stage, sits: Sits
) -> None:
    """Ours went away unseen, and our own client has something else under its id."""
    stage.play()
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1", tif="GTC")
    stage.control.do("cancel_order", order_ref="KLP-1")
    stage.control.do("forget_executions")
    place(stage, KELPIES_CLIENT, "KLP-1", limit="31")
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_for_state("KLP-1", "UNKNOWN")
        person = sits(tree)
        assert person.reconciles()[0] == 1
        assert person.rules("mismatches") == ["ORDER_ID_OF_ANOTHER"]
        assert person.rules("unknowns") == ["ORDER_VANISHED"]
        assert person.says("resolve", "KLP-1", "--absent", "--yes")[0] == 0
        tree.wait_for_state("KLP-1", "NOT_SENT")
        status, row = person.reconciles()
        assert (status, row["mismatches"], row["unknowns"]) == (0, [], [])
        assert [each["whose"] for each in row["foreign"]] == ["UNDER_OUR_ID"]
        trades_again(stage, tree, "KLP-3")
    assert stage.wire().from_client(Request.CANCEL_ORDER) == []


def test_one_that_was_said_to_be_over_and_is_not_is_taken_up_and_can_be_cancelled(
    stage: Stage, sits: Sits
) -> None:
    stage.play()
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
        stage.control.do("send_status", order_ref="KLP-1", status="Cancelled")
        tree.wait_for_state("KLP-1", "CANCELLED")
        person = sits(tree)
        person.reconciles()
        tree.wait_for_state("KLP-1", "WORKING")
        assert person.reconciles()[0] == 0
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        until(lambda: not any(o.is_open for o in stage.books().orders), "it is cancelled there")
        tree.wait_for_state("KLP-1", "CANCELLED")
    assert stage.wire().orders_per_ref() == {"KLP-1": 1}
