"""Orders and all that belongs to them over HTTP, with the real desk and the real book."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from actors import names
from actors.messages import LinkDown, RecordState
from domain.orders import OrderState
from tests.actors.conftest import LIMIT
from tests.console.conftest import TOKEN, Plant
from tests.console.trading import Market, trading_tree
from tests.tree.waiting import until

ORDER = {
    "symbol": "BHP/AUD",
    "side": "BUY",
    "quantity": "10",
    "type": "LIMIT",
    "limit_price": "45.00",
    "tif": "DAY",
}
ORDER_FIELDS = [
    "client_order_id",
    "symbol",
    "side",
    "quantity",
    "filled",
    "remaining",
    "type",
    "limit_price",
    "stop_price",
    "tif",
    "state",
    "pending_change",
    "average_price",
    "venue_order_id",
    "reason",
    "created_at",
]
FILL_FIELDS = [
    "execution_id",
    "client_order_id",
    "symbol",
    "side",
    "quantity",
    "price",
    "commission",
    "commission_currency",
    "commission_final",
    "time",
]
POSITION_FIELDS = [
    "symbol",
    "held",
    "managed",
    "external",
    "average_price",
    "currency",
    "market_price",
    "unrealised_pnl",
]
QUOTE_FIELDS = [
    "symbol",
    "bid",
    "ask",
    "last",
    "bid_size",
    "ask_size",
    "data_type",
    "age_seconds",
    "stale",
    "missing",
    "crossed",
    "halted",
]


@pytest.fixture
def market(plant: Plant, tmp_path: Path) -> Market:
    market = trading_tree(plant, tmp_path)
    market.open()
    return market


@pytest.fixture
def trader(market: Market) -> Iterator[httpx.Client]:
    with market.tree.hook.client(TOKEN) as client:
        yield client


def _count(client: httpx.Client) -> int:
    return len(client.get("/orders").json()["items"])


def test_an_order_is_taken_recorded_and_shown(market: Market, trader: httpx.Client) -> None:
    answer = trader.post("/orders", json=ORDER)
    assert answer.status_code == 202, answer.text
    order = answer.json()
    assert list(order)[: len(ORDER_FIELDS)] == ORDER_FIELDS
    assert order["client_order_id"].startswith("KLP-")
    assert (order["state"], order["quantity"], order["remaining"]) == ("INTENDED", "10", "10")
    assert (order["limit_price"], order["stop_price"], order["average_price"]) == (
        "45.00",
        None,
        None,
    )
    assert datetime.fromisoformat(order["created_at"]).utcoffset() == timedelta(0)
    id = order["client_order_id"]
    shown = trader.get(f"/orders/{id}").json()
    assert {name: shown[name] for name in ORDER_FIELDS} == order
    assert (shown["asked_as"], shown["terms_at_venue"], shown["amendments"]) == ("LIMIT", None, [])
    assert trader.get("/orders?symbol=BHP-AUD&state=INTENDED").json() == {"items": [order]}
    assert trader.get("/orders?state=FILLED").json() == {"items": []}
    assert trader.get("/orders?symbol=CBA-AUD").json() == {"items": []}


def test_the_same_body_again_is_harmless_and_another_body_is_409(
    market: Market, trader: httpx.Client
) -> None:
    named = {**ORDER, "client_order_id": "mine-1"}
    first = trader.post("/orders", json=named)
    again = trader.post("/orders", json={**named, "limit_price": 45.0, "quantity": 10})
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    other = trader.post("/orders", json={**named, "quantity": "11"})
    assert (other.status_code, other.json()["code"]) == (409, "ORDER_ID_TAKEN")
    assert other.json()["client_order_id"] == "mine-1"
    assert _count(trader) == 1


def test_the_same_body_many_times_at_once_is_one_order(market: Market) -> None:
    named = {**ORDER, "client_order_id": "mine-1"}
    ready = Barrier(8)

    def send(_: int) -> httpx.Response:
        with market.tree.hook.client(TOKEN) as client:
            client.get("/actors")  # connected, so that all of them start together
            ready.wait(LIMIT)
            return client.post("/orders", json=named)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert [answer.status_code for answer in answers] == [202] * 8
    assert len({answer.json()["created_at"] for answer in answers}) == 1
    counts = market.tree.hook.get("/actors/trading.desk").json()["counts"]
    assert counts["Propose"] == 1


def test_the_same_body_is_harmless_even_after_the_order_ended_and_trading_was_paused(
    market: Market, trader: httpx.Client
) -> None:
    named = {**ORDER, "client_order_id": "mine-1"}
    assert trader.post("/orders", json=named).status_code == 202
    ended = RecordState("mine-1", OrderState.NOT_SENT, reason="a test")
    market.tree.system.tell(names.LEDGER, ended)
    market.settle(names.LEDGER)
    market.settle()
    assert trader.post("/trading/pause", json={}).status_code == 200
    again = trader.post("/orders", json=named)
    assert (again.status_code, again.json()["state"]) == (202, "NOT_SENT")
    late = trader.delete("/orders/mine-1")
    assert (late.status_code, late.json()["code"]) == (409, "ORDER_NOT_OPEN")


def test_what_the_desk_refuses_is_a_problem_with_its_code_and_cure(
    market: Market, trader: httpx.Client
) -> None:
    for change, status, code in (
        ({"symbol": "CBA/AUD"}, 422, "SYMBOL_NOT_ALLOWED"),
        ({"quantity": "1000"}, 422, "ORDER_TOO_LARGE"),
        ({"limit_price": "45.005"}, 422, "PRICE_BETWEEN_STEPS"),
        ({"quantity": "0.5"}, 422, "QUANTITY_NOT_IN_LOTS"),
    ):
        answer = trader.post("/orders", json={**ORDER, **change})
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert (answer.status_code, body["code"]) == (status, code)
        assert (body["status"], body["instance"]) == (status, "/orders")
        assert body["type"].endswith(code)
        assert body["detail"].count(".") >= 2  # a sentence, and what to do
    assert _count(trader) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"symbol": "BHP"}, "SYMBOL_NOT_A_SYMBOL"),
        ({"symbol": 7}, "SYMBOL_NOT_A_SYMBOL"),
        ({"quantity": "-5"}, "QUANTITY_NOT_POSITIVE"),
        ({"quantity": -5}, "QUANTITY_NOT_POSITIVE"),
        ({"quantity": 0}, "QUANTITY_NOT_POSITIVE"),
        ({"quantity": "NaN"}, "NUMBER_NOT_FINITE"),
        ({"quantity": "-Infinity"}, "NUMBER_NOT_FINITE"),
        ({"quantity": "1e400"}, "NUMBER_OUT_OF_RANGE"),
        ({"quantity": "1e-400"}, "NUMBER_OUT_OF_RANGE"),
        ({"quantity": "9" * 39}, "NUMBER_OUT_OF_RANGE"),
        ({"quantity": True}, "FIELD_WRONG_TYPE"),
        ({"quantity": "ten"}, "FIELD_WRONG_TYPE"),
        ({"quantity": "1_000"}, "FIELD_WRONG_TYPE"),
        ({"quantity": "٣"}, "FIELD_WRONG_TYPE"),
        ({"quantity": None}, "FIELD_WRONG_TYPE"),
        ({"quantity": [10]}, "FIELD_WRONG_TYPE"),
        ({"limit_price": None}, "PRICE_MISSING"),
        ({"limit_price": "-1"}, "PRICE_NOT_POSITIVE"),
        ({"stop_price": "44"}, "PRICE_NOT_WANTED"),
        ({"type": "MARKET"}, "PRICE_NOT_WANTED"),
        ({"type": "ICEBERG"}, "FIELD_NOT_ALLOWED"),
        ({"side": "buy"}, "FIELD_NOT_ALLOWED"),
        ({"tif": 3}, "FIELD_NOT_ALLOWED"),
        ({"purpose": "FLATTEN"}, "FIELD_NOT_ALLOWED"),
        ({"client_order_id": "a b"}, "FIELD_NOT_ALLOWED"),
        ({"client_order_id": "x" * 41}, "FIELD_NOT_ALLOWED"),
        ({"client_order_id": ""}, "FIELD_NOT_ALLOWED"),
    ],
    ids=repr,
)
def test_bad_input_is_refused_with_its_code_and_nothing_stops(
    market: Market, trader: httpx.Client, change: dict[str, Any], code: str
) -> None:
    answer = trader.post("/orders", json={**ORDER, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert _count(trader) == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "FIELD_MISSING"),
        (b"{}", 422, "FIELD_MISSING"),
        (b"[]", 422, "BODY_NOT_AN_OBJECT"),
        (b"7", 422, "BODY_NOT_AN_OBJECT"),
        (b"not json", 400, "BODY_NOT_JSON"),
        (b"\xff\xfe", 400, "BODY_NOT_JSON"),
        (b"[" * 60_000, 400, "BODY_NOT_JSON"),
        (b'{"quantity": NaN}', 422, "NUMBER_NOT_FINITE"),
        (b'{"quantity": Infinity}', 422, "NUMBER_NOT_FINITE"),
        (b'{"side": "BUY", "side": "SELL"}', 422, "FIELD_TWICE"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_body_that_is_no_order_is_refused_with_its_code(
    market: Market, trader: httpx.Client, body: bytes, status: int, code: str
) -> None:
    answer = trader.post("/orders", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert _count(trader) == 0


@pytest.mark.parametrize("number", ["1e400", "1" + "0" * 5000, "1e99999999999", "0." + "1" * 60])
def test_a_bare_number_beyond_all_bounds_is_refused(
    market: Market, trader: httpx.Client, number: str
) -> None:
    body = json.dumps({**ORDER, "quantity": "@"}).replace('"@"', number)
    answer = trader.post(
        "/orders", content=body.encode(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] in ("NUMBER_OUT_OF_RANGE", "FIELD_WRONG_TYPE")


def test_bad_questions_are_refused_with_a_code(market: Market, trader: httpx.Client) -> None:
    for path, code in (
        ("/orders?state=LOST", "FIELD_NOT_ALLOWED"),
        ("/orders?limit=0", "NUMBER_OUT_OF_RANGE"),
        ("/orders?limit=1001", "NUMBER_OUT_OF_RANGE"),
        ("/orders?limit=x", "FIELD_WRONG_TYPE"),
        ("/fills?symbol=BHP", "SYMBOL_NOT_A_SYMBOL"),
    ):
        answer = trader.get(path)
        assert (answer.status_code, answer.json()["code"]) == (422, code), path
    answer = trader.get("/orders/nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "ORDER_NOT_KNOWN")


def test_an_order_is_taken_back_and_says_that_the_cancel_is_pending(
    market: Market, trader: httpx.Client
) -> None:
    id = trader.post("/orders", json=ORDER).json()["client_order_id"]
    answer = trader.delete(f"/orders/{id}")
    assert answer.status_code == 202
    assert answer.json()["pending_change"] == "CANCEL"
    nobody = trader.delete("/orders/nobody")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "ORDER_NOT_KNOWN")


def test_a_pause_holds_entries_until_resumed(market: Market, trader: httpx.Client) -> None:
    paused = trader.post("/trading/pause", json={"reason": "going on holiday"})
    said = {"paused": True, "reason": "going on holiday", "holds": [], "cancelled": []}
    assert paused.json() == said
    assert trader.get("/account").json()["paused"] is True
    refused = trader.post("/orders", json=ORDER)
    assert (refused.status_code, refused.json()["code"]) == (409, "PAUSED")
    resumed = trader.post("/trading/resume", content=b"", headers={"content-type": _JSON})
    assert resumed.json()["paused"] is False
    assert trader.post("/orders", json=ORDER).status_code == 202


_JSON = "application/json"


def test_what_others_traded_is_shown_apart(market: Market, trader: httpx.Client) -> None:
    market.fill_of_another(7)
    assert trader.get("/fills").json() == {"items": []}
    [fill] = trader.get("/fills/foreign").json()["items"]
    assert (fill["venue"], fill["execution_id"], fill["venue_order_id"]) == (
        "ib",
        "0002.01",
        "9002",
    )
    assert (fill["client_order_id"], fill["side"], fill["quantity"]) == (None, "SELL", "7")
    assert trader.get("/fills/foreign?symbol=BHP/AUD").json() == {"items": [fill]}
    assert trader.get("/fills/foreign?symbol=CBA/AUD").json() == {"items": []}
    assert trader.get("/fills/foreign?limit=0").status_code == 422


def test_positions_fills_quotes_and_account_have_the_names_of_the_design(
    market: Market, trader: httpx.Client
) -> None:
    id = trader.post("/orders", json=ORDER).json()["client_order_id"]
    market.fill(id, 4, "45.00")

    [fill] = trader.get("/fills").json()["items"]
    assert list(fill)[: len(FILL_FIELDS)] == FILL_FIELDS
    assert (fill["quantity"], fill["price"], fill["commission"]) == ("4", "45.00", "6.60")
    assert (fill["commission_currency"], fill["commission_final"]) == ("AUD", True)
    assert trader.get(f"/fills?client_order_id={id}").json() == {"items": [fill]}
    assert trader.get("/fills?client_order_id=nobody").json() == {"items": []}

    [position] = trader.get("/positions").json()["items"]
    assert list(position)[: len(POSITION_FIELDS)] == POSITION_FIELDS
    assert (position["held"], position["managed"], position["external"]) == ("104", "4", "100")
    assert (position["currency"], position["market_price"]) == ("AUD", 45.01)

    [quote] = trader.get("/quotes").json()["items"]
    assert list(quote)[: len(QUOTE_FIELDS)] == QUOTE_FIELDS
    assert (quote["bid"], quote["ask"], quote["data_type"]) == (45.0, 45.02, "LIVE")
    assert quote["stale"] is False
    market.tree.clock.leap(60)
    [quote] = trader.get("/quotes").json()["items"]
    assert quote["stale"] is True
    assert quote["age_seconds"] >= 60

    account = trader.get("/account").json()
    assert account["mode"] == "demo"
    [row] = account["items"]
    assert row["account"] == "DU***567"
    assert row["net_liquidation"] == "100000.50"
    assert row["buying_power"] is None
    aud, usd = row["cash"]
    assert (aud["currency"], aud["amount"], aud["in_base"]) == ("AUD", "90000", "90000")
    assert (usd["currency"], usd["amount"]) == ("USD", "120.25")
    assert (usd["rate"], usd["in_base"]) == (None, None)  # nobody has told one: not zero, not one
    assert row["rates_stale"] is True
    equity = trader.get("/equity").json()
    assert (equity["equity"], equity["cash"], equity["reckoned"]) == ("100000.50", None, None)
    assert equity["stale"] is True
    assert "1234567" not in trader.get("/account").text


def test_ready_follows_the_venue_and_says_why_since_when_and_when_next(
    market: Market, trader: httpx.Client
) -> None:
    with market.tree.hook.client() as anybody:
        ready = anybody.get("/health/ready")
        assert (ready.status_code, ready.json()["ready"]) == (200, True)
        market.tree.system.tell(
            names.DESK, LinkDown(names.IB, 1, "REFUSED", "nothing listens at its port", 12.0)
        )
        market.settle()
        ready = anybody.get("/health/ready")
    assert ready.status_code == 503
    [venue] = ready.json()["venues"]
    assert venue["reason"] == "nothing listens at its port"
    since, next_try = (datetime.fromisoformat(venue[key]) for key in ("since", "next_try"))
    assert timedelta(seconds=11) < next_try - since < timedelta(seconds=13)
    [shown] = trader.get("/venues").json()["items"]
    assert (shown["tradable"], shown["connected"]) == (False, False)
    assert 'kelpie_venue_tradable{venue="ib"} 0.0' in trader.get("/metrics").text


def test_reconcile_asks_the_venues_resync(market: Market, trader: httpx.Client) -> None:
    answer = trader.post("/reconcile", json={"reason": "a test"})
    assert (answer.status_code, answer.json()) == (202, {"asked": ["ib.resync"]})
    # It is passed on, and what the actor says of itself may overtake it.
    counts = market.tree.system.seat(names.resync(names.IB)).handled
    until(lambda: counts["ReconcileNow"], "it is asked")
    market.settle(names.resync(names.IB))
    assert counts["ReconcileNow"] == 1


def test_the_metrics_count_orders_whose_fate_is_unknown(
    market: Market, trader: httpx.Client
) -> None:
    text = trader.get("/metrics").text
    assert "kelpie_orders_unknown 0.0" in text.splitlines()
    assert 'kelpie_venue_tradable{venue="ib"} 1.0' in text
