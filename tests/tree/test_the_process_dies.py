"""Kelpie is killed while an order is out: the next run adopts it, and its fills are booked once."""

from __future__ import annotations

import os
import signal
from decimal import Decimal

import pytest

from tests.tree.home import Home
from tests.tree.market import wait_for_open_market
from tests.tree.truth import of_broker, of_hook
from tests.tree.waiting import until


def _propose(home: Home, client_order_id: str, **terms: str) -> None:
    order = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20", "type": "LIMIT"} | terms
    answer = home.call("POST", "/orders", order | {"client_order_id": client_order_id})
    assert answer.status_code == 202, answer.text


def _bid(home: Home) -> Decimal:
    quotes = {each["symbol"]: each for each in home.get("/quotes")["items"]}
    return Decimal(str(quotes["BHP/AUD"]["bid"]))


def _broker_status(home: Home, client_order_id: str) -> str:
    orders = {order.request.order_ref: order for order in home.books().orders}
    return orders[client_order_id].status if client_order_id in orders else ""


def _rounds(home: Home) -> int:
    return int(home.get("/actors/ib.resync")["counts"].get("BookSnapshot", 0))


@pytest.mark.timeout(150)
def test_a_resting_order_is_adopted_by_its_id_and_its_fill_is_booked_once(home: Home) -> None:
    wait_for_open_market()
    first = home.start(STRATEGY="none")
    home.wait_until_ready()
    far = (_bid(home) * Decimal("0.9")).quantize(Decimal("0.01"))
    _propose(home, "KLP-REST", limit_price=str(far))
    home.wait_for_state("KLP-REST", "WORKING")
    venue_id = home.order("KLP-REST")["venue_order_id"]
    gateway = home.gateway_pid()
    first.kill()

    second = home.start(STRATEGY="none")
    second.hear("AGREED")
    home.wait_until_ready()
    assert home.gateway_pid() == gateway, "the gateway that was left behind is adopted"
    adopted = home.order("KLP-REST")
    assert (adopted["state"], adopted["venue_order_id"]) == ("WORKING", venue_id)

    # Adopted means: ours to take back, over the new connection.
    assert home.call("DELETE", "/orders/KLP-REST").status_code == 202
    home.wait_for_state("KLP-REST", "CANCELLED")
    assert _broker_status(home, "KLP-REST") in ("Cancelled", "ApiCancelled")
    assert home.wire().orders_per_ref() == {"KLP-REST": 1}
    assert second.interrupt() == 0, second.screen()
    assert home.processes() == []


@pytest.mark.timeout(150)
def test_an_order_that_was_on_its_way_trades_while_nobody_listens_and_is_booked_once(
    home: Home,
) -> None:
    wait_for_open_market()
    # What is on trial is an order that was sent, not one that waits for a preview.
    first = home.start(STRATEGY="none", ENTRY_PREVIEWS="false")
    home.wait_until_ready()
    gateway = home.gateway_pid()
    assert gateway is not None
    # The gateway stands still while the order is written to its socket and its sender dies:
    # no acknowledgement can have come back.
    os.kill(gateway, signal.SIGSTOP)
    _propose(home, "KLP-FLIGHT", type="MARKET")
    # How soon the silence of the gateway is noticed is another matter: then nobody knows its fate.
    home.wait_for_state("KLP-FLIGHT", "SENT", "UNKNOWN")
    first.kill()
    os.kill(gateway, signal.SIGCONT)
    until(lambda: _broker_status(home, "KLP-FLIGHT") == "Filled", "the broker has filled it")
    truth = of_broker(home.books())

    second = home.start(STRATEGY="none")
    assert "no mismatch, nothing in doubt" in second.hear("AGREED")
    home.wait_until_ready()
    assert home.gateway_pid() == gateway
    home.wait_for_state("KLP-FLIGHT", "FILLED")
    until(
        lambda: sorted(of_hook(home.get("/fills")["items"])) == sorted(truth),
        "the ledger has the broker's executions",
        every=0.1,
    )
    # Asked for again, nothing is booked twice.
    rounds = _rounds(home)
    assert home.call("POST", "/reconcile").status_code == 202
    until(lambda: _rounds(home) > rounds, "another round", every=0.1)
    assert sorted(of_hook(home.get("/fills")["items"])) == sorted(truth)
    (position,) = home.get("/positions")["items"]
    assert (position["managed"], position["held"]) == ("20", "20")
    assert home.wire().orders_per_ref() == {"KLP-FLIGHT": 1}
    assert second.interrupt() == 0, second.screen()
    assert home.processes() == []
