"""`kelpie test-order` on the real tree: its gateway's wire log and the broker's books judge."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.orders import OrderType, Side
from simulators.model import BrokerOrder
from simulators.tws.protocol import Request
from tests.pains.acts import written
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.market import wait_for_open_market
from tests.tree.person import Sits
from tests.tree.waiting import until

ROOT = Path(__file__).parents[2]
GUARDED: dict[str, Any] = {
    "PROTECT_ENTRIES": "true",
    "PLAN_STOP": "5",
    "PLAN_TARGET": "20",
    "ENTRY_PHASES": "open",
    # What a loaded machine is slow with is another test's.
    "ENTRY_PREVIEWS": "false",
    "QUOTE_STALE_AFTER_SECONDS": "120",
}
_PROGRAM = 60.0
"""Seconds for what a program does that has to start and to import the house, which is no claim."""
_ENDED = ("Cancelled", "ApiCancelled")
# The third is the last of an entry, its target and its stop: with it all of them are transmitted.
_FILLS = """
[[rule]]
name = "against expectation"
on = "after placeOrder"
match = { order_ref = "KLP-T-" }
nth = 3
do = "fill"
with = { side = "BUY" }
"""
_AWAY = """
[[rule]]
name = "gone"
on = "after placeOrder"
match = { order_ref = "KLP-T-" }
nth = 3
do = "nightly_restart"
for_seconds = 600
"""
_SILENT = """
[[rule]]
name = "silent"
on = ["openOrder", "orderStatus"]
match = { order_ref = "KLP-T-" }
do = "hold"
for_seconds = 60
"""


def _ready(tree: Tree) -> None:
    wait_for_open_market()
    tree.wait_until_ready()


def _placed(stage: Stage) -> list[BrokerOrder]:
    """What is in the broker's books of test orders, each sent once."""
    refs = stage.wire().orders_per_ref()
    assert set(refs.values()) <= {1}, refs
    return [o for o in stage.books().orders if o.request.order_ref.startswith("KLP-T-")]


def _entries(stage: Stage) -> list[BrokerOrder]:
    return [each for each in _placed(stage) if each.request.side is Side.BUY]


