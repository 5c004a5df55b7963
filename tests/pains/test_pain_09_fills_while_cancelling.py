"""Pain 9: an order whose cancel is pending can still fill; code that resends on "not active"
doubles up (ib_insync #491, ibsync PR #23; Lean-IB PR #248, PR #256).

The races as values: `tests/domain/test_order_life.py`; of a change and a cancel:
`tests/tree/test_order_changes.py`.
"""

from __future__ import annotations

from decimal import Decimal

from actors import names
from simulators.tws.protocol import Reply, Request
from tests.pains.agreement import assert_agreed, at_broker, held
from tests.pains.by_hand import by_hand
from tests.pains.conftest import Stage
from tests.pains.hurried import hurried
from tests.tree.hanging import hanging
from tests.tree.in_process import Tree
from tests.tree.waiting import until

SLOWLY = "pain_09_fill_while_cancelling"
HOLDING = 100
RESTS_AT = "90"
"""An offer that nobody takes while the market stands still."""


def buy(stage: Stage, tree: Tree) -> None:
    tree.wait_until_ready()
    answer = tree.propose("KLP-BUY", quantity=str(HOLDING))
    assert answer.status_code == 202, answer.text
    tree.wait_for_state("KLP-BUY", "FILLED")
    assert held(stage.books()) == HOLDING
    until(lambda: at_desk(tree) == (HOLDING, 0), "the desk knows it")


def at_desk(tree: Tree) -> tuple[int, int]:
    """What the desk may sell of, and how many orders it counts as open."""
    view = tree.desk()
    [quantity] = [min(p.managed, p.held) for p in view.positions] or [Decimal(0)]
    return int(quantity), view.working_orders


def held_at_desk(tree: Tree) -> Decimal:
    """By the venue's last word."""
    return max((p.held for p in tree.desk().positions), default=Decimal(0))


def reserved(tree: Tree) -> Decimal:
    """A$ that the desk holds back for what may still be filled."""
    return Decimal(tree.get("/account")["reserved"])


def offer(tree: Tree, name: str, quantity: str) -> str:
    """Offer so many; the code of the refusal, if it is refused."""
    terms = {"side": "SELL", "type": "LIMIT", "limit_price": RESTS_AT, "quantity": quantity}
    answer = tree.propose(name, **terms)
    return "" if answer.status_code == 202 else str(answer.json()["code"])


def test_a_replacement_waits_for_the_end_and_is_sized_on_the_true_remainder(stage: Stage) -> None:
    """A cancel, 60 % filled, then Cancelled: of 100 there are 40 left to sell."""
    stage.play(by_hand(stage.folder, SLOWLY, fired=("fill",), held=("slow",)))
    with stage.tree(watched=False) as tree:
        buy(stage, tree)
        assert offer(tree, "KLP-OLD", "100") == ""
        tree.wait_for_state("KLP-OLD", "WORKING")
        assert tree.call("DELETE", "/orders/KLP-OLD").status_code == 202
        until(lambda: stage.wire().scenario("pending"), "PendingCancel is said")
        until(lambda: tree.get("/orders/KLP-OLD")["pending_change"] == "CANCEL", "and known")
        assert tree.state("KLP-OLD") == "WORKING", "a wish to cancel is no end"
        for name, quantity in (("KLP-EARLY", "100"), ("KLP-ONE", "1")):
            assert offer(tree, name, quantity) == "MORE_THAN_HELD", "all of it is offered still"

        with hanging(tree.system, names.LEDGER):
            stage.control.fire("fill")
            until(lambda: held_at_desk(tree) == 40, "told before the fill is on the disk")
        until(lambda: tree.get("/orders/KLP-OLD")["filled"] == "60", "60 % fill meanwhile")
        assert held(stage.books()) == HOLDING - 60
        stage.control.end("slow")
        until(lambda: at_broker(stage, "KLP-OLD").is_open is False, "cancelled at the broker")
        tree.wait_for_state("KLP-OLD", "CANCELLED")
        detail = tree.get("/orders/KLP-OLD")
        assert (detail["filled"], detail["remaining"]) == ("60", "40")

        until(lambda: at_desk(tree) == (40, 0), "the desk knows it")
        assert offer(tree, "KLP-ALL", "100") == "MORE_THAN_HELD", "what was asked for first"
        assert offer(tree, "KLP-NEW", "40") == ""
        tree.wait_for_state("KLP-NEW", "WORKING")
        assert sent_after_the_end(stage, "KLP-OLD", "KLP-NEW")
        placed = stage.wire().orders_per_ref()
        assert placed == {"KLP-BUY": 1, "KLP-OLD": 1, "KLP-NEW": 1}
        assert_agreed(stage, tree)


def sent_after_the_end(stage: Stage, old: str, new: str) -> bool:
    """The replacement left Kelpie only once the gateway had said that the old one is over."""
    order_id = str(at_broker(stage, old).request.order_id)
    ends = [
        message.monotonic
        for message in stage.wire().to_client(Reply.ORDER_STATUS)
        if order_id in message.fields and "Cancelled" in message.fields
    ]
    [placed] = stage.wire().placements(new)
    return min(ends) < placed.message.monotonic


def test_a_purchase_that_fills_by_part_while_it_is_cancelled_grows_the_position_so(
    stage: Stage,
) -> None:
    stage.play(by_hand(stage.folder, SLOWLY, fired=("fill",), held=("slow",)))
    with stage.tree() as tree:
        tree.wait_until_ready()
        terms = {"type": "LIMIT", "limit_price": "30", "quantity": "100"}
        assert tree.propose("KLP-1", **terms).status_code == 202
        tree.wait_for_state("KLP-1", "WORKING")
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        until(lambda: stage.wire().scenario("pending"), "the cancel is there")
        stage.control.fire("fill")
        until(lambda: tree.get("/orders/KLP-1")["filled"] == "60", "60 % fill meanwhile")
        until(lambda: reserved(tree) == 40 * 30, "the rest still counts")
        assert tree.state("KLP-1") == "WORKING"
        stage.control.end("slow")
        tree.wait_for_state("KLP-1", "CANCELLED")
        assert held(stage.books()) == 60
        until(lambda: reserved(tree) == 0, "nothing counts any more")
        assert len(stage.wire().from_client(Request.CANCEL_ORDER)) == 1
        assert_agreed(stage, tree)


def test_a_cancel_that_comes_too_late_leaves_the_order_filled(stage: Stage) -> None:
    """10148 is no word on the order: it has filled, whole."""
    stage.play(hurried(stage.folder, "pain_09_cancel_too_late", 4.0))
    with stage.tree() as tree:
        tree.wait_until_ready()
        answer = tree.propose("KLP-1", type="LIMIT", limit_price="30")
        assert answer.status_code == 202, answer.text
        tree.wait_for_state("KLP-1", "WORKING")
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "FILLED")
        errors = (Reply.ERROR,)
        until(
            lambda: [
                m for m in stage.wire().messages if m.message_id in errors and "10148" in m.fields
            ],
            "the cancel is answered with 10148",
        )
        until(tree.settled, "it is handled")
        detail = tree.get("/orders/KLP-1")
        assert (detail["state"], detail["filled"]) == ("FILLED", "20")
        assert_agreed(stage, tree)
