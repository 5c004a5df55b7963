"""The desk tells every ten seconds how each venue stands, also that it cannot be traded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from actors import names
from actors.desk import Desk
from actors.desk_uptime import EVERY
from actors.messages import (
    CircuitChanged,
    LinkDown,
    LoadBook,
    NotReconciled,
    SetPaused,
    Standing,
    VenueStood,
)
from domain.maintenance import Schedule, nightly_restart
from domain.uptime import UpState
from tests.actors.company import Company, gathered
from tests.actors.test_desk import AROUND, OPTIONS, all_is_well
from tests.store.material import NOON

DESK = names.DESK
SYDNEY = ZoneInfo("Australia/Sydney")
_AT = (NOON + timedelta(minutes=30)).astimezone(SYDNEY).time()
RESTARTS = Schedule((nightly_restart(time(_AT.hour, _AT.minute), SYDNEY),), SYDNEY)


@pytest.fixture
def company() -> Iterator[Company]:
    """A desk that may trade, at a venue that restarts at half past noon."""
    options = replace(OPTIONS, uptime=names.UPTIME, schedules={names.IB: RESTARTS})
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    around = (names.LEDGER, names.NARRATOR, names.STARTS, names.UPTIME, *AROUND)
    with gathered(actors, *around) as gathering:
        gathering.heard.wait_for(LoadBook)
        yield gathering


def stands(company: Company) -> tuple[UpState, str]:
    """As the desk says ten seconds later."""
    company.drain(DESK)
    company.drain(names.UPTIME)
    before = len(company.heard.of(VenueStood))
    company.leap(EVERY)
    told = company.heard.wait_for(VenueStood, times=before + 1)
    assert told.venue == names.IB
    return told.stood.state, told.stood.cause


def test_it_says_each_time_how_the_venue_stands(company: Company) -> None:
    first = company.heard.wait_for(VenueStood)
    assert (first.stood.state, first.stood.cause) == (UpState.UNEXPECTED, "NOT_CONNECTED")
    all_is_well(company)
    company.tell(DESK, Standing(False, "", ""))
    assert stands(company) == (UpState.READY, "")
    assert stands(company) == (UpState.READY, "")

    company.tell(DESK, SetPaused(True, "a person", "a walk"))
    assert stands(company) == (UpState.EXPECTED, "PAUSED")
    company.tell(DESK, CircuitChanged(names.IB, "open", "three failures"))
    assert stands(company) == (UpState.UNEXPECTED, "CIRCUIT_OPEN")
    company.tell(DESK, CircuitChanged(names.IB, "forced-open", "a person"))
    assert stands(company) == (UpState.EXPECTED, "CIRCUIT_OPEN")
    company.tell(DESK, NotReconciled(names.IB, 1, "LIST_NOT_ENDED", "A list did not end."))
    assert stands(company) == (UpState.UNEXPECTED, "LIST_NOT_ENDED")
    company.tell(DESK, LinkDown(names.IB, 1, "REFUSED", "Nobody listens.", 5.0))
    assert stands(company) == (UpState.UNEXPECTED, "REFUSED")

    company.leap((NOON + timedelta(minutes=31) - company.clock.now()).total_seconds())
    assert stands(company) == (UpState.EXPECTED, "RESTART")
    company.tell(DESK, LinkDown(names.IB, 2, "WRONG_ACCOUNT", "Another account.", 5.0))
    assert stands(company) == (UpState.UNEXPECTED, "WRONG_ACCOUNT")
