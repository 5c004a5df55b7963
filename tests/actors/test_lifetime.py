"""What ends the process in order: signals, whenever they come, and a terminal that is closed."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator

import pytest

from actors import names
from actors.child import Strategy
from actors.lifetime import Signals, live
from actors.supervision import RootSupervisor
from actors.system import ActorSystem
from runtime.threads import ThreadRuntime


@pytest.fixture
def system() -> Iterator[ActorSystem]:
    runtime = ThreadRuntime()
    yield ActorSystem(runtime)
    runtime.close()


def _plant(system: ActorSystem) -> None:
    system.fill(
        system.seat(names.ROOT),
        lambda s, seat: RootSupervisor(s, seat, strategy=Strategy.ONE_FOR_ONE, children=()),
    )


@pytest.fixture
def lived(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a life does to its process is left out; and nobody began this one with nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(sys, "setswitchinterval", lambda _: None)
    monkeypatch.setattr(os, "_exit", lambda code: pytest.fail(f"it gave up with {code}"))
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("lived")
def test_a_terminal_that_is_closed_stops_the_tree_in_order_however_often_it_says_so(
    system: ActorSystem,
) -> None:
    def plant() -> None:
        assert callable(signal.getsignal(signal.SIGHUP)), "it would die of it"
        _plant(system)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGHUP)

    assert live(system, plant, lambda _: None) == 0
    assert system.stopping_in_order


def test_one_that_was_told_to_outlive_its_terminal_does(system: ActorSystem) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Signals(system) as signals:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signals.asked_at is None
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("lived")
def test_a_stop_that_comes_before_anybody_sits_at_the_top_is_carried_out(
    system: ActorSystem,
) -> None:
    def plant() -> None:
        # What it interrupts may hold any lock.
        with system._lock:
            os.kill(os.getpid(), signal.SIGTERM)
        _plant(system)

    codes: list[int] = []
    assert live(system, plant, codes.append) == 0
    assert codes == [0] and system.stopping_in_order