def _said(printed: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(printed)
    return said


def test_one_is_placed_and_one_is_cancelled_and_nothing_is_left(stage: Stage, sits: Sits) -> None:
    stage.play()
    with stage.tree(**GUARDED) as tree:
        _ready(tree)
        person = sits(tree)
        status, shown = person.says("test-order")
        assert status == 1 and "would be placed" in shown and "--yes" in shown
        assert _placed(stage) == [], "it only shows what it would do"
        status, printed = person.says("test-order", "--yes", "--json", "--symbol", "BHP/AUD")
        assert status == 0, printed
        said = _said(printed)
        assert (said["proven"], said["outcome"], said["left"]) == (True, "PROVEN", [])
        [entry] = _entries(stage)
        assert entry.status in _ENDED and entry.filled == 0
        assert all(each.status in _ENDED for each in _placed(stage)), "its stop went with it"
        [stop] = [o for o in _placed(stage) if o.request.type is OrderType.STOP]
        assert stop.request.quantity == entry.request.quantity, "it would have been guarded"
        bid, limit = said["order"]["bid"], entry.request.limit_price
        assert limit is not None and 0.94 < float(limit) / float(bid) < 0.96
        assert stage.books().executions == ()
        # The smallest that MAX_ROUND_TRIP_COST and the first parcel let through.
        assert 500 <= entry.request.quantity * limit < 2000
        texts = [step["text"] for step in said["steps"]]
        assert any("works" in text for text in texts) and "cancelled" in texts[-1]
        assert [step["ms"] for step in said["steps"]] == sorted(s["ms"] for s in said["steps"])
        assert any("…" in text for text in texts)
        assert str(entry.perm_id) not in printed and not re.search(r"\d{9}", "".join(texts))

        assert person.says("pause")[0] == 0
        status, printed = person.says("test-order", "--yes", "--json")
        assert status == 1 and _said(printed)["outcome"] == "PAUSED", printed
        assert len(_entries(stage)) == 1
        status, printed = person.says("test-order", "--yes", "--symbol", "XYZ/AUD")
        assert status == 1 and "[SYMBOL_NOT_ALLOWED]" in printed


def test_filled_against_all_expectation_it_is_guarded_and_told(stage: Stage, sits: Sits) -> None:
    stage.play(written(stage.folder, "a test", _FILLS))
    with stage.tree(**GUARDED) as tree:
        _ready(tree)
        status, printed = sits(tree).says("test-order", "--yes", "--json", "--wait", "8")
        assert status == 1, printed
        said = _said(printed)
        assert (said["outcome"], said["proven"]) == ("FILLED", False)
        [entry] = _entries(stage)
        assert entry.status == "Filled"
        [stop] = [
            each
            for each in _placed(stage)
            if each.request.type is OrderType.STOP and each.status not in _ENDED
        ]
        assert stop.request.quantity == entry.filled
        left = " ".join(said["left"])
        assert stop.request.order_ref in left and "kelpie flatten BHP/AUD" in left


def test_the_link_is_lost_in_the_middle_and_the_order_is_taken_back_when_it_is_there(
    stage: Stage, sits: Sits
) -> None:
    stage.play(written(stage.folder, "a test", _AWAY))
    with stage.tree(**GUARDED) as tree:
        _ready(tree)
        status, printed = sits(tree).says("test-order", "--yes", "--json", "--wait", "1")
        said = _said(printed)
        assert status == 1 and said["outcome"] == "NOT_WORKING", printed
        [entry] = _entries(stage)
        assert any(entry.request.order_ref in each for each in said["left"]), "it says what stands"
        stage.control.end("gone")

        def over() -> bool:
            return all(each.status in _ENDED for each in _placed(stage))

        until(over, "the cancel has gone with the new link")
        assert len(_entries(stage)) == 1 and stage.books().executions == ()


@contextmanager
def _at_a_terminal(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """`kelpie …` as a process that Ctrl-C ends, as it does at a terminal.

    What a script runs in the background inherits that the signal is ignored, and so does a test.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "supervisor.py"), *words],
            cwd=folder,
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_interrupted_it_is_taken_back(stage: Stage, sits: Sits, tmp_path: Path) -> None:
    stage.play(written(stage.folder, "a test", _SILENT))
    with stage.tree(**GUARDED) as tree:
        _ready(tree)
        token = tmp_path / "token"
        token.write_text(tree.hook.token)
        token.chmod(0o600)
        words = ["test-order", "--yes", "--url", tree.hook.url, "--token-file", str(token)]
        with _at_a_terminal(tmp_path, *words) as command:
            until(lambda: _entries(stage), "it has been placed", _PROGRAM)
            assert stage.wire().from_client(Request.CANCEL_ORDER) == []
            command.send_signal(signal.SIGINT)
            until(lambda: stage.wire().from_client(Request.CANCEL_ORDER), "its cancel has left")
            stage.control.end("silent")
            printed, _ = command.communicate(timeout=_PROGRAM)
        assert command.returncode == 130 and "[INTERRUPTED]" in printed, printed
        assert "Nothing of it is left." in printed
        assert all(each.status in _ENDED for each in _placed(stage))
        assert len(_entries(stage)) == 1


@pytest.mark.parametrize("mode", ["observe"])
def test_where_real_money_is_or_nothing_is_sent_it_is_refused(
    stage: Stage, sits: Sits, mode: str
) -> None:
    stage.play()
    with stage.tree(MODE=mode) as tree:
        _ready(tree)
        status, printed = sits(tree).says("test-order", "--yes")
        assert status == 1 and "[TEST_ORDER_NOT_HERE]" in printed
        assert _placed(stage) == []
