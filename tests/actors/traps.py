"""The traps of Pykka, each as a scenario that holds where the trap is closed.

`python -m tests.actors.traps NAME` plays one on bare Pykka, in this process alone, and ends with
1 when it was trapped.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import pykka

from tests.actors.stages import BareStage, Fact, Hesitation, Order, Own, Question, Stage, Tick

FOR_EVER = float("inf")
TRAPPED = 1


def calm() -> None:
    """A start that does nothing."""


def first_time(error: Exception) -> Callable[[], None]:
    """A start that fails once."""
    errors = [error]

    def start() -> None:
        if errors:
            raise errors.pop()

    return start


class Gate:
    """Keeps an actor busy, so that what is sent meanwhile has to wait."""

    def __init__(self, stage: Stage, name: str) -> None:
        self._begun, self._open = threading.Event(), threading.Event()
        self._limit = stage.patience
        stage.tell(name, Order(FOR_EVER, self._hold))
        assert self._begun.wait(self._limit), "the actor took no message"

    def _hold(self, _: Own) -> None:
        self._begun.set()
        self._open.wait(self._limit)

    def open(self) -> None:
        self._open.set()


def answer(future: pykka.Future[Any], limit: float) -> Any:
    """The answer or the error that it holds; an assertion when there is neither in time."""
    try:
        return future.get(timeout=limit)
    except pykka.Timeout:
        raise AssertionError("the asker was never answered") from None
    except BaseException as error:  # what the actor raised, CancelledError included
        return error


def raises(error: BaseException) -> Callable[[Own], Any]:
    def work(_: Own) -> None:
        raise error

    return work


# -- scenarios ---------------------------------------------------------------------------


def failed_start(stage: Stage) -> None:
    """An exception in `on_start` is reported to whoever can start it again."""
    stage.play({"a": first_time(ValueError("no"))})
    assert stage.was_reported("a"), "a failed start was reported to nobody"


def half_changed(stage: Stage) -> None:
    """An exception while an ask is handled answers, and ends the incarnation that it spoilt."""

    def work(own: Own) -> None:
        own["sold"] = True
        raise ValueError("before the rest was done")

    stage.play({"a": calm})
    told = answer(stage.ask("a", Question(work)), stage.patience)
    assert isinstance(told, ValueError)
    assert stage.was_reported("a"), "it lives on, half-changed"
    assert answer(stage.ask("a", Question(lambda own: dict(own))), stage.patience) == {}


def _ends_alone(stage: Stage, error: BaseException) -> None:
    stage.play({"a": calm, "b": calm})
    assert answer(stage.ask("a", Question(lambda own: own.setdefault("mark", 1))), stage.patience)
    assert answer(stage.ask("b", Question(lambda own: "here")), stage.patience) == "here"
    stage.tell("b", Order(FOR_EVER, raises(error)))
    stage.settle("b")
    kept = answer(stage.ask("a", Question(lambda own: own.get("mark"))), stage.patience)
    assert kept == 1, f"the other actor did not live on: {kept!r}"


def cancelled(stage: Stage) -> None:
    """`CancelledError` in one actor ends that one alone."""
    _ends_alone(stage, asyncio.CancelledError())


def system_exit(stage: Stage) -> None:
    """So does `SystemExit`."""
    _ends_alone(stage, SystemExit(3))


def asker_of_an_exit(stage: Stage) -> None:
    """Whoever asked what raised a `BaseException` is answered with it."""
    stage.play({"a": calm})
    told = answer(stage.ask("a", Question(raises(SystemExit(3)))), stage.patience)
    assert isinstance(told, SystemExit)


def stop_races_ask(stage: Stage) -> None:
    """A question that is put at the very moment when the actor has ended is answered somehow."""
    hesitation = Hesitation(stage.patience)
    name = stage.throwaway(hesitation)
    futures: list[pykka.Future[Any]] = []
    asker = threading.Thread(
        target=lambda: futures.append(stage.ask(name, Question(lambda own: 1))), daemon=True
    )
    asker.start()
    assert hesitation.begun.wait(stage.patience)
    stage.stop(name)
    stage.join(name)
    hesitation.over.set()
    asker.join(stage.patience)
    answer(futures[0], stage.patience)


def crash_keeps_facts(stage: Stage) -> None:
    """What waited when an actor crashed is handled by its next incarnation."""
    stage.play({"a": calm})
    gate, got, done = Gate(stage, "a"), list[int](), threading.Event()

    def book(number: int) -> Callable[[Own], None]:
        return lambda _: got.append(number) if number < 10 else done.set()

    stage.tell("a", Fact(raises(ValueError("poison"))))
    for number in range(11):
        stage.tell("a", Fact(book(number)))
    gate.open()
    assert done.wait(stage.patience), "the crash took the facts with it"
    assert got == list(range(10))


def stop_before_backlog(stage: Stage) -> None:
    """A stop is not queued behind the work that waits."""
    name = stage.throwaway()
    gate, done = Gate(stage, name), list[int]()
    for number in range(50):
        stage.tell(name, Order(FOR_EVER, lambda _, n=number: done.append(n)))  # type: ignore[misc]
    last = stage.ask(name, Question(lambda _: "handled"))
    stage.stop(name)
    gate.open()
    told = answer(last, stage.patience)
    assert told != "handled" and not done, f"{len(done)} were handled before the stop"


def bounded(stage: Stage) -> None:
    """A flood of questions is refused, at once."""
    stage.play({"a": calm})
    gate = Gate(stage, "a")
    futures = [stage.ask("a", Question(lambda _: 1)) for _ in range(300)]
    refused = 0
    for future in futures:
        try:
            future.get(timeout=0)
        except pykka.Timeout:
            continue
        except Exception:
            refused += 1
    gate.open()
    assert refused >= 200, f"{300 - refused} questions were taken in"


def conflated(stage: Stage) -> None:
    """Of a thousand quotes that nobody had time for, the newest is handled."""
    stage.play({"a": calm})
    gate, got, done = Gate(stage, "a"), list[int](), threading.Event()

    def read(number: int) -> Callable[[Own], None]:
        def work(_: Own) -> None:
            got.append(number)
            if number == 999:
                done.set()

        return work

    for number in range(1000):
        stage.tell("a", Tick(read(number)))
    gate.open()
    assert done.wait(stage.patience)
    assert got == [999], f"{len(got)} were handled"


def daemons(stage: Stage) -> None:
    """No actor's thread keeps the process from ending."""
    stage.play({"a": calm})
    is_daemon = Question(lambda _: threading.current_thread().daemon)
    assert answer(stage.ask("a", is_daemon), stage.patience) is True, "it is none"


def wedged(stage: Stage) -> None:
    """A handler that never returns does not keep the facts from the next incarnation."""
    stage.play({"a": calm})
    release, done = threading.Event(), threading.Event()
    stage.tell("a", Order(FOR_EVER, lambda _: release.wait(3 * stage.patience)))
    stage.tell("a", Fact(lambda _: done.set()))
    try:
        assert done.wait(stage.patience), "nobody took its place"
    finally:
        release.set()


SCENARIOS: dict[str, Callable[[Stage], None]] = {
    scenario.__name__: scenario
    for scenario in (
        failed_start,
        half_changed,
        cancelled,
        system_exit,
        asker_of_an_exit,
        stop_races_ask,
        crash_keeps_facts,
        stop_before_backlog,
        bounded,
        conflated,
        daemons,
        wedged,
    )
}

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    try:
        SCENARIOS[sys.argv[1]](BareStage())
    except AssertionError as trap:
        sys.stderr.write(f"{trap}\n")
        sys.stderr.flush()
        os._exit(TRAPPED)  # threads are left behind on purpose
    os._exit(0)
