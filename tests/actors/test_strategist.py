"""Entries: one at a time in each symbol, and none waited for that nobody has any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest

from actors import names
from actors.messages import (
    BarsReady,
    BookLoaded,
    InstrumentKnown,
    LoadBook,
    Propose,
    ProposeCancel,
    QuoteUpdate,
    Verdict,
    WantBars,
)
from actors.strategist import Strategist, StrategistOptions
from domain.quotes import DataType, Quote
from domain.sizing import Method, SizingRules
from domain.venue import InstrumentDetails, PriceStep, TradingSession
from tests.actors.company import Company, gathered
from tests.store.material import BHP

STRATEGIST = names.STRATEGIST


@pytest.fixture
def company() -> Iterator[Company]:
    """A strategist among listeners: nothing is held, and the market is open."""
    with proposing(SizingRules()) as gathering:
        yield gathering


@contextmanager
def proposing(sizing: SizingRules) -> Iterator[Company]:
    options = StrategistOptions("K", (names.IB,), 15.0, sizing=sizing)
    actors = {STRATEGIST: lambda s, seat: Strategist(s, seat, options=options)}
    around = (names.DESK, names.LEDGER, names.connection(names.IB), names.history(names.IB))
    with gathered(actors, *around) as gathering:
        gathering.heard.wait_for(LoadBook)
        now = gathering.clock.now()
        always = TradingSession(now - timedelta(days=1), now + timedelta(days=9), None, None)
        step = PriceStep(Decimal(0), Decimal("0.01"))
        details = InstrumentDetails(
            BHP, "BHP", "STK", "ASX", "Australia/Sydney", (step,), Decimal(1), (always,)
        )
        gathering.tell(STRATEGIST, InstrumentKnown(names.IB, details), BookLoaded((), (), ()))
        yield gathering


def rise(company: Company) -> list[Propose]:
    """Quote it higher and higher; gives all that was proposed so far."""
    clock = company.clock
    for bid in (45.0, 45.1, 45.2, 45.3, 45.4):
        quote = Quote(
            BHP, clock.now(), clock.monotonic(), bid, bid + 0.01, 1, 1, bid, 1, 1, 45.0,
            DataType.LIVE,
        )  # fmt: skip
        company.tell(STRATEGIST, QuoteUpdate(names.IB, quote))
    company.drain(names.DESK)
    return company.heard.of(Propose)


def test_a_proposal_that_nobody_answers_is_not_waited_for_for_ever(company: Company) -> None:
    """The desk fell with it in hand, or while it asked the venue what it would cost."""
    (first,) = rise(company)
    name = first.request.client_order_id
    company.leap(20.1)
    asked = company.heard.wait_for(ProposeCancel)
    assert asked.client_order_id == name
    company.tell(STRATEGIST, Verdict(name, False, "ORDER_NOT_OPEN", "no", "look"))
    company.leap(90.1)
    assert len(rise(company)) == 2


def test_a_refused_one_is_not_asked_for_again(company: Company) -> None:
    (first,) = rise(company)
    company.tell(
        STRATEGIST, Verdict(first.request.client_order_id, False, "PAUSED", "no", "resume")
    )
    company.leap(20.1)
    assert company.heard.of(ProposeCancel) == []
    assert len(rise(company)) == 2


def test_what_it_proposes_is_of_a_fixed_value_and_says_how_it_is_guarded(company: Company) -> None:
    (first,) = rise(company)
    limit = first.request.limit_price
    assert limit is not None and 2400 < first.request.quantity * limit <= 2500
    assert first.plan is not None and first.plan.stop < limit
    assert "at its stop it loses" in first.reason


def test_sized_by_volatility_it_asks_for_the_days_and_waits_for_them() -> None:
    sizing = SizingRules(method=Method.VOLATILITY, purse=Decimal(20_000))
    with proposing(sizing) as company:
        want = company.heard.wait_for(WantBars)
        assert (want.symbol, want.timeframe) == (BHP, "1 day")
        assert rise(company) == []
        assert "NO_HISTORY" in str(company.state(STRATEGIST)["not_sized"])
        # Each day goes A$1 up and down: two of them are risked with 0.5 % of the purse.
        days = tuple((float(n), 45.0, 45.5, 44.5, 45.0, 1.0) for n in range(15))
        company.tell(STRATEGIST, BarsReady(want.ticket, None, days))
        (first,) = rise(company)
        assert first.request.quantity == 49
        assert first.plan is not None and first.plan.stop < Decimal("43.5")
