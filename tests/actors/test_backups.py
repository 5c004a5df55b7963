"""Back-ups are made when they are due, and one that fails is told and tried again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from actors import names
from actors.backups import BackupKeeper, BackupOptions
from actors.messages import Alert, EvidenceSeen
from adapters.store.drill import LastDrill
from domain.checklist import Item
from runtime.processes import is_alive
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.tree.waiting import until

EVERY, SETTLE, AGAIN = timedelta(hours=1), timedelta(minutes=1), timedelta(minutes=10)

#: Counts its runs, and fails as often as it is told.
PROGRAM = """
import sys
from pathlib import Path
runs, failures = Path(sys.argv[1]), int(sys.argv[2])
with runs.open("a") as file:
    file.write("x")
sys.exit(0 if len(runs.read_text()) > failures else 76)
"""
HANGING = (
    "import sys, time; open(sys.argv[1], 'w').write(str(__import__('os').getpid())); "
    "time.sleep(600)"
)


class Bench:
    """A keeper with a program of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "runs"
        self.newest: datetime | None = None
        self.drilled: LastDrill | None = None

    @contextmanager
    def keeping(
        self, program: str = PROGRAM, failures: int = 0, drill: Sequence[str] = ()
    ) -> Iterator[Company]:
        options = BackupOptions(
            [sys.executable, "-c", program, str(self.file), str(failures)],
            self.folder / "backup.log",
            lambda: self.newest,
            EVERY,
            settle=SETTLE,
            again=AGAIN,
            drill=drill,
            last_drill=lambda: self.drilled,
            second_place=self.folder / "usb",
        )
        actors = {names.BACKUPS: lambda s, seat: BackupKeeper(s, seat, options=options)}
        with gathered(actors, names.NARRATOR, names.LIVE_GATE) as company:
            company.state(names.BACKUPS)
            yield company

    def runs(self) -> int:
        return len(self.file.read_text()) if self.file.exists() else 0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def leap(company: Company, time: timedelta) -> None:
    company.leap(time.total_seconds())
    company.state(names.BACKUPS)


def ended(company: Company, times: int) -> None:
    """Wait until so many runs have been seen to end."""

    def seen() -> bool:
        company.leap(1.0)
        state = company.state(names.BACKUPS)
        return not state["running"] and state["made"] + state["failed"] == times

    until(seen, f"{times} ended", LIMIT)


def test_where_there_is_none_one_is_made_soon_and_then_at_its_times(bench: Bench) -> None:
    with bench.keeping() as company:
        leap(company, SETTLE / 2)
        assert bench.runs() == 0, "a start has other things to do"
        leap(company, SETTLE / 2)
        ended(company, 1)
        due = datetime.fromisoformat(company.state(names.BACKUPS)["next"]) - company.clock.now()
        assert EVERY - timedelta(minutes=1) < due <= EVERY
        leap(company, EVERY / 2)
        assert (bench.runs(), company.state(names.BACKUPS)["running"]) == (1, False)
        leap(company, EVERY / 2)
        ended(company, 2)
        company.drain(names.NARRATOR)
        assert company.heard.of(Alert) == []


def test_after_a_restart_it_is_due_when_it_would_have_been(bench: Bench) -> None:
    with bench.keeping() as company:
        bench.newest = company.clock.now() - EVERY / 2
        company.restart(names.BACKUPS)
        until(lambda: company.system.seat(names.BACKUPS).incarnation == 2, "seated anew", LIMIT)
        leap(company, EVERY / 2 - SETTLE)
        assert bench.runs() == 0
        leap(company, SETTLE * 2)
        ended(company, 1)


def test_one_that_fails_is_told_once_and_tried_again_until_it_works(bench: Bench) -> None:
    with bench.keeping(failures=2) as company:
        leap(company, SETTLE)
        for times in (1, 2, 3):
            ended(company, times)
            trouble = company.state(names.BACKUPS)["trouble"]
            assert bool(trouble) is (times < 3) and ("exit status 76" in trouble) is (times < 3)
            leap(company, AGAIN)
        company.drain(names.NARRATOR)
        first, last = company.heard.of(Alert, names.NARRATOR)
        assert (first.code, first.level, first.stands) == ("BACKUP_FAILED", "error", True)
        assert "exit status 76" in first.sentence
        assert str(bench.folder / "backup.log") in first.cure
        assert (last.stands, last.sentence) == (False, "The book is backed up again.")
        state = company.state(names.BACKUPS)
        assert (state["made"], state["failed"]) == (1, 2)


def test_one_that_is_not_at_the_second_place_is_told_and_counts(bench: Bench) -> None:
    program = PROGRAM.replace("76", "4")
    with bench.keeping(program, failures=2) as company:
        leap(company, SETTLE)
        for times in (1, 2, 3):
            ended(company, times)
            leap(company, EVERY)
        company.drain(names.NARRATOR)
        first, last = company.heard.of(Alert, names.NARRATOR)
        assert (first.code, first.stands) == ("BACKUP_SECOND_FAILED", True)
        assert str(bench.folder / "usb") in first.sentence
        assert (last.code, last.stands) == ("BACKUP_SECOND_FAILED", False)
        assert company.state(names.BACKUPS)["made"] >= 3


def test_one_that_never_ends_is_ended(bench: Bench) -> None:
    with bench.keeping(HANGING) as company:
        leap(company, SETTLE)
        until(bench.runs, "it runs", LIMIT)
        leap(company, timedelta(minutes=31))
        ended(company, 1)
        company.heard.wait_for(Alert, lambda alert: alert.stands)
        assert not is_alive(int(bench.file.read_text()))


def test_none_outlives_the_keeper(bench: Bench) -> None:
    with bench.keeping(HANGING) as company:
        leap(company, SETTLE)
        until(bench.runs, "it runs", LIMIT)
    assert not is_alive(int(bench.file.read_text()))


@pytest.mark.parametrize(("status", "good"), [(0, True), (76, False)])
def test_after_a_back_up_it_is_restored_once_a_week_and_the_live_gate_hears_of_it(
    bench: Bench, status: int, good: bool
) -> None:
    drill = [sys.executable, "-c", f"import sys; sys.exit({status})"]
    with bench.keeping(drill=drill) as company:
        leap(company, SETTLE)
        ended(company, 1)

        def told() -> list[EvidenceSeen]:
            company.leap(1.0)
            return company.heard.of(EvidenceSeen, names.LIVE_GATE)

        [seen] = until(told, "the live gate is told")
        assert (seen.item, seen.good) == (Item.BACKUP, good)
        bench.drilled = LastDrill(company.clock.now(), good, "as the program has written it down")
        leap(company, EVERY)
        ended(company, 2)
        until(lambda: len(told()) == (1 if good else 2), "once a week; a failed one is tried again")
