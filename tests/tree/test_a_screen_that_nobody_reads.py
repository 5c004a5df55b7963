"""The terminal stops reading, for good: Kelpie trades on, hears signals, and ends in order."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from actors import names
from tests.tree.home import STOP_WITHIN, Home
from tests.tree.waiting import until

CONNECTION = names.connection(names.IB)


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


@pytest.mark.timeout(150)
def test_a_paused_terminal_holds_up_nothing(home: Home, full_pipe: int) -> None:
    kelpie = home.launch(full_pipe, STRATEGY="none")
    home.wait_until_ready()
    assert home.call("POST", "/trading/pause").status_code == 200  # a warning, for the screen too
    pid = home.gateway_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # A new incarnation stays; that it is not ready is over as soon as there is a gateway again.
    until(lambda: home.incarnations()[CONNECTION] > 1, "the lost link is noticed", every=0.05)
    kelpie.send_signal(signal.SIGTERM)
    assert kelpie.wait(STOP_WITHIN) == 0
    assert home.processes() == []
    assert "WARNING" in (home.logs / "kelpie.log").read_text(), "nothing was for the screen"
