"""Old, new, and old again, with three positions held: judged by the broker's own books."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.install.layout import Layout
from console.install.releases import Releases
from simulators.books import Books, read_books
from simulators.listings import LISTINGS
from simulators.tws.protocol import Request
from tests.plain_http import TRUSTS_NOBODY
from tests.tree.gates_open import OPEN
from tests.tree.home import ROOT, free_port
from tests.tree.in_process import Venue
from tests.tree.market import wait_for_open_market
from tests.tree.systemctl import running
from tests.tree.waiting import SOON, until

HELD = {"BHP/AUD": "20", "CBA/AUD": "10", "VAS/AUD": "30"}
ENVIRONMENT = Path(sys.prefix)
_SYMBOLS = {each.instrument.con_id: str(each.instrument.symbol) for each in LISTINGS}
_PATIENCE = 150.0
"""Seconds for what starts a dozen programs one after the other, on a machine that is busy."""


class Installed:
    """A Kelpie below a folder of the test's own, before a gateway of its own."""

    def __init__(self, root: Path, venue: Venue) -> None:
        self.root = root
        self.venue = venue
        self.layout = Layout(root)
        self.releases = Releases(self.layout)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.systemctl = root / "systemctl"

    def prepare(self) -> None:
        """This tree as the release that runs, with settings for a paper account."""
        settings = {
            **OPEN,
            "MODE": "paper",
            "IB_PORT": str(self.venue.port),
            "IB_ACCOUNT_ID": "DU9000001",
            "HOOK_PORT": str(self.port),
            "STATE_DIR": str(self.layout.state),
            "LOG_DIR": str(self.layout.logs),
            "STRATEGY": "none",
            "PROTECT_ENTRIES": "true",
            "ALLOWED_SYMBOLS": ",".join(HELD),
            # Nothing is sold, and no price grows old, however long the programs take to start.
            "PLAN_LATEST_AGE_MINUTES": "0",
            "QUOTE_STALE_AFTER_SECONDS": "300",
        }
        for folder in (self.layout.state, self.layout.logs, self.layout.settings.parent):
            folder.mkdir(parents=True)
        self.layout.settings.write_text("".join(f"{n}={v}\n" for n, v in settings.items()))
        self.releases.switch(self.releases.stage(ROOT, ENVIRONMENT).name)
        program = ROOT / "tests/tree/systemctl.py"
        self.systemctl.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" "{program}" "{self.root}" "$@"\n'
        )
        self.systemctl.chmod(0o755)

    def kelpie(self, *words: str) -> subprocess.CompletedProcess[str]:
        current = self.releases.current()
        assert current is not None
        return subprocess.run(
            [current.path / "bin/kelpie", *words],
            env=_environ(),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )

    def change(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`kelpie upgrade …` or `rollback …`."""
        return self.kelpie(*words, "--systemctl", str(self.systemctl))

    def start(self) -> None:
        subprocess.run([self.systemctl, "start"], env=_environ(), check=True)
        until(self.ready, "ready", _PATIENCE)

    def ready(self) -> bool:
        try:
            return (
                httpx.get(
                    f"{self.url}/health/ready", trust_env=False, verify=TRUSTS_NOBODY
                ).status_code
                == 200
            )
        except httpx.TransportError:
            return False

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        token = (self.layout.state / "hook.token").read_text().strip()
        with httpx.Client(
            base_url=self.url, timeout=SOON, trust_env=False, verify=TRUSTS_NOBODY
        ) as client:
            headers = {"authorization": f"Bearer {token}"}
            return client.request(method, path, json=body, headers=headers)

    def buy(self, symbol: str, quantity: str) -> None:
        name = f"KLP-{symbol[:3]}"
        order = {"symbol": symbol, "side": "BUY", "quantity": quantity, "type": "MARKET"}
        answer = self.call("POST", "/orders", order | {"client_order_id": name})
        assert answer.status_code == 202, answer.text
        until(lambda: self.stops().get(symbol) == Decimal(quantity), f"{symbol} is guarded")

    def version(self) -> str:
        return str(self.call("GET", "/openapi.json").json()["info"]["version"])

    # -- the broker's word ---------------------------------------------------------------

    def held(self) -> dict[str, Decimal]:
        return _held(read_books(self.venue.folder))

    def stops(self) -> dict[str, Decimal]:
        return _stops(read_books(self.venue.folder))

    def placed(self) -> int:
        return len(self.venue.wire().from_client(Request.PLACE_ORDER))

    def cancelled(self) -> int:
        return len(self.venue.wire().from_client(Request.CANCEL_ORDER))


def _environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"]}


def _held(books: Books) -> dict[str, Decimal]:
    """What the account holds, by symbol."""
    return {_SYMBOLS[each]: holding.quantity for each, holding in books.positions.items()}


def _stops(books: Books) -> dict[str, Decimal]:
    """What stops work for that can trigger, by symbol."""
    found: dict[str, Decimal] = {}
    for order in books.orders:
        if order.is_open and order.request.stop_price is not None and order.why_held != "child":
            symbol = _SYMBOLS[order.request.con_id]
            found[symbol] = found.get(symbol, Decimal(0)) + order.remaining
    return found


def newer(folder: Path) -> Path:
    """Sources of a later version, whose book has one more step of its schema."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in listed:
        if not name.startswith(("tests/", "benchmarks/", "rehearsal/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    _edit(folder / "pyproject.toml", r'version = "[^"]*"', 'version = "9.0.0"')
    _edit(folder / "console/process.py", r'_VERSION = "[^"]*"', '_VERSION = "9.0.0"')
    steps = folder / "adapters/store/migrations/__init__.py"
    step = 'Migration(99, "later", ("CREATE INDEX orders_later ON orders (symbol)",)),\n)\n#: From'
    _edit(steps, r"\)\n#: From", f"    {step}")
    return folder


def _edit(path: Path, pattern: str, instead: str) -> None:
    text, count = re.subn(pattern, instead, path.read_text(), count=1)
    assert count == 1, (path, pattern)
    path.write_text(text)


@pytest.fixture
def installed(tmp_path: Path, venue: Venue) -> Iterator[Installed]:
    found = Installed(tmp_path / "root", venue)
    found.prepare()
    venue.start("--market", "still")
    yield found
    process = running(found.root)
    if process is not None:
        process.kill()
        process.wait(10)


def hold_three(installed: Installed) -> dict[str, Decimal]:
    installed.start()
    wait_for_open_market()
    for symbol, quantity in HELD.items():
        installed.buy(symbol, quantity)
    wanted = {symbol: Decimal(quantity) for symbol, quantity in HELD.items()}
    assert installed.held() == installed.stops() == wanted
    return wanted


@pytest.mark.timeout(400)
def test_old_new_and_old_again_with_three_positions(installed: Installed, tmp_path: Path) -> None:
    held = hold_three(installed)
    placed, old = installed.placed(), installed.releases.current()
    source = newer(tmp_path / "newer")
    assert old is not None
    common = (str(source), "--environment", str(ENVIRONMENT))

    looked = installed.change("upgrade", *common)
    assert looked.returncode == 1 and "Nothing has been changed" in looked.stderr
    assert "Held: 3 positions, 3 of them with a stop" in looked.stdout
    assert "schema 14 to 99" in looked.stdout and "rollback" in looked.stdout
    assert installed.releases.current() == old and installed.ready()

    done = installed.change("upgrade", "--yes", *common)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"9\.0\.0-\w+ is ready, \d+ s after the stop", done.stdout)
    assert installed.version() == "9.0.0"
    assert installed.held() == installed.stops() == held
    assert (installed.placed(), installed.cancelled()) == (placed, 0), "nothing was sent"

    back = installed.change("rollback", "--yes")
    assert back.returncode == 0, back.stdout + back.stderr
    assert "Restored" in back.stdout and "is ready" in back.stdout
    assert installed.releases.current() == old and installed.version() != "9.0.0"
    assert installed.held() == installed.stops() == held
    assert (installed.placed(), installed.cancelled()) == (placed, 0), "nothing was sent"
    agreed = {row["symbol"]: row["managed"] for row in _positions(installed)}
    assert agreed == HELD, "and the old one knows all of it"
    again = installed.change("rollback", "--yes")
    assert again.returncode == 1 and "nothing to go back to" in again.stderr


@pytest.mark.timeout(400)
def test_a_release_that_does_not_come_up_is_taken_back(
    installed: Installed, tmp_path: Path
) -> None:
    held = hold_three(installed)
    placed, old = installed.placed(), installed.releases.current()
    source = newer(tmp_path / "newer")
    # It reads the book well enough, and dies once it has brought the book forward for good.
    opened = "                self._book = self._open_book()"
    die = "                import os\n                os._exit(78)"
    _edit(source / "actors/group_commit.py", re.escape(opened), f"{opened}\n{die}")
    done = installed.change("upgrade", "--yes", str(source), "--environment", str(ENVIRONMENT))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "does not come up: going back" in done.stdout and "is ready" in done.stdout
    assert installed.releases.current() == old and installed.ready()
    assert installed.held() == installed.stops() == held
    assert (installed.placed(), installed.cancelled()) == (placed, 0), "nothing was sent"


def test_a_checkout_is_not_upgraded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "supervisor.py"), "upgrade", "--check", str(tmp_path)],
        env=_environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "is a checkout" in done.stderr


def _positions(installed: Installed) -> list[dict[str, Any]]:
    answer = installed.call("GET", "/positions")
    assert answer.status_code == 200
    return [row for row in answer.json()["items"] if row["managed"] != "0"]
