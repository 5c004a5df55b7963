"""Two clients that we did not write ask for every kind of data, and read the same of it."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ib_insync
import pytest
from ibapi.contract import Contract

from simulators.tws.data_habits import DataHabits
from tests.simulators import official_session
from tests.simulators.insync_session import until
from tests.simulators.raw_client import House, house

CON_ID, NAB = 4036812, 990000002
ACCOUNT = "DU9000001"
PAST = "20260909-02:00:00"
HABITS = DataHabits(entitlements={"NAB/AUD": "10089", "*": "live"})
both_versions = pytest.mark.parametrize("version", [157, 176])

_library: Any = ib_insync


def contract(con_id: int, exchange: str) -> Contract:
    made = Contract()
    made.conId, made.exchange = con_id, exchange
    return made


def by_official(place: House, version: int) -> dict[str, Any]:
    """Everything, by IB's own client; the answers by what they are."""
    bhp, nab = contract(CON_ID, "ASX"), contract(NAB, "SMART")
    seen: dict[str, Any] = {}
    with official_session.connected(place.port, 61, version) as (client, wrapper):

        def first(name: str) -> tuple[Any, ...]:
            rows: list[tuple[Any, ...]] = wrapper.until(lambda: wrapper.all(name))
            return rows[0]

        client.reqHistoricalData(1, bhp, "", "600 S", "5 secs", "TRADES", 0, 2, True, [])
        first("historicalDataEnd")
        place.clock.leap(5)
        update = first("historicalDataUpdate")[1]
        seen["update"] = (int(update.date) % 5, update.low <= update.close <= update.high)
        client.reqHistoricalData(2, bhp, PAST, "1 W", "1 day", "TRADES", 1, 2, False, [])
        wrapper.until(lambda: len(wrapper.all("historicalDataEnd")) == 2)
        days = [bar for req_id, bar in wrapper.all("historicalData") if req_id == 2]
        seen["days"] = [(bar.date, bar.open, bar.close, float(bar.volume)) for bar in days]
        client.reqHeadTimeStamp(3, bhp, "TRADES", 0, 2)
        seen["head"] = int(first("headTimestamp")[1])
        for req_id, kind in ((4, "TRADES"), (5, "MIDPOINT"), (6, "BID_ASK")):
            client.reqHistoricalTicks(req_id, bhp, "", PAST, 5, kind, 0, False, [])
        last, middle, sides = (
            first(name)[1]
            for name in ("historicalTicksLast", "historicalTicks", "historicalTicksBidAsk")
        )
        seen["ticks"] = (
            [(tick.time, tick.price, float(tick.size), tick.exchange) for tick in last],
            [(tick.time, tick.price) for tick in middle],
            [(tick.time, tick.priceBid, tick.priceAsk, float(tick.sizeBid)) for tick in sides],
        )
        client.reqMktDepth(7, bhp, 3, False, [])
        wrapper.until(lambda: len(wrapper.all("updateMktDepth")) >= 6)
        rows = wrapper.all("updateMktDepth")[:6]
        seen["depth"] = sorted((row[3], row[1], row[2], row[4], float(row[5])) for row in rows)
        client.reqTickByTickData(8, bhp, "BidAsk", 0, False)
        quote = first("tickByTickBidAsk")
        seen["quote"] = (quote[2], quote[3], float(quote[4]), float(quote[5]))
        client.reqTickByTickData(9, bhp, "MidPoint", 0, False)
        seen["middle"] = first("tickByTickMidPoint")[2]
        client.reqPnL(10, ACCOUNT, "")
        seen["profit"] = first("pnl")[1]
        client.reqPnLSingle(11, ACCOUNT, "", CON_ID)
        single = first("pnlSingle")
        seen["single"] = (float(single[1]), single[2])
        client.reqMatchingSymbols(12, "BHP")
        seen["samples"] = [
            (found.contract.conId, found.contract.currency) for found in first("symbolSamples")[1]
        ]
        client.reqMktDepthExchanges()
        seen["exchanges"] = [row.exchange for row in first("mktDepthExchanges")[0]]
        client.reqMarketDataType(3)
        client.reqMktData(13, nab, "", False, False, [])
        wrapper.until(lambda: any(call[1] == 66 for call in wrapper.all("tickPrice")))
        seen["type"] = [call[1] for call in wrapper.all("marketDataType") if call[0] == 13]
        seen["errors"] = [call[1] for call in wrapper.all("error") if call[0] == 13]
        client.reqRealTimeBars(14, contract(CON_ID, "SMART"), 5, "TRADES", False, [])
        client.reqCurrentTime()
        first("currentTime")
        place.clock.leap(5)
        bar = first("realtimeBar")
        seen["bar"] = (bar[1] % 5, bar[4] <= bar[5] <= bar[3], float(bar[6]) > 0)
        return seen


async def by_insync(place: House, version: int) -> dict[str, Any]:
    """The same by ib_insync."""
    ib = _library.IB()
    ib.client.MaxClientVersion = version
    errors: list[tuple[int, int]] = []
    ib.errorEvent += lambda req_id, code, text, about: errors.append((req_id, code))
    await ib.connectAsync("127.0.0.1", place.port, clientId=62, timeout=10)
    try:
        return await asyncio.wait_for(_insync_steps(place, ib, errors), 40)
    finally:
        ib.disconnect()


