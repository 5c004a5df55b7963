"""Real-time bars, where history begins, and single ticks, over the raw wire."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.model import Phase
from simulators.tws.data_habits import DataHabits
from tests.simulators.raw_client import AUD_USD, BHP, RawClient, house


def real_time(req_id: int, contract: tuple[str, ...] = BHP, what: str = "TRADES") -> list[str]:
    return ["50", "3", str(req_id), *contract, "5", what, "0", ""]


def ticks(
    req_id: int,
    contract: tuple[str, ...] = BHP,
    *,
    start: str = "",
    end: str = "20260909-02:00:00",
    count: str = "10",
    what: str = "TRADES",
) -> list[str]:
    return ["96", str(req_id), *contract, "0", start, end, count, what, "0", "0", ""]


def test_real_time_bars_follow_each_other_every_five_seconds(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            place.leap_into_bar(5)
            client.send(*real_time(1))
            client.send(*real_time(2, AUD_USD, "MIDPOINT"))
            client.send(49, 1)
            await client.until("49")
            place.leap_into_bar(5)
            rows = {(row := await client.until("50"))[2]: row for _ in range(2)}
            assert set(rows) == {"1", "2"}
            assert rows["2"][8:] == ["-1", "-1", "-1"]
            begun = int(rows["1"][3])
            assert begun % 5 == 0
            opened, high, low, closed = map(Decimal, rows["1"][4:8])
            assert low <= min(opened, closed) <= max(opened, closed) <= high
            place.leap_into_bar(5)
            rows = {(row := await client.until("50"))[2]: row for _ in range(2)}
            assert int(rows["1"][3]) == begun + 5
            client.send(51, 1, 1)
            client.send(51, 1, 1)
            assert await client.error() == (1, 300, "Can't find EId with tickerId:1")
            await client.close()

    asyncio.run(scene())


def test_no_real_time_bar_comes_of_a_closed_market(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, phase=Phase.CLOSED) as place:
            client = await RawClient.ready(place.port)
            client.send(*real_time(1))
            client.send("20", "2", *BHP, "0", "", "5 secs", "60 S", "0", "BID", "2", "1", "")
            await client.until("17")
            for _ in range(3):
                place.clock.leap(5)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):  # two beats
                        await client.receive()
            place.leap_to(Phase.OPEN)
            place.clock.leap(10)
            await client.until("50")
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("asked", "habits", "code", "words"),
    [
        (real_time(9, AUD_USD), {}, 420, "Invalid Real-time Query:No market data permissions"),
        (real_time(9), {"entitlements": {"*": "354"}}, 420, "permissions for ASX STK"),
        (real_time(9, what="BID_ASK"), {}, 321, "BID_ASK"),
        (real_time(9), {"lines": 0}, 101, "Max number of tickers"),
        (real_time(9, ("0", "NOPE", *BHP[2:])), {}, 200, "No security definition"),
        (ticks(9, start="20260909-02:00:00"), {}, 10187, "Only one of start"),
        (ticks(9, end=""), {}, 10187, "Only one of start"),
        (ticks(9, count="1001"), {}, 10187, "from 1 to 1000"),
        (ticks(9, end="20260909-02:00:00 UTC"), {}, 10314, "date, time"),
        (ticks(9, AUD_USD), {}, 10187, "TRADES"),
        (ticks(9), {"entitlements": {"*": "354"}}, 10187, "permissions"),
        (["87", "9", *AUD_USD, "0", "0", "TRADES", "2"], {}, 162, "AUD/CASH@FXSUBPIP"),
        (["87", "9", *BHP, "0", "0", "TRADES", "2"], {"history_denied": ("*",)}, 162, "permiss"),
    ],
)
def test_what_cannot_be_served(
    asked: list[str], habits: dict[str, Any], code: int, words: str, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(**habits)) as place:
            client = await RawClient.ready(place.port)
            client.send(*asked)
            req_id, said, text = await client.error()
            assert (req_id, said) == (9, code)
            assert words in text
            await client.close()

    asyncio.run(scene())


def test_real_time_bars_count_as_requests_for_history(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*real_time(1))
            client.send(51, 1, 1)
            client.send(*real_time(2))
            _, code, text = await client.error()
            assert code == 420
            assert text == "Invalid Real-time Query:Historical data request pacing violation"
            assert place.history().pacing_breaches == {"identical request within 15 s": 1}
            await client.close()

    asyncio.run(scene())


def test_head_timestamps_in_both_formats(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send("87", "1", *BHP, "0", "0", "TRADES", "1")
            reply = await client.until("88")
            assert reply[1] == "1" and reply[2].startswith("2016") and reply[2][8] == "-"
            client.send("87", "2", *AUD_USD, "0", "0", "MIDPOINT", "2")
            assert int((await client.until("88"))[2]) > 1_400_000_000
            await client.close()

    asyncio.run(scene())


def test_historical_ticks_of_each_kind(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*ticks(1))
            last = await client.until("98")
            assert last[1:3] == ["1", "10"] and last[-1] == "1"
            assert len(last) == 3 + 10 * 6 + 1
            assert int(last[3]) == 1788919190  # ten seconds before the end
            client.send(*ticks(2, AUD_USD, what="MIDPOINT"))
            assert len(await client.until("96")) == 3 + 10 * 4 + 1
            client.send(*ticks(3, start="20260909-02:00:00", end="", what="BID_ASK", count="3"))
            sides = await client.until("97")
            assert len(sides) == 3 + 3 * 6 + 1 and int(sides[3]) == 1788919200
            assert Decimal(sides[5]) < Decimal(sides[6])
            await client.close()

    asyncio.run(scene())
