"""Facts that are kept apart: written down, put back by a person, and kept again under one id."""

from __future__ import annotations

from typing import Any

from actors.base import on
from actors.lanes import Message, Quarantined, Released
from actors.messages import EndQuarantine
from tests.actors.conftest import LIMIT, Diary, Fact, Recorder, recorder


class Mended(Recorder):
    """Crashes over a poisonous fact until somebody has mended it."""

    mended: list[bool]

    @on(Fact)
    def _fact(self, message: Fact) -> None:
        if message.text.startswith("poison") and not self.mended:
            self.diary.add(self.seat.name, "poisoned")
            raise ValueError(message.text)
        self.diary.add(self.seat.name, message.text)


class Keeper(Recorder):
    """The ledger's part: writes down what is kept apart and what is not."""

    told: list[Message]

    @on(Quarantined)
    def _quarantined(self, message: Quarantined) -> None:
        self.told.append(message)
        self.diary.add(self.seat.name, f"kept {message.times}")

    @on(EndQuarantine)
    def _ended(self, message: EndQuarantine) -> None:
        self.diary.add(self.seat.name, f"{message.outcome} by {message.who}: {message.reason}")

    @on(Released)
    def _released(self, message: Released) -> None:
        self.diary.add(self.seat.name, f"put back to {message.seat}")


def keeping(plant: Any, *, money: bool = True) -> tuple[Any, Diary, list[bool], list[Message]]:
    diary, mended, told = Diary(), list[bool](), list[Message]()
    kind = type("Mended", (Mended,), {"mended": mended})
    keeper = type("Keeper", (Keeper,), {"told": told})
    tree = plant(diary, recorder(diary, "ledger", keeper), recorder(diary, "a", kind))
    tree.system.quarantine_keeper = "ledger"
    tree.system.on_quarantine = ("ledger",) if money else ()
    tree.system.of_money = frozenset({"a"})
    diary.wait_for("a", "start")
    return tree, diary, mended, told


def poison(tree: Any, diary: Diary, crashes: int = 2) -> str:
    tree.tell("a", Fact("poison"))
    diary.wait_for("a", "poisoned", times=crashes)
    diary.wait_for("ledger", "kept 1")
    [letter] = tree.system.dead_letters.items()
    assert (letter.times, letter.content) == (1, "Fact(text='poison')")
    return str(letter.id)


def test_a_released_fact_is_handled_once_more(plant: Any) -> None:
    tree, diary, mended, told = keeping(plant)
    id = poison(tree, diary)
    assert isinstance(told[0], Quarantined)
    assert (told[0].seat, told[0].dead_letter, told[0].what) == ("a", id, Fact("poison"))
    mended.append(True)
    assert tree.system.release(id, "me", "mended").id == id
    diary.wait_for("a", "poison")
    diary.wait_for("ledger", "released by me: mended")
    diary.wait_for("ledger", "put back to a")
    assert tree.system.dead_letters.items() == []
    assert tree.system.release(id, "me", "again") is None, "it went once, and is gone"


def test_one_that_crashes_again_is_kept_again_under_the_same_id_and_counted(plant: Any) -> None:
    tree, diary, _, told = keeping(plant)
    id = poison(tree, diary)
    diary.wait_for("ledger", "kept 1", times=2)
    for times in (2, 3):
        tree.system.release(id, "me", "try")
        diary.wait_for("ledger", f"kept {times}", times=2)
        assert diary.of("poisoned") == ["a"] * (times + 1), "one crash a release"
        [letter] = tree.system.dead_letters.items()
        assert (letter.id, letter.times) == (id, times)
    entries = [what for who, what in diary.entries if who == "ledger"]
    assert [e for e in entries if e.startswith(("kept", "released"))] == [
        *("kept 1", "kept 1"),  # as the keeper, and as one whom it concerns
        *("released by me: try", "kept 2", "kept 2"),
        *("released by me: try", "kept 3", "kept 3"),
    ]
    assert {m.dead_letter for m in told if isinstance(m, Quarantined)} == {id}


def test_what_is_not_about_money_is_kept_too_and_concerns_nobody(plant: Any) -> None:
    tree, diary, mended, _ = keeping(plant, money=False)
    id = poison(tree, diary)
    mended.append(True)
    tree.system.release(id, "me", "mended")
    diary.wait_for("a", "poison")
    diary.wait_for("ledger", "released by me: mended")
    assert ("ledger", "put back to a") not in diary.entries


class Poisoned(Recorder):
    """A keeper that crashes over what it is to keep."""

    @on(Quarantined)
    def _quarantined(self, message: Quarantined) -> None:
        self.diary.add(self.seat.name, f"over {type(message.what).__name__}")
        raise ValueError("a bug in the ledger")


def test_a_keeper_that_crashes_over_it_is_not_told_of_that_for_ever(plant: Any) -> None:
    diary = Diary()
    tree = plant(diary, recorder(diary, "ledger", Poisoned), recorder(diary, "a"))
    tree.system.quarantine_keeper = "ledger"
    tree.tell("a", Fact("poison"))
    diary.wait_for("ledger", "start", times=3)
    tree.system.inspect("ledger").get(timeout=LIMIT)
    tree.tell("ledger", Fact("lives on"))
    diary.wait_for("ledger", "lives on")
    assert diary.of("over Fact") == ["ledger", "ledger"]
    assert [each.message for each in tree.system.dead_letters.items()] == ["Fact", "Quarantined"]
