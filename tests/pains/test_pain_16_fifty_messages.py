"""Pain 16: above 50 messages a second error 100, then the end; orders wait behind data
(ib_insync PR #35, Lean PR #913).

On lower levels: tests/ib/test_budget.py, tests/ib/test_orders_before_data.py, tests/tree/
test_bad_input.py (a flood from within).
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from actors import names
from actors.lanes import Lane
from actors.messages import Subscribe
from adapters.ib.budget import WINDOW_SECONDS
from simulators.tws.protocol import Request
from tests.pains.acts import LIMIT, rest, taken
from tests.pains.agreement import assert_agreed
from tests.pains.conftest import Stage
from tests.tree.hanging import hanging
from tests.tree.in_process import BHP, Tree
from tests.tree.waiting import SOON, until

_QUEUED = 500
_MOST = 45
_AHEAD = 5.0
"""Seconds, with the moments of a busy machine in it; behind the data it is more than ten."""
_CONNECTION = names.connection(names.IB)


def _ask_for_data(tree: Tree, count: int) -> None:
    """So many requests for data, each with the end of the one before it: all for the queue."""
    epoch = tree.incarnations()[_CONNECTION]
    for _ in range(count):
        tree.system.tell(_CONNECTION, Subscribe(_deadline(tree), BHP, epoch))


def _deadline(tree: Tree) -> float:
    return tree.clock.monotonic() + 60.0


def test_an_order_is_on_the_wire_at_once_however_much_data_waits(stage: Stage) -> None:
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
        assert (placement.message.time - proposed).total_seconds() < _AHEAD
        sent = len(stage.wire().from_client(Request.MARKET_DATA)) - asked
        assert sent < _QUEUED, "data still waited"
        # A cancel goes before everything.
        asked_at = datetime.now(UTC)
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        tree.wait_for_state("KLP-1", "CANCELLED")
        [cancel] = stage.wire().from_client(Request.CANCEL_ORDER)
        assert (cancel.time - asked_at).total_seconds() < _AHEAD
        assert_agreed(stage, tree)
    wire = stage.wire()
    assert wire.peak_rate() <= _MOST
    assert wire.connects() == 1 and wire.scenario("cut") == [], "no error 100, no end"


def test_what_the_queue_lost_with_the_link_is_told_order_by_order(stage: Stage) -> None:
    """With the window full a group waits; the link ends before its turn: not one is sent."""
    stage.play("pain_16_message_limit")
    sent, lost = ([f"{group}-{number}" for number in range(1, 9)] for group in ("KLP-A", "KLP-B"))
    # Unwatched, for its link is held up, so that both groups and the end are of one moment to it.
    with stage.tree(watched=False, ENTRY_PREVIEWS="false") as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-FIRST")
        until(lambda: _sent_lately(stage) < 10, "the window has room for all that is wanted")
        gate = _Gate()
        with hanging(tree.system, _CONNECTION):
            # The data leave room for a group of eight, and for no second one.
            _ask_for_data(tree, _MOST)
            for number, group in enumerate(("KLP-A", "KLP-B"), 1):
                _order_group(tree, group)
                until(lambda: _at_the_door(tree) >= _MOST + number, f"{group} is handed on")  # noqa: B023
            tree.system.tell(_CONNECTION, Subscribe(_deadline(tree), BHP, gate))
        assert gate.reached.wait(SOON), "one group is written, and one waits"
        try:
            until(lambda: set(sent) <= set(stage.wire().orders_per_ref()), "the first came there")
            until(lambda: len(stage.books().orders) == 1 + len(sent), "and was taken")
            assert stage.control.do("close", everybody=True, reset=True) == 1
        finally:
            gate.opened.set()
        for name in lost:
            tree.wait_for_state(name, "NOT_SENT")
        until(tree.ready, "ready again")
        for name in sent:
            tree.wait_for_state(name, "WORKING")
        until(tree.settled, "all is handled")
        for name in lost:
            assert "before a byte of it had left" in tree.get(f"/orders/{name}")["reason"]
        assert_agreed(stage, tree)
    wire = stage.wire()
    assert wire.peak_rate() <= _MOST
    assert wire.orders_per_ref() == dict.fromkeys(("KLP-FIRST", *sent), 1), "nothing is sent again"


class _Gate(int):
    """The epoch of a link, at which whoever compares it waits."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __eq__(self, other: object) -> bool:
        self.reached.set()
        self.opened.wait(2 * SOON)
        return False

    __hash__ = int.__hash__


def _order_group(tree: Tree, group: str) -> None:
    """Eight that leave in one piece, or wait together."""
    bid = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20"} | LIMIT
    body = {"oca_group": group, "orders": [bid] * 8}
    assert tree.call("POST", "/orders/groups", body).status_code == 202


def _at_the_door(tree: Tree) -> int:
    """How many commands the link has not looked at."""
    return tree.system.seat(_CONNECTION).mailbox.depth(Lane.COMMAND)


def _sent_lately(stage: Stage) -> int:
    """Messages of ours within the last window."""
    since = time.monotonic() - WINDOW_SECONDS
    return sum(m.incoming and m.monotonic > since for m in stage.wire().messages)
