"""Limits and gates over the hook and the commands: shown, made tighter, never looser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.store import open_book
from config.entries import entry_of
from config.settings import Settings
from console.cli import main
from domain import limits, results
from domain.limits import NAMES
from supervisor import main as kelpie
from tests.console.conftest import Plant
from tests.console.test_hook_trading import ORDER
from tests.console.trading import Market, trading_tree
from tests.store.material import ACCOUNT, StandingClock


@pytest.fixture
def market(plant: Plant, tmp_path: Path) -> Market:
    market = trading_tree(plant, tmp_path / "state")
    market.open()
    return market


def command(market: Market, folder: Path, *words: str) -> int:
    hook = market.tree.hook
    token = folder / "hook.token"
    token.write_text(hook.token)
    token.chmod(0o600)
    return main([*words, "--url", hook.url, "--token-file", str(token)])


def test_each_limit_is_shown_with_its_unit_sentence_and_use(market: Market) -> None:
    said = market.tree.hook.get("/risk").json()
    shown = {each["name"]: each for each in said["limits"]}
    assert set(shown) == {name.upper() for name in NAMES}
    for name in NAMES:
        entry = entry_of(Settings.model_fields[name])
        assert shown[name.upper()]["sentence"] == entry.sentence
        assert shown[name.upper()]["unit"] == entry.unit
        assert not shown[name.upper()]["shut"] and shown[name.upper()]["since"] is None
    assert shown["MAX_ORDER_VALUE"]["limit"] == "10000" == shown["MAX_ORDER_VALUE"]["in_settings"]
    assert shown["PURSE"]["limit"] is None and shown["PURSE"]["used"] == "0.00"
    # 100 held by others, at the middle of 45.00 and 45.02.
    assert said["exposure"] == "4501.00" and said["ours"] == "0.00"


def test_a_limit_made_tighter_holds_at_once_and_in_the_book(market: Market, tmp_path: Path) -> None:
    hook = market.tree.hook
    wanted = {"limits": {"max_order_value": "449.99", "PURSE": "5000"}, "reason": "calm"}
    answer = hook.post("/risk/limits", json=wanted)
    assert answer.status_code == 200, answer.text
    assert hook.post("/risk/limits", json=wanted).status_code == 200, "asked again it is harmless"
    refused = hook.post("/orders", json=ORDER)
    assert refused.json()["code"] == "ORDER_TOO_LARGE"
    looser = hook.post("/risk/limits", json={"limits": {"MAX_ORDER_VALUE": "450"}})
    assert (looser.status_code, looser.json()["code"]) == (409, "LIMIT_LOOSENED")
    assert "on the box" in looser.json()["detail"]
    unknown = hook.post("/risk/limits", json={"limits": {"MAX_FUN": "1"}})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "LIMIT_NOT_KNOWN")
    with hook.client(hook.read_token) as reader:
        assert reader.post("/risk/limits", json=wanted).status_code == 403
    said = {each["name"]: each for each in hook.get("/risk").json()["limits"]}
    assert (said["PURSE"]["limit"], said["PURSE"]["in_settings"]) == ("5000", None)


def test_why_not_tells_no_signal_from_a_gate_that_is_shut(market: Market) -> None:
    hook = market.tree.hook
    calm = hook.get("/why-not/BHP-AUD").json()
    assert calm["shut"] == [] and calm["verdict"].startswith("Every gate is open")
    assert "no strategist" in calm["signal"]["detail"]
    hook.post("/risk/limits", json={"limits": {"MAX_ORDER_VALUE": "1"}})
    shut = hook.get("/why-not/BHP-AUD?side=BUY&quantity=10").json()
    assert shut["shut"] == ["ORDER_TOO_LARGE"] and shut["quantity"] == "10"
    [gate] = [each for each in shut["gates"] if not each["open"]]
    assert gate["since"] and {"name": "limit", "value": "A$1.00"} in gate["figures"]
    assert hook.get("/why-not/XYZ-AUD").status_code == 404
    assert hook.get("/fills").json() == {"items": []}


def test_the_commands_say_the_same(
    market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(market, tmp_path, "limits") == 0
    assert "MAX_ORDER_VALUE" in capsys.readouterr().out
    assert command(market, tmp_path, "limits", "MAX_ORDER_VALUE=400", "--reason", "calm") == 0
    assert "tightened; 10000 in the settings" in capsys.readouterr().out
    assert command(market, tmp_path, "limits", "MAX_ORDER_VALUE=401") == 1
    assert "on the box" in capsys.readouterr().err
    assert command(market, tmp_path, "limits", "MAX_ORDER_VALUE") == 64
    assert command(market, tmp_path, "why-not", "BHP/AUD", "--json") == 1
    assert json.loads(capsys.readouterr().out)["shut"] == ["ORDER_TOO_LARGE"]
    assert command(market, tmp_path, "why-not", "BHP/AUD") == 1
    page = capsys.readouterr().out
    assert "SHUT ORDER_TOO_LARGE since " in page and "Strategist: " in page
    assert command(market, tmp_path, "pause", "--cancel-entries") == 0
    assert "cancelled: nothing worked." in capsys.readouterr().out


def test_on_the_box_alone_a_limit_becomes_looser_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODE", "paper")
    monkeypatch.setenv("IB_ACCOUNT_ID", ACCOUNT)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    clock = StandingClock()
    book = open_book(tmp_path / "state", "paper", ACCOUNT, clock)
    book.record_setting(limits.KEY, "max_order_value=400", clock.now())
    book.record_setting(results.KEY, "2026-11-23 0 -50 900 -20 0 0 0", clock.now())
    assert kelpie(["limits", "--reset"]) == 1, "Kelpie runs: it has the book"
    assert "Stop Kelpie first" in capsys.readouterr().err
    book.close()
    assert kelpie(["limits", "--reset", "--reason", "calm again"]) == 0
    assert kelpie(["limits", "--reset-peak"]) == 0
    book = open_book(tmp_path / "state", "paper", ACCOUNT, clock)
    try:
        kept = book.settings()
        assert kept[limits.KEY] == ""
        day = results.from_text(kept[results.KEY])
        assert day is not None and day.peak == day.last == -20 and day.lowest == -50
        said = [row.detail for row in book.audit(limit=2)]
        assert "max_order_value=400" in said[1] and "calm again" in said[1]
    finally:
        book.close()
