"""Exits: proposed again when a proposal came to nothing, and a person's own are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from actors import names
from actors.messages import (
    BookLoaded,
    InstrumentKnown,
    LoadBook,
    OrderRecorded,
    Propose,
    ProposeCancel,
    QuoteUpdate,
    Verdict,
)
from actors.plan_monitor import PlanMonitor
from adapters.book import ManagedPosition
from domain.orders import Order, OrderState, Purpose, Side
from domain.quotes import DataType, Quote
from domain.venue import InstrumentDetails, PriceStep, TradingSession
from tests.actors.company import Company, gathered
from tests.store.material import BHP, intent

MONITOR = names.PLAN_MONITOR
CONNECTION, QUOTES = names.connection(names.IB), names.quotes(names.IB)


@pytest.fixture
def company() -> Iterator[Company]:
    """A monitor among listeners."""
    actors = {
        MONITOR: lambda s, seat: PlanMonitor(
            s, seat, prefix="K", venues=(names.IB,), stale_after_seconds=15.0
        )
    }
    with gathered(actors, names.DESK, names.LEDGER, CONNECTION, QUOTES) as gathering:
        gathering.heard.wait_for(LoadBook)
        yield gathering


def hold(company: Company, *orders: Order) -> None:
    """The book: 100 BHP bought at 45, and these open orders; the market is open."""
    now = company.clock.now()
    always = TradingSession(now - timedelta(days=1), now + timedelta(days=9), None, None)
    step = PriceStep(Decimal(0), Decimal("0.01"))
    details = InstrumentDetails(
        BHP, "BHP", "STK", "ASX", "Australia/Sydney", (step,), Decimal(1), (always,)
    )
    position = ManagedPosition(
        symbol=BHP,
        venue=names.IB,
        quantity=Decimal(100),
        average_price=Decimal(45),
        opened_at=now,
        realised_pnl=Decimal(0),
        commissions=(),
    )
    company.tell(MONITOR, InstrumentKnown(names.IB, details), BookLoaded(orders, (position,), ()))


def fall(company: Company) -> list[Propose]:
    """Quote it far below the stop; gives all that was proposed so far."""
    now = company.clock
    quote = Quote(
        BHP, now.now(), now.monotonic(), 40.0, 40.01, 1, 1, 40.0, 1, 1, 45.0, DataType.LIVE
    )
    company.tell(MONITOR, QuoteUpdate(names.IB, quote))
    company.drain(names.DESK)
    return company.heard.of(Propose)


def exit_of(name: str) -> Order:
    order = intent(name, side=Side.SELL)
    request = replace(order.request, purpose=Purpose.EXIT)
    return replace(order, request=request, state=OrderState.WORKING, venue_order_id=name)


@pytest.mark.parametrize("code", ["ORDER_EXPIRED_UNSENT", "VENUE_NOT_TRADABLE", "ORDER_ID_TAKEN"])
def test_an_exit_that_came_to_nothing_is_proposed_again(company: Company, code: str) -> None:
    hold(company)
    (first,) = fall(company)
    assert len(fall(company)) == 1, "one at a time"
    company.tell(MONITOR, Verdict(first.request.client_order_id, False, code, "no", "again"))
    assert len(fall(company)) == 1, "not at once"
    company.leap(5.1)
    second = fall(company)[-1]
    assert second.request.client_order_id != first.request.client_order_id


def test_an_exit_that_a_person_placed_is_not_repriced(company: Company) -> None:
    hold(company, exit_of("K-BY-HAND"), exit_of("K-P-OURS"))
    for times in (1, 2):
        company.leap(10.1)
        company.heard.wait_for(ProposeCancel, times=times)
    company.drain(names.DESK)
    assert {m.client_order_id for m in company.heard.of(ProposeCancel)} == {"K-P-OURS"}


def test_a_refused_cancel_does_not_make_it_forget_an_exit_that_works(company: Company) -> None:
    """A desk that is slow or begins anew refuses the cancel; the exit is at the venue still."""
    hold(company, exit_of("K-P-OURS"))
    for times, code in ((1, "ORDER_EXPIRED_UNSENT"), (2, "ORDER_NOT_OPEN")):
        company.leap(10.1)
        company.heard.wait_for(ProposeCancel, times=times)
        company.tell(MONITOR, Verdict("K-P-OURS", False, code, "no", "again"))
        company.leap(5.1)
        assert fall(company) == [], "one at a time"
    company.leap(5.1)
    company.heard.wait_for(ProposeCancel, times=3)
    company.tell(MONITOR, OrderRecorded(replace(exit_of("K-P-OURS"), state=OrderState.CANCELLED)))
    assert len(fall(company)) == 1


def test_an_exit_proposed_before_it_began_anew_is_followed_once_it_is_recorded(
    company: Company,
) -> None:
    hold(company)
    company.tell(MONITOR, OrderRecorded(exit_of("K-P-OURS")), OrderRecorded(exit_of("K-HAND")))
    assert fall(company) == []
    company.leap(10.1)
    company.heard.wait_for(ProposeCancel, lambda m: m.client_order_id == "K-P-OURS")


@pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.NOT_SENT])
def test_an_exit_that_the_venue_does_not_take_is_not_repeated_with_every_tick(
    company: Company, state: OrderState
) -> None:
    hold(company)
    (first,) = fall(company)
    order = replace(exit_of(first.request.client_order_id), state=state)
    company.tell(MONITOR, OrderRecorded(order))
    assert len(fall(company)) == 1
    company.leap(5.1)
    assert len(fall(company)) == 2
