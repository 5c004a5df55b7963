"""Pain 1: fills that land inside a 1100 window are lost (Lean-IB #249).

What 1101 and 1102 renew stands in `tests/tree/test_the_scopes_of_the_link.py`.
"""

from __future__ import annotations

import pytest

from config.settings import DEFAULT_SYMBOLS
from simulators.tws.protocol import Reply, Request
from tests.pains.agreement import assert_agreed, at_broker
from tests.pains.by_hand import by_hand
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.waiting import until


def said(stage: Stage, code: int) -> float:
    """When the gateway first said this code."""
    errors = stage.wire().to_client(Reply.ERROR)
    return min(m.monotonic for m in errors if str(code) in m.fields)


def asked(stage: Stage, request: Request, since: float) -> list[float]:
    return [m.monotonic for m in stage.wire().from_client(request) if m.monotonic > since]


def streams(stage: Stage, since: float) -> set[str]:
    """Whose quotes have been asked for since then, by contract id."""
    told = stage.wire().from_client(Request.MARKET_DATA)
    return {m.fields[3] for m in told if m.monotonic > since}


def rest(tree: Tree) -> None:
    tree.wait_until_ready()
    answer = tree.propose("KLP-1", type="LIMIT", limit_price="30")
    assert answer.status_code == 202, answer.text
    tree.wait_for_state("KLP-1", "WORKING")


@pytest.mark.parametrize("lost", [False, True], ids=["told inside", "told to nobody"])
def test_a_fill_inside_the_window_is_booked_once(stage: Stage, lost: bool) -> None:
    """From its callback, or from the executions that are asked for when IB is back."""
    name = "pain_01_fills_lost_inside_1100" if lost else "pain_01_fills_inside_1100"
    stage.play(by_hand(stage.folder, name, fired=("lost", "fill")))
    with stage.tree() as tree:
        rest(tree)
        stage.control.fire("lost")
        until(lambda: not tree.ready(), "1100: out of reach")
        stage.control.fire("fill")
        until(lambda: at_broker(stage, "KLP-1").status == "Filled", "filled at the broker")
        if lost:
            until(tree.settled, "whatever came is handled")
            assert tree.state("KLP-1") == "WORKING", "nobody was told"
        else:
            tree.wait_for_state("KLP-1", "FILLED")
        stage.control.end("lost")
        tree.wait_for_state("KLP-1", "FILLED")
        until(tree.ready, "ready again")
        assert said(stage, 1100) < said(stage, 1102)
        if lost:
            told = stage.wire().to_client(Reply.EXECUTION)
            assert all(m.monotonic > said(stage, 1102) for m in told)
        assert asked(stage, Request.EXECUTIONS, said(stage, 1102)), "executions are asked for"
        assert asked(stage, Request.ALL_OPEN_ORDERS, said(stage, 1102)), "and what is open"
        assert [e.quantity for e in stage.books().executions] == [20]
        assert_agreed(stage, tree)
        assert stage.wire().connects() == 1


def test_a_cancellation_inside_the_window_is_found_and_every_stream_asked_for_again(
    stage: Stage,
) -> None:
    name = "pain_01_cancel_lost_inside_1100"
    stage.play(by_hand(stage.folder, name, fired=("lost", "cancel")))
    with stage.tree() as tree:
        rest(tree)
        until(lambda: len(streams(stage, 0.0)) == len(DEFAULT_SYMBOLS), "every stream is live")
        stage.control.fire("lost")
        until(lambda: not tree.ready(), "1100: out of reach")
        stage.control.fire("cancel")
        until(lambda: not at_broker(stage, "KLP-1").is_open, "cancelled at the broker")
        until(tree.settled, "whatever came is handled")
        assert tree.state("KLP-1") == "WORKING", "nobody was told"
        stage.control.end("lost")
        tree.wait_for_state("KLP-1", "CANCELLED")
        until(tree.ready, "ready again")
        until(
            lambda: streams(stage, said(stage, 1101)) == streams(stage, 0.0),
            "1101: every stream is asked for again",
        )
        assert_agreed(stage, tree)
