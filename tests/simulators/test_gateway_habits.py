"""Who hears of an order, and in which order, as the habits of a gateway have it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.orders import Side
from simulators.habits import Habits
from simulators.tws.protocol import Reply
from tests.simulators.clients import insync, official
from tests.simulators.official_session import RecordingWrapper
from tests.simulators.raw_client import House, RawClient, house, place_order
from tests.simulators.test_gateway_linked import CON_ID
from tests.simulators.test_gateway_orders import outline, told

FILLED = [
    *("open", "status PreSubmitted", "execution", "open", "status Filled"),
    *("open", "status Filled", "commission"),
]


def run(scene: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scene)


async def market_order(place: House, last: str) -> list[list[str]]:
    """All that a client hears of a market order, up to a kind of message."""
    client = await RawClient.ready(place.port)
    client.send(*place_order(1, order_type="MKT", limit=""))
    client.send(49, 1)
    messages = await told(client, last, (0, last))
    await client.close()
    return messages


@pytest.mark.parametrize(
    ("habits", "lines"),
    [
        ({}, FILLED),
        (
            {"status_twice": True},
            [
                *("open", *["status PreSubmitted"] * 2, "execution"),
                *("open", *["status Filled"] * 2) * 2,
                "commission",
            ],
        ),
        (
            {"status_of_fill": "missing"},
            ["open", "status PreSubmitted", "execution", "open", "open", "commission"],
        ),
        (
            {"status_before_execution": True},
            [
                *("open", "status PreSubmitted", "open", "status Filled", "execution"),
                *("open", "status Filled", "commission"),
            ],
        ),
        ({"open_order_with_commission": False}, [*FILLED[:5], "commission"]),
        ({"commission": "never"}, FILLED[:5]),
        (
            {"commission": "before_execution", "open_order_with_commission": False},
            [*FILLED[:2], "commission", *FILLED[2:5]],
        ),
    ],
)
def test_a_fill_is_told_as_the_habits_have_it(
    habits: dict[str, Any], lines: list[str], tmp_path: Path
) -> None:
    async def scene() -> None:
        async with house(tmp_path, habits=Habits.from_table(habits)) as place:
            assert outline(await market_order(place, "49")) == lines

    run(scene())


@pytest.mark.parametrize("amount", ["-1", "-0.5", "1.7976931348623157E308"])
def test_reports_may_say_anything(amount: str, tmp_path: Path) -> None:
    async def scene() -> None:
        habits = Habits.from_table({"commission_reported": amount, "realised_pnl_unset": True})
        async with house(tmp_path, habits=habits) as place:
            messages = await market_order(place, "59")
            assert Decimal(messages[-1][3]) == Decimal(amount)
            assert messages[-1][5] == "1.7976931348623157E308"
            assert place.broker.executions()[0][1] is not None

    run(scene())


def test_a_commission_may_come_late_and_is_not_known_before(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, habits=Habits(commission_delay=Decimal(30))) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, order_type="MKT", limit=""))
            assert outline(await told(client, "3", (2, "Filled"))) == FILLED[:5]
            client.send(7, 3, 9, 0, "", "", "", "", "", "")
            assert (await client.until("11"))[1] == "9"
            assert (await client.receive())[0] == "55"
            place.clock.leap(31)
            assert (await client.until("59"))[3] == "6.6"
            await client.close()

    run(scene())


@pytest.mark.parametrize("version", [157, 176])
def test_the_master_client_hears_of_everything(tmp_path: Path, version: int) -> None:
    def script(client: Any, wrapper: RecordingWrapper) -> None:
        wrapper.until(lambda: wrapper.all("commissionReport"))

    async def scene() -> None:
        async with house(tmp_path, habits=Habits(master_client_id=6)) as place:
            listening = asyncio.create_task(official(place, script, version))
            async with insync(place, 5) as client, insync(place, 7) as stranger:
                while 6 not in place.gateway.clients:
                    await client.ib.reqCurrentTimeAsync()
                trade = client.place("BUY", 10, orderType="MKT")
                wrapper = await listening
                assert {call[8] for call in wrapper.all("orderStatus")} == {5}
                assert [call[2].clientId for call in wrapper.all("execDetails")] == [5]
                await client.until(trade.isDone)
                assert stranger.ib.trades() == [] and stranger.ib.fills() == []

    run(scene())


@pytest.mark.parametrize("version", [157, 176])
def test_client_0_sees_orders_by_hand_and_may_bind_them(tmp_path: Path, version: int) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            office = place.broker.back_office
            office.place(CON_ID, Side.BUY, Decimal(10), Decimal(30))
            other = await RawClient.ready(place.port, client_id=8)
            other.send(16, 1)
            seen = await other.until("5")
            assert (seen[1], seen[23], seen[24]) == ("0", "", "0")
            # ib_insync asks for bound orders by itself when its client id is 0.
            async with insync(place, 0, version) as client:
                await client.until(lambda: place.history().to_client(Reply.ORDER_BOUND))
                (bound,) = place.history().to_client(Reply.ORDER_BOUND)
                assert bound.fields[2:] == ("0", "-1")
                (trade,) = client.ib.openTrades()
                client.ib.cancelOrder(trade.order)
                await client.until(lambda: trade.orderStatus.status == "Cancelled")
                office.place(CON_ID, Side.BUY, Decimal(25))
                await client.until(client.ib.fills)
                (fill,) = client.ib.fills()
                assert (fill.execution.clientId, fill.execution.orderRef) == (0, "")
                (held,) = await client.ib.reqPositionsAsync()
                assert held.position == 25
            await other.close()

    run(scene())


def test_the_order_id_of_an_execution_by_hand_varies(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            place.broker.back_office.place(CON_ID, Side.BUY, Decimal(25))
            client = await RawClient.ready(place.port, client_id=0)
            for habit in (0, 2147483647):
                place.broker.habits = replace(place.broker.habits, manual_execution_id=habit)
                client.send(7, 3, 9, 0, "", "", "", "", "", "")
                assert (await client.until("11"))[2] == str(habit)
            await client.close()

    run(scene())


def test_a_correction_is_told_and_listed_beside_the_first(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place, insync(place) as client:
            trade = client.place("BUY", 100, orderType="MKT")
            await client.until(lambda: trade.isDone() and trade.fills[0].commissionReport.execId)
            first = trade.fills[0].execution
            place.broker.back_office.correct(first.execId, Decimal(80))
            await client.until(lambda: len(trade.fills) == 2)
            second = trade.fills[1].execution
            assert second.execId == first.execId[:-1] + "2"
            assert (second.shares, second.cumQty, second.permId) == (80, 80, first.permId)
            listed = await client.ib.reqExecutionsAsync()
            assert [fill.execution.execId for fill in listed] == [first.execId, second.execId]
            last_open = place.history().to_client(Reply.OPEN_ORDER)[-1]
            assert "6.6" in last_open.fields and "13.2" not in last_open.fields

    run(scene())
