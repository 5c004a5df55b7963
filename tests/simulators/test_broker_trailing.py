"""Stops that follow the market, in the books and on the wire."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibapi.order import Order

from domain.orders import OrderType, Side, Tif
from simulators.model import Trail
from tests.simulators.broker_world import AUDUSD, NOON, BrokerWorld, codes, story
from tests.simulators.clients import insync, official
from tests.simulators.official_session import RecordingWrapper
from tests.simulators.raw_client import house
from tests.simulators.test_gateway_linked import CON_ID, official_contract

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BrokerWorld]:
    world = BrokerWorld(tmp_path)
    yield world
    world.broker.close()


def trail(amount: str | None = None, percent: str | None = None, **more: Any) -> Trail:
    by = None if amount is None else Decimal(amount)
    share = None if percent is None else Decimal(percent)
    return Trail(by, share, **more)


def test_a_trailing_stop_follows_up_and_never_down(world: BrokerWorld) -> None:
    world.place(BUY, 100)
    world.place(SELL, 100, type=OrderType.STOP, trail=trail("1.00"))
    last = world.broker.top(CON_ID).last
    assert last is not None
    assert world.order(2).request.stop_price == last - 1
    assert world.order(2).why_held == "trigger"
    assert story(world.trade(last + 2, 10**6)) == []  # a move is told only where that is the habit
    assert world.order(2).request.stop_price == last + 1
    world.trade(last + Decimal("1.50"), 10**6)
    assert world.order(2).request.stop_price == last + 1
    world.habit(trailing_stop_told=True)
    assert story(world.trade(last + 3, 10**6)) == ["2 PreSubmitted trigger"]
    world.trade(last + 2, 10**6)
    assert world.order(2).status == "Filled"


def test_a_trailing_stop_by_percent_stands_on_the_price_grid(world: BrokerWorld) -> None:
    world.place(BUY, 100)
    world.place(SELL, 100, type=OrderType.STOP, trail=trail(percent="2.5"))
    world.trade("44.44", 10**6)
    assert world.order(2).request.stop_price == Decimal("43.32")  # 43.329, rounded down


def test_a_trailing_stop_to_buy_follows_down_a_currency_by_its_bid(world: BrokerWorld) -> None:
    world.place(BUY, 30000, type=OrderType.STOP, trail=trail("0.00500"), con_id=AUDUSD)
    first = world.order(1).request.stop_price
    assert first is not None
    lower = world.bid(AUDUSD) - Decimal("0.01")
    world.fair(str(lower), AUDUSD)
    stop = world.order(1).request.stop_price
    assert stop is not None and stop == world.bid(AUDUSD) + Decimal("0.005") < first
    world.fair(str(stop + Decimal("0.001")), AUDUSD)
    assert world.order(1).status == "Filled"


def test_the_limit_of_a_trailing_stop_limit_keeps_its_distance(world: BrokerWorld) -> None:
    world.place(BUY, 100)
    follows = trail("1.00", limit_offset=Decimal("0.20"))
    world.place(SELL, 100, type=OrderType.STOP_LIMIT, trail=follows)
    last = world.broker.top(CON_ID).last
    assert last is not None
    world.trade(last + 2, 10**6)
    asked = world.order(2).request
    assert [asked.stop_price, asked.limit_price] == [last + 1, last + Decimal("0.80")]


def test_what_is_no_trailing_stop_is_refused(world: BrokerWorld) -> None:
    world.place(BUY, 100)
    for wrong in (trail(), trail("1", "1"), trail("-1"), trail("1", limit_offset=Decimal(1))):
        assert codes(world.place(SELL, 100, type=OrderType.STOP, trail=wrong)) == [321]


def test_a_child_that_trails_begins_where_the_market_is_when_it_wakes(world: BrokerWorld) -> None:
    entry = world.bid() - 3
    world.place(BUY, 10, entry, order_id=1, transmit=False)
    world.place(SELL, 10, order_id=2, parent_id=1, type=OrderType.STOP, trail=trail("1.00"))
    world.fair(str(entry - Decimal("0.01")))
    assert world.order(1).status == "Filled"
    stop = world.order(2)
    assert stop.is_open and stop.request.stop_price is not None
    assert abs(stop.request.stop_price - (entry - 1)) <= Decimal("0.1")


def test_a_trailing_stop_outlives_a_restart_where_it_stood(tmp_path: Path) -> None:
    first = BrokerWorld(tmp_path)
    first.place(BUY, 100)
    follows = trail("1.00", limit_offset=Decimal("0.20"))
    first.place(SELL, 100, type=OrderType.STOP_LIMIT, trail=follows, tif=Tif.GTC)
    first.trade("46.00", 10**6)
    known = first.broker.orders()
    first.broker.close()
    second = BrokerWorld(tmp_path, now=NOON + timedelta(seconds=1))
    try:
        assert second.broker.orders() == known
        second.broker.exchange.markets[CON_ID].book.clear_synthetic()
        second.trade("47.00", 10**6)
        asked = second.order(2).request
        assert [asked.stop_price, asked.limit_price] == [46, Decimal("45.80")]
    finally:
        second.broker.close()


@pytest.mark.parametrize("version", [157, 176])
def test_ib_insync_places_and_moves_trailing_stops(tmp_path: Path, version: int) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place, insync(place, 5, version) as client:
            await client.until(client.place("BUY", 100, orderType="MKT").isDone)
            last = place.broker.top(CON_ID).last
            assert last is not None
            stop = client.place("SELL", 40, orderType="TRAIL", auxPrice=1.5)
            limited = client.place(
                *("SELL", 40),
                orderType="TRAIL LIMIT",
                auxPrice=1,
                trailStopPrice=float(last) - 2,
                lmtPriceOffset=0.1,
            )
            await client.until(
                lambda: all(t.orderStatus.whyHeld == "trigger" for t in (stop, limited))
            )
            listed = {
                trade.order.orderId: trade.order for trade in await _listed_anew(place, version)
            }
            plain, kept = listed[stop.order.orderId], listed[limited.order.orderId]
            assert (plain.orderType, plain.auxPrice) == ("TRAIL", 1.5)
            assert plain.trailStopPrice == float(last) - 1.5
            assert (kept.orderType, kept.auxPrice, kept.lmtPriceOffset) == ("TRAIL LIMIT", 1, 0.1)
            assert kept.trailStopPrice == pytest.approx(float(last) - 1)  # it has followed already
            assert kept.lmtPrice == pytest.approx(float(last) - 1.1)
            stop.order.auxPrice = 0.5
            client.ib.placeOrder(stop.contract, stop.order)
            await client.until(lambda: _stop_price(place) == last - Decimal("0.5"))

    asyncio.run(scene())


def _stop_price(place: Any) -> Decimal | None:
    price: Decimal | None = place.broker.orders()[1].request.stop_price
    return price


async def _listed_anew(place: Any, version: int) -> list[Any]:
    """As another client reads the orders, that has no idea of its own of them."""
    async with insync(place, 9, version) as client:
        await client.ib.reqAllOpenOrdersAsync()
        return list(client.ib.openTrades())


@pytest.mark.parametrize("version", [157, 176])
def test_ibs_own_client_reads_a_trailing_stop_by_percent(tmp_path: Path, version: int) -> None:
    def script(client: Any, wrapper: RecordingWrapper) -> None:
        order = Order()
        order.action, order.orderType, order.tif = "BUY", "TRAIL", "GTC"
        order.totalQuantity, order.trailingPercent = 100, 2
        order.eTradeOnly = order.firmQuoteOnly = False
        client.placeOrder(wrapper.all("nextValidId")[0][0], official_contract(), order)
        wrapper.until(lambda: wrapper.all("openOrder"))

    async def scene() -> None:
        async with house(tmp_path) as place:
            wrapper = await official(place, script, version)
            order = wrapper.all("openOrder")[-1][2]
            (kept,) = place.broker.orders()
            assert (order.orderType, order.trailingPercent) == ("TRAIL", 2)
            assert order.trailStopPrice == float(kept.request.stop_price or 0)

    asyncio.run(scene())
