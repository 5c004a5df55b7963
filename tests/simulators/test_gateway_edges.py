"""Bad neighbours of the gateway: they lose their own socket and nobody else's."""

from __future__ import annotations

import asyncio
import socket
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.tws import session
from simulators.tws.frames import frame, pack
from simulators.tws.protocol import Request
from tests.simulators.raw_client import ANSWER_SECONDS, BHP, RawClient, house, place_order


def test_it_is_silent_between_version_and_start_api(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.open(place.port)
            client.greet("v100..176")
            version, when = await client.receive()
            assert version == "176" and when.endswith("Australia/Sydney")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.4):  # three beats of the gateway
                    await client.reader.readexactly(1)
            client.send(71, 2, 5, "")
            assert await client.receive() == ["15", "1", "DU9000001"]
            assert await client.receive() == ["9", "1", "1"]
            await client.close()

    asyncio.run(scene())


def test_bytes_one_by_one_and_many_messages_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.open(place.port)
            for byte in b"API\0" + frame(b"v157..176"):
                client.write(bytes([byte]))
                await client.writer.drain()
            await client.receive()
            for byte in pack(["71", "2", "5", ""]):
                client.write(bytes([byte]))
                await client.writer.drain()
            await client.until("4", fourth="2158")
            client.write(pack(["49", "1"]) + pack(["61", "1"]) + pack(["5", "1"])[:-1])
            assert (await client.receive())[0] == "49"
            assert (await client.receive())[0] == "62"
            client.write(b"\0")
            assert (await client.receive())[0] == "53"
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"API\0\xff\xff\xff\xffrest",
        b"API\0\x00\x00\x00\x00",
        b"API\0" + frame(b"nonsense"),
        b"API\0" + frame(b"v100..151"),
        b"API\0" + frame(b"v157..176") + pack(["61", "1"]),
        b"API\0" + frame(b"v157..176") + pack(["71", "2", "x", ""]),
    ],
)
def test_garbage_closes_that_socket_alone(garbage: bytes, tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            good = await RawClient.ready(place.port)
            bad = await RawClient.open(place.port)
            bad.write(garbage)
            assert await bad.is_closed()
            good.send(49, 1)
            assert (await good.until("49"))[0] == "49"
            await good.close()
            await bad.close()

    asyncio.run(scene())


def test_an_oversized_frame_after_the_handshake_closes_the_socket(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.write(b"\x01\x00\x00\x00")
            assert await client.is_closed()
            assert place.gateway.clients == {}
            await client.close()

    asyncio.run(scene())


def test_a_client_id_in_use_is_refused_with_326_then_closed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            first = await RawClient.ready(place.port, client_id=5)
            second = await RawClient.open(place.port)
            second.greet("v100..176")
            await second.receive()
            second.send(71, 2, 5, "")
            assert (await second.receive())[:4] == ["4", "2", "-1", "326"]
            assert await second.is_closed()
            history = place.history()
            assert history.connects(5) == 1
            assert history.peak_open_sockets(5) == 2  # the one that was turned away, too
            await second.close()
            await first.close()

    asyncio.run(scene())


def test_a_half_closed_socket_frees_its_id_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            first = await RawClient.ready(place.port, client_id=5)
            first.writer.write_eof()
            assert await first.is_closed()
            second = await RawClient.ready(place.port, client_id=5)
            assert place.history().connects(5) == 2
            await first.close()
            await second.close()

    asyncio.run(scene())


def test_an_order_that_came_before_a_reset_is_acted_on_though_a_write_fails_first(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = socket.create_connection(("127.0.0.1", place.port))
            client.sendall(b"API\0" + frame(b"v100..176") + pack(["71", "2", "5", ""]))
            async with asyncio.timeout(ANSWER_SECONDS):
                while 5 not in place.gateway.clients:
                    await asyncio.sleep(0)
                served = place.gateway.clients[5]
                # Until the next await the gateway reads nothing, as one that just thaws.
                client.sendall(pack(place_order(1, order_ref="LAST")))
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
                served.send_error(-1, 2104, "Market data farm connection is OK:hfarm")
                served.flush()
                while not served.is_over:
                    await asyncio.sleep(0)
            assert place.history().orders_per_ref() == {"LAST": 1}

    asyncio.run(scene())


def test_a_client_that_does_not_read_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MAX_UNREAD_BYTES", 1 << 16)

    async def scene() -> None:
        async with house(tmp_path, message_limit=None) as place:
            deaf = socket.socket()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", place.port))
            deaf.sendall(b"API\0" + frame(b"v100..176") + pack(["71", "2", "5", ""]))
            async with asyncio.timeout(ANSWER_SECONDS):
                while 5 not in place.gateway.clients:
                    await asyncio.sleep(0)
                ask = pack(["9", "8", "1", *BHP, "0", "", "", ""]) * 50
                deaf.setblocking(False)
                loop = asyncio.get_running_loop()
                while 5 in place.gateway.clients:
                    try:
                        await asyncio.wait_for(loop.sock_sendall(deaf, ask), 1)
                    except (ConnectionError, TimeoutError):
                        continue
            assert "unread" in place.lines[-1]
            deaf.close()

    asyncio.run(scene())


def test_a_flood_of_messages_is_answered_with_100_then_with_the_door(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            for breach in (1, 2, 3):
                place.clock.leap(1.5)
                client.write(pack(["49", "1"]) * 60)
                error = await client.until("4", fourth="100")
                assert error[4] == (
                    f"Max rate of messages per second has been exceeded:max=50 rec=51 ({breach})"
                )
            assert await client.is_closed()
            assert place.history().peak_rate(5) >= 51
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize("request_kind", [r for r in Request if r is not Request.START_API])
def test_no_request_is_met_with_silence_or_a_crash(request_kind: Request, tmp_path: Path) -> None:
    """A request with nothing in it: an error or an answer comes, and the session lives."""
    silent_in_tws = {
        Request.SERVER_LOG_LEVEL,
        Request.NEWS_BULLETINS,
        Request.CANCEL_NEWS_BULLETINS,
        Request.CANCEL_POSITIONS,
        Request.CANCEL_HEAD_TIMESTAMP,
        Request.CANCEL_POSITIONS_MULTI,
        Request.GLOBAL_CANCEL,
    }

    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(request_kind.value)
            if request_kind not in silent_in_tws:
                assert await client.receive()
            client.send(49, 1)
            await client.until("49")
            await client.close()

    asyncio.run(scene())


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*(r.value for r in Request if r is not Request.START_API), 0, 777]),
            st.lists(
                st.one_of(
                    st.sampled_from(["", "1", "0", "4036812", "BHP", "STK", "-1", "1e9999", "LMT"]),
                    st.text(max_size=5),
                ),
                max_size=30,
            ),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_nonsense_in_fields_never_brings_the_gateway_down(
    tmp_path: Path, messages: list[tuple[int, list[str]]]
) -> None:
    async def scene() -> None:
        async with house(tmp_path / "books", message_limit=None) as place:
            client = await RawClient.ready(place.port)
            for message_id, fields in messages:
                client.send(message_id, *fields)
            client.send(49, 1)
            await client.until("49")
            await client.close()

    asyncio.run(scene())


#: What a field of an otherwise sound request may hold without bringing anything down.
NASTY = st.one_of(
    st.sampled_from(["", "-1", "1e9999", "1E-300", "9" * 25, "NaN", "Infinity", "2147483648"]),
    st.sampled_from(["99991231 23:59:59 US/Pacific", "20260909 10:00:00 America", "\\", "\u2028"]),
    st.text(max_size=12),
)
SOUND = [
    place_order(1),
    ["1", "11", "5", *BHP, "0", "", "0", "0", ""],
    ["9", "8", "5", *BHP, "0", "", "", ""],
    ["20", "5", *BHP, "0", "20260909-02:00:00", "5 mins", "3600 S", "0", "TRADES", "2", "0", ""],
    ["7", "3", "5", "0", "", "20260909-02:00:00", "", "", "", ""],
    ["76", "1", "5", "DU9000001", "", "0"],
    ["62", "1", "5", "All", "NetLiquidation"],
    ["4", "1", "1", ""],
]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.sampled_from(SOUND), st.integers(1, 114), NASTY), min_size=1, max_size=40)
)
def test_one_nasty_field_in_a_sound_request_is_answered(
    tmp_path: Path, changes: list[tuple[list[str], int, str]]
) -> None:
    async def scene() -> None:
        async with house(tmp_path / "books", message_limit=None) as place:
            client = await RawClient.ready(place.port)
            for sound, position, nasty in changes:
                fields = list(sound)
                fields[1 + position % (len(fields) - 1)] = nasty
                client.send(*fields)
            client.send(49, 1)
            await client.until("49")
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize("order_id", ["2147483648", "-2147483649", "9223372036854775809", "1.5"])
def test_an_order_id_that_is_no_java_int_is_unreadable(order_id: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            fields = place_order(1)
            fields[1] = order_id
            client.send(*fields)
            refusal = await client.until("4")
            assert refusal[3] == "320" and "32 bits" in refusal[4]
            assert place.broker.orders() == []
            await client.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("asked", "req_id", "code"),
    [
        (["52", "2", "9", *BHP[:3], "SMART", "", "AUD", "", "ReportSnapshot", "0", ""], 9, 430),
        (["25", "1", "9"], 9, 366),
        (["15", "1", "1"], -1, 327),
        (["18", "1", "1"], -1, 321),
        (["777", "9"], 9, 320),
    ],
)
def test_what_is_not_served_gets_the_code_of_tws(
    asked: list[str], req_id: int, code: int, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with house(tmp_path) as place:
            client = await RawClient.ready(place.port)
            client.send(*asked)
            refusal = await client.until("4")
            assert (int(refusal[2]), int(refusal[3])) == (req_id, code)
            await client.close()

    asyncio.run(scene())
