"""Brackets and groups as both real clients place and read them."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibapi.contract import Contract
from ibapi.order import Order

from simulators.tws.protocol import Reply
from tests.simulators.clients import BHP, insync, official
from tests.simulators.official_session import RecordingWrapper
from tests.simulators.raw_client import RawClient, house, place_order

CON_ID = 4036812


@pytest.mark.parametrize("version", [157, 176])
def test_ib_insync_places_a_bracket_and_follows_it_to_its_end(tmp_path: Path, version: int) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place, insync(place, version=version) as client:
            ask = place.broker.top(CON_ID).ask
            assert ask is not None
            orders = client.ib.bracketOrder(
                "BUY", 10, float(ask), float(ask + 5), float(ask - 5), tif="DAY"
            )
            entry, target, stop = (client.ib.placeOrder(BHP, order) for order in orders)
            await client.until(lambda: entry.isDone() and stop.orderStatus.whyHeld == "trigger")
            assert entry.orderStatus.status == "Filled"
            assert target.orderStatus.status == "Submitted"
            assert target.orderStatus.parentId == stop.order.parentId == entry.order.orderId
            told = place.history().to_client(Reply.OPEN_ORDER)
            groups = {message.fields[1]: message.fields[19] for message in told}
            parent, *children = (str(trade.order.orderId) for trade in (entry, target, stop))
            assert groups[parent] == ""
            assert {groups[child] for child in children} == {str(entry.order.permId)}
            place.broker.exchange.trade_through(CON_ID, ask + 5, Decimal(10**6))
            await client.until(lambda: target.isDone() and stop.isDone())
            assert stop.orderStatus.status == "Cancelled"
            assert client.codes() == [202]
            waited = [
                message
                for message in place.history().to_client(Reply.ORDER_STATUS)
                if message.fields[10] == "child"
            ]
            assert len(waited) == 2

    asyncio.run(scene())


@pytest.mark.parametrize("version", [157, 176])
def test_ibs_own_client_reads_groups_that_are_reduced(tmp_path: Path, version: int) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            bid = place.broker.top(CON_ID).bid
            assert bid is not None

            def script(client: Any, wrapper: RecordingWrapper) -> None:
                first = wrapper.all("nextValidId")[0][0]
                for number in range(2):
                    order = Order()
                    order.action, order.orderType, order.tif = "BUY", "LMT", "DAY"
                    order.totalQuantity, order.lmtPrice = 100, float(bid - 1 - number)
                    order.ocaGroup, order.ocaType = "PAIR", 2
                    order.eTradeOnly = order.firmQuoteOnly = False
                    client.placeOrder(first + number, official_contract(), order)
                wrapper.until(
                    lambda: sum(c[1] == "Submitted" for c in wrapper.all("orderStatus")) == 2
                )
                exchange = place.broker.exchange
                exchange.markets[CON_ID].book.clear_synthetic()
                exchange.trade_through(CON_ID, bid - 1, Decimal(30))
                wrapper.until(
                    lambda: [c for c in wrapper.all("openOrder") if c[2].totalQuantity == 70]
                )

            wrapper = await official(place, script, version)
            reduced = wrapper.all("openOrder")[-1]
            seen = {c[2].orderId: c[2] for c in wrapper.all("openOrder")}
            assert {(o.ocaGroup, o.ocaType) for o in seen.values()} == {("PAIR", 2)}
            assert reduced[3].status in ("Submitted", "PreSubmitted")

    asyncio.run(scene())


def official_contract() -> Contract:
    contract = Contract()
    contract.conId, contract.exchange = CON_ID, "SMART"
    return contract


def test_what_is_not_transmitted_gets_no_frame_and_its_cancel_is_told_twice(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, changes={27: "0"}))
            client.send(16, 1)
            assert await client.receive() == ["53", "1"]
            client.send(4, 1, 1, "")
            assert (await client.error())[:2] == (1, 202)
            order_id, code, text = await client.error()
            assert (order_id, code) == (1, 161) and "Order permId = 11" in text
            client.send(99, 1)
            assert await client.receive() == ["102"]
            await client.close()

    asyncio.run(scene())
