"""Pain 11: "no answer" is read as "nothing there", and live orders are cancelled (NT PR #4230).

On lower levels: tests/actors/test_resync.py (what a round proves), tests/domain/
test_reconciliation.py, tests/tree/test_no_link_by_its_cause.py (the name of the cause).
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulators.tws.protocol import Request
from tests.pains.acts import (
    LIMIT,
    buy,
    refused,
    rest,
    state_of,
    venue_row,
    wait_for_cause,
    written,
)
from tests.pains.agreement import assert_agreed, at_broker, held
from tests.pains.conftest import Stage
from tests.tree.waiting import until

_NEVER_END = {
    "open_orders": Request.ALL_OPEN_ORDERS,
    "positions": Request.POSITIONS,
    "executions": Request.EXECUTIONS,
}


def _hold_and_rest(stage: Stage) -> None:
    """20 BHP held and an order working, from a day when all was well."""
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-HELD")
        rest(tree, "KLP-REST")
        until(lambda: tree.get("/fills")["items"][0]["commission_final"], "all is booked")


@pytest.mark.parametrize("which", _NEVER_END)
def test_a_list_that_never_ends_closes_trading_and_ends_nothing(stage: Stage, which: str) -> None:
    """UNKNOWN, not EMPTY: nothing is cancelled, sold or sent; it is asked again."""
    _hold_and_rest(stage)
    stage.play(f"pain_11_{which}_never_end")
    with stage.tree(watched=False, answers_within=1.0) as tree:
        asked = len(stage.wire().from_client(_NEVER_END[which]))
        wait_for_cause(tree, "LIST_NOT_ENDED")
        shown = venue_row(tree)
        assert which in shown["reason"] and not shown["reconciled"] and not shown["tradable"]
        code, detail = refused(tree, "KLP-EARLY", **LIMIT)
        assert code == "VENUE_NOT_TRADABLE" and which in detail
        # An exit would be sized on what is not known.
        assert refused(tree, "KLP-EXIT", side="SELL")[0] == "VENUE_NOT_TRADABLE"
        tree.leap(5.0)
        until(
            lambda: len(stage.wire().from_client(_NEVER_END[which])) >= asked + 2,
            "it is asked again",
        )
        assert not tree.ready()
        assert tree.state("KLP-REST") == "WORKING"
        [position] = [p for p in tree.get("/positions")["items"] if p["symbol"] == "BHP/AUD"]
        assert position["managed"] == "20"
        assert shown["mismatches"] == [], "nobody said that there is less"
    wire = stage.wire()
    assert wire.from_client(Request.CANCEL_ORDER) == []
    assert wire.from_client(Request.GLOBAL_CANCEL) == []
    assert wire.orders_per_ref() == {"KLP-HELD": 1, "KLP-REST": 1}
    assert at_broker(stage, "KLP-REST").is_open
    assert held(stage.books()) == Decimal(20)


def test_lists_that_end_the_second_time_open_trading(stage: Stage) -> None:
    """Asked again, and on a new link where an end is still owed; only complete answers open it."""
    _hold_and_rest(stage)
    stage.play("pain_11_lists_end_late")
    with stage.tree(watched=False, answers_within=1.0) as tree:
        wait_for_cause(tree, "LIST_NOT_ENDED")
        for which in _NEVER_END:
            assert which in venue_row(tree)["reason"]

        def open_again() -> bool:
            tree.leap(5.0)  # until it asks again
            return tree.ready()

        until(open_again, "trading opens", every=0.5)
        asked = stage.wire().from_client(Request.POSITIONS)
        assert len([m for m in asked if m.run == asked[-1].run]) >= 2
        assert_agreed(stage, tree)
    assert stage.wire().from_client(Request.CANCEL_ORDER) == []


def test_an_end_without_rows_is_an_answer(stage: Stage) -> None:
    """EMPTY is the other type: believed, so that what we bought is found missing at once."""
    _hold_and_rest(stage)
    rule = '[[rule]]\nname = "no rows"\non = "position"\ntimes = "always"\ndo = "drop"\n'
    stage.play(written(stage.folder, "pain 11", rule))
    with stage.tree() as tree:
        until(lambda: venue_row(tree)["reconciled"], "the answer is taken")
        until(lambda: venue_row(tree)["mismatches"], "and found to be short")
        [mismatch] = venue_row(tree)["mismatches"]
        assert mismatch["symbol"] == "BHP/AUD" and "the venue holds 0" in mismatch["reason"]
        assert refused(tree, "KLP-MORE", **LIMIT)[0] == "SYMBOL_ON_HOLD"
        assert tree.state("KLP-REST") == "WORKING"
    assert stage.wire().orders_per_ref() == {"KLP-HELD": 1, "KLP-REST": 1}
    assert stage.wire().from_client(Request.CANCEL_ORDER) == []


def test_ends_without_rows_where_there_is_nothing_open_trading(stage: Stage) -> None:
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        assert state_of(tree, "ib.resync")["trouble"] == ""
    wire = stage.wire()
    assert wire.to_client(61) == [] and wire.to_client(62), "an end, and no row before it"
