"""The terminal stops reading, for good: Kelpie trades on, hears signals, and ends in order."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.tree.home import STOP_WITHIN, Home
from tests.tree.waiting import until


@pytest.fixture
def full_pipe() -> Iterator[int]:
    """The writing end of a pipe that takes nothing more."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"." * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
    yield writing
    os.close(writing)
    os.close(reading)


@pytest.mark.timeout(90)
def test_a_paused_terminal_holds_up_nothing(home: Home, full_pipe: int) -> None:
    kelpie = home.launch(full_pipe, STRATEGY="none")
    until(home.ready, "ready to trade", every=0.1)
    assert home.call("POST", "/trading/pause").status_code == 200  # a warning, for the screen too
    pid = home.gateway_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: not home.ready(), "the lost link is noticed", every=0.05)
    kelpie.send_signal(signal.SIGTERM)
    assert kelpie.wait(STOP_WITHIN) == 0
    assert home.processes() == []
    assert "WARNING" in (home.logs / "kelpie.log").read_text(), "nothing was for the screen"
