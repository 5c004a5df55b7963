"""Pain 16: above 50 messages a second error 100, then the end; orders wait behind data
(ib_insync PR #35, Lean PR #913).

On lower levels: tests/ib/test_budget.py, tests/ib/test_orders_before_data.py, tests/tree/
test_bad_input.py (a flood from within).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from actors import names
from actors.messages import Subscribe
from simulators.tws.protocol import Request
from tests.pains.acts import LIMIT, rest, taken
from tests.pains.agreement import assert_agreed
from tests.pains.conftest import Stage
from tests.tree.in_process import BHP, Tree
from tests.tree.waiting import until

_QUEUED = 500
_MOST = 45
_CONNECTION = names.connection(names.IB)


def _ask_for_data(tree: Tree, count: int) -> None:
    """So many requests for data, each with the end of the one before it: all for the queue."""
    epoch = tree.incarnations()[_CONNECTION]
    deadline = tree.clock.monotonic() + 60.0
    for _ in range(count):
        tree.system.tell(_CONNECTION, Subscribe(deadline, BHP, epoch))


def test_an_order_is_on_the_wire_within_a_second_however_much_data_waits(stage: Stage) -> None:
    stage.play("pain_16_message_limit")
    with stage.tree() as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-FIRST")  # its preview is paid for: the next one goes without
        asked = len(stage.wire().from_client(Request.MARKET_DATA))
        _ask_for_data(tree, _QUEUED)
        until(
            lambda: len(stage.wire().from_client(Request.MARKET_DATA)) > asked,
            "the data requests go out",
        )
        proposed = datetime.now(UTC)
        taken(tree, "KLP-1", **LIMIT)
        tree.wait_for_state("KLP-1", "WORKING")
        [placement] = stage.wire().placements("KLP-1")
        assert (placement.message.time - proposed).total_seconds() < 1.0
        sent = len(stage.wire().from_client(Request.MARKET_DATA)) - asked
        assert sent < _QUEUED, "data still waited"
        # A cancel goes before everything.
        asked_at = datetime.now(UTC)
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "CANCELLED")
        [cancel] = stage.wire().from_client(Request.CANCEL_ORDER)
        assert (cancel.time - asked_at).total_seconds() < 1.0
        assert_agreed(stage, tree)
    wire = stage.wire()
    assert wire.peak_rate() <= _MOST
    assert wire.connects() == 1 and wire.scenario("cut") == [], "no error 100, no end"


def test_what_the_queue_lost_with_the_link_is_told_order_by_order(stage: Stage) -> None:
    """With the window full some orders wait; the link ends before their turn: not one is sent."""
    stage.play("pain_16_message_limit")
    groups = ("KLP-A", "KLP-B")
    wanted = [f"{group}-{number}" for group in groups for number in range(1, 9)]
    bid = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20"} | LIMIT
    with stage.tree(ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-FIRST")
        asked = len(stage.wire().from_client(Request.MARKET_DATA))
        _ask_for_data(tree, _QUEUED)
        until(
            lambda: len(stage.wire().from_client(Request.MARKET_DATA)) >= asked + 10,
            "the window is full",
        )
        # Eight leave in one piece, or wait together: within one second there is room for one.
        bodies = [{"oca_group": group, "orders": [bid] * 8} for group in groups]
        with ThreadPoolExecutor(len(bodies)) as at_once:
            answers = at_once.map(lambda body: tree.call("POST", "/orders/groups", body), bodies)
            assert [answer.status_code for answer in answers] == [202, 202]
        stage.control.do("close", everybody=True)
        until(
            lambda: all(tree.state(n) in ("WORKING", "NOT_SENT", "UNKNOWN") for n in wanted),
            "each has its word",
        )
        until(tree.ready, "ready again")
        until(lambda: all(tree.state(n) in ("WORKING", "NOT_SENT") for n in wanted), "and its fate")
        until(tree.settled, "all is handled")
        arrived = stage.wire().orders_per_ref()
        fates = {name: tree.state(name) for name in wanted}
        assert fates == {n: "WORKING" if n in arrived else "NOT_SENT" for n in wanted}
        lost = [name for name in wanted if name not in arrived]
        assert lost, "some waited"
        for name in lost:
            assert tree.get(f"/orders/{name}")["reason"], "it says why"
        assert_agreed(stage, tree)
    assert stage.wire().peak_rate() <= _MOST
    assert set(stage.wire().orders_per_ref().values()) == {1}, "nothing is sent again"
