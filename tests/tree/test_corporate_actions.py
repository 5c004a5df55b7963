"""A split that no trade explains, judged by the broker's books: nothing moves before a person."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console.cli import main
from tests.pains.acts import alerts, taken, wait_for_quote
from tests.pains.agreement import BHP as CONTRACT
from tests.pains.agreement import held
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.test_protection import (
    BHP,
    colour,
    covered,
    guarded,
    open_stops,
    until_covered,
    until_green,
)
from tests.tree.waiting import until


def guard(tree: Tree) -> str:
    """What protection says of the share, in words."""
    said: str = tree.get("/actors/trading.protection")["state"]["guards"].get(BHP, "")
    return said


def bought(stage: Stage, tree: Tree) -> None:
    taken(tree, "KLP-1", quantity="100")
    tree.wait_for_state("KLP-1", "FILLED")
    until_covered(stage)
    until_green(tree)

    def kept() -> bool:
        told = tree.get("/actors/trading.protection")["state"]["kept"].get(BHP, "- - - -")
        return "-" not in told.split(" ")[:3]

    until(kept, "its close, its price and its quantity are kept")


def assert_nothing_moves(stage: Stage, orders: int) -> None:
    books = stage.books()
    assert len(books.orders) == orders, "nothing is placed"
    assert not [each for each in books.orders if each.is_open], "nothing stands"
    assert len({each.order.request.order_ref for each in books.executions}) == 1, "nothing is sold"
    assert held(books, CONTRACT) == Decimal(1000)


def test_after_a_split_nothing_is_sold_or_placed(stage: Stage) -> None:
    stage.play()
    with guarded(stage) as tree:
        bought(stage, tree)
        orders = len(stage.books().orders)
        stage.control.do("split", symbol=BHP, new=10)
        until(lambda: "a corporate action is suspected" in guard(tree), "it is in doubt")
        until(lambda: colour(tree) == "RED", "it is RED")
        until(lambda: "UNPROTECTED" in alerts(tree), "it is alerted")
        until(lambda: "1000 are held where 100 were" in guard(tree), "both are seen", 30.0)
        assert_nothing_moves(stage, orders)


def test_a_split_while_nobody_is_there_is_found_before_anything_is_done(stage: Stage) -> None:
    stage.play()
    with guarded(stage) as tree:
        bought(stage, tree)
    stage.control.do("split", symbol=BHP, new=10)
    orders = len(stage.books().orders)
    with guarded(stage) as tree:
        until(lambda: "a corporate action is suspected" in guard(tree), "it is in doubt")
        until(lambda: "1000 are held where 100 were" in guard(tree), "both are seen", 30.0)
        assert colour(tree) == "RED"
        assert_nothing_moves(stage, orders)
        assert open_stops(stage) == []


def _resolve(tree: Tree, folder: Path, *words: str) -> int:
    token = folder / "token"
    token.write_text(tree.hook.token)
    token.chmod(0o600)
    given = ("resolve", BHP, *words, "--url", tree.hook.url, "--token-file", str(token))
    return main([*given])


def test_a_confirmed_split_is_protected_in_new_units(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stop stands at the venue over the new quantity at the new level; also after a restart."""
    stage.play()
    with guarded(stage) as tree:
        bought(stage, tree)
        [before] = tree.get("/plans")["items"]
        orders = len(stage.books().orders)
        stage.control.do("split", symbol=BHP, new=10)
        until(lambda: "1000 are held where 100 were" in guard(tree), "both are seen", 30.0)
        assert _resolve(tree, tmp_path, "--split", "100:1", "--yes") == 1
        assert "10000" in capsys.readouterr().err, "the venue does not hold that"
        assert _resolve(tree, tmp_path, "--split", "10:1", "--dry-run") == 0
        assert "100 managed would be 1000" in capsys.readouterr().out
        assert_nothing_moves(stage, orders)
        assert _resolve(tree, tmp_path, "--split", "10:1", "--yes") == 0
        until_covered(stage)
        until_green(tree)
        stop = assert_restated(stage, tree, before)
    with guarded(stage) as tree:
        until_green(tree)
        assert assert_restated(stage, tree, before) == stop


def assert_restated(stage: Stage, tree: Tree, before: dict[str, Any]) -> int:
    """By the broker's books and the hook; gives the permanent id of the stop."""
    [stop] = open_stops(stage)
    level = Decimal(before["stop"]) / 10
    assert stop.remaining == held(stage.books(), CONTRACT) == 1000
    assert stop.request.stop_price is not None
    assert 0 <= stop.request.stop_price - level <= Decimal("0.005"), "never to the worse side"
    [after] = [each for each in tree.get("/plans")["items"] if each["state"] == "OPEN"]
    assert (after["lot"], after["opened_at"]) == ("1000", before["opened_at"])
    assert Decimal(after["entry_price"]) == Decimal(before["entry_price"]) / 10
    [row] = [each for each in tree.get("/positions")["items"] if each["symbol"] == BHP]
    assert (row["managed"], row["external"]) == ("1000", "0")
    [fact] = [each for each in tree.get("/outside-facts")["items"] if each["kind"] == "SPLIT"]
    assert fact["detail"] == {"new": "10", "old": "1"}
    sold = [e for e in stage.books().executions if e.order.request.side == "SELL"]
    assert sold == []
    return stop.perm_id


def test_that_nothing_has_happened_is_said_and_a_bad_tick_passes_by_itself(
    stage: Stage, tmp_path: Path
) -> None:
    stage.play()
    with guarded(stage) as tree:
        bought(stage, tree)
        price = Decimal(str(wait_for_quote(tree)))
        stage.control.do("tell_close", symbol=BHP, price=str(price * 2))
        until(lambda: "previous close" in guard(tree), "it is in doubt")
        until(lambda: colour(tree) == "RED", "it is RED")
        assert covered(stage), "what stands, stands"
        stage.control.do("tell_close", symbol=BHP, price=str(price))
        until_green(tree)
        stage.control.do("tell_close", symbol=BHP, price=str(price * 2))
        until(lambda: colour(tree) == "RED", "it is RED again")
        assert _resolve(tree, tmp_path, "--none", "--yes") == 0
        until_green(tree)
        assert _resolve(tree, tmp_path, "--none", "--yes") == 1, "nothing is in doubt any more"
        assert len(open_stops(stage)) == 1
