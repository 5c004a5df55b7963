"""What a shadow order meets: fills by quotes alone, on the market's side of every doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.admission import Admission
from domain.orders import Order, OrderRequest, OrderState, OrderType, Side, Tif
from domain.phases import Phase
from domain.quotes import DataType, Quote
from domain.shadow import (
    SHADOW,
    Shadow,
    ShadowFill,
    ends,
    in_shadow,
    is_usable,
    meet,
    room_of_family,
    touch_of,
)
from domain.symbols import Symbol

BHP, AUDUSD = Symbol.parse("BHP/AUD"), Symbol.parse("AUD/USD")
NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
D = Decimal


def quote(**more: Any) -> Quote:
    given: dict[str, Any] = {
        "symbol": BHP,
        "time": NOW,
        "received": 0.0,
        "bid": 45.0,
        "ask": 45.02,
        "bid_size": 500.0,
        "ask_size": 300.0,
        "last": 45.01,
        "last_size": 10.0,
        "volume": 1e6,
        "close": 44.9,
        "data_type": DataType.LIVE,
    }
    return Quote(**(given | more))


def shadow(side: Side = Side.BUY, quantity: str = "100", **terms: Any) -> Shadow:
    kind = terms.pop("type", OrderType.LIMIT if "limit_price" in terms else OrderType.MARKET)
    symbol = terms.pop("symbol", BHP)
    return Shadow(OrderRequest("K-1", symbol, side, D(quantity), kind, **terms))


def met(order: Shadow, *quotes: Quote) -> tuple[Shadow, list[ShadowFill]]:
    """By one quote after the other; what is taken of a touch is gone."""
    fills, taken = [], None
    for each in quotes:
        taken = touch_of(each, order.request.side, taken)
        order, fill = meet(order, each, taken)
        if fill is not None:
            fills.append(fill)
            if not fill.added and taken is not None:
                taken = replace(taken, quantity=taken.quantity + fill.quantity)
    return order, fills


# -- what takes ----------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, "45.02"), (Side.SELL, "45.0")])
def test_a_market_order_gets_the_touch(side: Side, price: str) -> None:
    order, fills = met(shadow(side), quote())
    assert fills == [ShadowFill(D(100), D(price), added=False)]
    assert ends(order, Phase.OPEN, met=True) is OrderState.FILLED


def test_no_more_than_is_shown_and_what_was_taken_is_not_there_again() -> None:
    order, fills = met(shadow(quantity="400"), quote(), quote(), quote(last=45.02))
    assert [fill.quantity for fill in fills] == [D(300)], "the same touch, told again"
    assert order.remaining == 100
    order, more = met(order, quote(ask=45.03, ask_size=60.0))
    assert more == [ShadowFill(D(60), D("45.03"), added=False)]


@pytest.mark.parametrize("limit", ["45.02", "45.10"])
def test_a_marketable_limit_pays_the_touch_not_its_limit(limit: str) -> None:
    _, fills = met(shadow(limit_price=D(limit)), quote())
    assert fills == [ShadowFill(D(100), D("45.02"), added=False)]


def test_a_limit_is_never_crossed() -> None:
    order, fills = met(shadow(limit_price=D("45.01")), quote(), quote(ask=45.05))
    assert fills == [] and order.resting


def test_what_is_left_of_an_ioc_is_gone() -> None:
    order, fills = met(shadow(quantity="400", limit_price=D("45.02"), tif=Tif.IOC), quote())
    assert fills[0].quantity == 300
    assert ends(order, Phase.OPEN, met=True) is OrderState.CANCELLED
    assert ends(shadow(tif=Tif.IOC), Phase.OPEN, met=False) is None


# -- what rests ----------------------------------------------------------------------------


def test_a_resting_limit_waits_until_the_market_trades_through_it() -> None:
    waiting, _ = met(shadow(limit_price=D("44.90")), quote())
    at_it = quote(bid=44.9, ask=44.92, last=44.9)
    order, fills = met(waiting, at_it)
    assert fills == [], "at its price others were before it"
    through = quote(bid=44.88, ask=44.91, last=44.89)
    _, fills = met(order, through)
    assert fills == [ShadowFill(D(100), D("44.90"), added=True)]


def test_the_trade_that_was_there_before_it_proves_nothing() -> None:
    low = quote(last=44.5)
    order, fills = met(shadow(limit_price=D("44.90")), low, low, quote(last=44.5, bid=45.01))
    assert fills == []
    assert met(order, quote(last=44.6))[1] != []


def test_when_the_other_side_comes_to_it_it_gets_its_own_price_and_their_size() -> None:
    waiting, _ = met(shadow(limit_price=D("44.90")), quote())
    order, fills = met(waiting, quote(bid=44.8, ask=44.85, ask_size=30.0, last=44.95))
    assert fills == [ShadowFill(D(30), D("44.90"), added=True)]
    assert order.remaining == 70


# -- stops ---------------------------------------------------------------------------------


def test_the_stop_of_a_share_is_triggered_by_a_trade_and_sells_at_the_touch() -> None:
    stop = shadow(Side.SELL, type=OrderType.STOP, stop_price=D("44.50"))
    order, fills = met(stop, quote(bid=44.4, ask=44.6, last=44.51))
    assert fills == [] and not order.triggered, "a quote is no trade"
    order, fills = met(order, quote(bid=44.4, ask=44.6, last=44.5))
    assert order.triggered and fills == [ShadowFill(D(100), D("44.4"), added=False)]


def test_the_stop_of_a_pair_is_triggered_by_the_touch() -> None:
    stop = shadow(Side.SELL, "1000", type=OrderType.STOP, stop_price=D("0.65"), symbol=AUDUSD)
    pair = quote(symbol=AUDUSD, bid=0.6501, ask=0.6502, bid_size=1e6, last=0.64)
    assert met(stop, pair)[1] == []
    _, fills = met(stop, replace(pair, bid=0.65))
    assert fills == [ShadowFill(D(1000), D("0.65"), added=False)]


def test_a_stop_limit_rests_once_it_is_triggered() -> None:
    terms: dict[str, Any] = {"stop_price": D("44.50"), "limit_price": D("44.45")}
    stop = shadow(Side.SELL, type=OrderType.STOP_LIMIT, **terms)
    order, fills = met(stop, quote(bid=44.4, ask=44.5, last=44.4))
    assert fills == [] and order.triggered and order.resting
    assert met(order, quote(bid=44.46, ask=44.5, last=44.41))[1][0].price == D("44.45")


# -- what meets nothing --------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        {"bid": None},
        {"ask": None},
        {"ask_size": None},
        {"bid": 45.1},
    ],
    ids=["no bid", "no ask", "no size", "crossed"],
)
def test_what_is_not_known_fills_nothing(bad: dict[str, Any]) -> None:
    assert met(shadow(), quote(**bad))[1] == []


@pytest.mark.parametrize(
    ("more", "phase", "age"),
    [
        ({"data_type": DataType.DELAYED}, Phase.OPEN, 0.0),
        ({"data_type": DataType.FROZEN}, Phase.OPEN, 0.0),
        ({"halted": True}, Phase.OPEN, 0.0),
        ({}, Phase.OPEN, 16.0),
        *(({}, phase, 0.0) for phase in Phase if phase is not Phase.OPEN),
    ],
)
def test_such_a_quote_is_not_used(more: dict[str, Any], phase: Phase, age: float) -> None:
    assert is_usable(quote(), Phase.OPEN, 15.0, 15.0)
    assert not is_usable(quote(**more), phase, age, 15.0)


def test_a_day_order_ends_with_the_day_that_it_has_seen() -> None:
    resting, _ = met(shadow(limit_price=D(40)), quote())
    assert ends(resting, Phase.PRE_CLOSE, met=False) is None
    assert ends(resting, Phase.CLOSED, met=False) is OrderState.EXPIRED
    assert ends(shadow(limit_price=D(40)), Phase.CLOSED, met=False) is None, "placed overnight"
    lasting, _ = met(shadow(limit_price=D(40), tif=Tif.GTC), quote())
    assert ends(lasting, Phase.CLOSED, met=False) is None


# -- families, and the way to the shadow ---------------------------------------------------


def test_a_child_leaves_no_more_than_its_entry_brought_less_what_its_group_left() -> None:
    child = OrderRequest("K-1-S", BHP, Side.SELL, D(100), OrderType.STOP, parent="K-1")
    order = Order.intended(child, SHADOW, NOW)
    assert room_of_family(order, {"K-1": D(0)}, D(0)) == 0
    assert room_of_family(order, {"K-1": D(60)}, D(0)) == 60
    assert room_of_family(order, {"K-1": D(60)}, D(25)) == 35
    assert room_of_family(replace(order, filled=D(35)), {"K-1": D(60)}, D(25)) == 0
    assert room_of_family(order, {}, D(0)) == 100, "its entry has ended long ago"


def test_what_goes_into_the_shadow_names_no_venue_that_has_a_gateway() -> None:
    request = OrderRequest("K-1", BHP, Side.BUY, D(1), OrderType.MARKET)
    child = Admission(request, "ib", D(1), "AUD", D(1))
    whole = in_shadow(replace(child, attached=(child,)))
    assert {each.venue for each in whole.members} == {SHADOW}


PRICES = st.floats(44.0, 46.0).map(lambda price: round(price, 2))
QUOTES = st.builds(
    lambda bid, spread, size, last: quote(
        bid=bid, ask=round(bid + spread, 2), bid_size=size, ask_size=size, last=last
    ),
    PRICES,
    st.sampled_from([0.01, 0.02, 0.1]),
    st.sampled_from([0.0, 1.0, 40.0, 500.0]),
    PRICES,
)


@given(
    side=st.sampled_from(Side),
    limit=st.none() | PRICES,
    stop=st.none() | PRICES,
    quotes=st.lists(QUOTES, max_size=20),
)
def test_whatever_the_market_does(
    side: Side, limit: float | None, stop: float | None, quotes: list[Quote]
) -> None:
    """Never more than was asked, never beyond the limit, never better than the market showed."""
    kinds = {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (False, True): OrderType.STOP,
        (True, True): OrderType.STOP_LIMIT,
    }
    terms: dict[str, Any] = {"type": kinds[limit is not None, stop is not None]}
    terms["limit_price"] = None if limit is None else D(repr(limit))
    terms["stop_price"] = None if stop is None else D(repr(stop))
    order, fills = met(shadow(side, **terms), *quotes)
    assert sum(fill.quantity for fill in fills) == order.filled <= 100
    for fill in fills:
        assert fill.quantity > 0
        if limit is not None:
            assert (fill.price - D(repr(limit))) * side.sign <= 0
        touches = {q.ask if side is Side.BUY else q.bid for q in quotes}
        assert fill.added or fill.price in {D(repr(each)) for each in touches}
