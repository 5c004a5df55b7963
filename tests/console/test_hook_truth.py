"""Reconciling, orders of others and adoptions over the hook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from actors import names
from actors.messages import GetAdoption, Reconciled, RecordAdoption
from domain.adoption import Adoption
from domain.foreign import Whose, foreign_order
from domain.orders import Side
from tests.actors.conftest import LIMIT
from tests.console.conftest import READ_TOKEN, TOKEN, Plant
from tests.console.trading import BHP, Market, trading_tree
from tests.domain.reconciling import SHOWN, held
from tests.tree.waiting import until

ADOPT = "/positions/BHP-AUD/adopt"


@pytest.fixture
def market(plant: Plant, tmp_path: Path) -> Market:
    """A venue that holds 100 BHP, none of them Kelpie's."""
    market = trading_tree(plant, tmp_path)
    market.open()
    return market


@pytest.fixture
def trader(market: Market) -> Iterator[httpx.Client]:
    with market.tree.hook.client(TOKEN) as client:
        yield client


def managed(trader: httpx.Client) -> str:
    [row] = trader.get("/positions").json()["items"]
    return str(row["managed"])


def test_an_adoption_is_shown_first_and_then_done_once(trader: httpx.Client) -> None:
    body = {"quantity": "60", "managed": "0"}
    shown = trader.post(ADOPT, json=body | {"dry_run": True})
    assert shown.status_code == 200, shown.text
    plan = shown.json()
    assert (plan["done"], plan["adoption_id"], plan["price"]) == (False, "", "40")
    assert (plan["managed_before"], plan["managed_after"]) == ("0", "60")
    assert (plan["external_before"], plan["external_after"]) == ("100", "40")
    assert managed(trader) == "0"

    done = trader.post(ADOPT, json=body)
    assert (done.status_code, done.json()["done"]) == (200, True)
    until(lambda: managed(trader) == "60", "it is managed")
    # The same word again, as a double click gives it, was about another holding.
    again = trader.post(ADOPT, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "POSITION_MOVED")
    assert managed(trader) == "60"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (ADOPT, {"quantity": "101"}, 409, "ADOPT_MORE_THAN_EXTERNAL"),
        (ADOPT, {"quantity": "-1"}, 409, "ADOPT_MORE_THAN_EXTERNAL"),
        (ADOPT, {"quantity": "0"}, 409, "ADOPT_NOTHING"),
        (ADOPT, {"quantity": "1", "price": "-1"}, 409, "PRICE_NOT_POSITIVE"),
        (ADOPT, {"quantity": "NaN"}, 422, "NUMBER_NOT_FINITE"),
        (ADOPT, {}, 422, "FIELD_MISSING"),
        ("/positions/CBA-AUD/adopt", {"quantity": "1"}, 409, "SYMBOL_NOT_ALLOWED"),
        ("/positions/nonsense/adopt", {"quantity": "1"}, 422, "SYMBOL_NOT_A_SYMBOL"),
    ],
)
def test_what_is_refused_says_why(
    trader: httpx.Client, path: str, body: dict[str, str], status: int, code: str
) -> None:
    answer = trader.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert managed(trader) == "0"


def test_nothing_is_adopted_of_a_venue_that_has_not_been_compared(
    plant: Plant, tmp_path: Path
) -> None:
    market = trading_tree(plant, tmp_path)
    with market.tree.hook.client(TOKEN) as client:
        answer = client.post(ADOPT, json={"quantity": "1"})
    assert (answer.status_code, answer.json()["code"]) == (409, "VENUE_NOT_TRADABLE")


def test_the_read_token_adopts_nothing(market: Market) -> None:
    with market.tree.hook.client(READ_TOKEN) as client:
        assert client.post(ADOPT, json={"quantity": "1"}).json()["code"] == "TOKEN_ONLY_READS"
        assert client.get("/reconciliation").status_code == 200


def test_of_two_words_about_one_holding_the_ledger_writes_the_first(market: Market) -> None:
    """Both were decided before either was on disk."""
    system = market.tree.system
    first = Adoption("A-1", names.IB, BHP, Decimal(60), Decimal(40), Decimal(0), "me", "why")
    for each in (first, replace(first, adoption_id="A-2")):
        system.tell(names.LEDGER, RecordAdoption(each))
    asked = [system.ask(names.LEDGER, GetAdoption(name)) for name in ("A-1", "A-2")]
    assert [each.get(timeout=LIMIT) for each in asked] == [first, None]


def test_orders_of_others_have_their_rows_and_their_weight(
    market: Market, trader: httpx.Client
) -> None:
    theirs = foreign_order(replace(SHOWN, client_id=23, remaining=Decimal(4)), Whose.OTHERS)
    sale = replace(theirs, side=Side.SELL, venue_order_id="8", limit_price=None)
    now = market.tree.clock.now()
    told = Reconciled(names.IB, 1, now, (held(BHP, 100),), (), (), 2, (theirs, sale))
    market.tree.system.tell(names.DESK, told)
    market.settle()
    rows = trader.get("/orders/foreign").json()["items"]
    assert rows[0] == {
        "venue": "ib",
        "venue_order_id": "7",
        "client_id": 23,
        "client_order_id": "KLP-1",
        "symbol": "BHP/AUD",
        "side": "BUY",
        "quantity": "10",
        "remaining": "4",
        "type": "LIMIT",
        "limit_price": "40",
        "stop_price": None,
        "tif": "DAY",
        "state": "WORKING",
        "whose": "OTHERS",
    }
    account = trader.get("/account").json()
    assert (account["foreign_orders"], account["foreign_reserved"]) == (2, "160")
    assert account["reserved"] == "0", "ours are counted apart"


def test_a_comparison_that_cannot_be_made_is_not_waited_for(trader: httpx.Client) -> None:
    """There is no link here over which anything could be asked."""
    answer = trader.post("/reconcile", json={"wait_seconds": 30})
    said = answer.json()
    assert (answer.status_code, said["done"]) == (202, False)
    [row] = said["items"]
    assert (row["venue"], row["reconciled"], row["asking"]) == ("ib", False, False)
    assert trader.post("/reconcile", json={"wait_seconds": 61}).status_code == 422
