"""What an account may see: live, frozen, delayed, partial, or the error that says why not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from simulators.model import Phase
from simulators.tws.data_habits import DataHabits
from tests.simulators.raw_client import AUD_USD, BHP, House, RawClient, house
from tests.simulators.scenes import until

CON_ID = int(BHP[0])
DELAYED_TICKS = {"66", "67", "68", "72", "73", "75", "76"}


def subscribe(req_id: int, contract: tuple[str, ...] = BHP, snapshot: str = "0") -> list[str]:
    return ["1", "11", str(req_id), *contract, "0", "", snapshot, "0", ""]


async def all_until_time(client: RawClient) -> list[list[str]]:
    """Everything up to the answer to a question about the time."""
    client.send(49, 1)
    found: list[list[str]] = []
    while (fields := await client.receive())[0] != "49":
        found.append(fields)
    return found


def prices(messages: list[list[str]]) -> dict[str, str]:
    """The last price of each tick type."""
    return {row[3]: row[4] for row in messages if row[0] == "1"}


def habits(code: str, **others: object) -> DataHabits:
    return replace(DataHabits(entitlements={"BHP/AUD": code}), **others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "wish", "words"),
    [
        ("354", 1, "Delayed market data is not available.BHP ASX/TOP/ALL"),
        ("354", 3, "Delayed market data is not available.BHP ASX/TOP/ALL"),
        ("10089", 1, "additional subscription for API"),
        ("10089", 2, "Delayed market data is available.BHP ASX/TOP/ALL"),
        ("10168", 1, "Delayed market data is not enabled."),
        ("10186", 4, "Delayed market data is not enabled"),
    ],
)
def test_an_instrument_without_subscription_says_so_and_streams_nothing(
    code: str, wish: int, words: str, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=habits(code)) as place:
            client = await RawClient.ready(place.port)
            client.send(59, 1, wish)
            client.send(*subscribe(5))
            (refusal,) = await all_until_time(client)
            assert refusal[2:4] == ["5", code] and words in refusal[4]
            assert place.gateway.market_data.streams[place.gateway.clients[5]] == {}
            client.send(*subscribe(6, AUD_USD))
            assert "1" in prices(await all_until_time(client))
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize(("code", "wish"), [("10089", 3), ("10168", 4)])
def test_delayed_data_come_with_10167_and_ticks_of_their_own(
    code: str, wish: int, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=habits(code, delay_minutes=1.0)) as place:
            now = place.broker.top(CON_ID)
            assert now.bid is not None
            place.broker.exchange.set_fair_price(CON_ID, now.bid + 5)
            client = await RawClient.ready(place.port)
            client.send(59, 1, wish)
            client.send(*subscribe(5))
            notice, kind, _, *ticks = await all_until_time(client)
            assert notice[3] == "10167" and "Displaying delayed market data" in notice[4]
            assert kind == ["58", "1", "5", "3"]
            assert set(prices(ticks)) <= DELAYED_TICKS
            assert Decimal(prices(ticks)["66"]) <= now.bid
            assert {row[3] for row in ticks if row[0] in ("45", "46")} == {"88", "90"}
            place.clock.leap(65)
            while True:
                tick = await client.until("1")
                if tick[3] == "66" and Decimal(tick[4]) > now.bid + 4:
                    break
            await client.close()

    asyncio.run(scene())


def test_live_wins_over_a_wish_for_less(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(59, 1, 3)
            client.send(*subscribe(5))
            first, *rest = await all_until_time(client)
            assert first == ["58", "1", "5", "1"]
            assert "1" in prices(rest)
            client.send(59, 1, 7)
            assert "Invalid market data type" in (await client.until("4"))[4]
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize("code", ["10090", "10091"])
def test_a_notice_of_a_part_comes_before_usable_ticks(code: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=habits(code)) as place:
            client = await RawClient.ready(place.port)
            client.send(*subscribe(5))
            notice, kind, *rest = await all_until_time(client)
            assert notice[3] == code and notice[4].startswith("Part of requested market data")
            assert kind == ["58", "1", "5", "1"]
            assert {"1", "2"} <= set(prices(rest))
            await client.close()

    asyncio.run(scene())


def test_2117_leaves_only_what_needs_no_subscription(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=habits("2117")) as place:
            client = await RawClient.ready(place.port)
            client.send(*subscribe(5))
            notice, *rest = await all_until_time(client)
            assert notice[3] == "2117"
            assert set(prices(rest)) == {"9"}
            await client.close()

    asyncio.run(scene())


def test_a_closed_market_has_no_prices_unless_frozen_ones_are_wanted(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, phase=Phase.OPEN) as place:
            client = await RawClient.ready(place.port)
            client.send(*subscribe(5))
            client.send(59, 1, 2)
            client.send(*subscribe(6))
            kinds = {row[2]: row[3] for row in await all_until_time(client) if row[0] == "58"}
            assert kinds == {"5": "1", "6": "1"}
            bid = place.broker.top(CON_ID).bid
            place.leap_to(Phase.CLOSED)
            assert await client.until("58") == ["58", "1", "6", "2"]
            client.send(*subscribe(7))
            rows = [row for row in await all_until_time(client) if row[2] == "7"]
            assert rows[0] == ["58", "1", "7", "2"]
            assert Decimal(prices(rows)["1"]) == bid
            client.send(59, 1, 1)
            client.send(*subscribe(8, snapshot="1"))
            live, _, *ticks, end = await all_until_time(client)
            assert live == ["58", "1", "8", "1"] and end == ["57", "1", "8"]
            assert (prices(ticks)["1"], prices(ticks)["2"]) == ("-1", "-1")
            await client.close()

    asyncio.run(scene())


def test_before_the_opening_the_book_is_crossed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, phase=Phase.PRE_OPEN) as place:
            client = await RawClient.ready(place.port)
            client.send(*subscribe(5))
            rows = await all_until_time(client)
            sides = {row[3]: row for row in rows if row[0] == "1"}
            assert Decimal(sides["1"][4]) > Decimal(sides["2"][4])
            assert sides["1"][6] == "4"  # preOpen
            await client.close()

    asyncio.run(scene())


async def change(place: House, client: RawClient, **switches: object) -> list[list[str]]:
    """Replace switches while it runs, and read what two beats bring."""
    place.gateway.data_habits = replace(place.gateway.data_habits, **switches)  # type: ignore[arg-type]
    beats = place.gateway.beats + 3
    await until(lambda: place.gateway.beats >= beats, "it has beaten")
    return await all_until_time(client)


def test_a_competing_session_ends_the_ticks_until_it_is_over(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*subscribe(5))
            await all_until_time(client)
            (notice,) = await change(place, client, competing_session=True)
            assert notice[2:5] == [
                "5",
                "10197",
                "No market data during competing live session",
            ]
            place.broker.exchange.set_fair_price(CON_ID, Decimal(60))
            assert await change(place, client) == []
            client.send(*subscribe(6, snapshot="1"))
            assert (await client.error())[:2] == (6, 10197)
            place.clock.leap(11)
            assert await client.until("57") == ["57", "1", "6"]
            back = await change(place, client, competing_session=False)
            assert back[0] == ["58", "1", "5", "1"]
            assert Decimal(prices(back)["1"]) > 55
            await client.close()

    asyncio.run(scene())


def test_a_silent_instrument_is_accepted_and_says_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(silent=("BHP/AUD",))) as place:
            client = await RawClient.ready(place.port)
            client.send(*subscribe(5))
            client.send(*subscribe(6, AUD_USD))
            rows = await all_until_time(client)
            assert {row[2] for row in rows if row[0] != "81"} == {"6"}
            assert {row[2] for row in await change(place, client)} <= {"6"}
            back = await change(place, client, silent=())
            back = [row for row in back if row[2] == "5"]
            assert {"1", "2"} <= set(prices(back))
            await client.close()

    asyncio.run(scene())


def test_a_halt_is_tick_49(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*subscribe(5))
            assert ["45", "6", "5", "49", "0"] in await all_until_time(client)
            rows = await change(place, client, halted=("BHP/AUD",))
            assert ["45", "6", "5", "49", "1"] in rows
            rows = await change(place, client, halted=())
            assert ["45", "6", "5", "49", "0"] in rows
            await client.close()

    asyncio.run(scene())


def test_lines_are_shared_by_all_clients_and_given_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(lines=2)) as place:
            first, second = [await RawClient.ready(place.port, n) for n in (5, 6)]
            first.send(*subscribe(1))
            first.send("50", "3", "2", *AUD_USD, "5", "MIDPOINT", "0", "")
            await all_until_time(first)
            second.send(*subscribe(1))
            assert await second.error() == (1, 101, "Max number of tickers has been reached")
            first.send(2, 2, 1)
            await all_until_time(first)
            second.send(*subscribe(1))
            await second.until("58")
            second.send(*subscribe(2))
            assert (await second.error())[:2] == (2, 101)
            await first.close()
            while 5 in place.gateway.clients:
                await all_until_time(second)
            second.send(*subscribe(2))
            await second.until("58")
            await second.close()

    asyncio.run(scene())


def test_tick_by_tick_of_each_kind_and_their_cap(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            for req_id, kind in enumerate(("BidAsk", "MidPoint", "Last"), 1):
                client.send("97", req_id, *BHP, kind, "0", "0")
            client.send("97", "4", *BHP, "AllLast", "0", "0")
            refusal = await client.error()
            assert refusal == (4, 10190, "Max number of tick-by-tick requests has been reached.")
            quote = await client.until("99")
            assert quote[1:3] == ["1", "3"] and len(quote) == 9
            middle = await client.until("99")
            assert middle[1:3] == ["2", "4"] and len(middle) == 5
            assert Decimal(middle[4]) == (Decimal(quote[4]) + Decimal(quote[5])) / 2
            place.broker.exchange.trade_through(CON_ID, Decimal(quote[5]), Decimal(7))
            while (trade := await client.until("99"))[1] != "3":
                continue
            assert trade[2] == "1" and len(trade) == 9
            assert (trade[4], trade[5], trade[7]) == (quote[5], "7", "ASX")
            client.send(98, 1)
            client.send(98, 1)
            assert (await client.error())[:2] == (1, 300)
            for req_id, contract, kind, code in (
                (11, AUD_USD, "Last", 10189),
                (12, BHP, "bidask", 321),
            ):
                client.send("97", req_id, *contract, kind, "0", "0")
                assert (await client.error())[:2] == (req_id, code)
            await client.close()

    asyncio.run(scene())
