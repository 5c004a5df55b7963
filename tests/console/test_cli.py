"""The commands over a real hook: what they print, and how they exit."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from actors import names
from actors.messages import Alert, LinkDown
from adapters.starts import StartsFile
from adapters.store import book_path, open_book
from console.cli import main
from console.columns import WIDTH
from console.without_us import stands_without_us
from domain.orders import OrderState
from domain.starts import History, Start
from tests.actors.conftest import LIMIT, Hang
from tests.console.conftest import READ_TOKEN, TOKEN, Grow, Plant, Reach
from tests.console.test_hook_trading import ORDER
from tests.console.trading import Market, trading_tree
from tests.store.material import NOON, StandingClock, intent
from tests.tree.home import free_port

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
    assert lines[0].startswith("KELPIE DEMO ") and len(lines[0]) == WIDTH
    assert lines[1:5] == [
        "All is well.",
        "Stands: 4 BHP/AUD, no stop.",
        "If you do nothing: Kelpie goes on by itself.",
        "To do: nothing.",
    ]
    at = lines.index("Worth     A$100,000.50 (a price or a rate is")
    assert lines[at + 1] == "          old)", "nobody has told a rate of the US dollar"
    # 4 at 45.00 are worth 45.01 each by the middle; the commission was 6.60.
    assert "Result    -A$6.56 today, -A$6.56 in all" in lines
    assert "Fees      A$6.60 today, A$6.60 in all" in lines
    at = lines.index("Cash      A$90,000.00")
    assert lines[at + 1] == "          US$120.25"
    assert any(line.startswith("Link      IB is ready since ") for line in lines)
    at = lines.index("  BHP/AUD 104 (4 by Kelpie) at A$45.01,")
    assert " ".join(" ".join(lines[at : at + 4]).split()).endswith(
        "+A$0.04 no stop (PROTECT_ENTRIES is off); IB agrees"
    )
    assert "  BUY 6 BHP/AUD at A$45.00: not sent yet" in lines
    assert any(line.endswith("BUY 4 BHP/AUD at A$45.00") for line in lines)
    for word in ("actor", "mailbox", "circuit", "ledger", "1234567"):
        assert word not in page


def test_status_is_what_no_command_means(
    market: Market, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kelpie(market.tree.hook) == 0
    assert capsys.readouterr().out.startswith("KELPIE DEMO ")
    assert kelpie(market.tree.hook, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said) == list(market.tree.hook.get("/overview").json())
    assert said["money"]["worth"] == "100000.50"


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
    assert "NEEDS YOU: IB is not ready since " in flat
    assert "To do: Look again in a minute" in flat and "own gateway again by itself" in flat
    assert "IB is on hold since " in flat
    assert f"because {why}. Tried again in " in flat


def test_a_standing_alert_is_on_the_page_and_wants_you(
    market: Market, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    now = market.tree.clock.now()
    alert = Alert(names.IB, "warning", "IB10197", "No quotes come.", "Look.", now, 1, stands=True)
    for seat in (names.DESK, names.ALERTS):
        market.tree.system.tell(seat, alert)
        market.settle(seat)
    assert kelpie(market.tree.hook, "status") == 1
    flat = " ".join(capsys.readouterr().out.split())
    assert "NEEDS YOU: No quotes come." in flat and "To do: Look." in flat
    assert "IB says something of an order or of data" in flat.partition("Alerts")[2]
    for seat in (names.DESK, names.ALERTS):
        market.tree.system.tell(seat, replace(alert, stands=False))
        market.settle(seat)
    assert kelpie(market.tree.hook, "status") == 0
    assert "No quotes" not in capsys.readouterr().out


def test_without_a_desk_nothing_is_said_to_be_zero(
    grow: Grow, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = grow(answer_seconds=0.1)
    release, begun = threading.Event(), threading.Event()
    rig.system.tell(names.LEDGER, Hang(release, begun))
    assert begun.wait(LIMIT)
    assert kelpie(rig.hook, "status") == 1
    page = capsys.readouterr().out
    assert page.splitlines()[1].startswith("NEEDS YOU: ")
    for words in ("Worth", "Holdings", "Orders", "Last", "Quiet", "Link", "Alerts"):
        assert f"{words:<10}not known\n" in page
    assert "0.00" not in page and "none" not in page
    release.set()


def test_pause_resume_and_reconcile(
    market: Market, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = market.tree.hook
    assert kelpie(hook, "pause", "--reason", "a walk") == 0
    assert capsys.readouterr().out == "Paused: no new entries (a walk).\n"
    assert kelpie(hook, "status") == 2
    flat = " ".join(capsys.readouterr().out.split())
    assert "NOT TRADING, as expected: Paused: a walk." in flat
    assert "`kelpie resume`" in flat
    assert kelpie(hook, "resume", "--json") == 0
    assert json.loads(capsys.readouterr().out)["paused"] is False
    # There is no link here over which anything could be asked.
    assert kelpie(hook, "reconcile") == 1
    assert "IB: not reconciled" in capsys.readouterr().out


def test_the_read_token_pauses_nothing(
    market: Market, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kelpie(market.tree.hook, "pause", token=READ_TOKEN) == 1
    assert "TOKEN_ONLY_READS" in capsys.readouterr().err
    assert market.tree.hook.get("/account").json()["paused"] is False


def test_the_actors_and_one_that_hangs(
    grow: Grow, kelpie: Kelpie, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = grow(budget=5.0, answer_seconds=0.05)
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


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unused_port: int) -> Path:
    """A STATE_DIR with a token, whose Kelpie nobody can reach."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("HOOK_PORT", str(unused_port))
    return tmp_path


