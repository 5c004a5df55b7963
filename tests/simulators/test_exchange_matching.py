from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders import Side, Tif
from simulators.model import OrderChanged
from simulators.order_book import Match, OrderBook
from tests.simulators.broker_world import AUDUSD, BrokerWorld, codes, fills, statuses

BUY, SELL = Side.BUY, Side.SELL
KPE = 990000008
"""Cheap enough to buy up its whole book."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BrokerWorld]:
    world = BrokerWorld(tmp_path)
    yield world
    world.broker.close()


def test_the_better_price_trades_first_then_the_earlier_order() -> None:
    book = OrderBook()
    book.add(SELL, 101, 10, owner=1)
    book.add(SELL, 100, 10, owner=2)
    book.add(SELL, 100, 10, owner=3)
    assert book.take(BUY, 101, 25, owner=9) == [
        Match(2, 9, BUY, 100, 10),
        Match(3, 9, BUY, 100, 10),
        Match(1, 9, BUY, 101, 5),
    ]
    assert book.size(SELL, 101) == 5


def test_a_limit_is_never_overstepped() -> None:
    book = OrderBook()
    book.add(BUY, 100, 10, owner=1)
    assert book.take(SELL, 101, 5) == []
    assert [match.price for match in book.take(SELL, 99, 5)] == [100]


def test_a_smaller_order_keeps_its_place_and_a_cancel_leaves_it() -> None:
    book = OrderBook()
    for owner in (1, 2, 3):
        book.add(BUY, 100, 10, owner=owner)
    book.reduce(BUY, 100, 1, 4)
    assert book.remove(BUY, 100, 2) == 10
    matches = book.take(SELL, 100, 6)
    assert [(match.maker, match.quantity) for match in matches] == [(1, 4), (3, 2)]


def test_a_market_order_fills_at_once_at_the_ask(world: BrokerWorld) -> None:
    ask = world.ask()
    events = world.place(BUY, 100)
    assert statuses(events) == ["PreSubmitted", "Filled"]
    assert [(f.price, f.quantity, f.liquidity) for f in fills(events)] == [(ask, Decimal(100), 2)]


def test_a_large_market_order_walks_the_book_and_waits_for_more(world: BrokerWorld) -> None:
    book = world.broker.exchange.markets[KPE].book
    offered = sum(book.size(SELL, price) for price in book.prices(SELL))
    events = world.place(BUY, offered + 100, con_id=KPE)
    prices = [fill.price for fill in fills(events)]
    assert len(set(prices)) == 6 and prices == sorted(prices)
    order = [e.order for e in events if isinstance(e, OrderChanged)][-1]
    assert (order.status, order.filled) == ("Submitted", Decimal(offered))
    assert statuses(world.after(2))[-1] == "Filled"


def test_a_limit_order_takes_what_there_is_and_rests_for_the_remainder(world: BrokerWorld) -> None:
    ask, there = world.ask(), int(world.broker.top(4036812).ask_size)
    events = world.place(BUY, there + 500, ask)
    assert statuses(events) == ["PreSubmitted", "Submitted", "Submitted"]
    assert sum(fill.quantity for fill in fills(events)) == there
    assert world.bid() == ask and world.broker.top(4036812).bid_size == 500
    assert fills(world.after(30)) == []  # a still market leaves it there
    events = world.trade(ask, 500)
    assert [(f.quantity, f.liquidity) for f in fills(events)] == [(Decimal(500), 1)]
    assert statuses(events) == ["Filled"]


def test_a_resting_order_waits_behind_what_came_before_it(world: BrokerWorld) -> None:
    bid, ahead = world.bid(), int(world.broker.top(4036812).bid_size)
    world.place(BUY, 50, bid)
    assert fills(world.trade(bid, ahead)) == []
    assert [fill.quantity for fill in fills(world.trade(bid, 20))] == [20]
    assert [fill.quantity for fill in fills(world.trade(bid, 500))] == [30]


def test_the_market_trades_with_an_order_that_it_moves_through(world: BrokerWorld) -> None:
    bid = world.bid()
    world.place(BUY, 50, bid)
    events = world.fair(str(bid - Decimal("0.30")))
    assert [(f.quantity, f.price) for f in fills(events)] == [(Decimal(50), bid)]


def test_ioc_kills_what_does_not_trade_at_once(world: BrokerWorld) -> None:
    ask, there = world.ask(), int(world.broker.top(4036812).ask_size)
    events = world.place(BUY, there + 10, ask, tif=Tif.IOC)
    assert statuses(events)[-2:] == ["PendingCancel", "Cancelled"] and codes(events) == [202]
    assert world.order(1).filled == there
    events = world.place(BUY, 10, world.bid() - 1, tif=Tif.IOC)
    assert statuses(events) == ["PreSubmitted", "Submitted", "PendingCancel", "Cancelled"]


def test_a_stop_waits_for_a_trade_at_its_price(world: BrokerWorld) -> None:
    world.place(BUY, 100)
    stop = world.bid() - Decimal("0.05")
    events = world.place(SELL, 100, stop=stop)
    assert statuses(events) == ["PreSubmitted", "PreSubmitted"]
    assert world.order(2).why_held == "trigger"
    assert fills(world.trade(stop + Decimal("0.01"), 10**6)) == []
    events = world.trade(stop, 10)
    assert statuses(events)[0] == "PreSubmitted" and statuses(events)[-1] in ("Filled", "Submitted")
    assert world.order(2).why_held == ""
    world.after(2)
    assert world.order(2).status == "Filled"


def test_a_stop_limit_rests_at_its_limit_once_triggered(world: BrokerWorld) -> None:
    stop = world.ask() + Decimal("0.20")
    world.place(BUY, 100, limit=stop - Decimal("0.10"), stop=stop)
    events = world.fair(str(stop + 1))
    assert statuses(events) == []  # quotes alone do not trigger a share's stop
    events = world.trade(world.ask(), 10)
    assert statuses(events) == ["PreSubmitted", "Submitted"]
    assert fills(world.fair(str(stop - 1)))[0].price == stop - Decimal("0.10")


def test_a_currency_stop_goes_by_the_quotes(world: BrokerWorld) -> None:
    stop = world.bid(AUDUSD) - Decimal("0.00100")
    world.place(SELL, 20000, stop=stop, con_id=AUDUSD)
    assert fills(world.fair(str(stop + Decimal("0.00050")), AUDUSD)) == []
    world.fair(str(stop - Decimal("0.00050")), AUDUSD)
    world.after(2)
    assert world.order(1).status == "Filled"


def test_an_amended_price_trades_and_a_smaller_quantity_keeps_its_place(world: BrokerWorld) -> None:
    bid, ahead = world.bid(), int(world.broker.top(4036812).bid_size)
    world.place(BUY, 100, bid)
    world.place(BUY, 100, bid)
    assert statuses(world.place(BUY, 60, bid, order_id=1)) == ["Submitted"]
    assert [f.order.request.order_id for f in fills(world.trade(bid, ahead + 70))] == [1, 2]
    ask = world.ask()
    events = world.place(BUY, 100, ask, order_id=2)
    assert [f.price for f in fills(events)] == [ask]
    assert world.order(2).status == "Filled" and world.order(2).request.limit_price == ask
