"""Nobody is there to connect to: Kelpie stands, answers, and says what it waits for."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from tests.plain_http import TRUSTS_NOBODY
from tests.tree.home import Home
from tests.tree.waiting import until

_AFTER_THE_START = 5.0
"""Seconds to the first answer."""


def _kept_waiting(pid: int) -> float:
    """Seconds for which the threads of a process were ready to run, and others had the cores.

    The kernel counts them. A machine of one's own has none to speak of; where several test runs
    share it they are no time of Kelpie's.
    """
    waited = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has ended
            _, in_queue, _ = (thread / "schedstat").read_text().split()
            waited += int(in_queue)
    return waited / 1e9


@pytest.mark.timeout(150)
def test_with_no_gateway_the_hook_answers_within_five_seconds_of_the_start(home: Home) -> None:
    begun = time.monotonic()
    kelpie = home.start(MODE="paper", IB_ACCOUNT_ID="DU1234567")

    def answers(path: str) -> httpx.Response:
        return httpx.get(f"{home.url}{path}", trust_env=False, verify=TRUSTS_NOBODY)

    def listens() -> bool:
        try:
            answers("/health/live")
        except httpx.TransportError:
            return False
        return True

    until(listens, "the hook answers", 40.0)
    took = time.monotonic() - begun
    took_itself = took - _kept_waiting(kelpie.pid)
    assert took_itself < _AFTER_THE_START, f"{took:.1f} s, of which {took_itself:.1f} s its own"
    assert (answers("/health/live").status_code, answers("/health/ready").status_code) == (200, 503)

    def waiting() -> dict[str, str]:
        answer = answers("/health/ready")
        assert answer.status_code == 503
        venues = answer.json()["venues"]  # none while the desk has not had its turn
        return venues[0] if venues and venues[0]["next_try"] else {}

    venue = until(waiting, "the next try is told", every=0.1)
    assert f"127.0.0.1:{home.ib_port}" in venue["reason"] and "IB_PORT" in venue["reason"]
    since, next_try = (datetime.fromisoformat(venue[key]) for key in ("since", "next_try"))
    assert since < next_try
    assert answers("/health/live").status_code == 200
    # Trying and failing is no crash: nobody but the chain itself starts anew.

    def others() -> set[int]:
        return {n for name, n in home.incarnations().items() if not name.startswith("ib.")}

    until(lambda: 0 not in others(), "the last of them have started, too", every=0.1)
    assert others() == {1}
    assert kelpie.interrupt() == 0, kelpie.screen()
    assert home.processes() == []
