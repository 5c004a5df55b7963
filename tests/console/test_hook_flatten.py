"""`/trading/flatten` over the hook: what it takes, what it answers, who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors import names
from actors.messages import NotReconciled
from tests.console.conftest import READ_TOKEN, TOKEN, Plant
from tests.console.test_hook_trading import ORDER
from tests.console.trading import Market, trading_tree
from tests.tree.waiting import until


@pytest.fixture
def market(plant: Plant, tmp_path: Path) -> Market:
    market = trading_tree(plant, tmp_path / "state")
    market.open()
    return market


@pytest.fixture
def trader(market: Market) -> Iterator[httpx.Client]:
    with market.tree.hook.client(TOKEN) as client:
        yield client


def ask(trader: httpx.Client, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = trader.post("/trading/flatten", json=body)
    said: dict[str, Any] = answer.json()
    return answer.status_code, said


def _managed(trader: httpx.Client) -> list[str]:
    items = trader.get("/positions").json()["items"]
    return [each["managed"] for each in items if each["symbol"] == "BHP/AUD"]


def test_where_nothing_is_ours_nothing_is_begun(trader: httpx.Client) -> None:
    """100 BHP are in the account, and Kelpie did not buy them."""
    status, said = ask(trader)
    assert (status, said["state"], said["items"]) == (200, "NONE", [])
    status, said = ask(trader, symbols=["BHP-AUD", "BHP/AUD"])
    [item] = said["items"]
    assert (status, said["state"], item["state"]) == (200, "DONE", "FLAT")
    assert (item["managed"], item["held"]) == ("0", "100")
    assert trader.get("/trading/flatten").json()["state"] == "NONE"


def test_what_was_begun_is_shown_and_can_be_ended(market: Market, trader: httpx.Client) -> None:
    id = trader.post("/orders", json=ORDER).json()["client_order_id"]
    market.fill(id, 4, "45.00")
    until(lambda: _managed(trader) == ["4"], "the desk knows of the fill")
    status, said = ask(trader, dry_run=True)
    [item] = said["items"]
    assert (status, said["state"], said["confirm"]) == (200, "PREVIEW", None)
    assert (item["cancels"], item["side"], item["quantity"]) == ([id], "SELL", "4")
    assert ask(trader)[0] == 202
    assert trader.get(f"/orders/{id}").json()["pending_change"] == "CANCEL"
    shown = trader.get("/trading/flatten").json()
    assert (shown["state"], shown["who"]) == ("RUNNING", "hook (full token)")
    refused = trader.post("/orders", json=ORDER)
    assert (refused.status_code, refused.json()["code"]) == (409, "FLATTENING")
    ended = trader.delete("/trading/flatten").json()
    assert (ended["state"], ended["items"][0]["state"]) == ("DONE", "LEFT")
    assert trader.post("/orders", json=ORDER).status_code == 202


def test_where_the_lists_are_not_known_it_is_confirmed_first(
    market: Market, trader: httpx.Client
) -> None:
    id = trader.post("/orders", json=ORDER).json()["client_order_id"]
    unsure = NotReconciled(names.IB, 1, "LIST_NOT_ENDED", "open orders did not end")
    market.tree.system.tell(names.DESK, unsure)
    market.settle()
    status, said = ask(trader)
    assert (status, said["state"]) == (200, "CONFIRM")
    assert "open orders did not end" in said["confirm_because"]
    assert trader.get(f"/orders/{id}").json()["pending_change"] is None
    assert ask(trader, confirm=said["confirm"])[0] == 202


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"symbols": ["BHP"]}, "SYMBOL_NOT_A_SYMBOL"),
        ({"symbols": "BHP/AUD"}, "FIELD_WRONG_TYPE"),
        ({"symbol": "BHP/AUD"}, "FIELD_UNKNOWN"),
        ({"confirm": "x" * 81}, "FIELD_TOO_LONG"),
        ({"reason": "x" * 401}, "FIELD_TOO_LONG"),
    ],
)
def test_what_is_no_flatten_is_refused(
    trader: httpx.Client, body: dict[str, Any], code: str
) -> None:
    status, said = ask(trader, **body)
    assert (status, said["code"]) == (422, code)


def test_the_read_token_only_looks(market: Market) -> None:
    with market.tree.hook.client(READ_TOKEN) as reader:
        assert reader.get("/trading/flatten").status_code == 200
        assert reader.post("/trading/flatten", json={}).status_code == 403
        assert reader.delete("/trading/flatten").status_code == 403
