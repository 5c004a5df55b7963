"""one_for_all: when one ends all end, from the last to the first, and begin again together."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from actors.child import Intensity, OnStreak, Restart, Strategy
from actors.lanes import Exit, ExitKind, Message, RestartChild, Stop
from domain.backoff import Backoff
from tests.actors.conftest import (
    LIMIT,
    SHORT,
    Crash,
    Diary,
    End,
    Fact,
    Hang,
    Recorder,
    recorder,
)
from tests.tree.waiting import until

ALL = Strategy.ONE_FOR_ALL
CRASH = Crash(ValueError("a bug"))
NORMAL = End(Exit(ExitKind.NORMAL))
LINK_LOST = End(Exit(ExitKind.LINK_LOST, "GONE", "the link is gone"))


class CrashesAtItsEnd(Recorder):
    """Its first incarnation crashes when it is asked to stop."""

    def on_stop_asked(self) -> None:
        if self.incarnation == 1:
            self.diary.add(self.seat.name, "crash at stop")
            raise ValueError("not now")
        super().on_stop_asked()


class FailsFirst(Recorder):
    """Its first start fails."""

    def on_start(self) -> None:
        if self.incarnation == 1:
            raise ValueError("not yet")
        super().on_start()


def starts_and_stops(diary: Diary) -> list[str]:
    return [f"{what} {who}" for who, what in diary.entries if what in ("start", "stop")]


@pytest.mark.parametrize("crashing", ["a", "b", "c"])
def test_all_stop_from_the_last_and_start_from_the_first(plant: Any, crashing: str) -> None:
    diary = Diary()
    tree = plant(diary, *(recorder(diary, name) for name in "abc"), strategy=ALL)
    diary.wait_for("c", "start")
    tree.tell(crashing, CRASH)
    diary.wait_for("c", "start", times=2)
    others = [f"stop {name}" for name in "cba" if name != crashing]
    assert starts_and_stops(diary) == [
        *("start a", "start b", "start c"),
        f"stop {crashing}",
        *others,
        *("start a", "start b", "start c"),
    ]
    assert tree.incarnations() == {"a": 2, "b": 2, "c": 2}
    assert tree.system.inspect("root").get(timeout=LIMIT)["crashes_in_window"] == 1


@pytest.mark.parametrize(
    ("end", "restart", "all_begin_anew"),
    [
        (CRASH, Restart.PERMANENT, True),
        (NORMAL, Restart.PERMANENT, True),
        (LINK_LOST, Restart.PERMANENT, True),
        (CRASH, Restart.TRANSIENT, True),
        (LINK_LOST, Restart.TRANSIENT, True),
        (NORMAL, Restart.TRANSIENT, False),
        (Stop(), Restart.TRANSIENT, False),
        (CRASH, Restart.TEMPORARY, False),
        (NORMAL, Restart.TEMPORARY, False),
    ],
)
def test_the_others_are_touched_only_by_one_that_comes_back(
    plant: Any, end: Message, restart: Restart, all_begin_anew: bool
) -> None:
    diary = Diary()
    tree = plant(
        diary,
        recorder(diary, "a"),
        recorder(diary, "b", restart=restart),
        recorder(diary, "c"),
        strategy=ALL,
    )
    diary.wait_for("c", "start")
    tree.tell("b", end)
    if all_begin_anew:
        diary.wait_for("c", "start", times=2)
        assert tree.incarnations() == {"a": 2, "b": 2, "c": 2}
        return
    diary.wait_for("b", f"{_kind_of(end)} None")
    for name in "ac":
        tree.tell(name, Fact("lives on"))
        diary.wait_for(name, "lives on")
    assert tree.incarnations() == {"a": 1, "b": 1, "c": 1}


def _kind_of(end: Message) -> str:
    if isinstance(end, End):
        return end.exit.kind.name
    return "CRASHED" if isinstance(end, Crash) else "SHUTDOWN"


def test_what_ended_for_good_does_not_come_back_with_the_others(plant: Any) -> None:
    diary = Diary()
    tree = plant(
        diary,
        recorder(diary, "a"),
        recorder(diary, "b", restart=Restart.TRANSIENT),
        recorder(diary, "c", restart=Restart.TEMPORARY),
        recorder(diary, "d"),
        strategy=ALL,
    )
    diary.wait_for("d", "start")
    tree.tell("b", NORMAL)
    diary.wait_for("b", "NORMAL None")
    tree.tell("a", CRASH)
    diary.wait_for("d", "start", times=2)
    assert tree.incarnations() == {"a": 2, "b": 1, "c": 1, "d": 2}


def test_one_that_crashes_while_all_are_stopped_is_waited_for_and_started_once(plant: Any) -> None:
    diary = Diary()
    tree = plant(
        diary,
        recorder(diary, "a"),
        recorder(diary, "b", CrashesAtItsEnd),
        recorder(diary, "c"),
        strategy=ALL,
    )
    diary.wait_for("c", "start")
    tree.tell("a", CRASH)
    diary.wait_for("b", "crash at stop")
    diary.wait_for("c", "start", times=2)
    assert starts_and_stops(diary)[3:] == [
        *("stop a", "stop c", "stop b"),
        *("start a", "start b", "start c"),
    ]
    assert tree.incarnations() == {"a": 2, "b": 2, "c": 2}


def test_one_that_does_not_stop_is_left_behind_and_the_others_begin_anew(plant: Any) -> None:
    diary, release, begun = Diary(), threading.Event(), threading.Event()
    tree = plant(
        diary,
        recorder(diary, "a"),
        recorder(diary, "b", stop_seconds=0.2),
        recorder(diary, "c"),
        strategy=ALL,
    )
    diary.wait_for("c", "start")
    tree.tell("b", Hang(release, begun))
    assert begun.wait(LIMIT)
    tree.tell("a", CRASH)
    diary.wait_for("c", "start", times=2)
    tree.tell("b", Fact("handled by the second"))
    diary.wait_for("b", "handled by the second")
    assert starts_and_stops(diary)[3:] == ["stop a", "stop c", "start a", "start b", "start c"]
    release.set()
    assert tree.incarnations() == {"a": 2, "b": 2, "c": 2}


def test_one_that_does_not_stop_and_owns_a_handle_ends_the_process(plant: Any) -> None:
    diary, release, begun = Diary(), threading.Event(), threading.Event()
    kind = type("Owns", (Recorder,), {"owns_handle": True})
    tree = plant(
        diary, recorder(diary, "a"), recorder(diary, "b", kind, stop_seconds=0.2), strategy=ALL
    )
    diary.wait_for("b", "start")
    tree.tell("b", Hang(release, begun))
    assert begun.wait(LIMIT)
    tree.tell("a", CRASH)
    assert tree.system.wait_for_end(LIMIT) == 70
    assert tree.incarnations()["b"] == 1, "it was replaced beside its own ghost"
    release.set()


def test_nobody_starts_before_the_wait_of_the_one_that_crashed_is_over(plant: Any) -> None:
    diary = Diary()
    long = Backoff(first=3600.0, ceiling=3600.0, reset_after=1.0)
    tree = plant(
        diary,
        recorder(diary, "a"),
        recorder(diary, "b"),
        recorder(diary, "c", backoff=long),
        strategy=ALL,
    )
    diary.wait_for("c", "start")
    tree.tell("c", CRASH)
    diary.wait_for("c", "CRASHED 3600.0")
    diary.wait_for("a", "stop")

    def phases() -> set[str]:
        state = tree.system.inspect("root").get(timeout=LIMIT)
        return {child["phase"] for child in state["children"]}

    until(lambda: phases() == {"waiting"}, "all have ended, and wait", every=0.001)
    assert tree.incarnations() == {"a": 1, "b": 1, "c": 1}
    tree.leap(3600.0)
    diary.wait_for("c", "start", times=2)
    assert starts_and_stops(diary)[-3:] == ["start a", "start b", "start c"]


def test_a_start_that_fails_takes_back_those_before_it(plant: Any) -> None:
    diary = Diary()
    tree = plant(
        diary,
        recorder(diary, "a"),
        recorder(diary, "b", FailsFirst),
        recorder(diary, "c"),
        strategy=ALL,
    )
    diary.wait_for("c", "start")
    assert starts_and_stops(diary) == ["start a", "stop a", "start a", "start b", "start c"]
    assert tree.incarnations() == {"a": 2, "b": 2, "c": 1}


def test_restarted_by_hand_all_begin_anew_and_no_crash_is_counted(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, *(recorder(diary, name) for name in "abc"), strategy=ALL)
    diary.wait_for("c", "start")
    tree.tell("root", RestartChild("b", "a test"))
    diary.wait_for("c", "start", times=2)
    assert starts_and_stops(diary)[3:] == [
        *("stop c", "stop b", "stop a"),
        *("start a", "start b", "start c"),
    ]
    assert tree.system.inspect("root").get(timeout=LIMIT)["crashes_in_window"] == 0


def test_too_many_crashes_stop_all_and_end_the_process(plant: Any) -> None:
    diary = Diary()
    tree = plant(
        diary,
        *(recorder(diary, name) for name in "ab"),
        strategy=ALL,
        intensity=Intensity(crashes=2, seconds=60.0),
    )
    for times in (1, 2, 3):
        diary.wait_for("b", "start", times=times)
        tree.tell("a", CRASH)
    assert tree.system.wait_for_end(LIMIT) == 70
    assert tree.incarnations() == {"a": 3, "b": 3}
    assert starts_and_stops(diary)[-2:] == ["stop a", "stop b"]


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE])
def test_where_others_need_it_nobody_can_be_parked(plant: Any, strategy: Strategy) -> None:
    diary = Diary()
    child = recorder(diary, "a", on_streak=OnStreak.PARK, backoff=SHORT)
    with pytest.raises(ValueError, match="parked"):
        plant(diary, child, strategy=strategy)
