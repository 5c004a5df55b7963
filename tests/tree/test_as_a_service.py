"""Kelpie under a service manager: real processes, a real notify socket."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from adapters.starts import StartsFile
from adapters.store import book_path
from config.modes import Mode
from console.install.layout import Layout
from console.install.releases import Releases
from domain.starts import History, Start
from tests.tree.home import ROOT, STOP_WITHIN, Home
from tests.tree.service_manager import Manager
from tests.tree.waiting import until

#: A third of it is 0.2 s.
_WATCHDOG = "600000"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    listening = Manager(tmp_path / "notify")
    yield listening
    listening.close()


@pytest.mark.timeout(150)
def test_it_says_when_it_is_up_how_it_stands_that_it_lives_and_that_it_stops(
    home: Home, manager: Manager
) -> None:
    run = home.start(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC=_WATCHDOG)
    ready = manager.hear("READY=1")
    assert manager.count("EXTEND_TIMEOUT_USEC=30000000") >= 1
    assert all(at >= ready for at, word in manager.words if word == "WATCHDOG=1")
    assert home.get("/health/live")["live"] is True, "up means that the hook answers"
    manager.hear("STATUS=demo: IB ready; ")
    for _ in range(3):
        manager.hear("WATCHDOG=1", since=time.monotonic())
    # The gateway that it started does not speak in its name.
    gateway = home.gateway_pid()
    assert gateway is not None
    assert b"NOTIFY_SOCKET" not in Path(f"/proc/{gateway}/environ").read_bytes()

    run.process.send_signal(signal.SIGSTOP)
    stopped = psutil.Process(run.pid)
    until(lambda: stopped.status() == psutil.STATUS_STOPPED, "it stands still")
    manager.hear_all()
    assert manager.silent("WATCHDOG=1", 1.0), "a process that stands still feeds nobody"
    run.process.send_signal(signal.SIGCONT)
    manager.hear("WATCHDOG=1", since=time.monotonic())

    run.process.send_signal(signal.SIGTERM)
    stopping = manager.hear("STOPPING=1")
    assert run.ended() == 0
    manager.hear_all()
    last = max(at for at, _ in manager.words)
    assert last == stopping or manager.count("WATCHDOG=1", since=stopping) == 0
    assert manager.count("READY=1") == manager.count("STOPPING=1") == 1


@pytest.mark.timeout(150)
def test_what_was_installed_runs_by_itself(home: Home, manager: Manager, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "machine")
    releases = Releases(layout)
    release = releases.switch(releases.stage(ROOT, Path(sys.prefix)).name)
    layout.settings.parent.mkdir(parents=True)
    layout.settings.write_text(f"CLIENT_ORDER_PREFIX=HAUS\nHOOK_TOKEN_FILE={tmp_path}/token\n")
    (tmp_path / "token").write_text("t" * 40)
    (tmp_path / "token").chmod(0o600)
    home.argv = [str(layout.current / "bin/kelpie")]
    told = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": _WATCHDOG, "PYTHONPATH": ""}
    run = home.start(**told)
    manager.hear("STATUS=demo: IB ready; ")
    assert str(release.path) in " ".join(psutil.Process(run.pid).cmdline())
    assert not (home.state / "hook.token").exists(), "the settings of /etc were read"
    said = home.command("actors")
    assert said.returncode == 0 and "trading.desk" in said.stdout, said.stderr
    run.process.send_signal(signal.SIGTERM)
    assert run.ended() == 0


@pytest.mark.timeout(150)
def test_it_is_up_and_alive_though_no_gateway_is_there_and_tells_the_journal_all(
    home: Home, manager: Manager, tmp_path: Path
) -> None:
    with (tmp_path / "journal").open("w") as journal:
        stream = os.fstat(journal.fileno())
        process = home.launch(
            journal.fileno(),
            MODE="paper",
            IB_ACCOUNT_ID="DU1234567",
            NOTIFY_SOCKET=manager.address,
            WATCHDOG_USEC=_WATCHDOG,
            JOURNAL_STREAM=f"{stream.st_dev}:{stream.st_ino}",
        )
    manager.hear("READY=1")
    manager.hear("STATUS=paper: IB not ready (")
    manager.hear("WATCHDOG=1", since=time.monotonic())
    process.send_signal(signal.SIGINT)
    assert process.wait(STOP_WITHIN) == 0
    told = (tmp_path / "journal").read_text().splitlines()
    assert any(line.startswith("<6>console.hook#1 The hook listens") for line in told)
    assert any("REFUSED" in line or "nothing listens" in line for line in told)
    assert sorted(each.name for each in home.logs.iterdir()) == ["telemetry.log"]


@pytest.mark.timeout(150)
def test_a_start_after_three_early_deaths_waits_and_says_so(home: Home, manager: Manager) -> None:
    now = datetime.now(UTC)
    died = tuple(Start(str(number), now) for number in range(4))
    book = book_path(home.state, Mode.PAPER, "DU1234567")
    StartsFile(book.with_name("starts.json")).write(History(died))
    waiting = home.start(MODE="paper", IB_ACCOUNT_ID="DU1234567", NOTIFY_SOCKET=manager.address)
    manager.hear("STATUS=paper: waiting 10 s")
    assert manager.count("EXTEND_TIMEOUT_USEC=40000000") == 1
    waiting.process.send_signal(signal.SIGTERM)
    assert waiting.ended() == -signal.SIGTERM, "and it can be stopped at once meanwhile"
