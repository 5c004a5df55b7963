"""Money over the hook: what nothing explains, said to be what it was; the accounts; the curve."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from actors import names
from actors.messages import CashTold, RecordEquity
from domain.equity_curve import ALL, CurveRow, EquityPoint, Why
from tests.console.conftest import Plant
from tests.console.trading import Market, trading_children


@pytest.fixture
def market(plant: Plant, tmp_path: Path) -> Market:
    market = Market(plant(trading_children(tmp_path / "state")))
    market.open()
    return market


@pytest.fixture
def client(market: Market) -> Iterator[httpx.Client]:
    with market.tree.hook.client(market.tree.hook.token) as client:
        yield client


def shows(market: Market, aud: str, *, times: int = 1) -> None:
    """Five minutes later the venue's lists end, with this cash."""
    for _ in range(times):
        market.tree.clock.leap(300)
        told = CashTold(names.IB, market.tree.clock.now(), (("AUD", Decimal(aud)),))
        market.tree.system.tell(names.LEDGER, told)
        market.settle(names.LEDGER)


def test_a_deposit_is_shown_and_typed(market: Market, client: httpx.Client) -> None:
    shows(market, "90000")
    shows(market, "90070.50", times=2)
    [found] = client.get("/money/unexplained").json()["items"]
    assert (found["currency"], found["amount"], found["type"]) == ("AUD", "70.50", None)
    assert (found["theirs"], found["ours"]) == ("90070.50", "90000")
    path = f"/money/unexplained/{found['difference_id']}"
    answer = client.post(path, json={"type": "DEPOSIT", "note": "rent"})
    assert answer.status_code == 200
    assert (answer.json()["type"], answer.json()["note"]) == ("DEPOSIT", "rent")
    assert client.get("/money/unexplained").json()["items"] == []
    assert [each["type"] for each in client.get("/money/cash").json()["items"]] == [
        "DEPOSIT",
        "OPENING",
    ]
    accounts = client.get("/money/accounts").json()["items"]
    assert {each["account"]: each["amount"] for each in accounts} == {
        "cash": "90070.5",
        "deposit": "-70.5",
        "opening": "-90000",
    }


def test_what_cannot_be_typed_says_why(market: Market, client: httpx.Client) -> None:
    shows(market, "90000")
    [opening] = client.get("/money/cash").json()["items"]
    for name in (opening["difference_id"], "nothing"):
        answer = client.post(f"/money/unexplained/{name}", json={"type": "FEE"})
        assert (answer.status_code, answer.json()["code"]) == (404, "CASH_DIFFERENCE_NOT_KNOWN")
    wrong = client.post("/money/unexplained/nothing", json={"type": "GIFT"})
    assert wrong.status_code == 422
    with market.tree.hook.client(market.tree.hook.read_token) as reader:
        assert reader.post("/money/unexplained/x", json={"type": "FEE"}).status_code == 403


def test_the_curve_has_its_peak_and_its_drawdown(market: Market, client: httpx.Client) -> None:
    for number, realised in enumerate(("100", "40", None, "60")):
        market.tree.clock.leap(60)
        point = EquityPoint(
            at=market.tree.clock.now(),
            venue=ALL,
            why=Why.HOUR,
            day=market.tree.clock.now().date(),
            currency="AUD",
            equity=Decimal(1000 + number),
            cash=None,
            holdings=None,
            realised=None if realised is None else Decimal(realised),
            unrealised=Decimal(-5),
            commissions=Decimal("6.60"),
            stale=False,
        )
        market.tree.system.tell(names.LEDGER, RecordEquity(CurveRow((point,), (), ())))
    market.settle(names.LEDGER)
    items = client.get("/equity/history?hours=1").json()["items"]
    ours = [each for each in items if each["commissions"] == "6.60"]  # the desk takes its own
    said = [(each["profit"], each["peak"], each["drawdown"]) for each in ours]
    assert said == [
        ("48.40", "88.40", "40.00"),
        (None, "88.40", None),
        ("28.40", "88.40", "60.00"),
        ("88.40", "88.40", "0.00"),
    ]
    assert len(client.get("/equity/history?hours=1&limit=2").json()["items"]) == 2
