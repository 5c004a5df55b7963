"""What scenarios do with the message in hand, seen from the client's side of the wire."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.simulators.raw_client import BHP, RawClient, place_order
from tests.simulators.scenes import (
    RESTS,
    TRADES,
    mark,
    numbers,
    only_order,
    playing,
    rest,
    until,
)

TIME = ("49", "1")


def test_a_reply_is_dropped_as_often_as_it_is_said_and_noted_before(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = 'on = "currentTime"\nnth = 2\ntimes = 2\ndo = "drop"'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            heard = []
            for _ in range(5):
                client.send(*TIME)
                heard.append(numbers(await mark(client)))
            assert heard == [["49"], [], [], ["49"], ["49"]]
            notes = place.history().scenario("rule 1", do="drop")
            assert [note.client_id for note in notes] == [5, 5]
            assert place.history().counts(incoming=False)[49] == 3
            await client.close()

    asyncio.run(scene())


def test_a_dropped_request_was_never_acted_on(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = 'on = "placeOrder"\nmatch = { symbol = "BHP/AUD", order_ref = "LOST" }\ndo = "drop"'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, BHP, limit=RESTS, order_ref="LOST-1"))
            assert await mark(client) == []
            await rest(client, 2, order_ref="KEPT-1")
            assert only_order(place).request.order_ref == "KEPT-1"
            assert len(place.history().placements("LOST-1")) == 1  # it did go over the wire
            await client.close()

    asyncio.run(scene())


def test_a_delay_goes_by_the_gateways_clock(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = 'on = "currentTime"\ndo = "delay"\nwith = { seconds = 5000 }'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(*TIME)
            assert await mark(client) == []
            place.clock.leap(4990)
            assert await mark(client) == []
            place.clock.leap(10)
            assert (await client.until("49"))[0] == "49"
            await client.close()

    asyncio.run(scene())


def test_a_delayed_request_is_acted_on_though_its_socket_is_gone(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = 'on = "placeOrder"\ndo = "delay"\nwith = { seconds = 60 }'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, BHP, limit=RESTS))
            await mark(client)
            await client.close()
            await until(lambda: not place.gateway.clients, "the client has gone")
            assert not place.broker.orders()
            place.clock.leap(60)
            await until(place.broker.orders, "the order is taken")

    asyncio.run(scene())


def test_what_is_held_goes_on_when_the_rule_ends(tmp_path: Path) -> None:
    async def scene() -> None:
        hold = 'name = "held"\non = "currentTime"\ntimes = "always"\ndo = "hold"'
        ends = 'on = "reqGlobalCancel"\ndo = "end"\nwith = { rule = "held" }'
        async with playing(tmp_path, hold, ends) as place:
            client = await RawClient.ready(place.port)
            for _ in range(3):
                client.send(*TIME)
            assert await mark(client) == []
            assert place.gateway.played.at_work() == ["held"]
            client.send(58, 1)
            assert numbers(await mark(client)) == ["49"] * 3
            client.send(*TIME)
            assert numbers(await mark(client)) == ["49"]  # it is over for good
            await client.close()

    asyncio.run(scene())


def test_fields_are_set_by_their_names(tmp_path: Path) -> None:
    async def scene() -> None:
        sets = 'on = "nextValidId"\nnth = 2\ndo = "set"\nwith = { change = { next_id = 77 } }'
        status = (
            'on = "openOrder"\nmatch = { status = "Submitted" }\ndo = "set"\n'
            'with = { change = { status = "Inactive", order_ref = "OTHER" } }'
        )
        async with playing(tmp_path, sets, status) as place:
            client = await RawClient.ready(place.port)
            client.send(8, 1, 1)
            assert await client.until("9") == ["9", "1", "77"]
            client.send(*place_order(78, BHP, limit=RESTS))
            first, second = await client.until("5"), await client.until("5")
            assert (first[94], first[23]) == ("PreSubmitted", "R")
            assert (second[94], second[23]) == ("Inactive", "OTHER")
            await client.close()

    asyncio.run(scene())


def test_copies_follow_each_other_with_fields_changed(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = (
            'on = "currentTime"\ndo = "repeat"\n'
            "with = { copies = 2, seconds = 10, change = { time = 5 } }"
        )
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(*TIME)
            (first,) = await mark(client)
            assert first[2] != "5"
            for _ in range(2):
                place.clock.leap(10)
                assert await client.until("49") == ["49", "1", "5"]
            await client.close()

    asyncio.run(scene())


def test_a_copy_can_wait_for_the_clients_next_session(tmp_path: Path) -> None:
    async def scene() -> None:
        again = 'on = "currentTime"\ndo = "repeat"\nwith = { next_session = true }'
        lose = 'on = "currentTime"\ndo = "drop"'
        async with playing(tmp_path, again, lose) as place:
            client = await RawClient.ready(place.port)
            client.send(*TIME)
            assert await mark(client) == []
            await client.close()
            other = await RawClient.ready(place.port, client_id=6)
            assert await mark(other) == []
            client = await RawClient.ready(place.port)
            assert (await client.until("49"))[0] == "49"
            await client.close()
            await other.close()

    asyncio.run(scene())


def test_replies_about_an_order_come_in_the_order_of_a_scenario(tmp_path: Path) -> None:
    async def scene() -> None:
        order = '["commissionReport", "execDetails", "orderStatus"]'
        rule = (
            f'on = "placeOrder"\ndo = "reorder"\nwith = {{ order = {order}, within_seconds = 9 }}'
        )
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, BHP, limit=TRADES))
            assert await mark(client) == []
            place.clock.leap(9)
            came = numbers([await client.receive() for _ in range(8)])
            assert came[0] == "59" and came[1] == "11"
            assert sorted(came[2:]) == came[2:] and set(came[2:]) == {"3", "5"}
            await client.close()

    asyncio.run(scene())


def test_the_second_of_a_name_has_a_place_of_its_own(tmp_path: Path) -> None:
    async def scene() -> None:
        order = '["orderStatus 2", "openOrder", "orderStatus"]'
        given = f"order = {order}, within_seconds = 9"
        rule = f'on = "placeOrder"\ndo = "reorder"\nwith = {{ {given} }}'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(*place_order(1, BHP, limit=RESTS))
            assert await mark(client) == []
            place.clock.leap(9)
            came = [await client.receive() for _ in range(4)]
            assert numbers(came) == ["3", "5", "5", "3"]
            assert (came[0][2], came[3][2]) == ("Submitted", "PreSubmitted")
            await client.close()

    asyncio.run(scene())


def test_a_rule_acts_during_another_and_in_its_window_only(tmp_path: Path) -> None:
    async def scene() -> None:
        window = 'name = "w"\non = "reqGlobalCancel"\ndo = "busy_client_id"\nfor_seconds = 50'
        during = 'on = "currentTime"\nduring = "w"\ntimes = "always"\ndo = "drop"'
        own = 'on = "managedAccounts"\nnth = 2\nfor_seconds = 50\ndo = "drop"'
        async with playing(tmp_path, window, during, own) as place:
            client = await RawClient.ready(place.port)
            asked = (TIME, (17, 1))

            async def heard() -> list[str]:
                for request in asked:
                    client.send(*request)
                return numbers(await mark(client))

            client.send(*TIME)
            assert numbers(await mark(client)) == ["49"]
            client.send(58, 1)
            assert await heard() == []
            assert await heard() == []
            place.clock.leap(51)
            assert await heard() == ["49", "15"]
            client.send(58, 1)  # the window does not begin anew: once is enough
            assert await heard() == ["49", "15"]
            await client.close()

    asyncio.run(scene())


def test_the_client_id_the_session_and_fields_are_matched(tmp_path: Path) -> None:
    async def scene() -> None:
        mine = 'on = "currentTime"\nmatch = { client_id = 5 }\ntimes = "always"\ndo = "drop"'
        second = 'on = "managedAccounts"\nmatch = { session = 2 }\ntimes = "always"\ndo = "drop"'
        field = 'on = "nextValidId"\nmatch = { next_id = "9.0" }\ndo = "drop"'
        async with playing(tmp_path, mine, second, field) as place:
            client, other = await RawClient.ready(place.port), await RawClient.ready(place.port, 6)
            for one, expected in ((client, ["15"]), (other, ["49"])):
                one.send(*TIME)
                one.send(17, 1)
                assert numbers(await mark(one)) == expected
            await rest(client, 8)
            client.send(8, 1, 1)
            client.send(*TIME)
            client.send(17, 1)
            assert (await client.receive())[0] == "15"
            await client.close()
            await other.close()

    asyncio.run(scene())


def test_a_rule_can_be_taken_in_and_forgotten_while_the_gateway_runs(tmp_path: Path) -> None:
    async def scene() -> None:
        async with playing(tmp_path) as place:
            stage = place.gateway.played
            client = await RawClient.ready(place.port)
            row = {"name": "mute", "on": "currentTime", "do": "drop", "times": "always"}
            assert stage.play(row) == "mute"
            with pytest.raises(ValueError, match="there is a rule 'mute' already"):
                stage.play(row)
            with pytest.raises(ValueError, match="there is no rule 'gone'"):
                stage.play({**row, "name": "another", "during": "gone"})
            client.send(*TIME)
            client.send(*TIME)
            assert await mark(client) == []
            assert stage.forget("mute") == 2, "it acted so often"
            assert stage.forget("mute") == 0, "it is not there any more"
            client.send(*TIME)
            assert numbers(await mark(client)) == ["49"]
            await client.close()

    asyncio.run(scene())


def test_what_a_forgotten_rule_held_goes_on_its_way(tmp_path: Path) -> None:
    async def scene() -> None:
        async with playing(tmp_path) as place:
            stage = place.gateway.played
            client = await RawClient.ready(place.port)
            stage.play({"name": "held", "on": "currentTime", "do": "hold", "times": "always"})
            client.send(*TIME)
            assert await mark(client) == []
            assert stage.forget("held") == 1
            assert numbers(await mark(client)) == ["49"]
            await client.close()

    asyncio.run(scene())
