"""`kelpie away` on the real tree: told, shown, kept over a restart, taken back, refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actors import names
from console.cli import main
from runtime.arguments import WRONGLY_CALLED
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.person import Person, Sits, audited
from tests.tree.waiting import SOON, until

SYDNEY, NEW_YORK = ZoneInfo("Australia/Sydney"), ZoneInfo("America/New_York")


def _shown(person: Person) -> dict[str, Any]:
    status, printed = person.says("away", "--json")
    assert status == 0, printed
    said: dict[str, Any] = json.loads(printed)
    return said


def _loaded(tree: Tree) -> bool:
    return bool(tree.system.inspect(names.DESK).get(timeout=SOON)["loaded"])


def _described(tree: Tree) -> bool:
    [venue] = tree.get("/venues")["items"]
    return all(each["exchange"] for each in venue["instruments"])


def test_it_is_told_shown_kept_and_taken_back(stage: Stage, sits: Sits) -> None:
    today = datetime.now(SYDNEY).date()
    since, until_ = today + timedelta(days=20), today + timedelta(days=29)
    stage.play()
    with stage.tree() as tree:
        until(lambda: _loaded(tree), "the desk has read the book")
        person = sits(tree)
        assert "Nobody is away" in person.says("away")[1]
        words = ("away", since.isoformat(), until_.isoformat())
        status, printed = person.says(*words, "--then", "wind-down", "--reason", "a journey")
        assert status == 0, printed
        assert all(len(line) <= 46 for line in printed.splitlines()), printed
        said = _shown(person)
        assert (said["away"], said["then"]) == (True, "wind-down")
        begins = datetime.fromisoformat(said["since"]).astimezone(SYDNEY)
        ends = datetime.fromisoformat(said["until"]).astimezone(SYDNEY)
        assert (begins.date(), begins.hour) == (since, 0), "from the midnight in Sydney"
        assert (ends.date(), ends.hour) == (until_ + timedelta(days=1), 0), "with all of its day"
        logins = [datetime.fromisoformat(each).astimezone(NEW_YORK) for each in said["logins"]]
        assert logins and all((at.weekday(), at.hour) == (6, 1) for at in logins)
        for wrong in (
            ("away", until_.isoformat(), since.isoformat()),
            ("away", "2020-01-01", "2020-02-01"),
        ):
            status, printed = person.says(*wrong)
            assert status == 1 and "[AWAY_NOT_A_TIME]" in printed
        assert _shown(person) == said, "what is refused changes nothing"
    with stage.tree() as tree:
        until(lambda: tree.ready() and _described(tree), "ready, and all are described")
        person = sits(tree)
        again = _shown(person)
        assert [again[name] for name in ("since", "until", "then", "who", "logins")] == [
            said[name] for name in ("since", "until", "then", "who", "logins")
        ]
        gates = {each["gate"]: each for each in tree.get("/why-not/BHP-AUD")["gates"]}
        assert gates["AWAY"]["open"], "it is twenty days ahead"
        assert again["missed"] == again["logins"][0] and len(again["markets"]) == 4
        status, printed = person.says("away", "--cancel")
        assert (status, printed.strip()) == (0, "Nobody is away.")
    kept = audited(stage, "setting")
    assert any("wind-down" in each and "a journey" in each for each in kept), kept
    assert any(each.startswith("away") and "kelpie" not in each for each in kept), kept


@pytest.mark.parametrize(
    "words",
    [
        ("2026-12-18",),
        ("--then", "nothing"),
        ("2026-12-18", "2026-12-19", "--cancel"),
    ],
)
def test_half_a_word_is_none(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["away", *words]) == WRONGLY_CALLED
    assert "Say FROM and TO" in capsys.readouterr().err


@pytest.mark.parametrize("time", ["soon", "2026-13-01", "2026-10-04T02:30"])
def test_what_is_no_time_in_sydney_is_refused(
    time: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["away", time, "2027-01-05"])
    assert caught.value.code == WRONGLY_CALLED
    assert time in capsys.readouterr().err


def test_a_time_may_name_its_own_zone(stage: Stage, sits: Sits) -> None:
    soon = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    stage.play()
    with stage.tree() as tree:
        until(lambda: _loaded(tree), "the desk has read the book")
        later = soon + timedelta(days=1)
        person = sits(tree)
        assert person.says("away", soon.isoformat(), later.isoformat())[0] == 0
        said = _shown(person)
        assert datetime.fromisoformat(said["since"]) == soon
        assert said["then"] == "exits-only", "unless something else is said"
