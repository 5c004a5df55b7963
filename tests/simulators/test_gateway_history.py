"""History over the raw wire: pacing, durations, formats, latency, cancels, updates."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.tws.data_habits import DataHabits
from simulators.tws.pacing import Pacing
from tests.simulators.raw_client import AUD_USD, BHP, RawClient, house

PACING = "Historical Market Data Service error message:Historical data request pacing violation"


def run(scene: Coroutine[Any, Any, None]) -> None:
    """Play a scene on an event loop of its own."""
    asyncio.run(scene)


def history(
    req_id: int,
    contract: tuple[str, ...] = BHP,
    *,
    end: str = "20260909-02:00:00",
    bar: str = "30 secs",
    duration: str = "1800 S",
    what: str = "TRADES",
    format_date: str = "2",
    keep: str = "0",
) -> list[str]:
    fields = ["20", str(req_id), *contract, "0", end, bar, duration, "0", what, format_date]
    return [*fields, keep, ""]


def test_bars_carry_the_formats_of_ib(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(1, bar="5 mins", duration="3600 S"))
            reply = await client.until("17")
            count = int(reply[4])
            assert reply[2:4] == ["20260909  11:00:00", "20260909  12:00:00"]
            assert count > 0 and len(reply) == 5 + 8 * count
            first = datetime.fromtimestamp(int(reply[5]), UTC)
            assert first.minute % 5 == 0 and first < datetime(2026, 9, 9, 2, tzinfo=UTC)
            client.send(*history(2, bar="5 mins", duration="3600 S", format_date="1"))
            assert (await client.until("17"))[5].endswith(" Australia/NSW")
            client.send(*history(3, bar="1 day", duration="5 D"))
            assert len((await client.until("17"))[5]) == len("20260909")
            client.send(*history(4, AUD_USD, bar="5 mins", duration="3600 S", what="MIDPOINT"))
            pair = await client.until("17")
            assert pair[10:13] == ["-1", "-1", "-1"]
            await client.close()

    run(scene())


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ({"bar": "7 secs"}, 321, "bar size setting is invalid"),
        ({"duration": "1 X"}, 321, "duration format is invalid"),
        ({"duration": "90000 S"}, 321, "in days"),
        ({"duration": "366 D"}, 321, "made in years"),
        ({"keep": "1"}, 321, "end date is not empty"),
        ({"keep": "1", "end": "", "bar": "1 secs"}, 321, "5 secs or more"),
        ({"what": "SCHEDULE"}, 321, "SCHEDULE"),
        ({"contract": AUD_USD}, 162, "No historical market data for AUD/CASH@FXSUBPIP"),
        ({"bar": "1 day", "duration": "100 Y"}, 162, "Time length exceed max"),
        ({"bar": "1 hour", "duration": "60 S"}, 162, "invalid step: 3600"),
        ({"bar": "1 secs", "duration": "3600 S"}, 162, "invalid step: 1"),
        ({"bar": "30 secs", "duration": "1 D"}, 162, "invalid step: 30"),
        ({"bar": "1 min", "duration": "2 D"}, 162, "invalid step: 60"),
        ({"bar": "2 mins", "duration": "1 W"}, 162, "invalid step: 120"),
        ({"bar": "5 mins", "duration": "1 M"}, 162, "invalid step: 300"),
        ({"bar": "1 hour", "duration": "1 Y"}, 162, "invalid step: 3600"),
        ({"bar": "1 week", "duration": "2 D"}, 162, "invalid step: 604800"),
        ({"end": "20250909-02:00:00"}, 162, "query returned no data: BHP@ASX Trades"),
        ({"bar": "1 day", "duration": "5 D", "end": "20150909-02:00:00"}, 162, "no data"),
        ({"end": "20260909-02:00:00 US/Eastern"}, 10314, "End Date/Time"),
        ({"end": "yesterday"}, 10314, "End Date/Time"),
    ],
)
def test_history_that_cannot_be_served(
    asked: dict[str, Any], code: int, words: str, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(9, **asked))
            req_id, said, text = await client.error()
            assert (req_id, said) == (9, code)
            assert words in text
            await client.close()

    run(scene())


def test_a_time_without_zone_is_served_with_a_warning(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(9, end="20260909 12:00:00"))
            assert (await client.error())[:2] == (9, 2174)
            assert (await client.until("17"))[3] == "20260909  12:00:00"
            await client.close()

    run(scene())


def test_pacing_is_counted_and_binds_for_short_bars(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(1))
            await client.until("17")
            client.send(*history(2))
            error = await client.error()
            assert error == (2, 162, PACING)
            client.send(*history(3, bar="1 min"))
            await client.until("17")
            client.send(*history(4, bar="1 min"))
            await client.until("17")
            place.clock.leap(15)
            client.send(*history(5))
            await client.until("17")
            assert place.history().pacing_violations == 1
            assert place.history().soft_pacing_violations == 1
            await client.close()

    run(scene())


def test_the_three_rules_of_pacing() -> None:
    pacing = Pacing()
    assert pacing.take(0, "a", "BHP", 1) is None
    assert pacing.take(14.9, "a", "BHP", 1) == "identical request within 15 s"
    assert pacing.take(15, "a", "BHP", 1) is None
    for n in range(5):
        assert pacing.take(100, f"burst {n}", "CBA", 1) is None
    assert pacing.take(101.9, "burst 5", "CBA", 1) == "six requests for the same data within 2 s"
    assert pacing.take(101.9, "other", "STW", 1) is None
    assert pacing.take(102, "burst 5", "CBA", 1) is None
    paced = Pacing()
    taken = [paced.take(n * 3.0, n, n, 2) for n in range(31)]
    assert taken == [None] * 30 + ["more than 60 requests within 10 min"]
    assert paced.take(600, "later", "later", 2) is None


def test_strict_pacing_binds_bars_of_every_size(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(strict_pacing=True)) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(1, bar="5 mins"))
            await client.until("17")
            client.send(*history(2, bar="5 mins"))
            assert await client.error() == (2, 162, PACING)
            for n in range(5):
                client.send(*history(10 + n, bar="1 min", duration=f"{600 + 60 * n} S"))
            # One of BHP within the two seconds was served already: five make six.
            assert await client.error() == (14, 162, PACING)
            assert place.history().pacing_breaches == {
                "identical request within 15 s": 1,
                "six requests for the same data within 2 s": 1,
            }
            assert place.history().pacing_violations == 2
            await client.close()

    run(scene())


def test_breaches_may_be_counted_without_a_refusal(tmp_path: Path) -> None:
    async def scene() -> None:
        habits = DataHabits(strict_pacing=True, refuse_pacing=False)
        async with house(tmp_path, data_habits=habits) as place:
            client = await RawClient.ready(place.port)
            for n in (1, 2):
                client.send(*history(n, bar="5 mins"))
                assert (await client.until("17"))[1] == str(n)
            wire = place.history()
            assert wire.pacing_breaches.total() == 1 and wire.pacing_violations == 0
            await client.close()

    run(scene())


def test_the_pacing_of_the_login_is_over_all_clients(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            first, second = [await RawClient.ready(place.port, n) for n in (5, 6)]
            first.send(*history(1))
            await first.until("17")
            second.send(*history(1))
            assert await second.error() == (1, 162, PACING)
            await first.close()
            await second.close()

    run(scene())


def test_a_latency_keeps_requests_open_until_answered_or_cancelled(tmp_path: Path) -> None:
    async def scene() -> None:
        habits = DataHabits(history_latency=30, history_open=2)
        async with house(tmp_path, data_habits=habits) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(1, bar="5 mins"))
            client.send(*history(2, bar="1 min"))
            client.send(*history(2, bar="10 mins"))
            assert (await client.error())[:2] == (2, 322)
            client.send(*history(3, bar="10 mins"))
            assert await client.error() == (3, 162, PACING)
            assert place.history().pacing_breaches == {"more than 2 requests open": 1}
            client.send(25, 1, 2)
            _, code, text = await client.error()
            assert code == 162 and text.endswith("API historical data query cancelled: 2")
            place.clock.leap(30)
            assert (await client.until("17"))[1] == "1"
            client.send(25, 1, 1)
            assert (await client.error())[:2] == (1, 366)
            await client.close()

    run(scene())


def test_a_mute_instrument_is_never_answered_but_may_be_cancelled(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(history_mute=("BHP/AUD",))) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(1, bar="5 mins"))
            client.send(*history(2, AUD_USD, bar="5 mins", what="MIDPOINT"))
            assert (await client.until("17"))[1] == "2"
            place.clock.leap(600)
            client.send(49, 1)
            assert (await client.receive())[0] == "49"
            client.send(25, 1, 1)
            assert "cancelled: 1" in (await client.error())[2]
            await client.close()

    run(scene())


@pytest.mark.parametrize(
    "habits",
    [
        DataHabits(history_denied=("BHP/AUD",)),
        DataHabits(entitlements={"BHP/AUD": "354"}),
        DataHabits(entitlements={"*": "10089"}),
    ],
)
def test_no_history_without_permission(habits: DataHabits, tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=habits) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(1))
            _, code, text = await client.error()
            assert code == 162 and "No market data permissions for ASX STK" in text
            await client.close()

    run(scene())


def test_bars_kept_up_to_date_follow_the_market_until_cancelled(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(1, end="", bar="5 secs", duration="60 S", keep="1"))
            block = await client.until("17")
            last = int(block[-8])
            place.broker.exchange.set_fair_price(4036812, Decimal("50"))
            while True:
                update = await client.until("90")
                assert update[1] == "1" and len(update) == 10
                assert int(update[3]) >= last
                if int(update[3]) > last and Decimal(update[5]) >= 50:
                    break
            opened, closed, high, low = map(Decimal, update[4:8])
            assert low <= min(opened, closed) <= max(opened, closed) <= high
            client.send(25, 1, 1)
            assert "API historical data query cancelled: 1" in (await client.error())[2]
            client.send(25, 1, 1)
            assert (await client.error())[:2] == (1, 366)
            await client.close()

    run(scene())


def test_a_bar_that_ended_is_told_as_it_ended_before_the_next(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            place.leap_into_bar(60)
            client.send(*history(1, end="", bar="1 min", duration="600 S", keep="1"))
            first = int((await client.until("17"))[-8])
            place.leap_into_bar(60)
            told = [await client.until("90"), await client.until("90")]
            assert [int(row[3]) for row in told] == [first, first + 60]
            client.send(*history(2, end="", bar="1 min", duration="600 S"))
            block = await client.until("17")
            before_last = block[-16:-8]
            assert told[0][3] == before_last[0]
            assert (told[0][2], told[0][9]) == (before_last[7], before_last[5])
            await client.close()

    run(scene())


def test_no_history_while_the_login_is_used_elsewhere(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(competing_session=True)) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(1))
            _, code, text = await client.error()
            assert code == 162 and text.endswith("connected from a different IP address")
            await client.close()

    asyncio.run(scene())


def test_a_bar_kept_up_to_date_in_name_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(updates_mute=("BHP/AUD",))) as place:
            client = await RawClient.ready(place.port)
            client.send(*history(1, end="", bar="5 secs", duration="60 S", keep="1"))
            client.send(
                *history(2, AUD_USD, end="", bar="5 secs", duration="60 S", what="BID", keep="1")
            )
            for _ in range(2):
                await client.until("17")
            for _ in range(3):
                place.clock.leap(5)
                assert (await client.until("90"))[1] == "2"
            await client.close()

    asyncio.run(scene())
