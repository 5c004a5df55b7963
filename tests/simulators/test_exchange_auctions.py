from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders import Side, Tif
from simulators.model import OrderNotice, Phase
from simulators.order_book import Match, OrderBook
from tests.simulators.broker_world import BHP, BrokerWorld, codes, fills, statuses

BUY, SELL = Side.BUY, Side.SELL
SESSION_ENDS = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BrokerWorld]:
    """Half an hour before a demo session ends."""
    world = BrokerWorld(tmp_path, market="lively", now=datetime(2026, 11, 23, 1, 30, tzinfo=UTC))
    yield world
    world.broker.close()


def until(world: BrokerWorld, seconds_after_end: float) -> None:
    gap = (SESSION_ENDS - world.clock.now()).total_seconds() + seconds_after_end
    world.after(gap)


def phase(world: BrokerWorld) -> Phase:
    return world.broker.top(BHP).phase


def test_an_auction_trades_as_much_as_it_can_at_one_price() -> None:
    book = OrderBook()
    for price, quantity in ((103, 10), (102, 20), (101, 30)):
        book.add(BUY, price, quantity)
    for price, quantity in ((100, 10), (101, 25), (103, 40)):
        book.add(SELL, price, quantity)
    matches = book.uncross(reference=100)
    assert {match.price for match in matches} == {101}
    assert sum(match.quantity for match in matches) == 35
    assert book.best(BUY) == 101 and book.size(BUY, 101) == 25 and book.best(SELL) == 103


def test_of_prices_with_equal_volume_the_one_with_the_smaller_surplus_wins() -> None:
    book = OrderBook()
    book.add(BUY, 102, 10)
    book.add(BUY, 100, 5)
    book.add(SELL, 100, 10)
    assert [match.price for match in book.uncross(reference=100)] == [102]


def test_of_equal_auction_prices_the_one_closest_to_the_reference_wins() -> None:
    for reference, price in ((99, 100), (104, 102)):
        book = OrderBook()
        book.add(BUY, 102, 10)
        book.add(SELL, 100, 10)
        assert [match.price for match in book.uncross(reference)] == [price]


def test_market_orders_come_first_in_an_auction() -> None:
    book = OrderBook()
    book.add(BUY, 102, 10, owner=1)
    book.add(SELL, 100, 15, owner=2)
    matches = book.uncross(103, [(BUY, 7, 10)])
    assert matches == [Match(2, 7, BUY, 102, 10), Match(2, 1, BUY, 102, 5)]


def test_a_book_that_is_not_crossed_trades_nothing() -> None:
    book = OrderBook()
    book.add(BUY, 99, 10)
    book.add(SELL, 100, 10)
    assert book.uncross(100) == [] and book.size(BUY, 99) == 10


def test_before_the_opening_quotes_cross_and_nothing_trades(world: BrokerWorld) -> None:
    until(world, 2)
    top = world.broker.top(BHP)
    assert top.phase is Phase.PRE_OPEN
    assert top.bid is not None and top.ask is not None and top.bid > top.ask
    assert top.volume == 0 and top.open is None


def test_before_the_opening_a_limit_order_is_taken_and_trades_at_the_auction_price(
    world: BrokerWorld,
) -> None:
    until(world, 2)
    high = world.bid() + Decimal("0.20")
    events = world.place(BUY, 100, high)
    assert statuses(events) == ["PreSubmitted", "Submitted"] and codes(events) == []
    assert fills(world.after(3)) == []
    traded = fills(world.after(5))
    assert phase(world) is Phase.OPEN
    assert sum(fill.quantity for fill in traded) == 100
    assert len({fill.price for fill in traded}) == 1 and traded[0].price < high
    assert world.broker.top(BHP).open == traded[0].price


