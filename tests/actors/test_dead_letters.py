"""What reaches nobody: kept, counted, told to whoever asked; and what a ghost still sends."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.base import on
from actors.dead_letters import DeadLetters
from actors.lanes import ChildWedged, Quarantined, RestartChild
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
    [letter] = tree.system.dead_letters.items()
    assert letter.seat == "b" and letter.message == "Order" and "a#1" in letter.cause


def test_a_report_of_a_hang_of_an_older_incarnation_is_ignored(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a"))
    diary.wait_for("a", "start")
    tree.tell("root", RestartChild("a", "a test"))
    diary.wait_for("a", "start", times=2)
    tree.tell("root", ChildWedged("a", 1, "Hang", 9.0))
    tree.system.inspect("root").get(timeout=LIMIT)
    assert tree.incarnations() == {"a": 2}


def test_a_quarantined_fact_is_told_to_whom_it_concerns(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "a"), recorder(diary, "resync", Hearer))
    tree.system.on_quarantine = ("resync",)
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
    tree.system.retire("root")
    assert [letter.summary for letter in tree.system.dead_letters.items()] == [
        "Fact(text='never read')"
    ]
    # Those that nobody closed go on; a closed root can no longer be told to stop.
    tree.system.seat("root").mailbox.open()
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
