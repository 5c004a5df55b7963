"""A start after a crash is the same path as any other start: from one book and one venue comes one
state, whatever ended the run before.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulators.broker import ACCOUNT
from tests.pains.conftest import Stage
from tests.tree.home import PROGRAM_WITHIN, Home, Kelpie
from tests.tree.waiting import until

PAPER = {
    "MODE": "paper",
    "IB_ACCOUNT_ID": ACCOUNT,
    "STRATEGY": "none",
    "ENTRY_PREVIEWS": "false",
    "PLAN_LATEST_AGE_MINUTES": "0",
}


@pytest.fixture
def house(stage: Stage, tmp_path: Path) -> Iterator[Home]:
    """A Kelpie as a process of its own, before the gateway of the stage."""
    folder = tmp_path / "home"
    folder.mkdir()
    place = Home(folder)
    place.ib_port = stage.venue.port
    yield place
    place.close()


def state_of(home: Home) -> dict[str, Any]:
    """All that Kelpie knows, without the times and prices of the moment."""

    def judged() -> Any:
        [row] = home.get("/reconciliation")["items"]
        return row if row["reconciled"] and not row["provisional"] else None

    row = until(judged, "judged", every=0.1)
    positions = home.get("/positions")["items"]
    return {
        "orders": home.get("/orders")["items"],
        "fills": home.get("/fills")["items"],
        "foreign": home.get("/fills/foreign")["items"],
        "positions": [
            {name: p[name] for name in ("symbol", "held", "managed", "external", "average_price")}
            for p in positions
        ],
        "reconciliation": {name: value for name, value in row.items() if name != "at"},
    }


def stopped_in_order(run: Kelpie, home: Home) -> None:
    home.wait_until_ready()
    assert run.interrupt() == 0, run.screen()


def killed(run: Kelpie, home: Home) -> None:
    home.wait_until_ready()
    run.kill()


def killed_while_it_compares(run: Kelpie, home: Home) -> None:
    run.hear("CONNECTED")
    run.kill()


def killed_before_it_has_a_link(run: Kelpie, home: Home) -> None:
    until(
        lambda: (home.state / "hook.token").exists() and run.screen(),
        "it has begun",
        PROGRAM_WITHIN,
    )
    run.kill()


ENDS: tuple[Callable[[Kelpie, Home], None], ...] = (
    stopped_in_order,
    killed,
    killed_while_it_compares,
    killed_before_it_has_a_link,
)


@pytest.mark.timeout(240)
def test_one_book_and_one_venue_give_one_state_whatever_ended_the_run_before(
    stage: Stage, house: Home
) -> None:
    stage.play()
    first = house.start(**PAPER)
    house.wait_until_ready()
    for name, terms in (("KLP-1", {"limit_price": "30"}), ("KLP-2", {"limit_price": "60"})):
        order = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20", "type": "LIMIT"}
        body = order | terms | {"client_order_id": name}
        assert house.call("POST", "/orders", body).status_code == 202
    house.wait_for_state("KLP-1", "WORKING")
    house.wait_for_state("KLP-2", "FILLED")
    # Else the first that looks may find its commission still on its way.
    until(lambda: house.get("/fills")["items"][0]["commission_final"], "all is booked", every=0.1)
    first.kill()
    # What came to pass while nobody looked: sales by hand, an order of somebody else's.
    stage.control.do("manual_order", symbol="BHP/AUD", side="SELL", quantity=5, limit_price=30)
    stage.control.do("manual_order", symbol="BHP/AUD", side="BUY", quantity=7, limit_price=29)
    book = house.folder / "book"
    shutil.copytree(house.state, book)

    states = []
    for end in (None, *ENDS):
        shutil.rmtree(house.state)
        shutil.copytree(book, house.state)
        if end is not None:
            end(house.start(**PAPER), house)
        run = house.start(**PAPER)
        until(lambda: _compared(house), "compared with the venue", PROGRAM_WITHIN, every=0.1)
        states.append(state_of(house))
        run.kill()
    assert states[0]["reconciliation"]["mismatches"][0]["rule"] == "POSITION_SHORT"
    assert len(states[0]["reconciliation"]["foreign"]) == 1
    assert len(states[0]["orders"]) == 2
    for end, state in zip(ENDS, states[1:], strict=True):
        assert state == states[0], end.__name__


def _compared(home: Home) -> bool:
    try:
        return bool(home.get("/reconciliation")["items"][0]["reconciled"])
    except (httpx.TransportError, FileNotFoundError, AssertionError):
        return False  # the hook is not there yet, or the seat that it asks