def test_an_auction_refuses_what_is_new_or_amended_and_takes_cancels(world: BrokerWorld) -> None:
    bid = world.bid() - 5
    world.place(BUY, 100, bid)
    until(world, -5)
    assert phase(world) is Phase.CLOSING_AUCTION
    assert codes(world.place(BUY, 100, bid)) == [201]
    assert world.order(2).status == "Inactive"
    assert codes(world.place(BUY, 90, bid, order_id=1)) == [201]
    assert world.order(1).request.quantity == 100 and world.order(1).status == "Submitted"
    assert statuses(world.broker.cancel(1, 1)) == ["PendingCancel", "Cancelled"]


def test_the_closing_auction_trades_at_one_price(world: BrokerWorld) -> None:
    until(world, -8)
    assert phase(world) is Phase.PRE_CLOSE
    world.place(BUY, 700, world.bid() + 1)
    events = world.place(BUY, 300)
    assert codes(events) == [399]  # a market order waits for the auction
    assert fills(world.after(2)) == []
    traded = fills(world.after(4))
    assert phase(world) is Phase.CLOSED
    assert sum(fill.quantity for fill in traded) == 1000
    assert len({fill.price for fill in traded}) == 1
    assert world.broker.top(BHP).previous_close == traded[0].price


def test_day_orders_expire_at_the_close_and_gtc_orders_stay(world: BrokerWorld) -> None:
    far = world.bid() - 5
    world.place(BUY, 100, far)
    world.place(BUY, 100, far, tif=Tif.GTC)
    until(world, -4)
    assert world.order(1).is_open
    until(world, -3.5)
    expired = world.after(1.5)
    assert statuses(expired) == ["Cancelled"] and codes(expired) == [202]
    assert (world.order(1).status, world.order(1).completed_status) == (
        "Cancelled",
        "Cancelled by System:\n",
    )
    until(world, 60)
    assert world.order(2).status == "Submitted"
    assert [f.quantity for f in fills(world.fair(str(far - 1)))] == [100]


def test_an_order_changed_to_day_lives_until_the_close_of_the_day_of_its_change(
    world: BrokerWorld,
) -> None:
    far = world.bid() - 5
    world.place(BUY, 100, far, tif=Tif.GTC)
    until(world, 60)
    world.place(BUY, 100, far, tif=Tif.DAY, order_id=1)
    until(world, 7195)
    assert world.order(1).is_open
    until(world, 7199)
    assert world.order(1).status == "Cancelled"


def test_an_order_outside_hours_is_held_and_says_until_when(tmp_path: Path) -> None:
    saturday = datetime(2026, 11, 21, 1, tzinfo=UTC)
    world = BrokerWorld(tmp_path, now=saturday, asx_hours=True)
    try:
        top = world.broker.top(BHP)
        assert (top.phase, top.bid, top.ask) == (Phase.CLOSED, None, None)
        events = world.place(BUY, 100, top.previous_close)
        assert statuses(events) == ["PreSubmitted"]
        notices = [event.text for event in events if isinstance(event, OrderNotice)]
        assert notices == [
            "Order Message:\nBUY 100 BHP ASX\nWarning: Your order will not be placed at the "
            "exchange until 2026-11-23 09:59:00 Australia/NSW."
        ]
        monday = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
        assert "Submitted" in statuses(world.after((monday - saturday).total_seconds()))
    finally:
        world.broker.close()


def test_a_market_order_outside_hours_trades_when_the_market_opens(world: BrokerWorld) -> None:
    until(world, -1)
    assert phase(world) is Phase.CLOSED
    assert codes(world.place(BUY, 100)) == [399]
    assert fills(world.after(5)) == []
    assert sum(fill.quantity for fill in fills(world.after(6))) == 100


def test_ioc_outside_continuous_trading_is_killed(world: BrokerWorld) -> None:
    until(world, -1)
    events = world.place(BUY, 100, world.broker.top(BHP).last, tif=Tif.IOC)
    assert statuses(events) == ["PreSubmitted", "PendingCancel", "Cancelled"]
