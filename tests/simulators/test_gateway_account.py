"""The account over the raw wire: what is sent again, what is replaced, and the ledgers."""

from __future__ import annotations

import asyncio
from pathlib import Path

from simulators.tws.data_habits import DataHabits
from tests.simulators.raw_client import BHP, RawClient, house, place_order

ACCOUNT = "DU9000001"


async def told(client: RawClient, *ends: str) -> list[list[str]]:
    """Everything up to the first message of one of these numbers."""
    rows = [await client.receive()]
    while rows[-1][0] not in ends:
        rows.append(await client.receive())
    return rows


def test_a_client_is_told_when_another_takes_the_account_over(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, data_habits=DataHabits(account_updates_once=True)) as place:
            first, second = [await RawClient.ready(place.port, n) for n in (5, 6)]
            first.send(6, 2, 1, ACCOUNT)
            await first.until("54")
            second.send(6, 2, 1, ACCOUNT)
            await second.until("54")
            notice = await first.until("4")
            assert notice[2:4] == ["-1", "2100"] and "unsubscribed" in notice[4]
            second.send(*place_order(1, limit="60"))
            assert (await second.until("7"))[2] == BHP[0]
            first.send(49, 1)
            assert [row[0] for row in await told(first, "49")] == ["49"]
            await first.close()
            await second.close()

    asyncio.run(scene())


def test_values_come_again_after_three_minutes_and_positions_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(6, 2, 1, ACCOUNT)
            await client.until("54")
            client.send(*place_order(1, limit="60"))
            rows = await told(client, "8")
            assert any(row[0] == "7" and row[2] == BHP[0] for row in rows)
            assert any(row[:3] == ["6", "2", "CashBalance"] for row in rows)
            place.clock.leap(DataHabits().account_update_seconds)
            again = await told(client, "8")
            assert [row[2] for row in again if row[0] == "7"] == [BHP[0]]
            assert not any(row[:3] == ["6", "2", "AccountCode"] for row in again)
            await client.close()

    asyncio.run(scene())


def test_a_summary_of_all_ledgers_and_a_third_one_too_many(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(62, 1, 1, "All", "NetLiquidation,$LEDGER:ALL")
            rows = await told(client, "64")
            found = {(row[4], row[6]) for row in rows if row[0] == "63"}
            assert {("NetLiquidation", "AUD"), ("CashBalance", "AUD")} <= found
            assert {("CashBalance", "BASE"), ("ExchangeRate", "BASE")} <= found
            client.send(62, 1, 2, "All", "BuyingPower")
            assert {row[4] for row in await told(client, "64") if row[0] == "63"} == {"BuyingPower"}
            client.send(62, 1, 3, "All", "BuyingPower")
            assert (await client.error())[:2] == (3, 322)
            client.send(63, 1, 2)
            client.send(62, 1, 3, "All", "BuyingPower")
            await client.until("64")
            await client.close()

    asyncio.run(scene())
