"""A process that keeps dying before it has lived comes up in safe mode, until a person ends it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from adapters.starts import StartsFile
from domain.starts import History
from tests.tree.home import PROGRAM_WITHIN, Home
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import until


def _file(home: Home) -> StartsFile | None:
    found: list[Path] = list(home.state.glob("demo-*/starts.json"))
    return StartsFile(found[0]) if found else None


def _starts(home: Home) -> History:
    file = _file(home)
    return History() if file is None else file.read()


def _counted(home: Home, number: int) -> bool:
    return len(_starts(home).starts) == number


def _buy(home: Home, client_order_id: str) -> tuple[int, str]:
    answer = home.propose(client_order_id)
    return answer.status_code, str(answer.json().get("code", ""))


@pytest.mark.timeout(180)
def test_after_five_kills_nothing_is_entered_until_a_person_says_so(home: Home) -> None:
    wait_for_open_market(timedelta(minutes=2))  # so many starts take their time
    for number in range(1, 6):
        run = home.start(STRATEGY="none")
        counted = partial(_counted, home, number)
        until(counted, "the start is counted", PROGRAM_WITHIN, every=0.01)
        run.kill()
    assert _starts(home).safe_since is None
    sixth = home.start(STRATEGY="none")
    sixth.hear("Safe mode: 5 starts within 30 minutes died")
    home.wait_until_ready()
    assert _buy(home, "KLP-1") == (409, "SAFE_MODE")
    assert sixth.interrupt() == 0, sixth.screen()
    assert _starts(home).starts[-1].clean

    seventh = home.start(STRATEGY="none")
    seventh.hear("Safe mode: 5 starts within 30 minutes died")
    home.wait_until_ready()
    assert _buy(home, "KLP-2") == (409, "SAFE_MODE")
    ended = home.call("POST", "/trading/resume", {"end_safe_mode": True, "reason": "mended"})
    assert ended.status_code == 200, ended.text
    assert _buy(home, "KLP-3") == (202, "")
    home.wait_for_state("KLP-3", "FILLED")
    seventh.kill()

    eighth = home.start(STRATEGY="none")
    home.wait_until_ready()
    assert _starts(home).safe_since is None, "what died before is not counted again"
    assert home.wire().orders_per_ref() == {"KLP-3": 1}
    assert eighth.interrupt() == 0, eighth.screen()
