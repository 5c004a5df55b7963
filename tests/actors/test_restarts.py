"""Who comes back, after which wait, and when a supervisor gives up."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from actors.base import Declared, on
from actors.child import Child, Intensity, Restart, Strategy
from actors.lanes import Exit, ExitKind, Lane, Message, RestartChild, Stop, TimerDue
from actors.system import NobodyThere
from domain.backoff import Backoff
from tests.actors.conftest import (
    LIMIT,
    PATIENT,
    SHORT,
    BreakableSupervisor,
    Crash,
    Diary,
    End,
    Fact,
    Hang,
    Question,
    Recorder,
    recorder,
)
from tests.tree.waiting import until

NORMAL = End(Exit(ExitKind.NORMAL))
CRASH = Crash(ValueError("a bug"))
LINK_LOST = End(Exit(ExitKind.LINK_LOST, "GONE", "the link is gone"))


class FailsFirst(Recorder):
    """Its first start fails."""

    def on_start(self) -> None:
        if self.incarnation == 1:
            raise ValueError("not yet")
        super().on_start()


class HangsAtStart(Recorder):
    """Its first start does not come back until it is released."""

    release: threading.Event

    def on_start(self) -> None:
        if self.incarnation == 1:
            self.diary.add(self.seat.name, "hangs")
            self.release.wait(LIMIT)
        super().on_start()


class Timed(Recorder):
    """Arms a timer that is not due for long."""

    def on_start(self) -> None:
        self.after(3600, "late")
        super().on_start()

    def on_timer(self, name: str) -> None:
        self.diary.add(self.seat.name, f"timer {name}")


class Refuses(Recorder):
    """Answers with an error of its own choice."""

    @on(Question)
    def _question(self, message: Question) -> str:
        raise Declared(message.text)


@pytest.mark.parametrize(
    ("restart", "end", "ended", "comes_back"),
    [
        (Restart.PERMANENT, NORMAL, "NORMAL 0.01", True),
        (Restart.PERMANENT, CRASH, "CRASHED 0.01", True),
        (Restart.PERMANENT, LINK_LOST, "LINK_LOST 0.01", True),
        (Restart.TRANSIENT, NORMAL, "NORMAL None", False),
        (Restart.TRANSIENT, Stop(), "SHUTDOWN None", False),
        (Restart.TRANSIENT, CRASH, "CRASHED 0.01", True),
        (Restart.TRANSIENT, LINK_LOST, "LINK_LOST 0.01", True),
        (Restart.TEMPORARY, NORMAL, "NORMAL None", False),
        (Restart.TEMPORARY, CRASH, "CRASHED None", False),
    ],
)
def test_who_comes_back(
    plant: Any, restart: Restart, end: Message, ended: str, comes_back: bool
) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a", restart=restart), recorder(diary, "b"))
    diary.wait_for("b", "start")
    tree.tell("a", end)
    diary.wait_for("a", ended)
    if comes_back:
        diary.wait_for("a", "start", times=2)
        assert tree.system.ask("a", Question("hm")).get(timeout=LIMIT) == "HM"
        return
    assert tree.incarnations() == {"a": 1, "b": 1}
    with pytest.raises(NobodyThere):
        tree.system.ask("a", Question("hm")).get(timeout=LIMIT)
    tree.tell("root", RestartChild("a", "a person wants it back"))
    diary.wait_for("a", "start", times=2)
    assert tree.system.ask("a", Question("hm")).get(timeout=LIMIT) == "HM"


@pytest.mark.parametrize("strategy", [Strategy.REST_FOR_ONE, Strategy.ONE_FOR_ALL])
def test_a_temporary_child_does_not_come_back_with_those_it_depends_on(
    plant: Any, strategy: Strategy
) -> None:
    diary = Diary()
    tree = plant(
        diary,
        recorder(diary, "a"),
        recorder(diary, "b", restart=Restart.TEMPORARY),
        recorder(diary, "c", restart=Restart.TRANSIENT),
        strategy=strategy,
    )
    diary.wait_for("c", "start")
    tree.tell("a", CRASH)
    diary.wait_for("c", "start", times=2)
    assert tree.incarnations() == {"a": 2, "b": 1, "c": 2}


def test_waits_double_up_to_a_ceiling_and_begin_anew_after_a_healthy_stretch(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a"))
    for times, wait in enumerate((0.01, 0.02, 0.04, 0.05, 0.05), start=1):
        diary.wait_for("a", "start", times=times)
        # The supervisor has heard of the start once it has told how it stands.
        _running(tree)
        tree.tell("a", CRASH)
        diary.wait_for("a", f"CRASHED {wait}")
    diary.wait_for("a", "start", times=6)
    _running(tree)
    tree.leap(SHORT.reset_after + 0.1)
    tree.tell("a", CRASH)
    diary.wait_for("a", "CRASHED 0.01", times=2)


def _running(tree: Any) -> None:
    def all_run() -> bool:
        state = tree.system.inspect("root").get(timeout=LIMIT)
        return {child["phase"] for child in state["children"]} == {"running"}

    until(all_run, "all run", every=0.001)


def test_crashes_count_within_their_period_alone(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a"), intensity=Intensity(crashes=2, seconds=60.0))
    starts = 1
    for _ in range(3):
        for _ in range(2):
            diary.wait_for("a", "start", times=starts)
            tree.tell("a", CRASH)
            starts += 1
        diary.wait_for("a", "start", times=starts)
        tree.leap(60.5)
    assert tree.system.wait_for_end(0.0) is None
    for _ in range(3):
        diary.wait_for("a", "start", times=starts)
        tree.tell("a", CRASH)
        starts += 1
    assert tree.system.wait_for_end(LIMIT) == 70


def test_a_lost_link_never_counts(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a"), intensity=Intensity(crashes=1, seconds=60.0))
    for times in range(1, 11):
        diary.wait_for("a", "start", times=times)
        tree.tell("a", LINK_LOST)
    diary.wait_for("a", "start", times=11)
    tree.tell("a", CRASH)
    diary.wait_for("a", "start", times=12)
    assert tree.system.wait_for_end(0.0) is None


def test_a_failed_start_is_tried_again_and_counts(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a", FailsFirst), recorder(diary, "b"))
    diary.wait_for("a", "START_FAILED 0.01")
    diary.wait_for("a", "start")
    diary.wait_for("b", "start")
    assert tree.system.inspect("root").get(timeout=LIMIT)["crashes_in_window"] == 1
    assert "not yet" in tree.system.seat("a").last_error


def test_one_that_cannot_even_be_built_is_tried_again(plant: Any) -> None:
    diary, tries = Diary(), list[int]()

    def build(system: Any, seat: Any) -> Recorder:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no file")
        return Recorder(system, seat, diary)

    plant(diary, Child("a", build, backoff=SHORT))
    diary.wait_for("a", "START_FAILED 0.01")
    diary.wait_for("a", "start")


def test_a_start_that_is_never_acknowledged_is_given_up(plant: Any) -> None:
    diary, release = Diary(), threading.Event()
    kind = type("HangsAtStart", (HangsAtStart,), {"release": release})
    # Longer than its second start may take on any machine.
    tree = plant(diary, recorder(diary, "a", kind, start_seconds=60.0), recorder(diary, "b"))
    diary.wait_for("a", "hangs")
    tree.system.inspect("root").get(timeout=LIMIT)  # it has set itself the limit
    tree.clock.leap(60.5)
    diary.wait_for("a", "WEDGED 0.01")
    diary.wait_for("a", "start")
    diary.wait_for("b", "start")
    release.set()
    diary.wait_for("a", "start", times=2)  # the ghost comes to itself, and is nobody
    assert tree.system.ask("a", Question("hm")).get(timeout=LIMIT) == "HM"
    assert tree.incarnations() == {"a": 2, "b": 1}


def test_supervisors_that_give_up_pass_it_up_to_the_end_of_the_process(plant: Any) -> None:
    diary = Diary()

    def under(name: str, *below: Child) -> Child:
        return Child(
            name,
            lambda system, seat: BreakableSupervisor(
                system,
                seat,
                strategy=Strategy.ONE_FOR_ONE,
                children=below,
                intensity=Intensity(crashes=1, seconds=60.0),
            ),
            backoff=SHORT,
        )

    lowest = (recorder(diary, "a"), recorder(diary, "b"))
    tree = plant(
        diary, under("outer", under("inner", *lowest)), intensity=Intensity(crashes=1, seconds=60)
    )
    # Two crashes and inner gives up; two inners and outer does; two outers and the root does.
    for crashes in range(1, 9):
        diary.wait_for("b", "start", times=(crashes + 1) // 2)
        diary.wait_for("a", "start", times=crashes)
        assert tree.system.wait_for_end(0.0) is None
        tree.tell("a", CRASH)
    assert tree.system.wait_for_end(LIMIT) == 70
    assert [what for who, what in diary.entries if who == "outer"] == ["GAVE_UP 0.01"]
    with pytest.raises(NobodyThere):
        tree.system.ask("b", Question("hm")).get(timeout=LIMIT)


def test_children_start_from_the_first_and_stop_from_the_last(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, *(recorder(diary, name) for name in "abcd"))
    diary.wait_for("d", "start")
    tree.tell("root", Stop())
    assert tree.system.wait_for_end(LIMIT) == 0
    assert diary.of("start") == list("abcd")
    assert diary.of("stop") == list("dcba")
    assert tree.incarnations() == dict.fromkeys("abcd", 1)


def test_a_start_that_waits_is_forgotten_by_a_stop(plant: Any) -> None:
    diary = Diary()
    long = Backoff(first=3600.0, ceiling=3600.0, reset_after=1.0)
    tree = plant(diary, recorder(diary, "a", backoff=long), recorder(diary, "b"))
    diary.wait_for("b", "start")
    tree.tell("a", CRASH)
    diary.wait_for("a", "CRASHED 3600.0")
    tree.tell("root", Stop())
    assert tree.system.wait_for_end(LIMIT) == 0
    assert tree.incarnations() == {"a": 1, "b": 1}


@pytest.mark.parametrize("owner", [False, True])
def test_one_that_does_not_stop_is_left_behind_unless_it_owns_a_handle(
    plant: Any, owner: bool
) -> None:
    diary, release, begun = Diary(), threading.Event(), threading.Event()
    kind = type("Hangs", (Recorder,), {"owns_handle": owner})
    tree = plant(diary, recorder(diary, "a", kind, stop_seconds=0.2), recorder(diary, "b"))
    diary.wait_for("b", "start")
    tree.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    tree.tell("root", RestartChild("a", "a test"))
    if owner:
        assert tree.system.wait_for_end(LIMIT) == 70
        assert tree.incarnations()["a"] == 1, "it was replaced beside its own ghost"
    else:
        diary.wait_for("a", "start", times=2)
        # Had the stop for the ghost reached its successor, it would have ended at once.
        assert tree.system.ask("a", Question("hm")).get(timeout=LIMIT) == "HM"
        tree.tell("a", Fact("handled by the second"))
        diary.wait_for("a", "handled by the second")
        assert tree.incarnations()["a"] == 2
        assert tree.system.seat("a").last_exit is None
    release.set()


def test_the_end_of_the_process_does_not_wait_for_one_that_hangs(plant: Any) -> None:
    diary, release, begun = Diary(), threading.Event(), threading.Event()
    tree = plant(diary, recorder(diary, "a"), recorder(diary, "b", stop_seconds=0.2))
    diary.wait_for("b", "start")
    tree.tell("b", Hang(release, begun))
    assert begun.wait(LIMIT)
    tree.tell("root", Stop())
    assert tree.system.wait_for_end(LIMIT) == 0
    assert diary.of("stop") == ["a"]
    release.set()


def test_a_timer_of_an_older_incarnation_or_arming_is_ignored(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a", Timed))
    diary.wait_for("a", "start")
    tree.tell("a", CRASH)
    diary.wait_for("a", "start", times=2)
    for stale in (TimerDue("late", 1, 1), TimerDue("late", 2, 0), TimerDue("other", 2, 1)):
        tree.tell("a", stale)
    tree.tell("a", Fact("after the stale ones"))
    diary.wait_for("a", "after the stale ones")
    assert not diary.of("timer late")
    for _ in range(2):  # the second is as stale as the others
        tree.tell("a", TimerDue("late", 2, 1))
    tree.tell("a", Fact("after the right one"))
    diary.wait_for("a", "after the right one")
    assert diary.of("timer late") == ["a"]


def test_a_leap_of_the_clock_makes_a_timer_due_once(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a", Timed))
    diary.wait_for("a", "start")
    tree.leap(3601)
    diary.wait_for("a", "timer late")
    tree.leap(3601)
    tree.tell("a", Fact("later"))
    diary.wait_for("a", "later")
    assert diary.of("timer late") == ["a"]


def test_a_declared_error_answers_and_crashes_nobody(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a", Refuses), intensity=PATIENT)
    diary.wait_for("a", "start")
    with pytest.raises(Declared, match="no such order"):
        tree.system.ask("a", Question("no such order")).get(timeout=LIMIT)
    tree.tell("a", Question("told, and nobody to answer"))
    tree.tell("a", Fact("lives on"))
    diary.wait_for("a", "lives on")
    assert tree.incarnations() == {"a": 1}
    assert tree.system.seat("a").mailbox.depth(Lane.FACT) == 0
