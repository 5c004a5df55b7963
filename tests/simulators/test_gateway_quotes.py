"""Market data over the raw wire: streams, snapshots, limits; contracts and their hours."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulators.model import Session
from simulators.tws.contracts import hours_text
from simulators.tws.data_habits import DataHabits
from tests.simulators.raw_client import AUD_USD, BHP, RawClient, house


def run(scene: Coroutine[Any, Any, None]) -> None:
    """Play a scene on an event loop of its own."""
    asyncio.run(scene)


def subscribe(req_id: int, contract: tuple[str, ...] = BHP, snapshot: str = "0") -> list[str]:
    return ["1", "11", str(req_id), *contract, "0", "", snapshot, "0", ""]


def test_a_subscription_begins_with_its_type_and_streams_changes(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*subscribe(5))
            assert await client.receive() == ["58", "1", "5", "1"]
            assert await client.receive() == ["81", "5", "0.001", "9c0001", "3"]
            top = place.broker.top(4036812)
            bid = await client.receive()
            assert (bid[0], bid[2], bid[3]) == ("1", "5", "1")
            await client.until("45")
            assert top.bid is not None
            moved = top.bid + Decimal("1.00")
            place.broker.exchange.set_fair_price(4036812, moved)
            while True:
                tick = await client.until("1")
                if tick[3] == "1" and Decimal(tick[4]) > top.bid:
                    break
            client.send(2, 2, 5)
            client.send(2, 2, 5)
            assert await client.error() == (5, 300, "Can't find EId with tickerId:5")
            await client.close()

    run(scene())


def test_a_snapshot_ends(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*subscribe(5, AUD_USD, snapshot="1"))
            assert await client.until("57") == ["57", "1", "5"]
            client.send(*subscribe(5, AUD_USD, snapshot="1"))  # its id is free again
            await client.until("57")
            await client.close()

    run(scene())


def test_quote_requests_that_cannot_be_served(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(lines=1)) as place:
            client = await RawClient.ready(place.port)
            client.send(*subscribe(4, ("0", "NOPE", *BHP[2:])))
            assert (await client.error())[:2] == (4, 200)
            client.send(*subscribe(5))
            client.send(*subscribe(5))
            assert (await client.error())[:2] == (5, 322)
            client.send(*subscribe(6, AUD_USD))
            assert (await client.error())[:2] == (6, 101)
            await client.close()

    run(scene())


def test_hours_are_written_as_tws_writes_them() -> None:
    def session(day: int, opens: int, closes: int, ends: tuple[int, int]) -> Session:
        start = datetime(2026, 9, day, tzinfo=UTC)
        return Session(
            start + timedelta(hours=opens),
            start + timedelta(hours=closes),
            start + timedelta(hours=ends[0], minutes=ends[1]),
        )

    sessions = [session(9, 0, 6, (6, 11)), session(9, 8, 10, (10, 5)), session(11, 22, 26, (26, 0))]
    days = datetime(2026, 9, 9, tzinfo=UTC).date()
    trading = hours_text(sessions, days, 4, "UTC", liquid=False)
    assert trading == (
        "20260909:0000-20260909:0611,20260909:0800-20260909:1005;20260910:CLOSED;"
        "20260911:2200-20260912:0200"
    )
    assert "0000-20260909:0600," in hours_text(sessions, days, 4, "UTC", liquid=True)
    assert hours_text(sessions[:1], days, 1, "Australia/NSW", liquid=True) == (
        "20260909:1000-20260909:1600"
    )


def test_details_by_id_by_isin_and_ambiguous(tmp_path: Path) -> None:
    any_pair = ("0", "AUD", "CASH", *("",) * 9)
    isin_only = ("0", *("",) * 11)

    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            pairs = [i for i in place.broker.instruments() if i.symbol.base == "AUD"]
            assert len(pairs) > 1
            client.send("9", "8", "1", *any_pair, "0", "", "", "")
            found = [await client.until("10") for _ in pairs]
            assert {row[10] for row in found} == {pair.local_symbol for pair in pairs}
            assert await client.receive() == ["52", "1", "1"]
            bhp = next(i for i in place.broker.instruments() if i.con_id == 4036812)
            client.send("9", "8", "2", *isin_only, "0", "ISIN", bhp.isin, "")
            assert (await client.until("10"))[2] == "BHP"
            client.send("9", "8", "3", "4036812", *("",) * 11, "0", "", "", "")
            assert (await client.until("10"))[7] == "SMART"
            client.send("9", "8", "4", "1", *("",) * 11, "0", "", "", "")
            assert (await client.error())[:2] == (4, 200)
            client.send("81", "5", "BH")
            assert (await client.until("79"))[4] == "BHP"
            await client.close()

    run(scene())
