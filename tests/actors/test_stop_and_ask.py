"""Asking while an actor ends, many times over: everybody is answered somehow."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pykka
import pytest

from actors.child import Restart
from actors.lanes import Exit, ExitKind, Stop
from actors.system import ActorSystem, NobodyThere
from runtime.threads import ThreadRuntime
from tests.actors.conftest import LIMIT, Crash, Diary, End, Question, Recorder, recorder

ROUNDS, ASKERS = 300, 3


def race(system: ActorSystem, name: str, last: Any) -> list[pykka.Future[Any]]:
    """Ask from several threads while another sends the last message."""
    together = threading.Barrier(ASKERS + 1)
    futures: list[pykka.Future[Any]] = []

    def asks() -> None:
        together.wait()
        futures.extend(system.ask(name, Question("hm")) for _ in range(3))

    def ends() -> None:
        together.wait()
        system.tell(name, last)

    threads = [threading.Thread(target=asks) for _ in range(ASKERS)]
    threads.append(threading.Thread(target=ends))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return futures


def outcome(future: pykka.Future[Any]) -> str:
    """What it was answered with; a timeout fails the test."""
    try:
        answered: str = future.get(timeout=LIMIT)
    except NobodyThere:
        return "nobody"
    return answered


def test_of_many_who_ask_while_it_stops_each_is_answered() -> None:
    runtime = ThreadRuntime(seed=1)
    system, diary = ActorSystem(runtime), Diary()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        futures: list[pykka.Future[Any]] = []
        for number in range(ROUNDS):
            seat = system.seat(f"seat {number}")
            system.fill(seat, lambda system, seat: Recorder(system, seat, diary))
            futures.extend(race(system, seat.name, Stop()))
    finally:
        sys.setswitchinterval(interval)
    outcomes = {outcome(future) for future in futures}
    assert len(futures) == ROUNDS * ASKERS * 3
    assert "nobody" in outcomes and outcomes <= {"HM", "nobody"}
    for thread in runtime.threads():
        thread.join(LIMIT)


@pytest.mark.parametrize(
    ("restart", "last"),
    [
        (Restart.TEMPORARY, Crash(ValueError())),
        (Restart.TRANSIENT, End(Exit(ExitKind.NORMAL))),
        (Restart.PERMANENT, Crash(ValueError())),
    ],
)
def test_so_is_each_who_asks_one_below_a_supervisor(
    plant: Any, restart: Restart, last: Any
) -> None:
    diary, names = Diary(), [f"child {number}" for number in range(40)]
    tree = plant(diary, *(recorder(diary, name, restart=restart) for name in names))
    diary.wait_for(names[-1], "start")
    futures = [future for name in names for future in race(tree.system, name, last)]
    assert {outcome(future) for future in futures} <= {"HM", "nobody"}
    assert len(futures) == len(names) * ASKERS * 3
