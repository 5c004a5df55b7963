"""Rules of the ASX and of IDEALPRO, and what IB does about them, each as a habit has it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders import Side, Tif
from simulators.model import OrderNotice, OrderRefused, Phase
from tests.simulators.broker_world import AUDUSD, BHP, NOON, BrokerWorld, codes, fills, story
from tests.simulators.raw_client import RawClient, house, place_order

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BrokerWorld]:
    world = BrokerWorld(tmp_path)
    yield world
    world.broker.close()


def test_a_first_parcel_below_500_dollars(world: BrokerWorld) -> None:
    assert story(world.place(BUY, 1, "43.50"))[-1] == "1 Filled"  # as measured on paper
    world.habit(minimum_parcel="refused")
    (refused,) = world.place(BUY, 2, "43.50")
    assert isinstance(refused, OrderRefused) and refused.code == 201
    assert "minimum marketable parcel of AUD 500" in refused.text
    world.habit(minimum_parcel="cancelled")
    assert story(world.place(BUY, 2, "43.00"))[-3:] == ["3 PendingCancel", "3 Cancelled", "3 202"]
    assert story(world.place(BUY, 20, "43.50"))[-1] == "4 Filled"  # it makes the holding whole
    assert story(world.place(BUY, 1, "43.50"))[-1] == "5 Filled"  # and may then be added to
    assert story(world.place(SELL, 21))[-1] == "6 Filled"
    world.place(SELL, 1)
    assert codes(world.place(BUY, 30000, con_id=AUDUSD)) == [399]  # shares alone have parcels


def test_a_small_currency_order_trades_a_step_worse_with_a_warning(world: BrokerWorld) -> None:
    ask, bid = world.ask(AUDUSD), world.bid(AUDUSD)
    events = world.place(BUY, 30000, con_id=AUDUSD)
    (notice,) = (event for event in events if isinstance(event, OrderNotice))
    assert notice.code == 399 and notice.text == (
        "Order Message:\nBUY 30000 AUD.USD IDEALPRO\nWarning: Your order size is below the USD "
        "25000 IdealPro minimum and will be routed as an odd lot order."
    )
    assert [f.price for f in fills(events)] == [ask + Decimal("0.00005")]
    assert codes(world.place(SELL, 50000, con_id=AUDUSD)) == []
    assert {f.order.request.order_id for f, _ in world.broker.executions()} == {1, 2}
    # With a limit that allows no worse price it waits, and no book shows it.
    limit = bid + Decimal("0.00005")
    assert story(world.place(BUY, 30000, limit, con_id=AUDUSD))[-1] == "3 Submitted"
    assert world.bid(AUDUSD) == bid
    (fill,) = fills(world.fair(str(limit - Decimal("0.001")), AUDUSD))
    assert fill.order.request.order_id == 3 and fill.price <= limit
    world.habit(odd_lots=False)
    asked = world.ask(AUDUSD)
    assert [f.price for f in fills(world.place(BUY, 30000, con_id=AUDUSD))] == [asked]


def test_so_many_active_orders_on_one_side_and_no_more(world: BrokerWorld) -> None:
    for _ in range(20):
        assert codes(world.place(BUY, 10, "30")) == []
    (refused,) = world.place(BUY, 10, "30")
    assert isinstance(refused, OrderRefused) and refused.code == 201
    assert codes(world.place(BUY, 10, "31", order_id=3)) == []  # a change is no new order
    assert codes(world.place(BUY, 60000, "0.5", con_id=AUDUSD)) == []
    world.broker.cancel(1, 1)
    assert codes(world.place(BUY, 10, "30")) == []


def test_a_short_sale_is_refused_forbidden_or_held_until_located(world: BrokerWorld) -> None:
    assert "not available for short sale" in _text(world, SELL)
    world.habit(short_sale="banned")
    assert "Short sales of this security are banned" in _text(world, SELL)
    world.habit(short_sale="locate")
    events = world.place(SELL, 10)
    assert story(events) == ["3 PreSubmitted locate", "3 404"]
    assert fills(world.after(60)) == []
    world.broker.back_office.locate(world.order(3).perm_id)
    assert [f.quantity for f in fills(world.after(0))] == [10]
    assert world.broker.positions()[0].quantity == -10
    world.place(SELL, 10, "50")
    assert story(world.broker.cancel(1, 4)) == ["4 PendingCancel locate", "4 Cancelled", "4 202"]


def _text(world: BrokerWorld, side: Side) -> str:
    (refused,) = world.place(side, 10)
    assert isinstance(refused, OrderRefused) and refused.code == 201
    return refused.text


def test_what_is_located_may_wait_over_a_restart(tmp_path: Path) -> None:
    first = BrokerWorld(tmp_path)
    first.habit(short_sale="locate")
    first.place(SELL, 10, tif=Tif.GTC)
    first.broker.close()
    second = BrokerWorld(tmp_path, now=NOON + timedelta(seconds=1))
    try:
        assert second.order(1).why_held == "locate"
        second.broker.back_office.locate(second.order(1).perm_id)
        assert fills(second.after(0))
    finally:
        second.broker.close()


def test_fill_or_kill_is_kept_as_inactive_or_refused(world: BrokerWorld) -> None:
    assert story(world.place(BUY, 10, "43.50", fill_or_kill=True)) == ["1 Inactive"]
    world.habit(fill_or_kill="refused")
    assert codes(world.place(BUY, 10, "43.50", fill_or_kill=True)) == [201]


def test_market_to_limit_leaves_its_rest_at_the_price_it_got(world: BrokerWorld) -> None:
    ask, there = world.ask(), int(world.broker.top(BHP).ask_size)
    world.place(BUY, there + 50, market_to_limit=True)
    asked = world.order(1).request
    assert (asked.type, asked.limit_price) == ("LIMIT", ask)
    assert world.order(1).remaining == 50 and world.bid() == ask


def test_no_market_to_limit_in_an_auction(tmp_path: Path) -> None:
    auction = datetime(2026, 11, 22, 22, 59, 20, tzinfo=UTC)  # 09:59:20 in Sydney
    world = BrokerWorld(tmp_path, now=auction, asx_hours=True)
    try:
        assert world.broker.top(BHP).phase is Phase.OPENING_AUCTION
        assert codes(world.place(BUY, 20, market_to_limit=True)) == [201]
    finally:
        world.broker.close()


def test_a_halted_market_trades_nothing_and_holds_what_comes(world: BrokerWorld) -> None:
    office = world.broker.back_office
    bid = world.bid()
    world.place(BUY, 10, bid - 1)
    office.halt(BHP)
    assert world.broker.top(BHP).halted
    assert story(world.place(BUY, 20, "45")) == ["2 PreSubmitted"]
    assert story(world.place(BUY, 5)) == ["3 PreSubmitted"]
    assert story(world.place(BUY, 5, "45", tif=Tif.IOC))[-3:] == [
        "4 PendingCancel",
        "4 Cancelled",
        "4 202",
    ]
    assert fills(world.fair(str(bid - 3))) == [] == fills(world.after(60))
    assert story(world.broker.cancel(1, 3))[1] == "3 Cancelled"
    office.lift(BHP)
    told = story(world.after(1))
    assert "2 Filled" in told and not world.broker.top(BHP).halted
    assert world.order(3).status == "Cancelled"


def test_a_halt_outlives_a_restart(tmp_path: Path) -> None:
    first = BrokerWorld(tmp_path)
    first.broker.back_office.halt(BHP)
    first.broker.close()
    second = BrokerWorld(tmp_path, now=NOON + timedelta(seconds=1))
    try:
        assert second.broker.top(BHP).halted and not second.broker.top(AUDUSD).halted
        assert fills(second.place(BUY, 10)) == []
        second.broker.back_office.lift(BHP)
        assert fills(second.after(0))
    finally:
        second.broker.close()


def test_a_halt_is_a_tick_of_every_subscription(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            bhp = place_order(1)[2:14]
            client.send("1", "11", 1, *bhp, "0", "", "0", "0", "")
            assert await _halted(client) == "0"
            place.broker.back_office.halt(BHP)
            assert await _halted(client) == "1"
            place.broker.back_office.lift(BHP)
            assert await _halted(client) == "0"
            await client.close()

    asyncio.run(scene())


async def _halted(client: RawClient) -> str:
    while True:
        tick = await client.until("45")
        if tick[3] == "49":
            return tick[4]


AFTER_AUCTION = datetime(2026, 11, 23, 5, 9, 0, tzinfo=UTC)
"""16:09 in Sydney: the closing auction begins within the minute."""


@pytest.mark.parametrize("habit", ["closed", "at_auction_price", "cancel_only"])
def test_the_minutes_after_the_closing_auction(tmp_path: Path, habit: str) -> None:
    world = BrokerWorld(tmp_path, now=AFTER_AUCTION, asx_hours=True)
    try:
        world.habit(post_close=habit)
        world.place(BUY, 10, "30")
        world.after(3 * 60)
        phase = world.broker.top(BHP).phase
        assert phase is (Phase.CLOSED if habit == "closed" else Phase.POST_CLOSE)
        close = world.broker.top(BHP).last
        assert close is not None
        told = world.place(BUY, 20, close + 1)
        if habit == "closed":
            assert codes(told) == [399] and fills(told) == []
            return
        assert world.order(1).is_open  # until the phase ends
        if habit == "cancel_only":
            assert codes(told) == [201]
            assert story(world.broker.cancel(1, 1))[1] == "1 Cancelled"
            return
        assert [f.price for f in fills(told)] == [close]
        assert codes(world.place(BUY, 20, close - 1)) == [399]  # it queues for the next day
        world.after(10 * 60)
        assert world.broker.top(BHP).phase is Phase.CLOSED
        assert not world.order(1).is_open and world.order(3).is_open
    finally:
        world.broker.close()