def _a_book(elsewhere: Path, *, clean: bool) -> Path:
    clock = StandingClock()
    book = open_book(elsewhere / "state", "demo", "demo", clock)
    try:
        book.record_intent(intent("K-1", quantity="20"), "K-1")
        book.record_state("K-1", OrderState.WORKING, NOON)
    finally:
        book.close()
    path = book_path(elsewhere / "state", "demo", "demo")
    StartsFile(path.with_name("starts.json")).write(History((Start("S", NOON, clean=clean),)))
    return path


@pytest.mark.parametrize(
    ("clean", "how"), [(True, "it was stopped in order"), (False, "nobody stopped it")]
)
def test_where_nobody_is_there_the_book_says_what_stands(
    elsewhere: Path, capsys: pytest.CaptureFixture[str], clean: bool, how: str
) -> None:
    path = _a_book(elsewhere, clean=clean)
    before = path.read_bytes()
    assert main(["status"], stands_without_us) == 3
    page = capsys.readouterr().out
    assert max(map(len, page.splitlines())) <= WIDTH
    flat = " ".join(page.split())
    assert "NOT RUNNING since about " in flat
    assert how in flat and "Kelpie holds nothing. 1 order works at IB." in flat
    assert "`kelpie run` starts it" in flat
    assert path.read_bytes() == before, "it was only read"
    path.write_bytes(b"no book")
    assert main(["status"], stands_without_us) == 3
    assert "Stands: not known: " in " ".join(capsys.readouterr().out.split())


def test_where_it_never_ran_it_says_so(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json"], stands_without_us) == 3
    said = json.loads(capsys.readouterr().out)
    assert (said["level"], said["last_sign"]) == ("NOT_RUNNING", None)
    assert "never ran" in said["sentence"] and "kelpie init" in said["to_do"][0]
    assert not (elsewhere / "state").exists(), "nothing was made"


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
    assert main(["reconcile", "--reason", "a test"]) == 1, "no seat is there that could"
    rig.diary.wait_for("hook (full token)", "reconcile: a test")

    monkeypatch.setenv("STATE_DIR", str(tmp_path / "elsewhere"))
    assert main(["status"]) == 3
    assert "has not run here yet" in capsys.readouterr().err
    monkeypatch.setenv("HOOK_PORT", "no port")
    assert main(["status"]) == 1
    assert "HOOK_PORT" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "actors", "pause", "reconcile", "adopt", "resolve"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert "--json" in capsys.readouterr().out


@pytest.fixture
def unused_port() -> int:
    return free_port()
