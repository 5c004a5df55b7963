"""A log that hangs delays no end: the code is given first, the words follow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

from actors.lanes import ChildWedged, RestartChild
from actors.watch import Watch
from tests.actors.conftest import LIMIT, Diary, Hang, Recorder, recorder


class Owner(Recorder):
    """Owns a handle of the outside world."""

    owns_handle = True
    budget_seconds = 0.1


class StuckLog:
    """A sink that takes lines, and then hangs in the next until it is let go."""

    def __init__(self) -> None:
        self.text = ""
        self.let_go = threading.Event()

    def __call__(self, message: str) -> None:
        self.let_go.wait(3 * LIMIT)  # longer than anybody waits for the end
        self.text += message


@pytest.fixture
def log() -> Iterator[StuckLog]:
    sink = StuckLog()
    handler = logger.add(sink, level="ERROR", format="{message}")
    yield sink
    sink.let_go.set()
    logger.remove(handler)


def _hang(tree: Any, diary: Diary) -> threading.Event:
    release, begun = threading.Event(), threading.Event()
    diary.wait_for("a", "start")
    tree.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    return release


@pytest.mark.parametrize("how", ["its handler hangs", "it does not stop"])
def test_an_owner_that_hangs_ends_the_process_before_anybody_logs(
    plant: Any, log: StuckLog, how: str
) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a", Owner, stop_seconds=0.1))
    release = _hang(tree, diary)
    stops = how == "it does not stop"
    tree.tell("root", RestartChild("a", "x") if stops else ChildWedged("a", 1, "Hang", 9.0))
    assert tree.system.wait_for_end(LIMIT) == 70
    assert not tree.system.wait_for_explanation(0.0)
    log.let_go.set()
    assert tree.system.wait_for_explanation(LIMIT)
    assert "owns a handle" in log.text and "message.until.wait(LIMIT)" in log.text
    release.set()


def test_the_watch_ends_the_process_before_it_logs(plant: Any, log: StuckLog) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a", Owner))
    release = _hang(tree, diary)
    tree.system.seat("a").parent = "nobody"  # as when the top of the tree hangs itself
    tree.clock.leap(1.0)
    looks = threading.Thread(target=Watch(tree.system).look, daemon=True)
    looks.start()
    assert tree.system.wait_for_end(LIMIT) == 70
    log.let_go.set()
    looks.join(LIMIT)
    tree.system.seat("a").parent = "root"  # to whom it says that it has ended
    assert "nobody above can act" in log.text and "message.until.wait(LIMIT)" in log.text
    release.set()
