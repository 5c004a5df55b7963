"""What reaches nobody: kept, counted, told to whoever asked; and what a ghost still sends."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from actors.base import on
from actors.dead_letters import DeadLetters
from actors.lanes import (
    ChildExited,
    ChildStarted,
    ChildWedged,
    Exit,
    ExitKind,
    Quarantined,
    RestartChild,
    Stop,
)
from actors.mailbox import Envelope
from actors.system import NobodyThere, TooBusy
from actors.watch import pulse_of
from tests.actors.conftest import (
    LIMIT,
    Crash,
    Diary,
    Fact,
    Hang,
    Order,
    Question,
    Recorder,
    recorder,
)

NOW = datetime(2026, 1, 5, tzinfo=UTC)


class Gossip(Recorder):
    """After it hung it tells its neighbour what it meant to tell."""

    @on(Hang)
    def _hang(self, message: Hang) -> None:
        message.begun.set()
        message.until.wait(LIMIT)
        self.tell("b", Order(1e12, "a command of the ghost"))
        self.tell("b", Fact("a fact of the ghost"))


class HangsOnAFact(Recorder):
    """Its first incarnations hang on a fact, and on a question."""

    hanging: ClassVar[int] = 1
    release: ClassVar[threading.Event]

    def _hangs(self) -> None:
        self.diary.add(self.seat.name, "hangs")
        if self.incarnation <= self.hanging:
            self.release.wait(LIMIT)

    @on(Fact)
    def _fact(self, message: Fact) -> None:
        self._hangs()
        self.diary.add(self.seat.name, f"{self.incarnation} {message.text}")

    @on(Question)
    def _question(self, message: Question) -> str:
        self._hangs()
        return f"{self.incarnation}"


class Hearer(Recorder):
    """Is told of quarantined facts."""

    @on(Quarantined)
    def _quarantined(self, message: Quarantined) -> None:
        self.diary.add(self.seat.name, f"quarantined at {message.seat}")


def test_the_last_are_kept_and_quarantined_ones_are_never_pushed_out() -> None:
    letters = DeadLetters(keep=3)
    letters.add("q", NOW, "a", Envelope(Fact("money")), "crashed twice", quarantined=True)
    for number in range(10):
        letters.add(str(number), NOW, "a", Envelope(Order(1.0, str(number))), "closed")
    assert [letter.id for letter in letters.items()] == ["q", "7", "8", "9"]
    assert letters.counts() == {"control": 0, "fact": 1, "command": 10, "query": 0, "quote": 0}


def test_a_letter_says_who_sent_what_to_whom_and_why_it_failed() -> None:
    letter = DeadLetters().add(
        "1", NOW, "a", Envelope(Fact("x" * 1000), None, "b", "KLP-1"), "no such seat"
    )
    assert (letter.seat, letter.sender, letter.lane) == ("a", "b", "fact")
    assert (letter.message, letter.correlation) == ("Fact", "KLP-1")
    assert letter.cause == "no such seat" and len(letter.summary) == 400


def test_who_asks_where_nobody_sits_is_told_at_once(plant: Any) -> None:
    tree = plant(Diary())
    with pytest.raises(NobodyThere, match="no such seat"):
        tree.system.ask("nowhere", Question("hm")).get(timeout=LIMIT)
    [letter] = tree.system.dead_letters.items()
    assert (letter.seat, letter.cause) == ("nowhere", "no such seat")


def test_a_command_that_crashed_its_handler_is_a_dead_letter_and_not_tried_again(
    plant: Any,
) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a"))
    diary.wait_for("a", "start")
    tree.tell("a", Crash(ValueError("a bug")))
    diary.wait_for("a", "start", times=2)
    [letter] = tree.system.dead_letters.items()
    assert letter.message == "Crash" and "a bug" in letter.cause and not letter.quarantined
    assert tree.incarnations() == {"a": 2}


def test_questions_beyond_the_limit_are_refused_and_the_rest_answered(plant: Any) -> None:
    diary, release, begun = Diary(), threading.Event(), threading.Event()
    tree = plant(diary, recorder(diary, "a"))
    tree.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    futures = [tree.system.ask("a", Question(str(number))) for number in range(40)]
    for future in futures[32:]:
        with pytest.raises(TooBusy):
            future.get(timeout=0)
    release.set()
    assert [future.get(timeout=LIMIT) for future in futures[:32]] == [str(n) for n in range(32)]


def test_whoever_waits_when_the_actor_crashes_is_told(plant: Any) -> None:
    diary, release, begun = Diary(), threading.Event(), threading.Event()
    tree = plant(diary, recorder(diary, "a"))
    tree.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    tree.tell("a", Crash(ValueError()))
    waiting = tree.system.ask("a", Question("hm"))
    release.set()
    with pytest.raises(NobodyThere):
        waiting.get(timeout=LIMIT)


def test_a_ghost_sends_no_commands_but_its_facts(plant: Any) -> None:
    diary, release, begun = Diary(), threading.Event(), threading.Event()
    tree = plant(diary, recorder(diary, "a", Gossip), recorder(diary, "b"))
    diary.wait_for("b", "start")
    tree.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    tree.tell("root", ChildWedged("a", 1, "Hang", 9.0))
    diary.wait_for("a", "start", times=2)
    release.set()
    diary.wait_for("b", "a fact of the ghost")
    assert ("b", "a command of the ghost") not in diary.entries
    hung, sent = tree.system.dead_letters.items()
    assert (hung.seat, hung.message, hung.cause) == ("a", "Hang", "its handler hung")
    assert (sent.seat, sent.message) == ("b", "Order") and "a#1" in sent.cause


def hang(tree: Any, times: int) -> None:
    """Wait for the hang number `times`, and have it replaced."""
    tree.diary.wait_for("a", "hangs", times=times)
    tree.tell("root", ChildWedged("a", times, "Fact", 9.0))
    tree.diary.wait_for("a", "start", times=times + 1)


def test_a_fact_on_which_one_hung_is_handled_by_the_next(plant: Any) -> None:
    diary, release = Diary(), threading.Event()
    kind = type("Hangs", (HangsOnAFact,), {"release": release})
    tree = plant(diary, recorder(diary, "a", kind))
    tree.tell("a", Fact("money"))
    hang(tree, 1)
    diary.wait_for("a", "2 money")
    release.set()
    assert tree.system.dead_letters.items() == []


def test_a_fact_on_which_two_hung_is_quarantined(plant: Any) -> None:
    diary, release = Diary(), threading.Event()
    kind = type("Hangs", (HangsOnAFact,), {"release": release, "hanging": 2})
    tree = plant(diary, recorder(diary, "a", kind))
    tree.tell("a", Fact("money"))
    hang(tree, 1)
    hang(tree, 2)
    tree.tell("a", Fact("next"))
    diary.wait_for("a", "3 next")
    [letter] = tree.system.dead_letters.items()
    assert letter.quarantined and "money" in letter.summary and "hung" in letter.cause
    release.set()


def test_whoever_asked_one_that_hung_is_told_and_the_late_answer_is_dropped(plant: Any) -> None:
    diary, release = Diary(), threading.Event()
    kind = type("Hangs", (HangsOnAFact,), {"release": release})
    tree = plant(diary, recorder(diary, "a", kind))
    asked = tree.system.ask("a", Question("hm"))
    hang(tree, 1)
    with pytest.raises(NobodyThere, match="hung"):
        asked.get(timeout=LIMIT)
    release.set()
    assert tree.system.ask("a", Question("hm")).get(timeout=LIMIT) == "2"


def test_what_is_reported_of_an_older_incarnation_is_ignored(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a"))
    diary.wait_for("a", "start")
    tree.system.inspect("a").get(timeout=LIMIT)  # the root has been told that it runs
    tree.tell("root", RestartChild("a", "a test"))
    diary.wait_for("a", "start", times=2)
    for stale in (ChildWedged("a", 1, "Hang", 9.0), ChildExited("a", 1, Exit(ExitKind.CRASHED))):
        tree.tell("root", stale)
    state = tree.system.inspect("root").get(timeout=LIMIT)
    assert state["crashes_in_window"] == 0
    assert tree.incarnations() == {"a": 2}


def test_a_quarantined_fact_is_told_to_whom_it_concerns(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a"), recorder(diary, "resync", Hearer))
    tree.system.on_quarantine = ("resync",)
    tree.system.of_money = frozenset({"a"})
    diary.wait_for("resync", "start")
    tree.tell("a", Fact("poison"))
    diary.wait_for("resync", "quarantined at a")
    assert diary.of("poisoned") == ["a", "a"]


def test_what_waits_at_the_end_of_the_process_is_a_dead_letter(plant: Any) -> None:
    diary, release, begun = Diary(), threading.Event(), threading.Event()
    tree = plant(diary, recorder(diary, "a", stop_seconds=0.1))
    tree.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    tree.tell("a", Fact("never read"))
    tree.tell("root", Stop())
    assert tree.system.wait_for_end(LIMIT) == 0
    # What the tree says to itself is missed by nobody, before the end and after it alike.
    tree.tell("root", ChildStarted("a", 1))
    letters = [(letter.message, letter.cause) for letter in tree.system.dead_letters.items()]
    assert letters == [("Hang", "its handler hung"), ("Fact", "the seat is closed for good")]
    release.set()


def test_the_pulse_is_the_time_that_a_handler_takes_against_its_budget(plant: Any) -> None:
    diary, release, begun = Diary(), threading.Event(), threading.Event()
    tree = plant(diary, recorder(diary, "a"))
    diary.wait_for("a", "start")
    tree.tell("a", Hang(release, begun))
    assert begun.wait(LIMIT)
    seat, now = tree.system.seat("a"), tree.clock.monotonic()
    assert pulse_of(seat, now).answers
    hangs = pulse_of(seat, now + 5.1)
    assert not hangs.answers and hangs.handling == "Hang" and hangs.seconds >= 5.0
    release.set()
