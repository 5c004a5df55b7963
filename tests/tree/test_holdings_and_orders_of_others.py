"""What others hold and have working in the account: seen, counted, and left alone; and what a
person gives to Kelpie of it, or takes away.
"""

from __future__ import annotations

import json
import shutil
from decimal import Decimal

import pytest

from simulators.tws.protocol import Request
from tests.pains.acts import buy, refused, rest, taken, venue_row, written
from tests.pains.agreement import BHP, held
from tests.pains.conftest import Stage
from tests.tree.person import (
    ANOTHERS_CLIENT,
    KELPIES_CLIENT,
    Sits,
    audited,
    managed,
    place,
    sell_by_hand,
    trades_again,
)
from tests.tree.waiting import until

pytestmark = pytest.mark.timeout(150)


# -- positions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sold", "rule", "give_up"), [(8, "POSITION_SHORT", 8), (30, "POSITION_OPPOSITE", 20)]
)
def test_what_somebody_sold_by_hand_is_given_up(
    stage: Stage, sits: Sits, sold: int, rule: str, give_up: int
) -> None:
    # The broker finds shares for whoever sells more than they have.
    stage.play(written(stage.folder, "a test", '[habits]\nshort_sale = "locate"'))
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        person = sits(tree)
        sell_by_hand(stage, sold)
        status, row = person.reconciles()
        assert (status, [each["rule"] for each in row["mismatches"]]) == (1, [rule])
        assert f"kelpie adopt BHP/AUD -{give_up}" in row["mismatches"][0]["cure"]
        assert refused(tree, "KLP-2")[0] == "SYMBOL_ON_HOLD"

        word = ("adopt", "BHP/AUD", f"-{give_up}")
        status, said = person.says(*word, "--dry-run")
        assert status == 0 and f"by Kelpie   20 -> {20 - give_up}" in said
        status, said = person.says(*word)  # nobody is there to say yes
        assert status == 1 and "Nothing was changed." in said
        assert managed(tree) == 20
        status, said = person.says("adopt", "BHP/AUD", "-21", "--yes")
        assert status == 1 and "GIVE_UP_MORE_THAN_MANAGED" in said
        status, said = person.says(*word, "--yes", "--reason", "sold by hand")
        assert status == 0 and "Done: " in said
        until(lambda: managed(tree) == 20 - give_up, "it is given up")
        assert person.reconciles()[0] == 0
        trades_again(stage, tree, "KLP-3")
        assert stage.wire().orders_per_ref() == {"KLP-1": 1, "KLP-3": 1}, "nothing was traded"
    [detail] = audited(stage, "adopt")
    assert f"20 managed becomes {20 - give_up}" in detail and "sold by hand" in detail


def test_what_others_bought_can_be_taken_over_and_sold_then(stage: Stage, sits: Sits) -> None:
    stage.play()
    stage.control.do("manual_order", symbol="BHP/AUD", side="BUY", quantity=20, limit_price=60)
    until(lambda: held(stage.books(), BHP) == 20, "somebody bought by hand")
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        person = sits(tree)
        assert person.reconciles()[0] == 0, "what is somebody else's is no mismatch"
        assert refused(tree, "KLP-1", side="SELL")[0] == "MORE_THAN_HELD"
        status, said = person.says("adopt", "BHP/AUD", "21", "--yes")
        assert status == 1 and "ADOPT_MORE_THAN_EXTERNAL" in said
        status, said = person.says("adopt", "BHP/AUD", "15", "--yes", "--json")
        made = json.loads(said)
        cost = stage.books().positions[BHP].average_cost
        assert (status, made["done"], made["managed_after"]) == (0, True, "15")
        assert abs(Decimal(made["price"]) - cost) < Decimal("0.0001"), "the venue's average cost"
        until(lambda: managed(tree) == 15, "it is Kelpie's")
    # It is in the book, for the next start as for every later one.
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        until(lambda: managed(tree) == 15, "it is Kelpie's still")
        assert refused(tree, "KLP-2", side="SELL", quantity="16")[0] == "MORE_THAN_HELD"
        taken(tree, "KLP-3", side="SELL", quantity="15")
        tree.wait_for_state("KLP-3", "FILLED")
        until(lambda: held(stage.books(), BHP) == 5, "what is somebody else's stays")


