"""The seat that fills the shadow book: by each quote, once, and told to the ledger alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from actors import names
from actors.lanes import Message
from actors.messages import (
    BookCommission,
    BookFill,
    BookLoaded,
    CancelDurable,
    InstrumentKnown,
    IntentDurable,
    LoadBook,
    OrderRecorded,
    QuoteUpdate,
    RecordState,
)
from actors.shadow_orders import ShadowOrders
from actors.shadow_watch import ShadowOptions
from domain.admission import Admission
from domain.commissions import ChargeTerms
from domain.costs import CostEstimate, EstimateSource
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side, Tif
from domain.quotes import DataType, Quote
from domain.shadow import SHADOW
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PriceStep, TradingSession
from tests.actors.company import Company, gathered
from tests.store.material import NOON

BHP = Symbol.parse("BHP/AUD")
HERE = names.SHADOW_ORDERS
LEDGER, CONNECTION, QUOTES = names.LEDGER, names.connection("ib"), names.quotes("ib")
D = Decimal


#: A$6.60 at the least, 0.088 % beyond.
TERMS = ChargeTerms("AUD", D("0.00088"), D(0), D("6.60"), None, D(1))
ESTIMATE = CostEstimate(
    quantity=D(20),
    commission=D("6.60"),
    gst=D("0.60"),
    currency="AUD",
    spread=D(0),
    rate=D(1),
    base_currency="AUD",
    source=EstimateSource.TABLE,
    rule="a test's",
    terms=TERMS,
)


def known(company: Company, seat: str) -> None:
    """BHP, which trades today and the day after tomorrow."""
    opens, closes = NOON - timedelta(hours=1), NOON + timedelta(hours=5)
    days = [timedelta(0), timedelta(days=2)]
    sessions = [TradingSession(opens + day, closes + day, None, None) for day in days]
    details = InstrumentDetails(
        symbol=BHP,
        name="BHP GROUP",
        kind="STK",
        exchange="TEST",
        time_zone="Australia/Sydney",
        price_steps=(PriceStep(D(0), D("0.01")),),
        lot=D(1),
        sessions=tuple(sessions),
    )
    company.tell(seat, InstrumentKnown("ib", details))


@pytest.fixture
def company() -> Iterator[Company]:
    options = ShadowOptions(("ib",), 15.0, {})
    build = {HERE: lambda s, seat: ShadowOrders(s, seat, options=options)}
    with gathered(build, LEDGER, CONNECTION, QUOTES) as company:
        company.heard.wait_for(LoadBook, seat=LEDGER)
        known(company, HERE)
        yield company


def quoted(company: Company, seat: str = HERE, **more: Any) -> None:
    given: dict[str, Any] = {"bid": 45.0, "ask": 45.02, "last": 45.01} | more
    sizes = {"bid_size": given.pop("size", 500.0)}
    quote = Quote(
        symbol=BHP,
        time=company.clock.now(),
        received=company.clock.monotonic(),
        bid_size=sizes["bid_size"],
        ask_size=sizes["bid_size"],
        last_size=1.0,
        volume=1.0,
        close=44.0,
        data_type=DataType.LIVE,
        **given,
    )
    company.tell(seat, QuoteUpdate("ib", quote))


def request(name: str, side: Side = Side.BUY, quantity: str = "20", **more: Any) -> OrderRequest:
    kind = OrderType.LIMIT if more.get("limit_price") else OrderType.MARKET
    return OrderRequest(name, BHP, side, D(quantity), more.pop("type", kind), **more)


def intended(company: Company, *requests: OrderRequest, late: bool = False) -> None:
    admissions = [
        Admission(each, SHADOW, D(900), "AUD", D(45), estimate=ESTIMATE) for each in requests
    ]
    whole = replace(admissions[0], attached=tuple(admissions[1:]))
    first, *others = (Order.intended(each, SHADOW, NOON) for each in requests)
    deadline = company.clock.monotonic() + (-1 if late else 10)
    company.tell(HERE, IntentDurable(deadline, whole, first, 1, tuple(others)))


def told(company: Company, kind: type[Message]) -> list[Any]:
    company.drain(LEDGER)
    return company.heard.of(kind, LEDGER)


def states(company: Company) -> list[tuple[str, OrderState]]:
    return [(m.client_order_id, m.state) for m in told(company, RecordState)]


def fills(company: Company) -> list[tuple[str | None, Decimal, Decimal]]:
    reports = [m.report for m in told(company, BookFill) if m.venue == SHADOW]
    return [(r.client_order_id, r.quantity, r.price) for r in reports]


def test_it_fills_by_the_quote_that_is_there(company: Company) -> None:
    quoted(company)
    intended(company, request("K-1"))
    assert fills(company) == [("K-1", D(20), D("45.02"))]
    assert states(company) == [("K-1", OrderState.WORKING), ("K-1", OrderState.FILLED)]
    [cost] = told(company, BookCommission)
    assert (cost.report.commission, cost.report.currency) == (D("6.60"), "AUD")


def test_by_a_stale_quote_it_waits(company: Company) -> None:
    quoted(company)
    company.leap(16.0)
    intended(company, request("K-1"))
    assert fills(company) == []
    quoted(company, ask=45.03)
    assert fills(company) == [("K-1", D(20), D("45.03"))]


def test_two_orders_do_not_take_the_same_shares(company: Company) -> None:
    quoted(company, size=30.0)
    intended(company, request("K-1"))
    intended(company, request("K-2"))
    quoted(company, size=30.0)
    assert fills(company) == [("K-1", D(20), D("45.02")), ("K-2", D(10), D("45.02"))]


def test_the_parts_of_an_order_cost_together_what_it_costs_in_one(company: Company) -> None:
    quoted(company, size=100.0)
    intended(company, request("K-1", quantity="300"))
    quoted(company, size=101.0)
    quoted(company, size=200.0)
    costs = [m.report.commission for m in told(company, BookCommission)]
    assert len(costs) == 3 and costs[0] == D("6.60")
    assert sum(costs) == round(D(300) * D("45.02") * D("0.00088"), 4)


def test_a_cancel_ends_it_and_what_came_too_late_was_never_there(company: Company) -> None:
    quoted(company)
    intended(company, request("K-1", limit_price=D(30)))
    company.tell(HERE, CancelDurable(company.clock.monotonic() + 5, "K-1"))
    intended(company, request("K-2"), late=True)
    quoted(company, bid=20.0, ask=20.01, last=20.0)
    assert fills(company) == []
    assert states(company) == [
        ("K-1", OrderState.WORKING),
        ("K-1", OrderState.CANCELLED),
        ("K-2", OrderState.NOT_SENT),
    ]


def bracket(company: Company, quantity: str = "20") -> None:
    child = {"parent": "K-1", "oca_group": "K-1-X", "tif": Tif.GTC}
    stop = {"type": OrderType.STOP, "stop_price": D(44), "purpose": Purpose.PROTECTION, **child}
    target = {"limit_price": D(46), "purpose": Purpose.EXIT, **child}
    intended(
        company,
        request("K-1", quantity=quantity, limit_price=D("45.02"), tif=Tif.IOC),
        request("K-1-T", Side.SELL, quantity, **target),
        request("K-1-S", Side.SELL, quantity, **stop),
    )


def test_a_bracket_protects_what_its_entry_brought_and_ends_together(company: Company) -> None:
    quoted(company, size=15.0)
    bracket(company)
    assert fills(company) == [("K-1", D(15), D("45.02"))]
    assert ("K-1", OrderState.CANCELLED) in states(company)
    quoted(company, bid=43.9, ask=45.1, last=43.95, size=500.0)
    assert fills(company)[1:] == [("K-1-S", D(15), D("43.9"))]
    quoted(company, bid=46.5, ask=46.6, last=46.5)
    assert ("K-1-T", OrderState.CANCELLED) in states(company)
    assert len(fills(company)) == 2, "what has left by the stop does not leave again"


def test_children_of_an_entry_that_never_filled_end_with_it(company: Company) -> None:
    bracket(company)
    company.tell(HERE, CancelDurable(company.clock.monotonic() + 5, "K-1"))
    assert fills(company) == []
    ended = {name for name, state in states(company) if state is OrderState.CANCELLED}
    assert ended == {"K-1", "K-1-T", "K-1-S"}
    quoted(company)
    assert fills(company) == []


def test_after_a_restart_what_was_open_goes_on_from_where_it_was(company: Company) -> None:
    order = Order.intended(request("K-1", quantity="50"), SHADOW, NOON)
    order = replace(order, state=OrderState.WORKING, filled=D(20), average_price=D(45))
    others = replace(order, request=request("K-2"), venue="ib", filled=D(0))
    company.tell(HERE, BookLoaded((order, others), (), ()))
    quoted(company)
    assert fills(company) == [("K-1", D(30), D("45.02"))]
    assert told(company, BookCommission) == [], "by what it is charged nobody knows any more"


def test_a_change_of_terms_is_held_against_the_market_at_once(company: Company) -> None:
    quoted(company)
    intended(company, request("K-1", limit_price=D(44)))
    changed = Order.intended(request("K-1", limit_price=D("45.05")), SHADOW, NOON)
    company.tell(HERE, OrderRecorded(replace(changed, state=OrderState.WORKING)))
    assert fills(company) == [("K-1", D(20), D("45.05"))], "it rested: at its own price"


def test_a_day_order_ends_with_its_day(company: Company) -> None:
    quoted(company)
    intended(company, request("K-1", limit_price=D(30)))
    intended(company, request("K-2", limit_price=D(30), tif=Tif.GTC))
    company.leap(24 * 3600.0)
    company.heard.wait_for(RecordState, lambda m: m.state is OrderState.EXPIRED)
    ended = [name for name, state in states(company) if state is OrderState.EXPIRED]
    assert ended == ["K-1"]
