"""What scenarios do with sockets, sessions and connectivity, seen from the client's side."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from simulators.scenarios.rules import UNSCRIPTED
from simulators.tws.frames import pack
from tests.simulators.raw_client import ANSWER_SECONDS, BHP, RawClient, house, place_order
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
CBA = ("0", "CBA", "STK", "", "0.0", "", "", "SMART", "", "AUD", "", "")


async def refused(port: int) -> bool:
    """Nobody listens there."""
    try:
        client = await RawClient.open(port)
    except ConnectionRefusedError:
        return True
    await client.close()
    return False


async def listens(port: int) -> None:
    """Wait until somebody listens there."""
    async with asyncio.timeout(ANSWER_SECONDS):
        while await refused(port):
            pass


async def errors(client: RawClient) -> list[int]:
    """The codes of what comes up to the next mark."""
    return [int(fields[3]) for fields in await mark(client) if fields[0] == "4"]


def test_a_socket_is_closed_before_or_after_a_request_is_acted_on(tmp_path: Path) -> None:
    async def scene() -> None:
        before = 'on = "placeOrder"\nmatch = { order_ref = "B" }\ndo = "close"'
        dropped = 'on = "placeOrder"\nmatch = { order_ref = "B" }\ndo = "drop"'
        after = 'on = "after placeOrder"\nmatch = { order_ref = "A" }\ndo = "close"'
        async with playing(tmp_path, before, dropped, after) as place:
            for order_id, order_ref in ((1, "B"), (2, "A")):
                client = await RawClient.ready(place.port)
                client.send(*place_order(order_id, BHP, limit=RESTS, order_ref=order_ref))
                await client.writer.drain()
                assert await client.is_closed()
                await client.close()
            assert only_order(place).request.order_ref == "A"
            unsent = [note for note in place.history().notes if note.event == "unsent"]
            assert len(unsent) == 1  # what the second order was answered never left
            assert [s.closed is not None for s in place.history().sockets(5)] == [True, True]
            assert place.history().peak_open_sockets() == 1

    asyncio.run(scene())


def test_a_reset_is_no_end(tmp_path: Path) -> None:
    async def scene() -> None:
        async with playing(
            tmp_path, 'on = "currentTime"\ndo = "close"\nwith = { reset = true }'
        ) as place:
            client = await RawClient.ready(place.port)
            client.send(*TIME)
            with pytest.raises(ConnectionResetError):
                await client.receive()
            await client.close()

    asyncio.run(scene())


def test_a_black_hole_takes_everything_and_answers_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            client = await RawClient.ready(place.port)
            hole = place.gateway.played.do("black_hole", {})
            client.send(*TIME)
            client.send(*place_order(1, BHP, limit=RESTS))
            await until(lambda: place.history().placements("R"), "it went over the wire")
            assert not place.broker.orders()
            place.gateway.played.do("send_error", {"code": 2103})
            place.gateway.played.end(hole)
            assert numbers(await mark(client)) == []
            assert place.gateway.clients.keys() == {5}
            await client.close()

    asyncio.run(scene())


def test_every_connection_of_a_window_is_a_black_hole(tmp_path: Path) -> None:
    async def scene() -> None:
        async with playing(
            tmp_path, 'on = "connect"\nfor_seconds = 60\ndo = "black_hole"'
        ) as place:
            dead = [await RawClient.open(place.port) for _ in range(2)]
            for client in dead:
                client.greet("v100..176")
            await until(lambda: len(place.history().scenario()) == 2, "both were accepted")
            place.clock.leap(61)
            alive = await RawClient.ready(place.port)
            assert not any(client.reader.at_eof() for client in dead)
            assert place.history().connects() == 1
            for client in (*dead, alive):
                await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize("step", ["version", "managedAccounts", "nextValidId"])
def test_the_handshake_hangs_at_each_step(step: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with playing(tmp_path, f'on = "{step}"\ndo = "drop"') as place:
            client = await RawClient.open(place.port)
            client.greet("v100..176")
            if step == "version":
                await until(lambda: place.history().scenario(do="drop"), "the version is lost")
                await client.close()
                return
            await client.receive()
            client.send(71, 2, 5, "")
            came = [await client.receive() for _ in range(4)]
            missing = {"managedAccounts": "15", "nextValidId": "9"}[step]
            assert missing not in numbers(came) and len({*numbers(came)}) == 2
            await client.close()

    asyncio.run(scene())


def test_bytes_come_one_by_one_and_mean_the_same(tmp_path: Path) -> None:
    async def scene() -> None:
        async with playing(tmp_path, 'on = "connect"\ndo = "slice"') as place:
            client = await RawClient.open(place.port)
            client.greet("v100..176")
            chunks: list[bytes] = []
            async with asyncio.timeout(ANSWER_SECONDS):
                while sum(map(len, chunks)) < 4 + len(
                    "176\x0020261122 00:00:00 Australia/Sydney\x00"
                ):
                    chunks.append(await client.reader.read(65536))
            assert max(map(len, chunks)) <= 4 and len(chunks) >= 8
            client.send(71, 2, 5, "")
            await client.until("4", fourth="2158")
            client.send(*TIME)
            assert numbers(await mark(client)) == ["49"]
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        ("huge_length", b"\xff\xff\xff\xff"),
        ("cut_short", pack(["3", "17"])),
        ("unknown_message", pack(["9999"])[4:8]),
    ],
)
def test_garbage_comes_as_it_is(kind: str, begins: bytes, tmp_path: Path) -> None:
    async def scene() -> None:
        rule = f'on = "reqCurrentTime"\ndo = "garbage"\nwith = {{ kind = "{kind}" }}'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(*TIME)
            async with asyncio.timeout(ANSWER_SECONDS):
                assert begins in await client.reader.readexactly(len(begins) + 4)
            await client.close()

    asyncio.run(scene())


async def turned_away(port: int, client_id: int) -> None:
    client = await RawClient.open(port)
    client.greet("v100..176")
    await client.receive()
    client.send(71, 2, client_id, "")
    assert (await client.receive())[:4] == ["4", "2", "-1", "326"]
    assert await client.is_closed()
    await client.close()


def test_the_client_id_stays_busy_after_its_socket_has_gone(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = 'on = "disconnect"\ndo = "busy_client_id"\nfor_seconds = 90'
        async with playing(tmp_path, rule) as place:
            await (await RawClient.ready(place.port)).close()
            await until(place.gateway.played.at_work, "it has gone")
            for _ in range(2):
                await turned_away(place.port, 5)
                place.clock.leap(40)
            other = await RawClient.ready(place.port, client_id=6)
            place.clock.leap(20)
            await until(lambda: not place.gateway.played.at_work(), "the id is free")
            client = await RawClient.ready(place.port)
            history = place.history()
            assert [s.client_id for s in history.sockets()] == [5, 5, 5, 6, 5]
            assert history.peak_open_sockets(5) == 1
            await client.close()
            await other.close()

    asyncio.run(scene())


def test_connections_are_refused_and_those_there_are_stay(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = 'on = "reqGlobalCancel"\ndo = "refuse_connections"\nfor_seconds = 93600'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(58, 1)
            await mark(client)
            assert await refused(place.port)
            client.send(*TIME)
            assert numbers(await mark(client)) == ["49"]
            place.clock.leap(93000)
            await mark(client)
            assert await refused(place.port)
            place.clock.leap(600)
            await listens(place.port)
            other = await RawClient.ready(place.port, client_id=6)
            await client.close()
            await other.close()

    asyncio.run(scene())


def test_a_gateway_that_refuses_can_be_stopped(tmp_path: Path) -> None:
    async def scene() -> None:
        async with playing(tmp_path, 'on = "start"\ndo = "refuse_connections"') as place:
            assert await refused(place.port)
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", place.port))  # the port is kept meanwhile

    asyncio.run(scene())


def test_a_nightly_restart_closes_everything_and_may_forget(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = (
            'on = "reqGlobalCancel"\ndo = "nightly_restart"\nfor_seconds = 120\n'
            'with = { ids = "rolled_back", executions = "gone" }'
        )
        async with playing(tmp_path, rule) as place:
            clients = [await RawClient.ready(place.port, number) for number in (5, 6)]
            clients[0].send(*place_order(7, BHP, limit=TRADES))
            await clients[0].until("59")
            clients[1].send(58, 1)
            for client in clients:
                assert await client.is_closed()
                await client.close()
            assert await refused(place.port)
            place.clock.leap(120)
            await listens(place.port)
            client = await RawClient.open(place.port)
            client.greet("v100..176")
            await client.receive()
            client.send(71, 2, 5, "")
            assert await client.until("9") == ["9", "1", "1"]
            client.send(7, 3, 1, 0, "", "", "", "", "", "")
            client.send(99, 0)
            came = numbers(await mark(client))
            assert "55" in came and "102" in came and not {"11", "101"} & {*came}
            await rest(client, 1)  # the id is taken as new
            assert len(place.broker.orders()) == 2
            await client.close()

    asyncio.run(scene())


def test_connectivity_is_lost_with_fills_inside_and_restored(tmp_path: Path) -> None:
    async def scene() -> None:
        working = 'on = "orderStatus"\nmatch = { status = "Submitted" }'
        lost = (
            f'name = "lost"\n{working}\ndo = "connectivity_lost"\nfor_seconds = 12\n'
            "with = { repeat_seconds = 5, restored = 1102 }"
        )
        fill = f'{working}\nafter_seconds = 4\ndo = "fill"'
        async with playing(tmp_path, lost, fill) as place:
            client = await RawClient.ready(place.port)
            client.send("1", "11", 900, *BHP, "0", "", "0", "0", "")
            await client.until("45")
            client.send(*place_order(1, BHP, limit=RESTS))
            assert await client.until("4") == ["4", "2", "-1", "1100", *_LOST]
            place.clock.leap(4)
            assert (await client.until("11"))[2] == "1"
            place.clock.leap(1)
            assert await client.until("4") == ["4", "2", "-1", "1100", *_LOST]
            late = await RawClient.open(place.port)  # whoever comes now hears that it is broken
            late.greet("v100..176")
            await late.receive()
            late.send(71, 2, 6, "")
            await late.until("4", fourth="2110")
            place.gateway.played.do("move_price", {"symbol": "BHP/AUD", "price": 50})
            assert [f for f in await _ticks(client) if f[2] == "900"] == []
            place.clock.leap(7)
            while (code := (await client.until("4"))[3]) == "1100":
                pass
            assert code == "1102"
            place.gateway.played.do("move_price", {"symbol": "BHP/AUD", "price": 52})
            await client.until("1")
            await client.close()
            await late.close()

    asyncio.run(scene())


_LOST = ["Connectivity between IBKR and Trader Workstation has been lost.", ""]


async def _ticks(client: RawClient) -> list[list[str]]:
    client.send(8, 1, 1)
    came = []
    while (fields := await client.receive())[0] != "9":
        came.append(fields)
    return [fields for fields in came if fields[0] in ("1", "2", "45", "46")]


def test_what_lasts_is_not_begun_twice(tmp_path: Path) -> None:
    async def scene() -> None:
        given = "with = { repeat_seconds = 0 }"
        rule = f'on = "reqCurrentTime"\ntimes = "always"\ndo = "connectivity_lost"\n{given}'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            heard = []
            for _ in range(3):
                client.send(*TIME)
                heard += await errors(client)
            assert heard == [1100]
            place.gateway.played.end("rule 1")
            client.send(*TIME)
            assert await errors(client) == [1102, 1100]
            await client.close()

    asyncio.run(scene())


def test_after_data_lost_nobody_is_subscribed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            stage = place.gateway.played
            client = await RawClient.ready(place.port)
            client.send("1", "11", 900, *BHP, "0", "", "0", "0", "")
            await client.until("45")
            outage = stage.do("connectivity_lost", {"restored": 1101})
            stage.end(outage)
            assert (await client.until("4", fourth="1101"))[2] == "-1"
            client.send(2, 2, 900)
            assert await client.error() == (900, 300, "Can't find EId with tickerId:900")
            await client.close()

    asyncio.run(scene())


def test_one_instrument_is_silent_and_its_requests_are_accepted(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = 'on = "reqMktData"\ndo = "mute"\nfor_seconds = 240'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            for req_id, contract in ((1, BHP), (2, BHP), (3, CBA)):
                client.send("1", "11", req_id, *contract, "0", "", "0", "0", "")
            assert {fields[2] for fields in await _ticks(client)} == {"3"}
            place.clock.leap(240)
            await until(lambda: not place.gateway.played.at_work(), "it is over")
            place.gateway.played.do("move_price", {"symbol": "BHP/AUD", "price": 50})
            assert {(await client.until("1"))[2] for _ in range(4)} >= {"1"}
            await client.close()

    asyncio.run(scene())


def test_one_request_is_silent_until_it_is_made_anew(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = 'on = "reqMktData"\ndo = "mute"\nwith = { only_this_request = true }'
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            for req_id in (1, 2):
                client.send("1", "11", req_id, *BHP, "0", "", "0", "0", "")
            assert {fields[2] for fields in await _ticks(client)} == {"2"}
            await client.close()

    asyncio.run(scene())


def test_bars_are_silenced_like_ticks(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path, scenario=UNSCRIPTED) as place:
            stage, client = place.gateway.played, await RawClient.ready(place.port)
            for req_id, contract in ((9, BHP), (10, CBA)):
                client.send(50, 3, req_id, *contract, 5, "TRADES", 0, "")
            await mark(client)

            async def bars() -> list[str]:
                """Whose bars the next beat brings, those of CBA last."""
                place.clock.leap(10)
                whose = [(await client.until("50"))[2]]
                while whose[-1] != "10":
                    whose.append((await client.until("50"))[2])
                return sorted({*whose})

            assert await bars() == ["10", "9"]
            silence = stage.do("mute", {"symbol": "BHP/AUD"})
            assert await bars() == ["10"]
            stage.end(silence)
            assert await bars() == ["10", "9"]
            await client.close()

    asyncio.run(scene())


def test_errors_are_about_the_event_or_about_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        about = 'on = "reqContractDetails"\ndo = "send_error"\nwith = { code = 300 }'
        nothing = 'on = "placeOrder"\ndo = "send_error"\nwith = { code = 2103, about = "nothing" }'
        own = 'on = "end of rule 2"\ndo = "send_error"\nwith = { code = 201, text = "No" }'
        async with playing(tmp_path, about, nothing, own) as place:
            client, other = await RawClient.ready(place.port), await RawClient.ready(place.port, 6)
            client.send(9, 8, 17, *BHP[:10], "", "", "0", "", "")
            assert await client.error() == (17, 300, "Can't find EId with tickerId:17")
            client.send(*place_order(1, BHP, limit=RESTS))
            assert (await client.until("4"))[2:4] == ["-1", "2103"]
            assert await client.error() == (1, 201, "No")
            assert await errors(other) == []
            place.gateway.played.do("send_error", {"code": 2110})
            assert (await client.until("4", fourth="2110"))[2] == "-1"
            assert await errors(other) == [2110]
            await client.close()
            await other.close()

    asyncio.run(scene())


def test_a_rule_acts_again_and_again_for_its_time(tmp_path: Path) -> None:
    async def scene() -> None:
        rule = (
            'on = "reqGlobalCancel"\ndo = "send_error"\nwith = { code = 2119 }\n'
            "every_seconds = 10\nfor_seconds = 25"
        )
        async with playing(tmp_path, rule) as place:
            client = await RawClient.ready(place.port)
            client.send(58, 1)
            heard = await errors(client)
            for _ in range(5):
                place.clock.leap(10)
                heard += await errors(client)
            assert heard == [2119] * 3
            await client.close()

    asyncio.run(scene())
