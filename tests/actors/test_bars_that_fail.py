"""Bars whose way is disturbed: history alone, with a venue and an archive that say what is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from actors import names
from actors.history import History
from actors.messages import (
    AskBars,
    BarsAnswered,
    DataTrouble,
    FollowBars,
    InstrumentKnown,
    LinkUp,
    LoadPacing,
    PacingLoaded,
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
