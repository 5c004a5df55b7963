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

    def answers(path: str) -> httpx.Response | None:
        try:
            return httpx.get(f"{home.url}{path}", trust_env=False)
        except httpx.TransportError:
            return None

    live = until(lambda: answers("/health/live"), "the hook answers", 5.0)
    ready = answers("/health/ready")
    assert time.monotonic() - begun < 5.0
    assert ready is not None and (live.status_code, ready.status_code) == (200, 503)

    def waits() -> dict[str, object] | None:
        answer = answers("/health/ready")
        assert answer is not None and answer.status_code == 503
        (venue,) = answer.json()["venues"]
        return venue if venue["next_try"] else None

    venue = until(waits, "the next try is told", every=0.1)
    assert f"127.0.0.1:{home.ib_port}" in str(venue["reason"])
    assert "IB_PORT" in str(venue["reason"])
    since, next_try = (datetime.fromisoformat(str(venue[key])) for key in ("since", "next_try"))
    assert since < next_try
    live_after = answers("/health/live")
    assert live_after is not None and live_after.status_code == 200
    # Trying and failing is no crash: nobody but the chain itself starts anew.
    others = {
        name: incarnation
        for name, incarnation in home.incarnations().items()
        if not name.startswith("ib.")
    }
    assert set(others.values()) == {1}
    assert kelpie.interrupt() == 0, kelpie.screen()
    assert home.processes() == []
