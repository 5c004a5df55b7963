"""The commands over a real hook: what they print, and how they exit."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from actors import names
from actors.messages import LinkDown
from console.cli import main
from console.page import WIDTH, money, sydney
from tests.actors.conftest import LIMIT, Hang
from tests.console.conftest import READ_TOKEN, TOKEN, Grow, Plant, Reach
from tests.console.test_hook_trading import ORDER
from tests.console.trading import Market, trading_tree

Kelpie = Callable[..., int]


def _token_file(folder: Path, token: str) -> Path:
    path = folder / f"{token[:4]}.token"
    path.write_text(token)
    path.chmod(0o600)
    return path


@pytest.fixture
def market(plant: Plant, tmp_path: Path) -> Market:
    market = trading_tree(plant, tmp_path / "state")
    market.open()
    return market


@pytest.fixture
def kelpie(tmp_path: Path) -> Kelpie:
    def run(hook: Reach, *words: str, token: str = TOKEN) -> int:
        where = ("--url", hook.url, "--token-file", str(_token_file(tmp_path, token)))
        return main([*words, *where])

    return run


def test_the_page_of_a_well_kelpie(
    market: Market, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = market.tree.hook
    id = hook.post("/orders", json=ORDER).json()["client_order_id"]
    market.fill(id, 4, "45.00")
    assert kelpie(hook, "status", token=READ_TOKEN) == 0
    page = capsys.readouterr().out
    lines = page.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[0].startswith("Kelpie  DEMO  running since ")
    assert "Worth     A$100,000.50 at IB" in lines
    assert "Trading   not paused" in lines
    assert any(line.startswith("IB is ready since ") for line in lines)
    assert "  BHP/AUD  104 (4 by Kelpie) at 45.00, +A$0.04" in lines
    assert "  BUY 6 BHP/AUD at 45.00: intended" in lines
    assert any(line.endswith("BUY 4 BHP/AUD at 45.00") for line in lines)
    for word in ("actor", "mailbox", "circuit", "ledger", "1234567"):
        assert word not in page


def test_status_is_what_no_command_means(
    market: Market, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kelpie(market.tree.hook) == 0
    assert capsys.readouterr().out.startswith("Kelpie  DEMO")
    assert kelpie(market.tree.hook, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["ready", "account", "venues", "positions", "orders", "fills"]
    assert said["account"]["items"][0]["net_liquidation"] == "100000.50"


def test_a_venue_on_hold_is_told_with_its_reason_and_wants_you(
    market: Market, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    why = "nothing listens at 127.0.0.1:4002, so the gateway is not there"
    market.tree.system.tell(names.DESK, LinkDown(names.IB, 1, "REFUSED", why, 12.0))
    market.settle()
    assert kelpie(market.tree.hook, "status") == 1
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines())) <= WIDTH
    flat = " ".join(page.split())
    assert "IB is on hold until " in flat
    assert f"because {why}" in flat


def test_without_a_desk_nothing_is_said_to_be_zero(
    grow: Grow, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = grow(answer_seconds=0.1)
    release, begun = threading.Event(), threading.Event()
    rig.system.tell(names.LEDGER, Hang(release, begun))
    assert begun.wait(LIMIT)
    assert kelpie(rig.hook, "status") == 1
    page = capsys.readouterr().out
    for words in ("Worth     not known", "Holdings: not known", "Working orders: not known"):
        assert words in page
    release.set()


def test_pause_resume_and_reconcile(
    market: Market, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = market.tree.hook
    assert kelpie(hook, "pause", "--reason", "a walk") == 0
    assert capsys.readouterr().out == "Paused: no new entries (a walk).\n"
    assert kelpie(hook, "status") == 0
    assert "PAUSED    no new entries: a walk" in capsys.readouterr().out
    assert kelpie(hook, "resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["paused"] is False
    assert kelpie(hook, "reconcile") == 0


def test_the_read_token_pauses_nothing(
    market: Market, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kelpie(market.tree.hook, "pause", token=READ_TOKEN) == 1
    assert "TOKEN_ONLY_READS" in capsys.readouterr().err
    assert market.tree.hook.get("/account").json()["paused"] is False


def test_the_actors_and_one_that_hangs(
    grow: Grow, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = grow(budget=5.0, watched=False, answer_seconds=0.05)
    assert kelpie(rig.hook, "actors") == 0
    assert "console.hook" in capsys.readouterr().out
    release, begun = threading.Event(), threading.Event()
    rig.system.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    rig.clock.leap(7.0)
    assert kelpie(rig.hook, "actors", "a") == 1
    out = capsys.readouterr().out
    assert "HANGS in Hang" in out
    assert "kind: recorder" in out
    assert "s ago" in out
    release.set()
    assert kelpie(rig.hook, "actors", "nobody") == 1
    assert "SEAT_NOT_KNOWN" in capsys.readouterr().err


def test_nobody_there_is_3(
    kelpie: Kelpie, capsys: pytest.CaptureFixture[str], unused_port: int
) -> None:
    assert kelpie(Reach(f"http://127.0.0.1:{unused_port}"), "status") == 3
    assert "not running" in capsys.readouterr().err


def test_what_is_no_hook_is_a_failure(kelpie: Kelpie, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:

        def answer() -> None:
            wire, _ = stranger.accept()
            with wire:
                wire.recv(65536)
                wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        thread = threading.Thread(target=answer)
        thread.start()
        port = stranger.getsockname()[1]
        assert kelpie(Reach(f"http://127.0.0.1:{port}"), "status") == 1
        thread.join(LIMIT)
    assert "NOT_A_HOOK" in capsys.readouterr().err


def test_where_the_hook_is_comes_from_the_settings(
    grow: Grow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rig = grow()
    (tmp_path / "hook.token").write_text(TOKEN)
    (tmp_path / "hook.token").chmod(0o600)
    (tmp_path / "hook.read.token").write_text(READ_TOKEN)
    (tmp_path / "hook.read.token").chmod(0o600)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("HOOK_PORT", rig.hook.url.rpartition(":")[2])
    assert main(["actors"]) == 0
    assert main(["reconcile", "--reason", "a test"]) == 0
    rig.diary.wait_for("hook (full token)", "reconcile: a test")

    monkeypatch.setenv("STATE_DIR", str(tmp_path / "elsewhere"))
    assert main(["status"]) == 3
    assert "has not run here yet" in capsys.readouterr().err
    monkeypatch.setenv("HOOK_PORT", "no port")
    assert main(["status"]) == 1
    assert "HOOK_PORT" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "actors", "pause", "resume", "reconcile"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert "--json" in capsys.readouterr().out


def test_a_word_that_is_no_command_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["panic"])
    assert left.value.code == 2
    assert "panic" in capsys.readouterr().err


def test_money_and_time_are_the_owners() -> None:
    assert money("-1234.5", "AUD") == "-A$1,234.50"
    assert money("7", "USD") == "US$7.00"
    assert money(None, "AUD") == "not known"
    # The first Sunday of October: clocks go forward at two.
    assert sydney("2026-10-03T15:59:00Z") == "Sun 01:59"
    assert sydney("2026-10-03T16:00:00Z") == "Sun 03:00"


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