async def _insync_steps(place: House, ib: Any, errors: list[tuple[int, int]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    bhp = _library.Stock("BHP", "ASX", "AUD", conId=CON_ID)
    bars = await ib.reqHistoricalDataAsync(
        bhp, "", "600 S", "5 secs", "TRADES", False, 2, keepUpToDate=True
    )
    there = len(bars)
    place.clock.leap(5)
    await until(ib, lambda: len(bars) > there, 20)
    seen["update"] = (
        int(bars[-1].date.timestamp()) % 5,
        bars[-1].low <= bars[-1].close <= bars[-1].high,
    )
    days = await ib.reqHistoricalDataAsync(bhp, PAST, "1 W", "1 day", "TRADES", True, 2)
    seen["days"] = [(f"{bar.date:%Y%m%d}", bar.open, bar.close, bar.volume) for bar in days]
    head = await ib.reqHeadTimeStampAsync(bhp, "TRADES", False, 2)
    seen["head"] = int(head.timestamp())
    last, middle, sides = [
        await ib.reqHistoricalTicksAsync(bhp, "", PAST, 5, kind, False)
        for kind in ("TRADES", "MIDPOINT", "BID_ASK")
    ]
    seen["ticks"] = (
        [(int(t.time.timestamp()), t.price, t.size, t.exchange) for t in last],
        [(int(t.time.timestamp()), t.price) for t in middle],
        [(int(t.time.timestamp()), t.priceBid, t.priceAsk, t.sizeBid) for t in sides],
    )
    book = ib.reqMktDepth(bhp, 3, False)
    await until(ib, lambda: len(book.domBids) == len(book.domAsks) == 3, 10)
    seen["depth"] = sorted(
        (side, place, 0, level.price, level.size)
        for side, levels in ((1, book.domBids), (0, book.domAsks))
        for place, level in enumerate(levels)
    )
    ticks = ib.reqTickByTickData(_library.Stock("BHP", "ASX", "AUD", conId=CON_ID), "BidAsk")
    await until(ib, lambda: ticks.tickByTicks, 10)
    quote = ticks.tickByTicks[0]
    seen["quote"] = (quote.bidPrice, quote.askPrice, quote.bidSize, quote.askSize)
    other = ib.reqTickByTickData(_library.Stock("BHP", "SMART", "AUD", conId=CON_ID), "MidPoint")
    await until(ib, lambda: other.tickByTicks, 10)
    seen["middle"] = other.tickByTicks[0].midPoint
    profit = ib.reqPnL(ACCOUNT)
    await until(ib, lambda: profit.dailyPnL == profit.dailyPnL, 10)
    seen["profit"] = profit.dailyPnL
    single = ib.reqPnLSingle(ACCOUNT, "", CON_ID)
    await until(ib, lambda: single.dailyPnL == single.dailyPnL, 10)
    seen["single"] = (float(single.position), single.dailyPnL)
    found = await ib.reqMatchingSymbolsAsync("BHP")
    seen["samples"] = [(row.contract.conId, row.contract.currency) for row in found]
    exchanges = await ib.reqMktDepthExchangesAsync()
    seen["exchanges"] = [row.exchange for row in exchanges]
    ib.reqMarketDataType(3)
    ticker = ib.reqMktData(_library.Stock("NAB", "SMART", "AUD", conId=NAB))
    await until(ib, lambda: ticker.hasBidAsk(), 10)
    seen["type"] = [ticker.marketDataType]
    seen["errors"] = [code for _, code in errors if code == 10167]
    short = ib.reqRealTimeBars(_library.Stock("BHP", "SMART", "AUD", conId=CON_ID), 5, "TRADES", 0)
    await ib.reqCurrentTimeAsync()
    place.clock.leap(5)
    await until(ib, lambda: short, 10)
    seen["bar"] = (
        int(short[0].time.timestamp()) % 5,
        short[0].low <= short[0].close <= short[0].high,
        short[0].volume > 0,
    )
    return seen


@pytest.mark.timeout(90)
@both_versions
def test_both_clients_read_all_data_alike(
    version: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "ib_insync")

    async def scene() -> tuple[House, dict[str, Any], dict[str, Any]]:
        async with house(tmp_path, data_habits=HABITS) as place:
            official = await asyncio.to_thread(by_official, place, version)
            place.clock.leap(16)  # the same requests may not come again within 15 s
            return place, official, await by_insync(place, version)

    place, official, insync = asyncio.run(scene())
    refused = [record.getMessage() for record in caplog.records]
    assert [text for text in refused if "10167" not in text] == []
    for what in official:
        assert official[what] == insync[what], what
    assert official["update"] == (0, True) and official["bar"] == (0, True, True)
    days = [day for day, *_ in official["days"]]
    assert days[-3:] == ["20260907", "20260908", "20260909"] and len(set(days)) == len(days)
    assert datetime.fromtimestamp(official["head"], UTC).year == 2016
    assert official["type"] == [3] and official["errors"] == [10167]
    assert (CON_ID, "AUD") in official["samples"] and (4986, "USD") in official["samples"]
    assert official["profit"] > 1e308 and official["single"][1] > 1e308
    bid, ask, *_ = official["quote"]
    assert official["middle"] == float((Decimal(str(bid)) + Decimal(str(ask))) / 2)
    assert [row[:3] for row in official["depth"]] == [
        (side, place_, 0) for side in (0, 1) for place_ in range(3)
    ]
    assert place.history().pacing_breaches == {}
