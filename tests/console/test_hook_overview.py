"""`GET /overview` over a real hook: every part, and parts that do not answer."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.messages import LinkDown
from console.overview_schemas import OverviewOut
from tests.actors.conftest import LIMIT, Hang
from tests.console.conftest import Grow, Plant, Reach
from tests.console.test_hook_trading import ORDER
from tests.console.trading import Market, trading_tree


@pytest.fixture
def market(plant: Plant, tmp_path: Path) -> Market:
    market = trading_tree(plant, tmp_path / "state")
    market.open()
    return market


def look(hook: Reach) -> dict[str, Any]:
    answer = hook.get("/overview")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    OverviewOut.model_validate(said)
    return said


def test_a_well_kelpie_says_so_with_all_its_parts(market: Market) -> None:
    hook = market.tree.hook
    id = hook.post("/orders", json=ORDER).json()["client_order_id"]
    market.fill(id, 4, "45.00")
    said = look(hook)
    assert (said["mode"], said["verdict"]["level"]) == ("demo", "WELL")
    assert said["verdict"]["sentence"] == "All is well."
    assert said["verdict"]["stands"].startswith("4 BHP/AUD, no stop.")
    money = said["money"]
    assert (money["base"], money["worth"]) == ("AUD", "100000.50")
    assert {row["currency"]: row["amount"] for row in money["cash"]} == {
        "AUD": "90000",
        "USD": "120.25",
    }
    # 4 at 45.00, now at 45.01 by the middle, and 6.60 of fees.
    assert (money["since_start"], money["fees_since_start"]) == ("-6.56", "6.60")
    (holding,) = said["holdings"]
    assert (holding["symbol"], holding["quantity"], holding["managed"]) == ("BHP/AUD", "104", "4")
    assert (holding["agrees"], holding["protection"]) == (True, "SWITCHED_OFF")
    (order,) = said["orders"]
    assert (order["remaining"], order["state"]) == ("6", "INTENDED")
    assert (said["last_trade"]["quantity"], said["last_trade"]["price"]) == ("4", "45.00")
    assert [link["tradable"] for link in said["links"]] == [True]
    assert said["unanswered"] == []


def test_a_link_that_is_down_needs_you(market: Market) -> None:
    why = "nothing listens at 127.0.0.1:4002"
    market.tree.system.tell(names.DESK, LinkDown(names.IB, 1, "REFUSED", why, 12.0))
    market.settle()
    verdict = look(market.tree.hook)["verdict"]
    assert (verdict["level"], verdict["code"]) == ("NEEDS_YOU", "LINK_DOWN")
    assert why in verdict["sentence"]


def test_what_does_not_answer_is_null_and_is_named(grow: Grow) -> None:
    rig = grow(answer_seconds=0.1)
    release, begun = threading.Event(), threading.Event()
    rig.system.tell(names.LEDGER, Hang(release, begun))
    assert begun.wait(LIMIT)
    said = look(rig.hook)
    release.set()
    assert said["verdict"]["level"] == "NEEDS_YOU"
    for part in ("money", "holdings", "orders", "last_trade", "quiet", "links", "alerts"):
        assert said[part] is None
    assert {each["part"] for each in said["unanswered"]} >= {"orders", "last trade"}
