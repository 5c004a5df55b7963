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
    LinkUp,
    LoadBook,
    OrderRecorded,
    Propose,
    ProposeCancel,
    QuoteUpdate,
    Verdict,
)
from actors.plan_knowledge import MonitorOptions
from actors.plan_monitor import PlanMonitor
from adapters.book import ManagedPosition
from adapters.venue import LinkOpened
from domain.orders import Order, OrderState, OrderType, Purpose, Side
from domain.quotes import DataType, Quote
from domain.venue import InstrumentDetails, PriceStep, TradingSession
from tests.actors.company import Company, gathered
from tests.store.material import ACCOUNT, BHP, intent

MONITOR = names.PLAN_MONITOR
CONNECTION, QUOTES = names.connection(names.IB), names.quotes(names.IB)


@pytest.fixture
def company() -> Iterator[Company]:
    """A monitor among listeners."""
    actors = {
        MONITOR: lambda s, seat: PlanMonitor(
            s, seat, options=MonitorOptions("K", (names.IB,), stale_after_seconds=15.0)
        )
    }
    with gathered(actors, names.DESK, names.LEDGER, CONNECTION, QUOTES) as gathering:
        gathering.heard.wait_for(LoadBook)
        yield gathering


def hold(company: Company, *orders: Order, age: timedelta = timedelta(0)) -> None:
    """The book: 100 BHP bought at 45 so long ago, these open orders; the market is open."""
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
        opened_at=now - age,
        realised_pnl=Decimal(0),
        commissions=(),
    )
    company.tell(MONITOR, InstrumentKnown(names.IB, details), BookLoaded(orders, (position,), ()))


def fall(company: Company) -> list[Propose]:
    """Quote it far below the stop, and so again; gives all that was proposed so far."""
    quote(company, 40.0)
    company.leap(0.3)
    return quote(company, 40.0)


def quote(company: Company, bid: float, *, halted: bool = False, age: float = 0.0) -> list[Propose]:
    """Quote it so; gives all that was proposed so far."""
    now, at = company.clock.now(), company.clock.monotonic() - age
    sizes = (1, 1, bid, 1, 1, 45.0)
    told = Quote(BHP, now, at, bid, bid + 0.01, *sizes, DataType.LIVE, halted)
    company.tell(MONITOR, QuoteUpdate(names.IB, told))
    company.drain(names.DESK)
    return company.heard.of(Propose)


def looked(company: Company) -> list[Propose]:
    """Let it look round, with all patience for quotes over; gives all that was proposed so far."""
    for _ in range(4):
        company.leap(5.1)
        company.state(MONITOR)
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


OLD = timedelta(minutes=10)


@pytest.mark.parametrize("quoted", [True, False], ids=["a stale quote", "no quote at all"])
def test_what_is_due_by_its_age_leaves_at_the_market_without_a_fresh_quote(
    company: Company, quoted: bool
) -> None:
    hold(company, age=OLD)
    if quoted:
        assert quote(company, 45.0, age=16.0) == []
    (blind,) = looked(company)
    request = blind.request
    assert (request.type, request.purpose) == (OrderType.MARKET, Purpose.EXIT)
    assert (request.side, request.quantity, request.limit_price) == (
        Side.SELL,
        Decimal(100),
        None,
    )
    assert "without a fresh quote" in blind.reason
    assert len(looked(company)) == 1, "one at a time"


def test_with_a_fresh_quote_its_price_bounds_the_exit(company: Company) -> None:
    hold(company, age=OLD)
    (priced,) = quote(company, 45.0)
    assert (priced.request.type, priced.request.limit_price) == (OrderType.LIMIT, Decimal("44.95"))


def test_what_a_price_triggers_waits_for_a_fresh_one(company: Company) -> None:
    hold(company)
    assert quote(company, 40.0, age=16.0) == [] and looked(company) == []
    assert len(fall(company)) == 1


def test_in_a_halt_and_before_quotes_could_come_nothing_leaves_blind(company: Company) -> None:
    hold(company, age=OLD)
    opened = LinkOpened(176, ACCOUNT, (ACCOUNT,), None)
    for epoch in (1, 2, 3):
        company.leap(10.0)
        company.tell(MONITOR, LinkUp(names.IB, epoch, opened))
        company.state(MONITOR)
    assert quote(company, 45.0, halted=True) == []
    assert looked(company) == []
    assert len(quote(company, 45.0, age=16.0)) == 0
    assert len(looked(company)) == 1


def test_an_exit_at_the_market_has_no_price_to_make_anew(company: Company) -> None:
    exit = exit_of("K-P-BLIND")
    blind = replace(exit.request, type=OrderType.MARKET, limit_price=None)
    hold(company, replace(exit, request=blind))
    company.leap(10.1)
    company.state(MONITOR)
    company.drain(names.DESK)
    assert company.heard.of(ProposeCancel) == []


def test_an_exit_that_cannot_be_taken_back_is_asked_for_less_and_less(company: Company) -> None:
    """Its trade was busted: nobody knows its fate, and the venue refuses each cancel."""
    hold(company, replace(exit_of("K-P-OURS"), state=OrderState.UNKNOWN))
    for times in range(1, 10):
        company.leap(300.1)
        company.heard.wait_for(ProposeCancel, times=times)
    for _ in range(6):
        company.leap(10.1)
    company.drain(names.DESK)
    assert len(company.heard.of(ProposeCancel)) == 9
