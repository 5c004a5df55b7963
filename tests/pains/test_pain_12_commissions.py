"""Pain 12: a commission that is late, a sentinel or zero is stored for ever (pysystemtrade #1661,
ib_async #208, NT PR #4230, ib_insync #155).

On lower levels: tests/actors/test_commissions.py (in every order through a link), tests/store/
test_fills.py (what is kept of each word).
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.book import CommissionWord
from adapters.store import open_book
from runtime.clocks import SystemClock
from simulators.broker import ACCOUNT
from tests.pains.acts import buy
from tests.pains.agreement import assert_agreed
from tests.pains.by_hand import by_hand
from tests.pains.conftest import Stage
from tests.pains.hurried import hurried
from tests.tree.in_process import Tree
from tests.tree.waiting import until

_VALUE = """[[rule]]
name = "value"
on = "commissionReport"
times = "always"
do = "repeat"
with = { seconds = 5 }
"""
_TOLD = 59
"""commissionReport."""


def _fill(tree: Tree) -> dict[str, Any]:
    [fill] = tree.get("/fills")["items"]
    row: dict[str, Any] = fill
    return row


def _charged(stage: Stage) -> Decimal:
    [commission] = stage.books().commissions.values()
    return commission.amount


def _words(stage: Stage) -> list[CommissionWord]:
    """All that the book has been told of the one execution; its tree must have ended."""
    [execution] = stage.books().executions
    book = open_book(stage.folder / "state", "paper", ACCOUNT, SystemClock())
    try:
        [fill] = book.fills(limit=10)
        assert fill.execution_id == execution.execution_id
        return list(book.commission_words("ib", fill.execution_key))
    finally:
        book.close()


def _assert_estimated(tree: Tree) -> None:
    """Not known yet is empty, not 0; the venue's own preview is the estimate."""
    fill = _fill(tree)
    assert (fill["commission"], fill["commission_final"]) == (None, False)
    assert tree.get("/orders/KLP-1")["preview"]["commission"] == "6.6"


def _kept_back(stage: Stage, name: str) -> str:
    """The scenario, with the true value kept back until the test ends its rule."""
    scenario = f"pain_12_commission_{name}"
    if name == "late":
        return by_hand(stage.folder, scenario, held=(name,))
    # The true value is told by the door, and not after some seconds.
    played = Path(hurried(stage.folder, scenario, 1))
    text = played.read_text("utf-8").replace(_VALUE, "")
    rule = f'name = "{name}"\n'
    played.write_text(text.replace(rule, f"{rule}for_seconds = 3600\n"), "utf-8")
    return str(played)


def _wait_for_final(tree: Tree) -> Decimal:
    until(lambda: _fill(tree)["commission_final"], "the commission is known")
    return Decimal(_fill(tree)["commission"])


@pytest.mark.parametrize("name", ["late", "pending", "unset"])
def test_what_is_not_known_yet_is_empty_and_then_what_was_charged(stage: Stage, name: str) -> None:
    stage.play(_kept_back(stage, name))
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        if name != "late":
            until(lambda: stage.wire().to_client(_TOLD), "a value that is none is told")
        until(tree.settled, "all is handled")
        _assert_estimated(tree)
        stage.control.end(name)
        if name != "late":
            stage.control.do("report_commission", order_ref="KLP-1", amount=str(_charged(stage)))
        assert _wait_for_final(tree) == _charged(stage)
        assert_agreed(stage, tree)
    assert [word.amount for word in _words(stage)] == [_charged(stage)], "a sentinel is no word"


def test_a_commission_that_comes_before_its_execution_is_kept_for_it(stage: Stage) -> None:
    stage.play("pain_12_commission_before_execution")
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        assert _wait_for_final(tree) == _charged(stage)
        assert_agreed(stage, tree)
    kinds = [m.message_id for m in stage.wire().messages if m.message_id in (11, _TOLD)]
    assert kinds[0] == _TOLD, "it was told first"


def test_a_commission_after_a_restart_finds_its_execution(stage: Stage) -> None:
    stage.play("pain_12_commission_after_restart")
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        assert _wait_for_final(tree) == _charged(stage)
        until(tree.ready, "ready again")
        assert_agreed(stage, tree)
    assert stage.wire().connects() >= 2


def test_a_restated_commission_is_a_row_of_its_own_and_the_last_word_counts(stage: Stage) -> None:
    stage.play(by_hand(stage.folder, "pain_12_commission_restated", fired=("restate",)))
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        first = _wait_for_final(tree)
        assert first == Decimal("6.6")
        stage.control.fire("restate")
        until(lambda: Decimal(_fill(tree)["commission"]) == Decimal("9.99"), "it is restated")
        assert _fill(tree)["commission_final"] and _charged(stage) == Decimal("9.99")
        assert_agreed(stage, tree)
    with stage.tree() as tree:
        tree.wait_until_ready()
        assert _wait_for_final(tree) == Decimal("9.99"), "and again after a restart"
    assert [word.amount for word in _words(stage)] == [first, Decimal("9.99")]


def test_a_rebate_is_a_value_like_any_other(stage: Stage) -> None:
    stage.play("pain_12_commission_rebate")
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        assert _wait_for_final(tree) == Decimal("-0.12")
    assert {m.fields[3] for m in stage.wire().to_client(_TOLD)} == {"-0.12"}
    assert [word.amount for word in _words(stage)] == [Decimal("-0.12")]


def test_a_commission_that_is_never_told_stays_unknown_over_a_restart(stage: Stage) -> None:
    stage.play("pain_12_commission_never")
    for _ in range(2):
        with stage.tree() as tree:
            tree.wait_until_ready()
            if tree.order("KLP-1") is None:
                buy(tree, "KLP-1")
            until(tree.settled, "all is handled")
            _assert_estimated(tree)
    assert stage.wire().to_client(_TOLD) == [] and _words(stage) == []
