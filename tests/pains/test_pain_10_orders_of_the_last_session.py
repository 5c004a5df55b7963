"""Pain 10: working orders of the last session are invisible or unmanageable (NautilusTrader #5057;
lumibot #395; ib_insync #416, #130, #39).

One order over a kill: `tests/tree/test_the_process_dies.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.broker import ACCOUNT
from simulators.tws.protocol import Request
from tests.pains.conftest import Stage
from tests.simulators.raw_client import RawClient, place_order
from tests.tree.home import Home
from tests.tree.waiting import until

ANOTHER = 23
BRACKET = ("KLP-1", "KLP-1-T", "KLP-1-S")
PAPER = {
    "MODE": "paper",
    "IB_ACCOUNT_ID": ACCOUNT,
    "STRATEGY": "none",
    "ENTRY_PREVIEWS": "false",
}


@pytest.fixture
def home(stage: Stage, tmp_path: Path) -> Iterator[Home]:
    """A Kelpie that can be killed, before the gateway of the stage."""
    folder = tmp_path / "home"
    folder.mkdir()
    place = Home(folder)
    place.ib_port = stage.venue.port
    yield place
    place.close()


def bracket(home: Home) -> None:
    body = {
        "symbol": "BHP/AUD",
        "side": "BUY",
        "quantity": "20",
        "type": "LIMIT",
        "limit_price": "40",
        "client_order_id": "KLP-1",
        "protection": {"stop_price": "38"},
        "target": {"limit_price": "46"},
    }
    answer = home.call("POST", "/orders", body)
    assert answer.status_code == 202, answer.text
    for name in BRACKET:
        home.wait_for_state(name, "WORKING", "HELD")


def place_by_another_client(port: int) -> None:
    """An order of another program, under our prefix at that; its socket is closed again."""

    async def place() -> None:
        client = await RawClient.ready(port, ANOTHER)
        client.send(*place_order(1, order_ref="KLP-1"))
        await client.until("5")
        await client.close()

    asyncio.run(place())


def amend(home: Home, name: str, **terms: str) -> None:
    answer = home.call("PATCH", f"/orders/{name}", terms)
    assert answer.status_code == 202, answer.text


def others(stage: Stage) -> list[Any]:
    """Open orders at the broker that Kelpie did not place."""
    return [o for o in stage.books().orders if o.is_open and o.request.client_id != 17]


@pytest.mark.timeout(120)
def test_a_bracket_is_adopted_after_a_kill_and_what_others_ordered_is_left_alone(
    stage: Stage, home: Home
) -> None:
    stage.play("pain_10_orders_of_others")
    place_by_another_client(stage.venue.port)
    assert len(others(stage)) == 3
    first = home.start(**PAPER)
    home.wait_until_ready()
    bracket(home)
    before = {name: home.order(name)["venue_order_id"] for name in BRACKET}
    first.kill()

    second = home.start(**PAPER)
    home.wait_until_ready()
    for name in BRACKET:
        order = home.order(name)
        assert order["state"] in ("WORKING", "HELD"), name
        assert order["venue_order_id"] == before[name] is not None, name
    [venue] = home.get("/venues")["items"]
    assert (venue["foreign_orders"], venue["in_doubt"], venue["mismatches"]) == (3, [], [])

    # Modifiable, each of them, over the new connection.
    amend(home, "KLP-1", limit_price="40.50")
    amend(home, "KLP-1-T", limit_price="47")
    amend(home, "KLP-1-S", stop_price="38.50")
    for name, field, value in (
        ("KLP-1", "limit_price", "40.50"),
        ("KLP-1-T", "limit_price", "47"),
        ("KLP-1-S", "stop_price", "38.50"),
    ):
        until(
            lambda: getattr(ours(stage, name), field) == Decimal(value),  # noqa: B023
            f"{name} is changed at the broker",
        )
        until(
            lambda: Decimal(home.order(name)[field]) == Decimal(value),  # noqa: B023
            f"{name} is changed here",
        )
    # Cancellable, too: the stop takes its twin with it, and the entry goes by itself.
    for name in ("KLP-1-S", "KLP-1"):
        assert home.call("DELETE", f"/orders/{name}").status_code == 202
        home.wait_for_state(name, "CANCELLED")
    home.wait_for_state("KLP-1-T", "CANCELLED")

    wire = stage.wire()
    assert [len(wire.placements(n)) for n in BRACKET[1:]] == [2, 2], "placed once, changed once"
    assert all(not p.is_modification for n in BRACKET for p in wire.placements(n)[:1])
    assert [m.client_id for m in wire.from_client(Request.CANCEL_ORDER)] == [17, 17]
    assert wire.from_client(Request.GLOBAL_CANCEL) == []
    assert len(others(stage)) == 3, "what others ordered works on"
    log = (home.logs / "kelpie.log").read_text("utf-8")
    assert "has other terms at the venue" not in log, "another's order was read as ours"
    assert second.interrupt() == 0, second.screen()


def ours(stage: Stage, name: str) -> Any:
    """The terms of our order in the broker's books."""
    [order] = [
        o for o in stage.books().orders if (o.request.client_id, o.request.order_ref) == (17, name)
    ]
    return order.request
