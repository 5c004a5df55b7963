"""The seat that remembers how the venues stood: silence, steps of the clock, sleep, a dead disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from actors import names
from actors.lanes import Exit, ExitKind
from actors.messages import GetUptime, VenueStood
from actors.uptime import LOOK_EVERY, UptimeKeeper
from adapters.book import BookError
from adapters.store import open_uptime
from adapters.uptime import Uptime
from domain.uptime import NOT_TOLD, READY, Stood, UpState, UptimeView, hours_of
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.store.material import NOON
from tests.tree.waiting import until

SEAT = names.UPTIME
LOST = Stood(UpState.UNEXPECTED, "REFUSED", "Nobody listens.")
PAUSED = Stood(UpState.EXPECTED, "PAUSED", "New orders are paused.")


class Disk:
    """Gives the file, or fails as a full disk does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.full = False

    def open(self) -> Uptime:
        if self.full:
            raise BookError("DISK_FULL", "The disk is full.")
        return open_uptime(self.path)


@contextmanager
def seated(disk: Disk) -> Iterator[Company]:
    actors = {SEAT: lambda s, seat: UptimeKeeper(s, seat, open_file=disk.open, venues=(names.IB,))}
    with gathered(actors, names.DESK) as company:
        company.state(SEAT)
        yield company


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "uptime.db")


def seen(company: Company) -> UptimeView:
    view = company.system.ask(SEAT, GetUptime(NOON - timedelta(days=1))).get(timeout=LIMIT)
    assert isinstance(view, UptimeView)
    return view


def seconds(company: Company) -> dict[Stood, float]:
    found: dict[Stood, float] = {}
    for part in seen(company).parts:
        assert part.venue == names.IB
        found[part.stood] = found.get(part.stood, 0.0) + part.seconds
    return found


def live(company: Company, stood: Stood, times: int, *, tell: bool = True) -> None:
    """So many looks, ten seconds apart, each after the desk's word."""
    for _ in range(times):
        if tell:
            company.tell(SEAT, VenueStood(names.IB, stood))
        company.leap(LOOK_EVERY)
        company.state(SEAT)


def test_the_time_is_booked_as_the_venue_stood_in_it(disk: Disk) -> None:
    began = time.monotonic()
    with seated(disk) as company:
        live(company, READY, 3)
        live(company, LOST, 2)
        live(company, PAUSED, 1)
        told = seconds(company)
        spare = 2 + time.monotonic() - began  # what the machine took is booked as well
        assert told == {
            READY: pytest.approx(30, abs=spare),
            LOST: pytest.approx(20, abs=spare),
            PAUSED: pytest.approx(10, abs=spare),
        }
        assert [e.sentence for e in seen(company).events] == ["Kelpie was started."]
    with seated(disk) as company:  # another start of the process
        assert seconds(company)[LOST] == pytest.approx(20, abs=spare), "it is on the disk"
        assert len(seen(company).events) == 2


def test_a_desk_that_says_nothing_is_no_venue_that_is_well(disk: Disk) -> None:
    began = time.monotonic()
    with seated(disk) as company:
        live(company, READY, 1)
        live(company, READY, 6, tell=False)
        told = seconds(company)
        assert told[NOT_TOLD] >= 25
        assert told[READY] <= 45
        live(company, READY, 1)
        live(company, READY, 1)
        after = seconds(company)
        spare = 2 + time.monotonic() - began
        assert after[NOT_TOLD] <= told[NOT_TOLD] + spare, "and from its next word on it is believed"


def test_a_machine_that_slept_did_not_run(disk: Disk) -> None:
    with seated(disk) as company:
        live(company, READY, 2)
        company.leap(3600.0)
        company.state(SEAT)
        live(company, READY, 2)
        view = seen(company)
        hours = hours_of(view, names.IB)
        # Half a minute at the edge of an hour may be what is not written yet.
        assert sum(h.seconds.get(UpState.NOT_RUNNING, 0.0) for h in hours) == pytest.approx(
            3600, abs=35
        )


def test_a_clock_that_steps_loses_and_invents_nothing(disk: Disk) -> None:
    began = time.monotonic()
    with seated(disk) as company:
        live(company, READY, 2)
        company.clock._shift -= 1800.0  # as a time server would
        live(company, READY, 2)
        company.clock._shift += 1800.0
        live(company, READY, 2)
        found, spare = seconds(company), 3 + time.monotonic() - began
        assert found == {READY: pytest.approx(60, abs=spare)}


def test_a_full_disk_takes_it_later(disk: Disk) -> None:
    began = time.monotonic()
    disk.full = True
    with seated(disk) as company:
        live(company, READY, 3)
        view = seen(company)
        assert (view.began, view.parts) == (None, ())
        assert "The disk is full." in view.trouble
        disk.full = False
        live(company, READY, 1)
        found, spare = seconds(company), 2 + time.monotonic() - began
        assert found[READY] == pytest.approx(40, abs=spare)
        assert seen(company).trouble == ""


def test_an_actor_that_crashed_is_noted_and_one_that_waits_for_a_link_is_not(disk: Disk) -> None:
    with seated(disk) as company:
        live(company, READY, 1)
        for name, kind, cause in (
            ("a.crashed", ExitKind.CRASHED, "ValueError"),
            ("a.link", ExitKind.LINK_LOST, "REFUSED"),
        ):
            seat = company.system.seat(name)
            seat.incarnation = 1
            live(company, READY, 1)
            seat.last_exit = Exit(kind, cause)
            seat.incarnation = 2
            live(company, READY, 1)
        noted = [(e.seat, e.sentence) for e in seen(company).events]
        assert noted[:-1] == [("a.crashed", "Started again after it had crashed (ValueError).")]


def test_another_incarnation_is_no_start_of_the_process(disk: Disk) -> None:
    with seated(disk) as company:
        live(company, READY, 2)
        company.restart(SEAT)
        until(lambda: company.system.seat(SEAT).incarnation == 2, "it is seated anew")
        live(company, READY, 1)
        assert [e.sentence for e in seen(company).events] == ["Kelpie was started."]
        assert NOT_TOLD not in seconds(company)
