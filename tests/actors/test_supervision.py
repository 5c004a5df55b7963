"""Crashes of every kind: who restarts, in which order, and that nothing is lost."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from actors.child import Intensity, Strategy
from actors.lanes import RestartChild
from tests.actors.conftest import LIMIT, Crash, Fact, Hang, Order

ERRORS: list[BaseException] = [
    ValueError("usual"),
    asyncio.CancelledError(),
    SystemExit(3),
    MemoryError(),
    RecursionError(),
    KeyboardInterrupt(),
    GeneratorExit(),
]
NAMES = ("a", "b", "c", "d")


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    ("strategy", "restarted"),
    [
        (Strategy.ONE_FOR_ONE, ("b",)),
        (Strategy.REST_FOR_ONE, ("b", "c", "d")),
        (Strategy.ONE_FOR_ALL, ("a", "b", "c", "d")),
    ],
)
@pytest.mark.parametrize("loop", [(), NAMES], ids=["threads", "loops"])
def test_what_the_strategy_names_restarts_in_order_and_nobody_else(
    grow: Any,
    error: BaseException,
    strategy: Strategy,
    restarted: tuple[str, ...],
    loop: tuple[str, ...],
) -> None:
    tree = grow(strategy, *NAMES, loop=loop)
    before = tree.incarnations()
    tree.tell("b", Crash(error))
    # Sent while b is down or about to be: facts wait for the next incarnation.
    for number in range(50):
        for name in NAMES:
            tree.tell(name, Fact(f"fact {number}"))
    for name in restarted:
        tree.diary.wait_for(name, "start", times=2)
    for name in NAMES:
        tree.diary.wait_for(name, "fact 49")

    after = tree.incarnations()
    assert {n for n in NAMES if after[n] != before[n]} == set(restarted)
    starts = tree.diary.of("start")
    assert tuple(starts) == NAMES + restarted
    for name in NAMES:
        got = [what for who, what in tree.diary.entries if who == name and what.startswith("fact")]
        assert got == [f"fact {number}" for number in range(50)]


def test_dependants_are_stopped_from_the_last(grow: Any) -> None:
    tree = grow(Strategy.REST_FOR_ONE, *NAMES)
    tree.tell("b", Crash(ValueError()))
    tree.diary.wait_for("d", "start", times=2)
    assert tree.diary.of("stop") == ["b", "d", "c"]


def test_restart_by_hand_takes_the_dependants_along(grow: Any) -> None:
    tree = grow(Strategy.REST_FOR_ONE, *NAMES)
    tree.tell("root", RestartChild("c", "a test"))
    tree.diary.wait_for("d", "start", times=2)
    assert tree.incarnations() == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_too_many_crashes_end_the_tree(grow: Any) -> None:
    tree = grow(Strategy.ONE_FOR_ONE, "a", "b", intensity=Intensity(crashes=2, seconds=60))
    for times in (2, 3):
        tree.tell("a", Crash(ValueError()))
        tree.diary.wait_for("a", "start", times=times)
    assert tree.system.wait_for_end(0.0) is None
    tree.tell("a", Crash(ValueError()))
    assert tree.system.wait_for_end(LIMIT) == 70
    assert tree.diary.of("stop")[-1] == "b"


def test_a_wedged_actor_is_fenced_and_replaced_and_its_facts_are_kept(grow: Any) -> None:
    tree = grow(Strategy.ONE_FOR_ONE, "a", "b", budget=1.0)
    release, begun = threading.Event(), threading.Event()
    tree.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    tree.tell("a", Fact("after the hang"))
    tree.diary.wait_for("a", "start", times=2)
    tree.diary.wait_for("a", "after the hang")
    release.set()
    assert tree.incarnations() == {"a": 2, "b": 1}


def test_a_wedged_owner_of_a_handle_ends_the_process(grow: Any) -> None:
    tree = grow(Strategy.ONE_FOR_ONE, "a", budget=1.0, owners=("a",))
    release, begun = threading.Event(), threading.Event()
    tree.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    assert tree.system.wait_for_end(LIMIT) == 70
    assert tree.incarnations() == {"a": 1}
    release.set()


def test_a_poisonous_fact_is_tried_once_more_and_then_quarantined(grow: Any) -> None:
    tree = grow(Strategy.ONE_FOR_ONE, "a", "b")
    tree.tell("a", Fact("poison"))
    tree.tell("a", Fact("next"))
    tree.diary.wait_for("a", "next")
    assert tree.diary.of("poisoned") == ["a", "a"]
    [letter] = tree.system.dead_letters.items()
    assert letter.quarantined
    assert letter.message == "Fact"
    assert "ValueError" in letter.cause


def test_an_expired_command_is_told_to_the_actor_and_not_handled(grow: Any) -> None:
    tree = grow(Strategy.ONE_FOR_ONE, "a")
    release, begun = threading.Event(), threading.Event()
    tree.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    now = tree.clock.monotonic()
    tree.tell("a", Order(deadline=now + 3600, text="in time"))
    tree.tell("a", Order(deadline=now - 0.001, text="late"))
    release.set()
    tree.diary.wait_for("a", "in time")
    tree.diary.wait_for("a", "expired late")
    assert ("a", "late") not in tree.diary.entries


def test_children_of_a_crashed_supervisor_are_stopped_before_they_are_started_again(
    grow: Any,
) -> None:
    tree = grow(Strategy.ONE_FOR_ONE, "under", nested=("a", "b"))
    tree.diary.wait_for("b", "start")
    tree.tell("under", Crash(ValueError()))
    tree.diary.wait_for("b", "start", times=2)
    happened = [(who, what) for who, what in tree.diary.entries if what in ("start", "stop")]
    assert happened[-4:] == [("b", "stop"), ("a", "stop"), ("a", "start"), ("b", "start")]
