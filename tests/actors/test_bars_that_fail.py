"""Bars whose way is disturbed: history alone, with a venue and an archive that say what is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from actors import names
from actors.history import History
from actors.messages import (
    AnswerBars,
    AskBars,
    BarsAnswered,
    CoverageFound,
    DataTrouble,
    FindCoverage,
    FollowBars,
    InstrumentKnown,
    KeepBars,
    LinkUp,
    LoadPacing,
    PacingLoaded,
    WantBars,
)
from adapters.venue import BarSeries, LinkOpened
from domain.bars import Bar, SeriesKey, What
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PriceStep, TradingSession
from tests.actors.company import Company, gathered

BHP = Symbol.parse("BHP/AUD")
HISTORY, BARS = names.history(names.IB), names.bars(names.IB)
MINUTES = SeriesKey(BHP, What.TRADES, 60)


@pytest.fixture
def company() -> Iterator[Company]:
    seats = (names.connection(names.IB), BARS, names.IB, "asker")
    built = {HISTORY: lambda s, at: History(s, at, venue=names.IB, symbols=(BHP,), readers=())}
    with gathered(built, *seats) as gathering:
        gathering.heard.wait_for(LoadPacing, seat=BARS)
        gathering.put(HISTORY, PacingLoaded(()))
        gathering.put(HISTORY, LinkUp(names.IB, 1, LinkOpened(176, "DU1", ("DU1",), None)))
        begins = gathering.clock.now() - timedelta(days=1)
        session = TradingSession(begins, begins + timedelta(days=9), None, None)
        steps = (PriceStep(Decimal(0), Decimal("0.01")),)
        details = InstrumentDetails(BHP, "", "STK", "ASX", "UTC", steps, Decimal(1), (session,))
        gathering.put(HISTORY, InstrumentKnown(names.IB, details))
        yield gathering


def asked(company: Company, times: int) -> AskBars:
    """The so-manieth request for bars of a minute."""
    return company.heard.wait_for(
        AskBars, lambda m: m.query.key.bar_seconds == 60, seat=BARS, times=times
    )


def bar(start: float) -> Bar:
    return (start, 1.0, 1.0, 1.0, 1.0, 5.0)


def test_a_series_in_which_nothing_is_traded_is_asked_for_again_and_never_reported(
    company: Company,
) -> None:
    company.tell(HISTORY, FollowBars("asker", BHP, "1m"))
    start = company.clock.now().timestamp() // 60 * 60
    for times in range(1, 6):
        ticket = asked(company, times).ticket
        company.tell(HISTORY, BarsAnswered(ticket, BarSeries(MINUTES, (bar(start),))))
        company.leap(301.0 + 15.0)
    asked(company, 6)
    company.drain(names.IB)
    assert company.heard.of(DataTrouble) == []


def want(company: Company, ticket: str) -> None:
    """An hour of minutes that ended two hours ago, and nothing of it in the archive."""
    now = company.clock.now()
    start, end = now - timedelta(hours=3), now - timedelta(hours=2)
    deadline = company.clock.monotonic() + 1e6
    company.tell(HISTORY, WantBars(deadline, ticket, "asker", BHP, "1m", start, end))
    company.heard.wait_for(FindCoverage, lambda m: m.ticket == ticket, seat=BARS)
    company.tell(HISTORY, CoverageFound(ticket, MINUTES, ()))


def test_a_request_that_is_lost_on_its_way_is_made_again(company: Company) -> None:
    """The archive, through which it goes, may have crashed over it or come to it too late."""
    want(company, "T1")
    lost = asked(company, 1)
    company.leap(200.0)
    assert company.state(HISTORY)["requests"]["open"] == 1
    company.leap(15.0)
    company.state(HISTORY)
    company.leap(16.0)  # identical ones are 15 s apart, and this one counts as of now
    again = asked(company, 2)
    assert again.query == lost.query and again.ticket != lost.ticket
    company.tell(HISTORY, BarsAnswered(lost.ticket, None, "TIMEOUT", "late"))
    assert company.state(HISTORY)["failures"] == {}, "it is nobody's any more"


def test_no_data_now_is_not_no_data_for_ever(company: Company) -> None:
    """A farm that is just coming up says the same: of the last day it is asked again."""
    for times, ticket in ((1, "T1"), (2, "T2")):
        want(company, ticket)
        first = asked(company, times)
        company.tell(HISTORY, BarsAnswered(first.ticket, None, "NO_DATA", "returned no data"))
        company.heard.wait_for(AnswerBars, lambda m, t=ticket: m.ticket == t, seat=BARS)  # type: ignore[misc]
        company.leap(16.0)
    assert company.heard.of(KeepBars) == []
