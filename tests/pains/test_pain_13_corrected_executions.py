"""Pain 13: a corrected execution (execId …`.02`) is counted as a new fill (ib_insync #364).

On lower levels: tests/store/test_fills.py (corrections in every order), tests/actors/
test_permutations.py, tests/ib/test_permutations_on_the_wire.py.
"""

from __future__ import annotations

from decimal import Decimal

from adapters.book import Fill
from adapters.store import open_book
from runtime.clocks import SystemClock
from simulators.broker import ACCOUNT
from tests.pains.acts import buy
from tests.pains.agreement import BHP, at_broker, held
from tests.pains.by_hand import by_hand
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.waiting import until

_TOLD = 11
"""execDetails."""


def _managed(tree: Tree) -> Decimal:
    rows = [p for p in tree.get("/positions")["items"] if p["symbol"] == "BHP/AUD"]
    return Decimal(rows[0]["managed"]) if rows else Decimal(0)


def _revisions(stage: Stage) -> tuple[Fill, list[tuple[int, Decimal]]]:
    """The one fill in the book, and all that was said of it; its tree must have ended."""
    book = open_book(stage.folder / "state", "paper", ACCOUNT, SystemClock())
    try:
        [fill] = book.fills(limit=10)
        words = book.execution_words("ib", fill.execution_key)
        return fill, [(word.revision, word.quantity) for word in words]
    finally:
        book.close()


def test_a_correction_replaces_what_it_corrects_and_a_replay_changes_nothing(
    stage: Stage,
) -> None:
    """100, then 90 of the same execution: 90 are held, the two rows are linked by its key."""
    name = "pain_13_execution_corrected"
    stage.play(by_hand(stage.folder, name, fired=("correct",), times=5))
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1", quantity="100")
        until(lambda: _managed(tree) == 100, "all of it is ours")
        stage.control.fire("correct")
        until(lambda: _managed(tree) == 90, "it is corrected")
        until(lambda: len(stage.wire().scenario("replay")) >= 2, "both are to come again")

        def replayed() -> bool:
            told = [m.fields[14] for m in stage.wire().to_client(_TOLD) if m.fields[1] == "-1"]
            return len(told) == 4 and len(set(told)) == 2

        until(replayed, "both came again")
        until(tree.settled, "and were handled")
        [fill] = tree.get("/fills")["items"]
        # The broker keeps both.
        first, corrected = stage.books().executions
        assert fill["execution_id"] == corrected.execution_id != first.execution_id
        assert fill["execution_id"].endswith(".02") and fill["quantity"] == "90"
        assert held(stage.books(), BHP) == 90 == _managed(tree)
        # The rest of 100 is not bought again by anybody.
        assert stage.wire().orders_per_ref() == {"KLP-1": 1}
    fill_of_book, words = _revisions(stage)
    assert words == [(1, Decimal(100)), (2, Decimal(90))]
    with stage.tree() as tree:
        tree.wait_until_ready()
        assert _managed(tree) == 90, "told again by the lists of the next link"
    assert _revisions(stage) == (fill_of_book, words)


def test_an_execution_that_never_was_leaves_nothing_and_the_owner_hears_of_it(
    stage: Stage,
) -> None:
    stage.play(by_hand(stage.folder, "pain_13_execution_busted", fired=("bust",)))
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        until(lambda: _managed(tree) == 20, "it is ours")
        stage.control.fire("bust")
        until(lambda: _managed(tree) == 0, "it is taken back")
        until(lambda: any("KLP-1" in line and "0 of 20" in line for line in tree.said), "said")
        assert tree.get("/fills")["items"][0]["quantity"] == "0"
    assert held(stage.books(), BHP) == 0
    assert stage.wire().orders_per_ref() == {"KLP-1": 1}


def test_a_correction_that_was_missed_is_found_in_the_list_of_executions(stage: Stage) -> None:
    """Corrected while nobody was connected: the list has the corrected one alone."""
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1", quantity="100")
        until(lambda: tree.get("/fills")["items"][0]["commission_final"], "all is booked")
    assert stage.control.do("correct_execution", order_ref="KLP-1", quantity=90) is not None
    with stage.tree() as tree:
        tree.wait_until_ready()
        until(lambda: _managed(tree) == 90, "the correction is booked")
        assert held(stage.books(), BHP) == 90
        assert at_broker(stage, "KLP-1").status == "Filled"
        tree.wait_for_state("KLP-1", "FILLED")
        assert tree.get("/orders/KLP-1")["filled"] == "90"
        assert tree.lost_facts() == []
    assert _revisions(stage)[1] == [(1, Decimal(100)), (2, Decimal(90))]
