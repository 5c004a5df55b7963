"""Nobody is there to connect to: Kelpie stands, answers, and says what it waits for."""

from __future__ import annotations

import time
from datetime import datetime

import httpx

from tests.tree.home import Home
from tests.tree.waiting import until


def test_with_no_gateway_the_hook_answers_within_five_seconds_of_the_start(home: Home) -> None:
    begun = time.monotonic()
    kelpie = home.start(MODE="paper", IB_ACCOUNT_ID="DU1234567")

    def answers(path: str) -> httpx.Response:
        return httpx.get(f"{home.url}{path}", trust_env=False)

    def listens() -> bool:
        try:
            answers("/health/live")
        except httpx.TransportError:
            return False
        return True

    until(listens, "the hook answers", 5.0)
    assert (answers("/health/live").status_code, answers("/health/ready").status_code) == (200, 503)
    assert time.monotonic() - begun < 5.0

    def waiting() -> dict[str, str]:
        answer = answers("/health/ready")
        assert answer.status_code == 503
        (venue,) = answer.json()["venues"]
        return venue if venue["next_try"] else {}

    venue = until(waiting, "the next try is told", every=0.1)
    assert f"127.0.0.1:{home.ib_port}" in venue["reason"] and "IB_PORT" in venue["reason"]
    since, next_try = (datetime.fromisoformat(venue[key]) for key in ("since", "next_try"))
    assert since < next_try
    assert answers("/health/live").status_code == 200
    # Trying and failing is no crash: nobody but the chain itself starts anew.
    others = {
        name: incarnation
        for name, incarnation in home.incarnations().items()
        if not name.startswith("ib.")
    }
    assert set(others.values()) == {1}
    assert kelpie.interrupt() == 0, kelpie.screen()
    assert home.processes() == []
