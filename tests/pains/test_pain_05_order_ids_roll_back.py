"""Pain 5: order ids of the API are handed out again, and callbacks hit two orders
(Lean-IB #242; NautilusTrader #4247; ib_insync #80, #308).

The identities that a link keeps stand in `tests/ib/test_identities.py`.
"""

from __future__ import annotations

from decimal import Decimal

from simulators.tws.protocol import Reply
from tests.pains.again import prove_absent, ready_again
from tests.pains.agreement import assert_agreed, at_broker
from tests.pains.conftest import Stage
from tests.pains.hurried import hurried
from tests.tree.in_process import Tree
from tests.tree.waiting import until


def rest(tree: Tree, name: str, price: str = "30", **terms: str) -> None:
    answer = tree.propose(name, type="LIMIT", limit_price=price, **terms)
    assert answer.status_code == 202, answer.text
    tree.wait_for_state(name, "WORKING")


def test_no_event_of_a_new_order_reaches_an_old_one_of_the_same_id(stage: Stage) -> None:
    stage.play(hurried(stage.folder, "pain_05_order_ids_roll_back", 5.0))
    with stage.tree(watched=False, ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-OLD")
        ready_again(stage, tree, links=2)
        rest(tree, "KLP-NEW", "31", quantity="30")
        old, new = at_broker(stage, "KLP-OLD"), at_broker(stage, "KLP-NEW")
        assert old.perm_id != new.perm_id
        assert old.is_open and new.is_open
        assert (
            tree.get("/orders/KLP-OLD")["venue_order_id"]
            != (tree.get("/orders/KLP-NEW")["venue_order_id"])
        )

        # Each thing that can happen to the new one, and the old one stays as it was.
        stage.control.do("fill", order_ref="KLP-NEW", quantity=10)
        until(lambda: tree.get("/orders/KLP-NEW")["filled"] == "10", "part of the new one")
        stage.control.do("order_error", order_ref="KLP-NEW", code=202)
        changed = tree.call("PATCH", "/orders/KLP-NEW", {"limit_price": "30.50"})
        assert changed.status_code == 202, changed.text
        until(
            lambda: at_broker(stage, "KLP-NEW").request.limit_price == Decimal("30.50"),
            "the new one is changed",
        )
        assert tree.call("DELETE", "/orders/KLP-NEW").status_code == 202
        tree.wait_for_state("KLP-NEW", "CANCELLED")
        until(tree.settled, "all facts are handled")
        untouched = tree.get("/orders/KLP-OLD")
        assert (untouched["state"], untouched["filled"]) == ("WORKING", "0")
        assert at_broker(stage, "KLP-OLD").is_open
        assert at_broker(stage, "KLP-OLD").request.limit_price == 30

        # And the old one's own events are its own.
        stage.control.do("fill", order_ref="KLP-OLD")
        tree.wait_for_state("KLP-OLD", "FILLED")
        assert tree.get("/orders/KLP-NEW")["filled"] == "10"
        assert_agreed(stage, tree)


def test_103_leads_to_a_fresh_id_and_not_to_a_second_order(stage: Stage) -> None:
    """What 103 refused ends as not sent, by proof; the next order is taken."""
    stage.play("pain_05_duplicate_order_id")
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        for name in ("KLP-1", "KLP-2"):
            rest(tree, name)
            assert tree.call("DELETE", f"/orders/{name}").status_code == 202
            tree.wait_for_state(name, "CANCELLED")
    # A process of its own has no memory of the ids but the gateway's word and the lists.
    with stage.tree(watched=False, ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        first = tree.propose("KLP-3", type="LIMIT", limit_price="30")
        assert first.status_code == 202, first.text
        prove_absent(stage, tree, "KLP-3")
        assert any("103" in m.fields for m in stage.wire().to_client(Reply.ERROR))
        rest(tree, "KLP-4")
        [third], [fourth] = (stage.wire().placements(name) for name in ("KLP-3", "KLP-4"))
        assert fourth.order_id > third.order_id + 1, "well beyond what was used"
        assert {o.request.order_ref for o in stage.books().orders} == {"KLP-1", "KLP-2", "KLP-4"}
        assert_agreed(stage, tree, KLP_3=1)
