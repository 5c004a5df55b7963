"""What scenarios do with orders, executions and markets: on the wire, and in the broker's books."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.books import read_books
from simulators.habits import Habits
from simulators.scenarios.rules import UNSCRIPTED
from tests.simulators.raw_client import BHP, RawClient, house, place_order
from tests.simulators.scenes import RESTS, TRADES, filled, mark, numbers, only_order, playing, rest

WORKING = 'on = "orderStatus"\nmatch = { status = "Submitted" }'


def said(messages: list[list[str]]) -> list[str]:
    """The statuses of orderStatus, the codes of errors, the numbers of the rest."""
    return [f[2] if f[0] == "3" else f[3] if f[0] == "4" else f[0] for f in messages]


def test_an_order_fills_by_half_then_whole_at_its_price_or_another(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            stage = place.gateway.played
            client = await RawClient.ready(place.port)
            await rest(client, quantity="9")
            assert stage.do("fill", {"fraction": 0.5, "order_ref": "R"}) == 1
            came = await mark(client)
            assert (came[0][0], came[0][19], came[0][20]) == ("11", "5", RESTS)
            assert stage.do("fill", {"order_ref": "other"}) == 0
            assert stage.do("fill", {"symbol": "BHP/AUD", "side": "BUY", "price": "29.5"}) == 1
            assert (await client.until("11"))[19:21] == ["4", "29.5"]
            assert only_order(place).status == "Filled"
            assert stage.do("fill", {}) == 0
            assert [e.quantity for e in read_books(tmp_path).executions] == [5, 4]
            await client.close()

    asyncio.run(scene())


def test_an_order_fills_while_its_cancel_is_on_its_way(tmp_path: Path) -> None:
    async def scene() -> None:
        slow = 'on = "cancelOrder"\ndo = "delay"\nwith = { seconds = 60 }'
        pending = 'on = "cancelOrder"\ndo = "send_status"\nwith = { status = "PendingCancel" }'
        fill = 'on = "cancelOrder"\nafter_seconds = 30\ndo = "fill"\nwith = { fraction = 0.6 }'
        async with playing(tmp_path, slow, pending, fill) as place:
            client = await RawClient.ready(place.port)
            await rest(client)
            client.send(4, 1, 1, "")
            assert said(await mark(client)) == ["PendingCancel"]
            place.clock.leap(30)
            assert (await client.until("11"))[19] == "6"
            place.clock.leap(30)
            while (await client.until("3"))[2] != "Cancelled":
                pass
            assert filled(place) == 6 and only_order(place).status == "Cancelled"
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("rule", "expected", "status"),
    [
        ('do = "cancel_order"', ["Cancelled", "202"], "Cancelled"),
        (
            'do = "cancel_order"\nwith = { by_hand = true }',
            ["PendingCancel", "Cancelled", "202"],
            "Cancelled",
        ),
        ('do = "reject_order"\nwith = { reason = "No" }', ["201", "5", "Inactive"], "Inactive"),
        (
            'do = "send_status"\nwith = { status = "Inactive", why_held = "locate" }',
            ["Inactive"],
            "Submitted",
        ),
        ('do = "order_error"\nwith = { code = 404 }', ["404"], "Submitted"),
        ('do = "send_error"\nwith = { code = 10349 }', ["10349"], "Submitted"),
    ],
)
def test_what_is_said_of_an_order_and_what_is_in_the_books(
    rule: str, expected: list[str], status: str, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with playing(tmp_path, f"{WORKING}\nafter_seconds = 30\n{rule}") as place:
            client = await RawClient.ready(place.port)
            await rest(client)
            await mark(client)
            place.clock.leap(30)
            assert said(await mark(client)) == expected
            assert only_order(place).status == status
            if "locate" in rule:
                last = [m for m in place.history().messages if m.fields[0] == "3"][-1]
                assert last.fields[10] == "locate"
            await client.close()

    asyncio.run(scene())


def test_an_execution_is_corrected_then_busted_and_its_commission_restated(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            stage = place.gateway.played
            client = await RawClient.ready(place.port)
            with pytest.raises(ValueError, match="no order that fits has an execution"):
                stage.do("bust_execution", {})
            client.send(*place_order(1, BHP, limit=TRADES))
            first = (await client.until("11"))[14]
            await client.until("59")
            second = stage.do("correct_execution", {"fraction": 0.9})
            assert (second[:-2], second[-2:]) == (first[:-2], "02")
            told = await client.until("11")
            assert told[14] == second and told[19] == "9"
            stage.do("report_commission", {"amount": "9.99"})
            while (await client.until("59"))[3] != "9.99":
                pass
            assert stage.do("bust_execution", {"order_ref": "R"}).endswith(".03")
            assert (await client.until("11"))[19] == "0"
            assert place.broker.positions()[0].quantity == 0
            await client.close()

    asyncio.run(scene())


def test_orders_of_others_are_listed_without_a_reference(tmp_path: Path) -> None:
    async def scene() -> None:
        terms = 'symbol = "BHP/AUD", side = "BUY", quantity = 3, limit_price = 30'
        rule = f'on = "start"\ndo = "manual_order"\nwith = {{ {terms} }}'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(16, 1)
            listed = [f for f in await mark(client) if f[0] == "5"]
            assert [(f[1], f[14], f[23]) for f in listed] == [("0", "3", "")]
            await client.close()

    asyncio.run(scene())


def test_order_ids_are_issued_anew_and_executions_forgotten(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            stage = place.gateway.played
            client = await RawClient.ready(place.port)
            await rest(client, 1, order_ref="OLD")
            stage.do("fill", {})
            stage.do("reissue_order_ids", {})
            client.send(8, 1, 1)
            assert await client.until("9") == ["9", "1", "1"]
            await rest(client, 1, order_ref="NEW")
            assert [o.request.order_ref for o in place.broker.orders()] == ["OLD", "NEW"]
            stage.do("forget_executions", {})
            client.send(7, 3, 9, 0, "", "", "", "", "", "")
            assert numbers(await mark(client)) == ["55"]
            await client.close()

    asyncio.run(scene())


def test_markets_move_trade_and_change_their_phase(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            do = place.gateway.played.do
            con_id = int(BHP[0])
            client = await RawClient.ready(place.port)
            await rest(client, quantity="10")
            do("move_price", {"symbol": "BHP/AUD", "price": 29})
            assert (await client.until("11"))[19] == "10"
            do("trade", {"symbol": "BHP/AUD", "price": 29, "quantity": 7})
            assert place.broker.top(con_id).last == 29
            do("phase", {"symbol": "BHP/AUD", "phase": "CLOSED"})
            assert place.broker.top(con_id).bid is None
            client.send(*place_order(2, BHP, order_type="MKT", limit="", order_ref="HELD"))
            assert "399" in said(await mark(client))
            do("phase", {"symbol": "BHP/AUD", "phase": "OPEN"})
            assert (await client.until("11"))[26] == "HELD"
            with pytest.raises(ValueError, match="symbol = 'X/AUD': it is not listed here"):
                do("move_price", {"symbol": "X/AUD", "price": 1})
            await client.close()

    asyncio.run(scene())


def test_a_halt_holds_orders_until_it_is_lifted(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            stage, client = place.gateway.played, await RawClient.ready(place.port)
            halt = stage.do("halt", {"symbol": "BHP/AUD"})
            client.send(*place_order(1, BHP, limit=TRADES))
            assert "11" not in numbers(await mark(client))
            stage.end(halt)
            assert (await client.until("11"))[19] == "10"
            await client.close()

    asyncio.run(scene())


def test_orders_good_till_cancelled_are_purged(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            stage, client = place.gateway.played, await RawClient.ready(place.port)
            await rest(client, 1, tif="GTC")
            await rest(client, 2, tif="DAY")
            stage.do("purge_orders", {"symbol": "CBA/AUD"})
            assert await mark(client) == []
            stage.do("purge_orders", {})
            assert said(await mark(client)) == ["Cancelled", "202"]
            assert [o.is_open for o in place.broker.orders()] == [False, True]
            await client.close()

    asyncio.run(scene())


def test_a_short_sale_is_held_until_its_shares_are_found(tmp_path: Path) -> None:
    async def scene() -> None:
        habits = Habits.from_table({"short_sale": "locate", "account_type": "margin"})
        async with house(tmp_path, scenario=UNSCRIPTED, habits=habits) as place:
            stage, client = place.gateway.played, await RawClient.ready(place.port)
            client.send(*place_order(1, BHP, action="SELL", limit=RESTS))
            assert "404" in said(await mark(client))
            assert stage.do("locate", {}) == 1
            assert (await client.until("11"))[18] == "SLD"
            await client.close()

    asyncio.run(scene())


def test_habits_are_changed_and_given_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            stage, client = place.gateway.played, await RawClient.ready(place.port)
            changed: dict[str, Any] = {"habits": {"read_only": True}, "data": {"lines": 0}}
            name = stage.do("change_habits", changed)
            client.send(*place_order(1, BHP, limit=RESTS))
            client.send("1", "11", 9, *BHP, "0", "", "0", "0", "")
            assert said(await mark(client)) == ["321", "101"]
            stage.end(name)
            await rest(client, 1)
            assert place.gateway.data_habits.lines == 100
            await client.close()

    asyncio.run(scene())


def test_a_rule_that_finds_nothing_to_act_on_says_so_and_the_gateway_lives(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        rule = 'on = "reqCurrentTime"\ndo = "bust_execution"'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(49, 1)
            assert numbers(await mark(client)) == ["49"]
            (note,) = [n for n in place.history().scenario() if "failed" in n.facts]
            assert "no order that fits" in note.facts["failed"]
            with pytest.raises(ValueError, match="no order that fits"):
                place.gateway.played.fire("rule 1")
            with pytest.raises(ValueError, match="it is not listed here"):
                place.gateway.played.do("halt", {"symbol": "X/AUD"}, 60)
            assert place.gateway.played.at_work() == []
            await client.close()

    asyncio.run(scene())


def test_cash_and_holdings_follow_a_fill(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            client = await RawClient.ready(place.port)
            await rest(client)
            place.gateway.played.do("fill", {})
            (held,) = place.broker.positions()
            assert held.quantity == 10
            assert place.broker.cash()["AUD"] < Decimal(1_000_000) - 300
            await client.close()

    asyncio.run(scene())
