"""Bars in the real tree: fetched by itself, kept over a restart, and there to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.tree.in_process import Tree, Venue, growing
from tests.tree.waiting import until


def _bars(tree: Tree) -> Any:
    return tree.get("/bars/BHP-AUD?timeframe=5m&limit=50")


def _asked(venue: Venue) -> int:
    return len([m for m in venue.wire().from_client(20) if m.fields[3] == "BHP"])


def test_bars_are_fetched_kept_and_shown(tmp_path: Path, venue: Venue) -> None:
    venue.start()
    with growing(tmp_path, venue.port, ALLOWED_SYMBOLS="BHP/AUD,AUD/USD") as tree:
        first = until(lambda: _bars(tree) if _bars(tree)["items"] else None, "bars of BHP")
        assert first["symbol"] == "BHP/AUD"
        assert (first["timeframe"], first["what"], first["notes"]) == ("5 mins", "TRADES", [])
        assert len(first["items"]) == 50
        assert all(len(bar) == 6 and bar[3] <= bar[1] <= bar[2] for bar in first["items"])
        [span] = first["covered"]
        assert span["end"].endswith("Z")
        clamped = tree.get("/bars/AUD-USD?timeframe=7m&what=TRADES")
        assert (clamped["timeframe"], clamped["what"]) == ("5 mins", "MIDPOINT")
        assert len(clamped["notes"]) == 2
        refused = tree.call("GET", "/bars/BHP-AUD?timeframe=soon")
        assert (refused.status_code, refused.json()["code"]) == (422, "TIMEFRAME_NOT_KNOWN")
        series = until(
            lambda: rows if len(rows := tree.get("/bars")["items"]) == 2 else None, "both series"
        )
        assert {row["symbol"] for row in series} == {"BHP/AUD", "AUD/USD"}
        state = tree.get("/actors/ib.history")["state"]
        assert state["requests"]["asked"] == 2
        assert state["requests"]["refused_for_pacing"] == 0
        assert tree.get("/actors/ib.bars")["state"]["on_disk"] is True
    asked = _asked(venue)
    with growing(tmp_path, venue.port, ALLOWED_SYMBOLS="BHP/AUD,AUD/USD") as tree:
        tree.wait_until_ready()
        until(lambda: tree.get("/actors/ib.history")["state"]["series"], "served")
        # At most the few minutes since.
        later = [m for m in venue.wire().from_client(20) if m.fields[3] == "BHP"][asked:]
        assert [m.fields[17] for m in later] in ([], ["300 S"], ["600 S"])
