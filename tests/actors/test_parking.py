"""A streak of crashes, and children that are parked rather than take the tree with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actors import names
from actors.base import on
from actors.child import Child, Intensity, OnStreak, Strategy
from actors.lanes import ExitKind, RestartChild
from actors.messages import Alert, RecordSetting, SetPaused
from actors.system import NobodyThere
from actors.trading import TradingSupervisor
from domain.backoff import Backoff
from tests.actors.conftest import (
    LIMIT,
    SHORT,
    BreakableSupervisor,
    Crash,
    Diary,
    Question,
    Recorder,
    recorder,
)
from tests.tree.waiting import until

CRASH = Crash(ValueError("a bug"))


def crash_and_come_back(tree: Any, diary: Diary, name: str, crashes: int) -> None:
    """So many times; each time it is running again when this goes on."""
    for _ in range(crashes):
        times = diary.of("start").count(name)
        tree.tell(name, CRASH)
        diary.wait_for(name, "start", times=times + 1)


def phase(tree: Any, name: str, above: str = "root") -> str:
    state = tree.system.inspect(above).get(timeout=LIMIT)
    return str(next(child["phase"] for child in state["children"] if child["name"] == name))


def parked(tree: Any, name: str) -> str:
    until(lambda: phase(tree, name) == "parked", f"{name} is parked", LIMIT)
    return str(tree.system.seat(name).parked)


# -- a streak, where none is parked --------------------------------------------------------


def test_crashes_in_a_row_escalate_though_they_never_come_fast(plant: Any) -> None:
    diary = Diary()
    slow = Intensity(crashes=3, seconds=10.0)
    patient = replace(SHORT, reset_after=60.0)
    tree = plant(diary, recorder(diary, "a", longest_streak=5, backoff=patient), intensity=slow)
    diary.wait_for("a", "start")
    for _ in range(5):
        crash_and_come_back(tree, diary, "a", 1)
        tree.leap(4.0)
    assert tree.system.wait_for_end(0.0) is None
    tree.tell("a", CRASH)
    assert tree.system.wait_for_end(LIMIT) == 70


def test_a_healthy_stretch_ends_the_streak(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a", longest_streak=2))
    diary.wait_for("a", "start")
    for _ in range(4):
        crash_and_come_back(tree, diary, "a", 2)
        tree.leap(SHORT.reset_after + 0.1)
    assert tree.system.wait_for_end(0.0) is None
    crash_and_come_back(tree, diary, "a", 2)
    tree.tell("a", CRASH)
    assert tree.system.wait_for_end(LIMIT) == 70


def test_without_a_longest_streak_it_is_tried_for_ever(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a", longest_streak=None))
    diary.wait_for("a", "start")
    crash_and_come_back(tree, diary, "a", 30)
    assert tree.system.wait_for_end(0.0) is None


# -- parked --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intensity", "longest", "borne", "why"),
    [
        (Intensity(crashes=3, seconds=60.0), None, 3, "more than 3 times in 60 s"),
        (Intensity(crashes=1000, seconds=60.0), 4, 4, "more than 4 times in a row"),
    ],
)
def test_what_keeps_crashing_is_parked_and_its_siblings_live_on(
    plant: Any, intensity: Intensity, longest: int | None, borne: int, why: str
) -> None:
    diary = Diary()
    child = recorder(diary, "rule", on_streak=OnStreak.PARK, longest_streak=longest)
    tree = plant(diary, recorder(diary, "a"), child, recorder(diary, "b"), intensity=intensity)
    diary.wait_for("b", "start")
    crash_and_come_back(tree, diary, "rule", borne)
    tree.tell("rule", CRASH)
    cause = parked(tree, "rule")
    assert why in cause and "a bug" in cause
    state = tree.system.inspect("root").get(timeout=LIMIT)
    assert state["children"][1]["waiting_for"] == cause
    assert state["crashes_in_window"] == 0, "its crashes are its own affair"
    with pytest.raises(NobodyThere):
        tree.system.ask("rule", Question("hm")).get(timeout=LIMIT)
    tree.leap(86_400.0)
    for name in "ab":
        assert tree.system.ask(name, Question("hm")).get(timeout=LIMIT) == "HM"
    assert tree.incarnations() == {"a": 1, "rule": borne + 1, "b": 1}


def test_a_person_ends_the_parking_and_it_begins_with_a_clean_slate(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "rule", on_streak=OnStreak.PARK, longest_streak=2))
    diary.wait_for("rule", "start")
    for times in (3, 6):
        crash_and_come_back(tree, diary, "rule", 2)
        tree.tell("rule", CRASH)
        parked(tree, "rule")
        tree.tell("root", RestartChild("rule", "mended"))
        diary.wait_for("rule", "start", times=times + 1)
    assert tree.system.seat("rule").parked == ""
    assert tree.system.ask("rule", Question("hm")).get(timeout=LIMIT) == "HM"


def test_a_supervisor_that_begins_anew_leaves_parked_what_was_parked(plant: Any) -> None:
    diary = Diary()
    below = (recorder(diary, "rule", on_streak=OnStreak.PARK, longest_streak=1),)
    under = Child(
        "under",
        lambda system, seat: BreakableSupervisor(
            system, seat, strategy=Strategy.ONE_FOR_ONE, children=(*below, recorder(diary, "a"))
        ),
        backoff=SHORT,
    )
    tree = plant(diary, under)
    diary.wait_for("a", "start")
    crash_and_come_back(tree, diary, "rule", 1)
    tree.tell("rule", CRASH)
    diary_of_parking = tree.system.seat("rule")
    until(lambda: phase(tree, "rule", "under") == "parked", "it is parked", LIMIT)
    tree.tell("under", CRASH)
    diary.wait_for("a", "start", times=2)
    assert phase(tree, "rule", "under") == "parked"
    assert diary_of_parking.incarnation == 2


# -- those who trade -----------------------------------------------------------------------

EACH_ONCE = Backoff(first=0.01, ceiling=0.01, reset_after=3600.0, floor=0.001)


class Hears(Recorder):
    """The desk or the ledger: writes down what is told of parked seats."""

    @on(Alert)
    def _alert(self, message: Alert) -> None:
        word = message.level if message.stands else "over"
        self.diary.add(self.seat.name, f"alert {message.code} {word} {message.told}")

    @on(SetPaused)
    def _paused(self, message: SetPaused) -> None:
        self.diary.add(self.seat.name, f"paused {message.paused} by {message.who}")

    @on(RecordSetting)
    def _setting(self, message: RecordSetting) -> None:
        assert message.value
        self.diary.add(self.seat.name, f"setting {message.key}")


def trading(plant: Any, diary: Diary) -> Any:
    """A desk, and those that a bug may park, under their real supervisor."""
    spec: dict[str, Any] = {"on_streak": OnStreak.PARK, "longest_streak": 1, "backoff": EACH_ONCE}
    children = (
        recorder(diary, names.DESK, Hears),
        recorder(diary, names.PLAN_MONITOR, **spec),
        recorder(diary, names.STRATEGIST, **spec),
    )
    tree = plant(
        diary,
        recorder(diary, names.LEDGER, Hears),
        recorder(diary, names.NARRATOR, Hears),
        Child(
            names.TRADING,
            lambda system, seat: TradingSupervisor(system, seat, children=children, venues=("ib",)),
            backoff=SHORT,
        ),
    )
    diary.wait_for(names.STRATEGIST, "start")
    return tree


def park(tree: Any, diary: Diary, name: str) -> None:
    crash_and_come_back(tree, diary, name, 1)
    tree.tell(name, CRASH)


def test_a_rule_that_keeps_crashing_is_parked_and_said_once(plant: Any) -> None:
    diary = Diary()
    tree = trading(plant, diary)
    park(tree, diary, names.STRATEGIST)
    for name in (names.DESK, names.NARRATOR):
        diary.wait_for(name, "alert SEATS_PARKED warning 1")
    assert phase(tree, names.STRATEGIST, names.TRADING) == "parked"
    assert not [what for who, what in diary.entries if what.startswith(("paused", "setting"))]
    tree.tell(names.DESK, CRASH)  # whoever takes its seat has missed it
    diary.wait_for(names.DESK, "alert SEATS_PARKED warning 1", times=2)
    assert diary.entries.count((names.NARRATOR, "alert SEATS_PARKED warning 1")) == 1
    tree.tell(names.TRADING, RestartChild(names.STRATEGIST, "mended"))
    diary.wait_for(names.STRATEGIST, "start", times=3)
    diary.wait_for(names.DESK, "alert SEATS_PARKED over 1")


def test_a_parked_plan_monitor_is_an_error_and_pauses_entries_durably(plant: Any) -> None:
    diary = Diary()
    tree = trading(plant, diary)
    park(tree, diary, names.PLAN_MONITOR)
    diary.wait_for(names.DESK, "alert SEATS_PARKED error 1")
    diary.wait_for(names.DESK, "paused True by trading")
    diary.wait_for(names.LEDGER, "setting paused")
    park(tree, diary, names.STRATEGIST)
    diary.wait_for(names.DESK, "alert SEATS_PARKED error 2")
    tree.tell(names.TRADING, RestartChild(names.PLAN_MONITOR, "mended"))
    diary.wait_for(names.DESK, "alert SEATS_PARKED warning 3")
    assert ("paused False by trading") not in [what for _, what in diary.entries]


def test_what_a_person_is_told_survives_the_supervisor(plant: Any) -> None:
    diary = Diary()
    tree = trading(plant, diary)
    park(tree, diary, names.STRATEGIST)
    diary.wait_for(names.DESK, "alert SEATS_PARKED warning 1")
    tree.tell(names.TRADING, CRASH)  # it has no handler for it
    diary.wait_for(names.DESK, "start", times=2)
    diary.wait_for(names.DESK, "alert SEATS_PARKED warning 1", times=2)
    assert tree.system.seat(names.TRADING).last_exit.kind is ExitKind.CRASHED
    assert phase(tree, names.STRATEGIST, names.TRADING) == "parked"
