"""What is driven: on a thread of its own, or on an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable

import pytest

from runtime.threads import ThreadRuntime

LIMIT = 10.0
DRIVES = ["drive", "drive_on_loop"]


class Counting:
    """Something to drive: it steps once for each thing put, and ends at `None`."""

    name = "counting"

    def __init__(self, *, begins: bool = True, fails_at: str = "") -> None:
        self.begins, self.fails_at = begins, fails_at
        self.done: list[str] = []
        self.threads: set[threading.Thread] = set()
        self.finished = threading.Event()
        self.left_with_loop = False
        self._changed = threading.Condition()
        self._waiting: deque[str | None] = deque()
        self._wake: Callable[[], None] | None = None

    def put(self, what: str | None) -> None:
        with self._changed:
            self._waiting.append(what)
            self._changed.notify()
            wake = self._wake
        if wake is not None:
            wake()

    def _note(self, what: str) -> None:
        self.done.append(what)
        self.threads.add(threading.current_thread())
        if what == self.fails_at:
            raise ValueError(what)

    def begin(self) -> bool:
        self._note("begin")
        return self.begins

    def step(self) -> bool:
        with self._changed:
            what = self._waiting.popleft() if self._waiting else "nothing"
        if what is None:
            return False
        self._note(what)
        return True

    def pending(self) -> bool:
        with self._changed:
            return bool(self._waiting)

    def wait(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._waiting, timeout=LIMIT)

    def on_ready(self, wake: Callable[[], None] | None) -> None:
        with self._changed:
            self._wake = wake

    def leave(self) -> None:
        try:
            asyncio.get_running_loop()
            self.left_with_loop = True
        except RuntimeError:
            self.left_with_loop = False
        self._note("leave")

    def finish(self) -> None:
        self._note("finish")
        self.finished.set()


def put_many(driven: Counting, number: int) -> None:
    for _ in range(number):
        driven.put("x")


def run(driven: Counting, drive: str) -> None:
    runtime = ThreadRuntime()
    getattr(runtime, drive)(driven)
    assert driven.finished.wait(LIMIT)
    for thread in runtime.threads():
        thread.join(LIMIT)
    assert runtime.threads() == []
    runtime.close()


@pytest.mark.parametrize("drive", DRIVES)
def test_it_runs_from_begin_to_finish_on_one_daemon_thread(drive: str) -> None:
    driven = Counting()
    numbers = [str(number) for number in range(200)]  # more than a turn of a loop
    for number in numbers:
        driven.put(number)
    driven.put(None)
    run(driven, drive)
    assert driven.done == ["begin", *numbers, "leave", "finish"]
    [thread] = driven.threads
    assert thread.daemon and thread.name == "counting"
    assert driven.left_with_loop is (drive == "drive_on_loop")


@pytest.mark.parametrize("drive", DRIVES)
def test_what_is_put_from_other_threads_while_it_runs_is_stepped_for(drive: str) -> None:
    driven, runtime = Counting(), ThreadRuntime()
    getattr(runtime, drive)(driven)
    putters = [threading.Thread(target=put_many, args=(driven, 500)) for _ in range(4)]
    for putter in putters:
        putter.start()
    for putter in putters:
        putter.join()
    driven.put(None)
    assert driven.finished.wait(LIMIT)
    assert driven.done.count("x") == 2000
    for thread in runtime.threads():
        thread.join(LIMIT)


@pytest.mark.parametrize("drive", DRIVES)
def test_one_that_does_not_begin_leaves_and_finishes(drive: str) -> None:
    driven = Counting(begins=False)
    driven.put("never")
    run(driven, drive)
    assert driven.done == ["begin", "leave", "finish"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("drive", DRIVES)
def test_it_finishes_even_when_leaving_fails(drive: str) -> None:
    driven = Counting(fails_at="leave")
    driven.put(None)
    run(driven, drive)
    assert driven.done == ["begin", "leave", "finish"]


class Tasked(Counting):
    """It starts a task that would run for ever."""

    cancelled = False

    def begin(self) -> bool:
        async def for_ever() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise

        self._task = asyncio.get_running_loop().create_task(for_ever())
        return super().begin()


def test_tasks_are_cancelled_before_it_finishes() -> None:
    driven = Tasked()
    driven.put("x")
    driven.put(None)
    run(driven, "drive_on_loop")
    assert driven.cancelled and driven._task.cancelled()


def test_an_actors_loop_is_the_one_that_libraries_ask_for() -> None:
    seen: list[bool] = []

    class Asking(Counting):
        def begin(self) -> bool:
            seen.append(asyncio.get_event_loop_policy().get_event_loop().is_running())
            return super().begin()

    driven = Asking()
    driven.put(None)
    run(driven, "drive_on_loop")
    assert seen == [True]
