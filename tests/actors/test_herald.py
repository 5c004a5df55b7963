"""What systemd is told of a tree: real actors, a real socket, the herald looked at by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from actors.base import on
from actors.lanes import Inspect
from actors.messages import GetDesk
from actors.watch import pulses
from console.herald import LOOK_EVERY, Herald
from runtime.notify import service_manager
from tests.actors.conftest import (
    LIMIT,
    Crash,
    Diary,
    Fact,
    Hang,
    LoopRecorder,
    Recorder,
    Tree,
    recorder,
)
from tests.tree.service_manager import Manager

_WATCHDOG = 60.0


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    listening = Manager(tmp_path / "notify")
    yield listening
    listening.close()


class Silent(Recorder):
    """Answers the herald's question with nothing to say."""

    @on(GetDesk)
    def _desk(self, message: GetDesk) -> None:
        return None


class Broken(Recorder):
    """Crashes over it each time."""

    @on(GetDesk)
    def _desk(self, message: GetDesk) -> None:
        raise RuntimeError("no desk today")


class Blocked(LoopRecorder):
    """Blocks its loop by a coroutine, outside of any handler."""

    free = threading.Event()

    @on(Fact)
    def _fact(self, message: Fact) -> None:
        self.run(self._block())

    async def _block(self) -> None:
        self.diary.add(self.seat.name, "blocked")
        self.free.wait(LIMIT)


class Scene:
    """A tree of two, its herald, and the manager that it tells."""

    def __init__(self, tree: Tree, manager: Manager) -> None:
        self.tree = tree
        self.heard = manager
        told = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": str(int(_WATCHDOG * 1e6))}
        found = service_manager(told)
        assert found is not None
        self.notifier = found.notifier
        self.herald = Herald(tree.system, found, mode="demo", desk="a")
        self._marks = 0
        self.held: tuple[str, ...] = ()
        """Those that a test has hang."""

    def look(self, later: float = LOOK_EVERY) -> None:
        """Let time pass, and have the herald look; who is at work would seem to hang."""
        self.tree.leap(later, held=self.held)
        self.herald.look()

    def look_until(self, done: Callable[[], Any]) -> None:
        """As often as it takes for answers of other threads to be there."""
        pause = threading.Event()
        for _ in range(int(LIMIT / 0.01)):
            self.look()
            if done():
                return
            pause.wait(0.01)
        raise AssertionError(f"it never came: {self.heard.words}")

    def fed(self) -> int:
        """How often the watchdog was, once all that was sent has come."""
        self._marks += 1
        assert self.notifier.send(f"X_MARK={self._marks}.")
        self.heard.hear(f"X_MARK={self._marks}.")
        return self.heard.count("WATCHDOG=1")

    def fed_beyond(self, before: int) -> bool:
        return self.fed() > before


@pytest.fixture
def scene(plant: Any, manager: Manager, request: pytest.FixtureRequest) -> Iterator[Scene]:
    diary = Diary()
    desk = getattr(request, "param", Silent)
    tree = plant(diary, recorder(diary, "a", desk), recorder(diary, "b"))
    made = Scene(tree, manager)
    made.look_until(lambda: manager.count("READY=1"))
    yield made
    made.herald.stopping()
    made.notifier.close()


def test_the_watchdog_is_fed_at_a_third_of_its_time_and_no_oftener(scene: Scene) -> None:
    fed = scene.fed()
    assert fed >= 1
    scene.look(_WATCHDOG / 3)
    assert scene.fed() == fed + 1
    for _ in range(10):
        scene.look(1.0)
    assert scene.fed() == fed + 1


def test_an_actor_that_hangs_starves_the_watchdog_until_it_answers_again(scene: Scene) -> None:
    free, begun = threading.Event(), threading.Event()
    scene.held = ("b",)
    scene.tree.tell("b", Hang(free, begun))
    assert begun.wait(LIMIT)
    before = scene.fed()
    scene.look(_WATCHDOG / 3)
    assert not all(each.answers for each in pulses(scene.tree.system, scene.tree.clock.monotonic()))
    for _ in range(20):
        scene.look(_WATCHDOG / 3)
    assert scene.fed() == before
    scene.heard.hear("STATUS=demo: b hangs in Hang")
    free.set()
    scene.look_until(lambda: scene.heard.count("WATCHDOG=1") > before)


def test_one_whose_event_loop_is_blocked_starves_the_watchdog_though_it_handles_nothing(
    plant: Any, manager: Manager
) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a", Silent), recorder(diary, "b", Blocked))
    scene = Scene(tree, manager)
    scene.look_until(lambda: manager.count("READY=1"))
    Blocked.free.clear()
    scene.tree.tell("b", Fact("block"))
    diary.wait_for("b", "blocked")
    scene.held = ("b",)
    scene.tree.tell("b", Inspect())
    before = scene.fed()
    for _ in range(5):
        scene.look(_WATCHDOG / 3)
    assert scene.fed() == before
    scene.heard.hear("STATUS=demo: b hangs in its event loop")
    Blocked.free.set()
    scene.look_until(lambda: scene.heard.count("WATCHDOG=1") > before)
    scene.herald.stopping()
    scene.notifier.close()


def test_one_that_hangs_within_its_budget_starves_nobody(scene: Scene) -> None:
    free, begun = threading.Event(), threading.Event()
    scene.look(_WATCHDOG / 3)
    before = scene.fed()
    for _ in range(19):
        scene.look(1.0)
    scene.held = ("b",)
    scene.tree.tell("b", Hang(free, begun))
    assert begun.wait(LIMIT)
    scene.look(2.0)
    assert scene.fed() == before + 1
    free.set()


def test_one_that_crashes_and_comes_back_starves_nobody(scene: Scene) -> None:
    scene.look(_WATCHDOG / 3)
    before = scene.fed()
    scene.tree.tell("b", Crash(RuntimeError("broken")))
    scene.look(_WATCHDOG / 3)
    # What was on its way while the clock leapt may seem to have waited: at the next look it is due.
    scene.look_until(lambda: scene.fed() == before + 1)


@pytest.mark.parametrize("scene", [Broken], indirect=True)
def test_a_status_that_cannot_be_told_stops_neither_the_herald_nor_the_watchdog(
    scene: Scene,
) -> None:
    for _ in range(3):
        before = scene.fed()
        scene.look(_WATCHDOG / 3)
        scene.look_until(partial(scene.fed_beyond, before))


def test_after_the_end_was_asked_for_nothing_more_is_told(scene: Scene) -> None:
    scene.herald.stopping()
    scene.herald.stopping()
    before = scene.fed()
    scene.look(_WATCHDOG)
    assert scene.fed() == before
    assert scene.heard.count("STOPPING=1") == 1
