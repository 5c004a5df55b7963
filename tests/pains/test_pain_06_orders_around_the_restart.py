"""Pain 6: orders sent in the seconds around the scheduled restart disappear without any answer
(Lean-IB #242, #93, PR #257; ibx #116).

Proofs of absence as values stand in `tests/domain/test_reconciliation.py`, the windows in
`tests/domain/test_maintenance.py`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from simulators.tws.protocol import Request
from tests.pains.again import doubted, prove_absent, ready_again
from tests.pains.agreement import assert_agreed, status_at_broker
from tests.pains.conftest import Stage
from tests.pains.hurried import hurried
from tests.tree.in_process import Tree
from tests.tree.waiting import until


def reserved(tree: Tree) -> Decimal:
    """A$ that are held back for what may still be filled."""
    return Decimal(tree.get("/account")["reserved"])


def send(tree: Tree, name: str) -> None:
    answer = tree.propose(name, type="LIMIT", limit_price="30")
    assert answer.status_code == 202, answer.text


def asked_after_the_restart(stage: Stage, request: Request) -> bool:
    sessions = stage.wire().sockets(17)
    return any(m.session == sessions[-1].session for m in stage.wire().from_client(request))


def test_what_the_gateway_never_saw_is_unknown_until_it_is_proven_absent(stage: Stage) -> None:
    """Then it ends as not sent, aloud, and is never sent again by itself."""
    stage.play(hurried(stage.folder, "pain_06_order_lost_in_restart", 5.0))
    with stage.tree(watched=False, ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        send(tree, "KLP-1")
        until(lambda: len(stage.wire().placements("KLP-1")) == 1, "it is on the wire")
        until(lambda: doubted(tree, "KLP-1"), "asked for on the next link, and not there")
        tree.wait_for_state("KLP-1", "UNKNOWN")
        until(tree.settled, "the desk has heard it")
        assert asked_after_the_restart(stage, Request.ALL_OPEN_ORDERS)
        assert asked_after_the_restart(stage, Request.COMPLETED_ORDERS)
        assert asked_after_the_restart(stage, Request.EXECUTIONS)
        assert stage.books().orders == ()
        assert reserved(tree) >= 600, "it counts at its worst"
        blocked = tree.propose("KLP-2", type="LIMIT", limit_price="30")
        assert blocked.status_code == 409, blocked.text

        prove_absent(stage, tree, "KLP-1")
        assert reserved(tree) == 0
        assert "never came there" in tree.get("/orders/KLP-1")["reason"]
        until(
            lambda: any(line.startswith("ENDED     KLP-1 not sent") for line in tree.said),
            "it is said",
        )
        # The next one goes through; the one that was lost stays lost.
        send(tree, "KLP-3")
        tree.wait_for_state("KLP-3", "WORKING")
        assert [len(stage.wire().placements(n)) for n in ("KLP-1", "KLP-2", "KLP-3")] == [1, 0, 1]
        assert [o.request.order_ref for o in stage.books().orders] == ["KLP-3"]
        assert_agreed(stage, tree, KLP_1=1)


def test_what_the_gateway_took_and_filled_is_found_and_not_ordered_twice(stage: Stage) -> None:
    stage.play(hurried(stage.folder, "pain_06_order_seen_in_restart", 5.0))
    with stage.tree(watched=False, ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        send(tree, "KLP-1")
        until(
            lambda: status_at_broker(stage, "KLP-1") == "Filled",
            "filled while nobody listens",
        )
        tree.wait_for_state("KLP-1", "FILLED")
        ready_again(stage, tree, links=2)
        notes = stage.wire().notes
        [filled] = [note.monotonic for note in stage.wire().scenario("fill", "fill")]
        connected = [note.monotonic for note in notes if note.event == "connected"]
        assert connected[0] < filled < connected[1], "filled while nobody was there"
        assert reserved(tree) == 0
        assert len(stage.wire().placements("KLP-1")) == 1
        assert_agreed(stage, tree)


@pytest.mark.parametrize("minutes", [-1, 3], ids=["inside", "just before"])
def test_no_new_order_is_taken_in_the_window_of_the_restart(stage: Stage, minutes: int) -> None:
    """It is refused with the reason, and until when; an exit goes on."""
    stage.play()
    restart = datetime.now(ZoneInfo("Australia/Sydney")) + timedelta(minutes=minutes)
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        assert tree.propose("KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "FILLED")
    with stage.tree(IB_WINDOWS="restart", IB_RESTART_TIME=f"{restart:%H:%M}") as tree:
        tree.wait_until_ready()
        answer = tree.propose("KLP-2", type="LIMIT", limit_price="30")
        assert (answer.status_code, answer.json()["code"]) == (409, "ANNOUNCED_RESTART")
        assert "restart" in answer.json()["detail"]
        sold = tree.propose("KLP-3", side="SELL")
        assert sold.status_code == 202, sold.text
        tree.wait_for_state("KLP-3", "FILLED")
        assert stage.wire().placements("KLP-2") == []
        assert_agreed(stage, tree)
