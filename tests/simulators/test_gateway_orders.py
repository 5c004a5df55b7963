"""Orders over the raw wire: the order of callbacks, ownership, changes, refusals, survival."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter

from simulators.books import read_books
from simulators.tws.wire_history import read_wire_log
from tests.simulators import official_session
from tests.simulators.gateway_process import gateway_process
from tests.simulators.raw_client import AUD_USD, BHP, RawClient, house, market_open, place_order


def run(scene: Coroutine[Any, Any, None]) -> None:
    """Play a scene on an event loop of its own."""
    asyncio.run(scene)


async def told(client: RawClient, until: str, until_field: tuple[int, str]) -> list[list[str]]:
    """All messages about orders up to one whose field is so; quotes are left out."""
    messages = []
    while True:
        fields = await client.receive()
        if fields[0] in ("3", "4", "5", "11", "59"):
            messages.append(fields)
        if fields[0] == until and fields[until_field[0]] == until_field[1]:
            return messages


def outline(messages: list[list[str]]) -> list[str]:
    """Message kinds with their statuses or codes."""
    names = {"5": "open", "11": "execution", "59": "commission"}
    return [
        f"status {fields[2]}"
        if fields[0] == "3"
        else f"error {fields[3]}"
        if fields[0] == "4"
        else names[fields[0]]
        for fields in messages
    ]


def test_a_market_order_is_told_as_tws_tells_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, order_type="MKT", limit="", order_ref="M"))
            messages = await told(client, "59", (1, "1"))
            lines = outline(messages)
            assert lines[:2] == ["open", "status PreSubmitted"]
            assert lines[-6:] == [
                "execution",
                "open",
                "status Filled",
                "open",
                "status Filled",
                "commission",
            ]
            first_open, last_open = messages[-5], messages[-3]
            assert "6.6" not in first_open and "6.6" in last_open and "AUD" in last_open
            client.send(7, 3, 9, 0, "", "", "", "", "", "")
            execution = await client.until("11")
            assert execution[1] == "9" and execution[26] == "M"
            assert (await client.receive())[0] == "59"
            assert (await client.receive())[0] == "55"
            await client.close()

    run(scene())


def test_a_resting_order_is_changed_then_cancelled(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, limit="30", order_ref="A"))
            assert outline(await told(client, "3", (2, "Submitted"))) == [
                "open",
                "status PreSubmitted",
                "open",
                "status Submitted",
            ]
            client.send(*place_order(1, limit="30.5", order_ref="A"))
            changed = await client.until("5")
            assert (changed[1], changed[16]) == ("1", "30.5")
            client.send(4, 1, 1, "")
            messages = await told(client, "4", (3, "202"))
            assert outline(messages)[-3:] == [
                "status PendingCancel",
                "status Cancelled",
                "error 202",
            ]
            history = place.history()
            first, second = history.placements("A")
            assert (first.order_id, first.is_modification) == (1, False)
            assert (second.order_id, second.is_modification) == (1, True)
            assert history.orders_per_ref() == {"A": 1}
            client.send(99, 1)
            completed = await client.until("101")
            assert completed[22] == "A"
            await client.until("102")
            await client.close()

    run(scene())


def test_another_client_sees_an_order_and_cannot_cancel_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            owner = await RawClient.ready(place.port, client_id=5)
            other = await RawClient.ready(place.port, client_id=6)
            owner.send(*place_order(1, order_ref="MINE"))
            await told(owner, "3", (2, "Submitted"))
            other.send(5, 1)
            assert (await other.receive())[0] == "53"
            other.send(16, 1)
            seen = await other.receive()
            assert (seen[0], seen[1], seen[23], seen[24]) == ("5", "1", "MINE", "5")
            await other.until("53")
            other.send(4, 1, 1, "")
            assert (await other.error())[:2] == (1, 10147)
            other.send(58, 1)  # a global cancel spares nobody, and its owner is told
            assert outline(await told(owner, "4", (3, "202")))[-1] == "error 202"
            await owner.close()
            await other.close()

    run(scene())


@pytest.mark.parametrize(
    ("order", "code", "words"),
    [
        ({"order_type": "FOO"}, 321, "Invalid order type"),
        ({"order_type": "MOC"}, 387, "Unsupported order type"),
        ({"quantity": "0"}, 434, "cannot be zero"),
        ({"action": "SSHORT"}, 321, "order side"),
        ({"tif": "GTX"}, 201, "time-in-force GTX"),
        ({"limit": "30.005"}, 110, "minimum price variation"),
        ({"changes": {23: "DU999"}}, 321, "Invalid account code 'DU999'"),
        ({"changes": {28: "7"}}, 135, "Can't find order with ID =7"),
        ({"changes": {53: "1"}}, 10268, "EtradeOnly"),
        ({"changes": {54: "1"}}, 10269, "FirmQuoteOnly"),
        ({"changes": {85: "1"}, "quantity": "1000000"}, 201, "MUST EXCEED THE INITIAL MARGIN"),
        ({"contract": ("0", "NOPE", *BHP[2:])}, 200, "No security definition"),
        ({"contract": ("0", "AUD", "CASH", *BHP[3:7], "IDEALPRO", "", "", "", "")}, 200, "ambig"),
    ],
)
def test_what_is_not_served_is_refused_with_the_error_of_tws(
    order: dict[str, Any], code: int, words: str, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, **order))
            order_id, said, text = await client.error()
            assert (order_id, said) == (1, code)
            assert words in text
            client.send(16, 1)
            assert (await client.until("53"))[0] == "53"
            assert not any(order.is_open for order in place.broker.orders())
            await client.close()

    run(scene())


def test_an_empty_time_in_force_becomes_day_with_a_notice(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, tif=""))
            assert (await client.error())[:2] == (1, 10349)
            assert (await client.until("5"))[18] == "DAY"
            await client.close()

    run(scene())


def test_order_ids_count_per_client_and_a_used_one_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port, client_id=5)
            client.send(*place_order(7, AUD_USD, quantity="30000", limit="0.5", order_ref="FX"))
            await told(client, "3", (2, "Submitted"))
            client.send(8, 1, 1)
            assert await client.until("9") == ["9", "1", "8"]
            client.send(*place_order(3))
            assert (await client.error())[:2] == (3, 103)
            other = await RawClient.ready(place.port, client_id=6)
            other.send(8, 1, 1)
            assert await other.until("9") == ["9", "1", "1"]
            await client.close()
            await other.close()

    run(scene())


def test_positions_and_account_follow_a_trade(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(61, 1)
            assert (await client.until("62"))[0] == "62"
            client.send(6, 2, 1, "DU9000001")
            await client.until("54")
            client.send(*place_order(1, order_type="MKT", limit=""))
            position = await client.until("61")
            assert (position[3], position[14]) == ("4036812", "10")
            value = await client.until("6")
            assert value[5] == "DU9000001"
            portfolio = await client.until("7")
            assert (portfolio[2], portfolio[13], portfolio[19]) == ("4036812", "10", "DU9000001")
            client.send(62, 1, 8, "All", "NetLiquidation,$LEDGER:AUD")
            summary = await client.until("63")
            assert summary[2:5] == ["8", "DU9000001", "NetLiquidation"]
            await client.until("64")
            await client.close()

    run(scene())


def test_executions_and_completed_orders_reach_back_to_midnight_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, order_type="MKT", limit="", order_ref="M"))
            await client.until("59")
            for req_id, expected in ((1, "11"), (2, "55")):
                client.send(7, 3, req_id, 0, "", "", "", "", "", "")
                first = await client.receive()
                assert (first[0], first[1 if expected == "11" else 2]) == (expected, str(req_id))
                if expected == "11":
                    await client.until("55")
                    client.send(99, 1)
                    assert (await client.receive())[0] == "101"
                    await client.until("102")
                    place.clock.leap(86_400)
            client.send(99, 1)
            assert (await client.receive())[0] == "102"
            await client.close()

    run(scene())


@pytest.mark.timeout(120)
def test_an_order_answered_before_a_kill_is_there_afterwards(tmp_path: Path) -> None:
    """SIGKILL right after the answer; IB's own client finds order and fill in the next gateway."""
    with (
        gateway_process(tmp_path, "--market", "still") as gateway,
        official_session.connected(gateway.port, 41) as (client, wrapper),
    ):
        asyncio.run(market_open(gateway.port))
        contract = _contract()
        client.placeOrder(1, contract, _limit_order(60.0, "TRADED"))
        wrapper.until(lambda: wrapper.all("commissionReport"), 40)
        client.placeOrder(2, contract, _limit_order(20.0, "RESTING"))
        wrapper.until(lambda: [c for c in wrapper.all("orderStatus") if c[0] == 2])
        gateway.kill()
        traded = wrapper.all("execDetails")
        perm_ids = {call[0]: call[5] for call in wrapper.all("orderStatus")}
    books = read_books(tmp_path)
    assert {order.perm_id for order in books.orders} == set(perm_ids.values())

    with (
        gateway_process(tmp_path, "--market", "still") as gateway,
        official_session.connected(gateway.port, 41) as (client, wrapper),
    ):
        assert wrapper.all("nextValidId") == [(3,)]
        client.reqOpenOrders()
        wrapper.until(lambda: wrapper.all("openOrderEnd"))
        ((order_id, _, order, _),) = wrapper.all("openOrder")
        assert (order_id, order.orderRef, order.permId) == (2, "RESTING", perm_ids[2])
        client.reqExecutions(900, ExecutionFilter())
        wrapper.until(lambda: wrapper.all("execDetailsEnd"))
        assert [call[2].execId for call in wrapper.all("execDetails")] == [
            call[2].execId for call in traded
        ]
        client.cancelOrder(2, "")
        wrapper.until(lambda: [c for c in wrapper.all("orderStatus") if c[1] == "Cancelled"])
    history = read_wire_log(tmp_path / "wire.jsonl")
    assert history.orders_per_ref() == {"TRADED": 1, "RESTING": 1}
    assert {message.run for message in history.messages} == {1, 2}


def _contract() -> Any:
    contract = Contract()
    contract.conId, contract.exchange = 4036812, "SMART"
    return contract


def _limit_order(price: float, order_ref: str) -> Any:
    return official_session.make_order(price, order_ref)
