"""Profit and loss over the raw wire, against the broker's own books."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from tests.simulators.raw_client import BHP, RawClient, house, place_order

SENTINEL = "1.7976931348623157E308"
ACCOUNT = "DU9000001"
CON_ID = int(BHP[0])


def test_profit_begins_with_the_sentinel_and_follows_the_market(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(92, 1, ACCOUNT, "")
            client.send(94, 2, ACCOUNT, "", CON_ID)
            assert await client.until("94") == ["94", "1", SENTINEL, SENTINEL, SENTINEL]
            assert await client.until("95") == ["95", "2", "0", *[SENTINEL] * 4]
            client.send(*place_order(1, quantity="100", limit="60"))
            while (await client.until("95"))[2] != "100":
                continue
            place.broker.exchange.set_fair_price(CON_ID, Decimal("50.00"))
            place.broker.exchange.trade_through(CON_ID, Decimal("50.00"), Decimal(1))
            async with asyncio.timeout(10):
                row = whole = ["0"] * 7
                while Decimal(row[6]) < 4900:
                    message = await client.receive()
                    row = message if message[0] == "95" else row
                    whole = message if message[0] == "94" else whole
            (held,) = place.broker.positions()
            ((execution, commission),) = place.broker.executions()
            assert commission is not None
            value = held.quantity * held.market_price
            unrealised = value - held.quantity * held.average_cost
            assert row[2] == "100" and Decimal(row[6]) == value
            assert abs(Decimal(row[4]) - unrealised) < Decimal("0.01")
            # All of it was bought today: the day made what it is worth, less what was paid.
            paid = execution.quantity * execution.price + commission.amount
            assert abs(Decimal(row[3]) - (value - paid)) < Decimal("0.01")
            assert whole[2:4] == row[3:5]
            client.send(93, 1)
            client.send(95, 2)
            client.send(95, 2)
            assert (await client.error())[:2] == (2, 300)
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("asked", "code"),
    [([92, 9, "DU1", ""], 321), ([94, 9, "", "", CON_ID], 321), ([93, 9], 300)],
)
def test_profit_that_cannot_be_served(asked: list[object], code: int, tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*asked)
            assert (await client.error())[:2] == (9, code)
            await client.close()

    asyncio.run(scene())
