"""Mode observe through the whole tree: the same decisions, into the shadow book, and no order.

The gateway's wire log is the judge of what was sent: nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from console.report import main as report
from simulators.broker import ACCOUNT
from simulators.tws.protocol import Request
from tests.pains.acts import taken
from tests.tree.in_process import PATIENTLY, QUICKLY, Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import until

_FAR = {"type": "LIMIT", "limit_price": "30"}


@contextmanager
def observing(folder: Path, venue: Venue, *, watched: bool = True, **given: str) -> Iterator[Tree]:
    more = {"MODE": "observe", **given}
    with growing(folder, venue.port, QUICKLY, watched, None, {}, PATIENTLY, **more) as tree:
        tree.wait_until_ready()
        yield tree


def nothing_was_sent(venue: Venue) -> None:
    wire = venue.wire()
    assert wire.orders_per_ref() == {}
    for kind in (Request.PLACE_ORDER, Request.CANCEL_ORDER):
        assert wire.from_client(kind) == [], "not even to ask what it would cost"


def shadow(tree: Tree) -> dict[str, Any]:
    said: dict[str, Any] = tree.get("/shadow")
    return said


@pytest.mark.timeout(120)
def test_what_would_be_sent_is_filled_by_quotes_and_nothing_is_sent(
    tmp_path: Path,
    venue: Venue,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    venue.start("--market", "still")
    wait_for_open_market()
    with observing(tmp_path, venue) as tree:
        quote = next(q for q in tree.get("/quotes")["items"] if q["symbol"] == "BHP/AUD")
        taken(tree, "KLP-IN", quantity="20")
        tree.wait_for_state("KLP-IN", "FILLED")
        taken(tree, "KLP-FAR", **_FAR)
        tree.wait_for_state("KLP-FAR", "WORKING")
        said = shadow(tree)
        [position] = said["positions"]
        assert (position["symbol"], position["managed"]) == ("BHP/AUD", "20")
        [fill] = said["fills"]
        assert float(fill["price"]) == quote["ask"], "at the touch, in a market that stands still"
        assert tree.get("/positions")["items"] == [], "nobody holds anything"

        refused = tree.propose("KLP-MUCH", side="SELL", quantity="21")
        assert refused.json()["code"] == "MORE_THAN_HELD"
        taken(tree, "KLP-OUT", side="SELL", quantity="5")
        tree.wait_for_state("KLP-OUT", "FILLED")
        assert tree.call("DELETE", "/orders/KLP-FAR").status_code == 202
        tree.wait_for_state("KLP-FAR", "CANCELLED")
        flat = tree.call("POST", "/trading/flatten", {"symbols": ["BHP/AUD"]})
        assert flat.json()["code"] == "OBSERVING"
        assert tree.call("POST", "/trading/pause", {"reason": "a test"}).status_code == 200
        assert tree.propose("KLP-PAUSED", **_FAR).json()["code"] == "PAUSED"
        until(tree.settled, "all is handled")
        (row,) = tree.get("/venues")["items"]
        assert (row["mismatches"], row["in_doubt"]) == ([], []), "IB knows nothing of a shadow"
    with observing(tmp_path, venue) as tree:
        [position] = shadow(tree)["positions"]
        assert position["managed"] == "15", "it outlives the process"
        assert [o["state"] for o in shadow(tree)["orders"]] == ["FILLED", "CANCELLED", "FILLED"]
    nothing_was_sent(venue)
    monkeypatch.setenv("MODE", "observe")
    monkeypatch.setenv("IB_PORT", str(venue.port))
    monkeypatch.setenv("IB_ACCOUNT_ID", ACCOUNT)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    assert report(["shadow"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("2 fills in the shadow book; nothing of it was sent.\nBHP/AUD 15 held")
    assert "commissions of 13.2" in told, "A$6.60 for each order, as IB's table has it"


@pytest.mark.timeout(120)
def test_the_rules_and_the_plans_work_on_the_shadow_position(tmp_path: Path, venue: Venue) -> None:
    venue.start()
    wait_for_open_market()
    more = {"STRATEGY": "rules", "PLAN_LATEST_AGE_MINUTES": "3"}
    with observing(tmp_path, venue, watched=False, **more) as tree:
        until(lambda: shadow(tree)["fills"], "a rule finds an entry", 40.0, every=0.2)

        def left() -> list[str]:
            tree.leap(60.0)
            sold = [f for f in shadow(tree)["fills"] if f["side"] == "SELL"]
            return [f["client_order_id"] for f in sold]

        assert until(left, "the plan leaves it", 40.0, every=0.2)[0].startswith("KLP-P-")
    nothing_was_sent(venue)


@pytest.mark.timeout(120)
def test_what_is_guarded_in_the_shadow_is_left_there(tmp_path: Path, venue: Venue) -> None:
    """As the settings have it: every entry with its stop, which no venue knows."""
    venue.start("--market", "still")
    wait_for_open_market()
    more = {"PROTECT_ENTRIES": "yes", "PLAN_LATEST_AGE_MINUTES": "3"}
    with observing(tmp_path, venue, watched=False, **more) as tree:
        taken(tree, "KLP-IN", quantity="20")
        tree.wait_for_state("KLP-IN", "FILLED")

        def left() -> bool:
            tree.leap(60.0)
            return any(fill["side"] == "SELL" for fill in shadow(tree)["fills"])

        until(left, "the plan leaves it", 40.0, every=0.2)
        until(lambda: not any(p["managed"] != "0" for p in shadow(tree)["positions"]), "flat")
    nothing_was_sent(venue)


@pytest.mark.timeout(120)
def test_a_bracket_lives_in_the_shadow_and_its_group_ends_together(
    tmp_path: Path, venue: Venue
) -> None:
    venue.start("--market", "still")
    wait_for_open_market()
    with observing(tmp_path, venue) as tree:
        quote = next(q for q in tree.get("/quotes")["items"] if q["symbol"] == "BHP/AUD")
        order = {
            "client_order_id": "KLP-B",
            "symbol": "BHP/AUD",
            "side": "BUY",
            "quantity": "20",
            "type": "LIMIT",
            "limit_price": f"{quote['ask'] + 0.02:.2f}",
            "protection": {"stop_price": f"{quote['bid'] - 2:.2f}"},
            "target": {"limit_price": f"{quote['ask'] + 2:.2f}"},
        }
        answer = tree.call("POST", "/orders", order)
        assert answer.status_code == 202, answer.text
        tree.wait_for_state("KLP-B", "FILLED")
        for child in ("KLP-B-S", "KLP-B-T"):
            tree.wait_for_state(child, "WORKING")
        until(tree.settled, "all is handled")
    nothing_was_sent(venue)
