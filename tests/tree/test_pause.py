"""A pause outlives the process, keeps entries out, and lets exits go on."""

from __future__ import annotations

import pytest

from tests.tree.home import Home
from tests.tree.market import wait_for_open_market
from tests.tree.truth import of_broker


def _post(home: Home, side: str, client_order_id: str) -> tuple[int, str]:
    answer = home.propose(client_order_id, side=side)
    return answer.status_code, str(answer.json().get("code", ""))


@pytest.mark.timeout(150)
def test_a_pause_and_a_resume_are_durable_over_a_kill_and_exits_go_on(home: Home) -> None:
    wait_for_open_market()
    first = home.start(STRATEGY="none")
    home.wait_until_ready()
    assert _post(home, "BUY", "KLP-1") == (202, "")
    home.wait_for_state("KLP-1", "FILLED")
    assert home.call("POST", "/trading/pause", {"reason": "trial"}).status_code == 200
    first.kill()  # as soon as it was confirmed

    second = home.start(STRATEGY="none")
    home.wait_until_ready()
    account = home.get("/account")
    assert (account["paused"], account["paused_reason"]) == (True, "trial")
    assert _post(home, "BUY", "KLP-2") == (409, "PAUSED")
    assert _post(home, "SELL", "KLP-3") == (202, "")
    home.wait_for_state("KLP-3", "FILLED")
    assert home.call("POST", "/trading/resume").status_code == 200
    second.kill()

    third = home.start(STRATEGY="none")
    home.wait_until_ready()
    assert home.get("/account")["paused"] is False
    assert _post(home, "BUY", "KLP-4") == (202, "")
    home.wait_for_state("KLP-4", "FILLED")
    assert home.wire().orders_per_ref() == {"KLP-1": 1, "KLP-3": 1, "KLP-4": 1}
    assert {each.client_order_id for each in of_broker(home.books())} == {"KLP-1", "KLP-3", "KLP-4"}
    assert third.interrupt() == 0, third.screen()
    assert home.processes() == []