# -- orders of others, and two under one id ------------------------------------------------------


def test_orders_of_others_are_shown_and_counted_and_left_alone(stage: Stage, sits: Sits) -> None:
    stage.play()
    stage.control.do("manual_order", symbol="BHP/AUD", side="BUY", quantity=20, limit_price=30)
    place(stage, ANOTHERS_CLIENT, "KLP-9", limit="31")
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        person = sits(tree)
        assert person.reconciles()[0] == 0
        rows = tree.get("/orders/foreign")["items"]
        seen = sorted((r["client_id"], r["remaining"], r["limit_price"]) for r in rows)
        assert [(c, float(q), float(p)) for c, q, p in seen] == [
            (0, 20.0, 30.0),
            (ANOTHERS_CLIENT, 10.0, 31.0),
        ]
        assert {row["whose"] for row in rows} == {"OTHERS"}
        account = tree.get("/account")
        assert (account["foreign_orders"], account["working_orders"]) == (2, 0)
        assert Decimal(account["foreign_reserved"]) == 20 * 30 + 10 * 31
        assert tree.call("DELETE", "/orders/KLP-9").status_code == 404
    assert stage.wire().from_client(Request.CANCEL_ORDER) == []


def test_an_order_of_another_book_is_shown_and_never_managed(stage: Stage, sits: Sits) -> None:
    """Our client and our prefix, from a book that is not there any more."""
    stage.play()
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
    shutil.rmtree(stage.folder / "state")
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        person = sits(tree)
        status, row = person.reconciles()
        assert (status, row["mismatches"], row["unknowns"]) == (0, [], [])
        [order] = row["foreign"]
        assert (order["whose"], order["client_order_id"]) == ("NOT_IN_BOOK", "KLP-1")
        assert tree.get("/orders")["items"] == []
        assert Decimal(tree.get("/account")["foreign_reserved"]) == 20 * 30
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 404
        until(lambda: any("the book never wrote" in line for line in tree.said), "it is told")
    [there] = stage.books().orders
    assert there.is_open and stage.wire().from_client(Request.CANCEL_ORDER) == []


def test_two_open_orders_under_one_id_are_both_shown_and_one_is_cancelled(
    stage: Stage, sits: Sits
) -> None:
    stage.play()
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
    [ours] = stage.books().orders
    place(stage, KELPIES_CLIENT, "KLP-1", limit="31")
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        until(lambda: tree.desk().venues[0].reconciled, "the lists are compared")
        person = sits(tree)
        assert person.reconciles()[0] == 1
        assert person.rules("mismatches") == ["DUPLICATE_ORDER"]
        assert [alert["code"] for alert in venue_row(tree)["alerts"]] == ["DUPLICATE_ORDER"]
        [stranger] = tree.get("/orders/foreign")["items"]
        assert stranger["whose"] == "UNDER_OUR_ID"
        assert stranger["venue_order_id"] != str(ours.perm_id)
        tree.wait_until_ready()
        assert refused(tree, "KLP-2")[0] == "SYMBOL_ON_HOLD"

        # The command means ours, and no other that bears its id.
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "CANCELLED")
        still_open = [o.perm_id for o in stage.books().orders if o.is_open]
        assert still_open == [int(stranger["venue_order_id"])]
        assert person.reconciles()[0] == 0
        until(lambda: venue_row(tree)["alerts"] == [], "the alert is over")
        assert len(tree.get("/orders/foreign")["items"]) == 1, "counted and shown, as before"
        trades_again(stage, tree, "KLP-3")
