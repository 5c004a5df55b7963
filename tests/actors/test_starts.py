"""The seat of starts: it counts the process's starts on disk, and tells what they allow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.base import Declared
from actors.child import Child, Intensity
from actors.lanes import Stop
from actors.messages import (
    Alert,
    EndSafeMode,
    Introduce,
    LinkDown,
    NotReconciled,
    Reconciled,
    RecordAudit,
    Standing,
)
from actors.starts import Starts
from adapters.starts import StartsFile
from domain.starts import History, Start
from domain.symbols import Symbol
from tests.actors.company import Build, Company, gathered
from tests.actors.conftest import LIMIT, Crash, Diary, recorder
from tests.store.material import NOON

RESYNC = names.resync("ib")
AT = datetime(2026, 1, 5, tzinfo=UTC)
CLEAN = Standing(False, "", "")
BHP = Symbol.parse("BHP/AUD")


def seated(folder: Path, start_id: str) -> Build:
    """How the seat is filled in one start of the process."""
    file = StartsFile(folder / "starts.json")
    return lambda system, seat: Starts(
        system,
        seat,
        file=file,
        start_id=start_id,
        venues=("ib",),
        safe_mode_after=5,
        readers=(names.DESK,),
    )


@contextmanager
def start(folder: Path, *, id: str = "") -> Iterator[Company]:
    """A start of the process; afterwards it is stopped in order."""
    build = seated(folder, id or f"start {len(on_disk(folder).starts)}")
    others = (names.DESK, names.LEDGER, names.NARRATOR, RESYNC)
    with gathered({names.STARTS: build}, *others) as company:
        company.heard.wait_for(Standing, seat=names.DESK)
        yield company


def reconciled(company: Company, *mismatches: tuple[Symbol, str]) -> None:
    company.tell(names.STARTS, Reconciled("ib", 1, AT, (), mismatches, (), 0))


def on_disk(folder: Path) -> History:
    return StartsFile(folder / "starts.json").read()


def died(folder: Path, times: int) -> None:
    """So many starts that were killed, just now."""
    history = StartsFile(folder / "starts.json").read()
    for number in range(times):
        history = history.begin(f"dead {number}", NOON)
    StartsFile(folder / "starts.json").write(history)


def standing(company: Company) -> Standing:
    """How it stands now, as whoever asks is told."""
    times = len(company.heard.of(Standing, RESYNC))
    company.tell(names.STARTS, Introduce(RESYNC))
    return company.heard.wait_for(Standing, seat=RESYNC, times=times + 1)


def test_a_first_start_is_counted_at_once_and_restricts_nothing(tmp_path: Path) -> None:
    with start(tmp_path) as company:
        assert company.heard.of(Standing, names.DESK) == [CLEAN]
        [begun] = on_disk(tmp_path).starts
        assert begun.id == "start 0" and begun.died_early


def test_a_minute_after_it_was_reconciled_it_has_lived(tmp_path: Path) -> None:
    with start(tmp_path) as company:
        company.leap(3600.0)
        reconciled(company)
        company.leap(40.0)
        assert not company.state(names.STARTS)["lived"]
        company.tell(names.STARTS, NotReconciled("ib", 1, "OUT_OF_REACH", "1100"))
        company.leap(600.0)
        assert not company.state(names.STARTS)["lived"], "it was not reconciled all that time"
        reconciled(company)
        company.leap(40.0)
        assert not company.state(names.STARTS)["lived"]
        company.leap(20.5)
        assert company.state(names.STARTS)["lived"]
        assert [each.lived for each in on_disk(tmp_path).starts] == [True]


def test_a_start_whose_link_is_lost_again_has_not_been_reconciled_for_a_minute(
    tmp_path: Path,
) -> None:
    with start(tmp_path) as company:
        reconciled(company)
        company.tell(names.STARTS, LinkDown("ib", 1, "CLOSED", "the gateway closed it", 1.0))
        reconciled(company)  # of that link: the end of a child overtakes what was said before it
        company.leap(600.0)
        assert not company.state(names.STARTS)["lived"]


def test_an_orderly_end_is_clean_and_a_giving_up_is_not(tmp_path: Path, plant: Any) -> None:
    with start(tmp_path):
        pass
    assert [each.clean for each in on_disk(tmp_path).starts] == [True]
    diary = Diary()
    tree = plant(
        diary,
        Child(names.STARTS, seated(tmp_path, "start 1")),
        recorder(diary, "a"),
        intensity=Intensity(crashes=0, seconds=60.0),
    )
    diary.wait_for("a", "start")
    tree.tell("a", Crash(ValueError("a bug")))
    assert tree.system.wait_for_end(LIMIT) == 70
    tree.tell("root", Stop())
    assert [each.clean for each in on_disk(tmp_path).starts] == [True, False]


def test_a_crash_of_the_seat_is_no_start_and_no_end_of_the_process(tmp_path: Path) -> None:
    with start(tmp_path) as company:
        company.put(names.STARTS, Crash(ValueError("nobody handles it")))
        company.heard.wait_for(Standing, seat=names.DESK, times=2)
        company.state(names.STARTS)  # the root has been told that it runs
        company.restart(names.STARTS)
        company.heard.wait_for(Standing, seat=names.DESK, times=3)
        assert [(each.id, each.clean) for each in on_disk(tmp_path).starts] == [("start 0", False)]
        # What it missed is asked for.
        company.heard.wait_for(Introduce, seat=RESYNC, times=3)


def test_after_five_that_died_early_it_is_in_safe_mode_until_a_person_ends_it(
    tmp_path: Path,
) -> None:
    died(tmp_path, 5)
    with start(tmp_path) as company:
        told = company.heard.wait_for(Standing, seat=names.DESK)
        assert told.safe_mode and "5 starts within 30 minutes" in told.cause
        alert = company.heard.wait_for(Alert, seat=names.NARRATOR)
        assert (alert.code, alert.level, alert.stands) == ("SAFE_MODE", "error", True)
        reconciled(company)
        company.leap(60.5)
        assert company.state(names.STARTS)["lived"]
    with start(tmp_path) as company:
        assert standing(company).safe_mode, "it lived and ended in order, and nobody has looked"
        end = EndSafeMode(company.clock.monotonic() + 5, "me", "a bug is mended")
        answer = company.system.ask(names.STARTS, end).get(timeout=LIMIT)
        assert (answer.safe_mode, answer.cause) == (False, "")
        assert company.heard.wait_for(Standing, lambda s: not s.safe_mode, seat=names.DESK)
        over = company.heard.wait_for(Alert, lambda a: not a.stands, seat=names.DESK)
        assert over.code == "SAFE_MODE"
        audit = company.heard.wait_for(RecordAudit, seat=names.LEDGER)
        assert (audit.who, audit.what) == ("me", "end safe mode")
        assert "a bug is mended" in audit.detail and "5 starts" in audit.detail
        with pytest.raises(Declared, match="not in safe mode"):
            company.system.ask(names.STARTS, end).get(timeout=LIMIT)
    with start(tmp_path) as company:
        assert standing(company) == CLEAN


def test_its_end_that_cannot_be_written_down_does_not_count(tmp_path: Path) -> None:
    died(tmp_path, 5)
    with start(tmp_path) as company:
        (tmp_path / "starts.json.new").mkdir()
        end = EndSafeMode(company.clock.monotonic() + 5, "me", "mended")
        with pytest.raises(Declared, match="could not be written"):
            company.system.ask(names.STARTS, end).get(timeout=LIMIT)
        assert standing(company).safe_mode
        (tmp_path / "starts.json.new").rmdir()


def test_a_count_that_cannot_be_read_is_safe_mode(tmp_path: Path) -> None:
    (tmp_path / "starts.json").write_text("{")
    with start(tmp_path, id="1") as company:
        assert "the count of starts was lost" in standing(company).cause
        assert standing(company).safe_mode
        assert (tmp_path / "starts.json.damaged").read_text() == "{"


def test_what_the_disk_does_not_take_is_written_once_it_does(tmp_path: Path) -> None:
    (tmp_path / "starts.json.new").mkdir()
    with start(tmp_path) as company:
        assert company.state(names.STARTS)["unwritten"]
        company.leap(10.1)
        assert company.state(names.STARTS)["unwritten"]
        (tmp_path / "starts.json.new").rmdir()
        company.leap(10.1)
        assert not company.state(names.STARTS)["unwritten"]
        assert len(on_disk(tmp_path).starts) == 1


# -- disarming: what the live gate makes of it is its own affair -----------------------------


@pytest.mark.parametrize(("deaths", "why"), [(1, ""), (2, "2 unclean starts within an hour")])
def test_the_second_unclean_start_is_told_with_its_time(
    tmp_path: Path, deaths: int, why: str
) -> None:
    died(tmp_path, deaths)
    with start(tmp_path) as company:
        told = standing(company)
        assert (told.disarmed, told.safe_mode) == (why, False)
        assert told.since == on_disk(tmp_path).starts[-1].at


def test_a_kept_start_is_what_it_was(tmp_path: Path) -> None:
    died(tmp_path, 1)
    [dead] = on_disk(tmp_path).starts
    with start(tmp_path):
        assert on_disk(tmp_path).starts[0] == Start(dead.id, dead.at)
