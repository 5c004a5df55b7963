"""A shadow beside paper through the whole tree: both worlds of each order, compared next day."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.messages import GetChecklist
from console.report import main as report
from domain.checklist import SYDNEY, Item
from simulators.broker import ACCOUNT
from tests.pains.acts import taken
from tests.tree.in_process import QUICKLY, Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import SOON, until


def divergence(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert report(["divergence", "--json"]) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def to_the_next_day(tree: Tree) -> None:
    """A little past midnight in Sydney."""
    now = tree.clock.now().astimezone(SYDNEY)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=1)
    tree.leap((midnight - now).total_seconds())


@pytest.mark.timeout(120)
def test_each_order_lives_in_both_worlds_and_the_day_is_compared(
    tmp_path: Path,
    venue: Venue,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("MODE", "paper"), ("IB_ACCOUNT_ID", ACCOUNT)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    venue.start("--market", "still")
    wait_for_open_market()
    with growing(tmp_path, venue.port, QUICKLY, False, None, {}, SHADOW="true") as tree:
        tree.wait_until_ready()
        taken(tree, "KLP-IN", quantity="20")
        tree.wait_for_state("KLP-IN", "FILLED")
        taken(tree, "KLP-FAR", type="LIMIT", limit_price="30")
        tree.wait_for_state("KLP-FAR", "WORKING")
        assert tree.call("DELETE", "/orders/KLP-FAR").status_code == 202
        tree.wait_for_state("KLP-FAR", "CANCELLED")
        until(lambda: tree.get("/fills")["items"][0]["commission_final"], "all is booked")

        def over() -> bool:
            """It hears of an order as everybody does, and writes down what became of it there."""
            open_there = tree.system.inspect(names.SHADOW).get(timeout=SOON)["open"]
            return not open_there and len(divergence(capsys)["orders"]) == 2

        until(over, "the shadow knows the end of both")
        said = divergence(capsys)
        assert (said["judged"], said["slippage_bps"], said["missed_part"]) == (False, "0", "0")
        one = {order["client_order_id"]: order for order in said["orders"]}
        assert one["KLP-IN"]["shadow_price"] == one["KLP-IN"]["real_price"] is not None
        assert one["KLP-FAR"]["shadow_filled"] == one["KLP-FAR"]["real_filled"] == "0"
        assert venue.wire().orders_per_ref() == {"KLP-IN": 1, "KLP-FAR": 1}, "sent once, not twice"

        def judged() -> bool:
            to_the_next_day(tree)
            return bool(divergence(capsys)["judged"])

        until(judged, "the day is compared", 20.0, every=0.2)
        assert divergence(capsys)["beyond"] == ""
        answer = tree.system.ask(names.LIVE_GATE, GetChecklist()).get(timeout=SOON)
        state = next(each for each in answer.items if each.item is Item.DIVERGENCE)
        # Each look leaps a day on: one is compared, or more by now.
        assert state.sentence[0] in "123456789" and " of 5 days" in state.sentence


@pytest.mark.timeout(60)
def test_whatever_becomes_of_its_file_nobody_waits(tmp_path: Path, venue: Venue) -> None:
    venue.start("--market", "still")
    wait_for_open_market()
    with growing(tmp_path, venue.port, QUICKLY, True, None, {}, SHADOW="true") as tree:
        tree.wait_until_ready()
        [file] = (tmp_path / "state").rglob("shadow.db")
    for name in ("shadow.db", "shadow.db-wal", "shadow.db-shm"):
        file.with_name(name).unlink(missing_ok=True)
    file.mkdir()
    with growing(tmp_path, venue.port, QUICKLY, True, None, {}, SHADOW="true") as tree:
        tree.wait_until_ready()
        taken(tree, "KLP-IN", quantity="20")
        tree.wait_for_state("KLP-IN", "FILLED")
        assert tree.lost_facts() == []
        assert not tree.system.inspect(names.SHADOW).get(timeout=SOON)["on_disk"]
