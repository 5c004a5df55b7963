"""A fact that crashed the ledger: looked at, released, and closed after a restart, never by SQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.lanes import Message
from actors.messages import LoadBook
from console.cli import main
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.waiting import until

ORDERS = names.orders(names.IB)
NOT_FOR_IT: Message = LoadBook("nobody")
"""A fact that only the ledger can handle."""


def _kept(tree: Tree) -> list[dict[str, Any]]:
    def known() -> Any:
        said = tree.get("/dead-letters")
        return said if said["earlier_known"] else None

    said = until(known, "the book has been read")
    return [each for each in said["items"] if each["quarantined"]]


def _poison(tree: Tree) -> dict[str, Any]:
    tree.wait_until_ready()
    tree.system.tell(ORDERS, NOT_FOR_IT)
    until(lambda: _kept(tree), "a fact is kept apart")
    tree.wait_until_ready()
    [kept] = _kept(tree)
    return kept


def _kelpie(tree: Tree, folder: Path, *words: str) -> int:
    token = folder / "token"
    token.write_text(tree.hook.token)
    token.chmod(0o600)
    return main([*words, "--url", tree.hook.url, "--token-file", str(token)])


def test_it_is_shown_with_its_content_and_released_once_more(
    tmp_path: Path, venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    venue.start()
    with growing(tmp_path, venue.port) as tree:
        kept = _poison(tree)
        assert (kept["seat"], kept["message"], kept["times"]) == (ORDERS, "LoadBook", 1)
        assert kept["content"] == repr(NOT_FOR_IT) and not kept["of_earlier_start"]
        assert _kelpie(tree, tmp_path, "release") == 1
        assert kept["id"] in capsys.readouterr().out
        assert _kelpie(tree, tmp_path, "release", kept["id"], "--dry-run") == 0
        assert "would be done" in capsys.readouterr().out
        assert _kept(tree) == [kept], "a preview changes nothing"

        before = tree.system.seat(names.DESK).handled["Released"]
        assert _kelpie(tree, tmp_path, "release", kept["id"], "--yes", "--reason", "a trial") == 0
        until(lambda: [each["times"] for each in _kept(tree)] == [2], "it crashed once more")
        assert _kept(tree)[0]["id"] == kept["id"]
        desk = tree.system.seat(names.DESK)
        until(lambda: desk.handled["Released"] == before + 1, "the desk has been told, and once")
        tree.wait_until_ready()
        assert _kelpie(tree, tmp_path, "release", "no-such-message", "--yes") == 1
        assert "No fact is kept apart" in capsys.readouterr().err


def test_after_a_restart_it_is_shown_still_and_closed_by_its_release(
    tmp_path: Path, venue: Venue, capsys: pytest.CaptureFixture[str]
) -> None:
    venue.start()
    with growing(tmp_path, venue.port) as tree:
        first = _poison(tree)
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        [kept] = _kept(tree)
        assert kept["of_earlier_start"]
        same = ("id", "seat", "message", "content", "cause", "times")
        assert [kept[key] for key in same] == [first[key] for key in same]
        assert _kelpie(tree, tmp_path, "release", kept["id"], "--yes", "--json") == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["outcome"], said["done"]) == ("superseded", True)
        assert _kept(tree) == []
        assert _kelpie(tree, tmp_path, "release") == 0
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        assert _kept(tree) == []


def test_before_the_venue_has_been_compared_an_old_one_is_not_closed(
    tmp_path: Path, venue: Venue
) -> None:
    venue.start()
    with growing(tmp_path, venue.port) as tree:
        first = _poison(tree)
    venue.gateway.kill()  # type: ignore[union-attr]
    with growing(tmp_path, venue.port) as tree:
        until(lambda: _kept(tree), "the book has been read")
        answer = tree.call("POST", f"/dead-letters/{first['id']}/release")
        assert (answer.status_code, answer.json()["code"]) == (409, "RELEASE_TOO_EARLY")
        assert len(_kept(tree)) == 1
