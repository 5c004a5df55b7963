"""The gateway is killed under a trading Kelpie: the tree stays up, says so, and trades on."""

from __future__ import annotations

import os
import signal

import pytest

from actors import names
from tests.tree.home import PROGRAM_WITHIN, Home
from tests.tree.market import wait_for_open_market
from tests.tree.truth import of_broker, of_hook
from tests.tree.waiting import until

_CHAIN = set(names.of_venue(names.IB)[1:])


def _buy_at_market(home: Home, symbol: str, quantity: str, client_order_id: str) -> None:
    order = {"symbol": symbol, "side": "BUY", "quantity": quantity, "type": "MARKET"}
    answer = home.call("POST", "/orders", order | {"client_order_id": client_order_id})
    assert answer.status_code == 202, answer.text


@pytest.mark.timeout(150)
def test_a_killed_gateway_is_started_again_and_trading_goes_on(home: Home) -> None:
    wait_for_open_market()
    kelpie = home.start(STRATEGY="none")
    home.wait_until_ready()
    _buy_at_market(home, "BHP/AUD", "20", "KLP-BEFORE")
    home.wait_for_state("KLP-BEFORE", "FILLED")
    before, first_pid = home.incarnations(), home.gateway_pid()
    assert first_pid is not None

    os.kill(first_pid, signal.SIGKILL)
    assert "next try" in kelpie.hear("NO LINK")
    second_pid = until(
        lambda: (pid := home.gateway_pid()) not in (None, first_pid) and pid,
        "the keeper has started another gateway",
        PROGRAM_WITHIN,
    )
    assert second_pid != first_pid
    kelpie.hear("CONNECTED", times=2)
    kelpie.hear("AGREED", times=2)
    home.wait_until_ready()

    after = home.incarnations()
    assert {name for name in before if after[name] != before[name]} == _CHAIN

    _buy_at_market(home, "BHP/AUD", "20", "KLP-AFTER")
    home.wait_for_state("KLP-AFTER", "FILLED")
    until(
        lambda: (
            sorted(of_hook(home.get("/fills")["items"])) == sorted(of_broker(home.books())) != []
        ),
        "the ledger has what the broker has",
        every=0.1,
    )
    orders = home.wire().orders_per_ref()
    assert orders == {"KLP-BEFORE": 1, "KLP-AFTER": 1}
    assert {letter["lane"] for letter in home.get("/dead-letters")["items"]} <= {"query", "quote"}
    assert kelpie.interrupt() == 0, kelpie.screen()
    assert home.processes() == []
