"""More requests than the machine can take, while the tree trades: it trades all the same.

Nothing here is held to a time: what counts is that the orders are filled at the broker, that the
seats of trading got no more questions than the keys' rates let through, and that no file grew.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from actors import names
from console.hook.options import TOKEN_RATE
from tests.tree.conftest import home as home
from tests.tree.home import Home
from tests.tree.waiting import until

ORDERS = 5
LEAST = 10_000
"""Requests that are offered, however slow the machine is."""
_OF_TRADING = (names.DESK, names.LEDGER, names.orders(names.IB))


@contextmanager
def flooded(home: Home) -> Iterator[dict[str, int]]:
    """Flood its hook from a process of its own; afterwards the dictionary has what it offered."""
    token = (home.state / "hook.read.token").read_text().strip()
    counted: dict[str, int] = {}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.security.flood", str(home.hook_port), token, str(LEAST)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as flooding:
        try:
            yield counted
            said, _ = flooding.communicate("enough\n", timeout=60)
            counted.update(json.loads(said))
        finally:
            flooding.kill()


@pytest.mark.timeout(180)
def test_the_tree_trades_on_while_its_hook_is_flooded(home: Home) -> None:
    home.start(STRATEGY="none", ENTRY_PREVIEWS="false")
    home.wait_until_ready(60.0)
    before, asked_before = home.incarnations(), _questions(home)
    lines, peaks = _lines(home), _peaks(home)
    begun = time.monotonic()
    with flooded(home) as counted:
        until(lambda: _refused(home) > 500, "the flood is felt at the door", 60.0, every=0.2)
        for number in range(ORDERS):
            body = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20", "type": "MARKET"}
            body["client_order_id"] = f"KLP-F{number}"
            until(partial(_taken, home, body), f"order {number} is taken")
            home.wait_for_state(f"KLP-F{number}", "FILLED")
    seconds = time.monotonic() - begun
    assert counted["offered"] >= LEAST
    # At the broker each of them is there once, and done.
    for number in range(ORDERS):
        assert len(home.wire().placements(f"KLP-F{number}")) == 1
        [order] = [o for o in home.books().orders if o.request.order_ref == f"KLP-F{number}"]
        assert order.filled == 20
    assert home.incarnations() == before
    # Facts never waited longer in line than while it all started.
    assert {name: peak for name, peak in _peaks(home).items() if peak > max(peaks[name], 50)} == {}
    # Of all that was offered, the two keys' rates let this much through, and no more.
    most = 2 * (TOKEN_RATE.burst + TOKEN_RATE.per_second * seconds)
    assert _questions(home) - asked_before < most + 50 * ORDERS
    assert _lines(home) - lines < 300, "a flood must not fill the log"
    print(f"{counted['offered'] / seconds:.0f} requests a second offered for {seconds:.1f} s")


def _taken(home: Home, body: dict[str, str]) -> bool:
    """Send the order; where the answer is not known in time, the same one again, as is said."""
    try:
        answer = home.ask_once("POST", "/orders", body)
    except httpx.TimeoutException:
        return False
    assert answer.status_code in (202, 503), answer.text
    if answer.status_code == 503:
        assert answer.json()["code"] in ("SEAT_SLOW", "SEAT_BUSY", "NOT_CONFIRMED"), answer.text
    return answer.status_code == 202


def _actor(home: Home, name: str) -> Any:
    return home.get(f"/actors/{name}")


def _questions(home: Home) -> int:
    """How many questions the seats of trading have answered."""
    counts = [_actor(home, name)["counts"] for name in _OF_TRADING]
    return sum(n for each in counts for name, n in each.items() if name.startswith("Get"))


def _peaks(home: Home) -> dict[str, int]:
    return {name: int(_actor(home, name)["facts_peak"]) for name in _OF_TRADING}


def _refused(home: Home) -> int:
    return sum(_actor(home, names.HOOK)["state"]["refused"].values())


def _lines(home: Home) -> int:
    return sum(
        len((home.logs / name).read_bytes().splitlines())
        for name in ("kelpie.log", "telemetry.log")
        if (home.logs / name).exists()
    )
