"""A link that does not come about says which step failed, and in time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from adapters.ib.opening import IBLinkOptions, LinkOpening
from adapters.venue import LinkError
from tests.ib.messages import error
from tests.ib.peer import SECONDS, Peer, frame, listening, run
from tests.ib.recorder import Recorder, link_to


def _set(**attributes: object) -> Callable[[Peer], None]:
    def change(peer: Peer) -> None:
        for name, value in attributes.items():
            assert hasattr(peer, name)
            setattr(peer, name, value)

    return change


def _refuse_client_id(peer: Peer) -> None:
    peer.on["71"] = lambda fields: (error(-1, 326, "Unable to connect as the client id …"),)


@pytest.mark.parametrize(
    ("misbehaviour", "cause"),
    [
        (_set(greeting=None), "NO_VERSION"),
        (_set(accounts=None), "NO_ACCOUNTS"),
        (_set(next_id=None), "NO_NEXT_VALID_ID"),
        (_set(close_at_once=True), "NOT_TWS"),
        (_set(instead=b"HTTP/1.1 400 Bad Request\r\n\r\n"), "NOT_TWS"),
        (_set(instead=b"\x00\x00\x00\x04abcd"), "NOT_TWS"),
        (_set(instead=b"\x00\x00\x00\x00"), "NOT_TWS"),
        (_set(instead=b"SSH-2.0-OpenSSH_9.2\r\n"), "NOT_TWS"),
        (_set(greeting=frame(150, "20260909 10:00:00 UTC")), "VERSION"),
        (_set(greeting=frame(200, "20260909 10:00:00 UTC")), "VERSION"),
        (_refuse_client_id, "CLIENT_ID_IN_USE"),
        (_set(accounts="DU2,DU3"), "WRONG_ACCOUNT"),
        (_set(accounts="U1"), "WRONG_MODE"),
        (_set(accounts="F1"), "WRONG_MODE"),
        (_set(accounts="XY1"), "ACCOUNT_OF_NO_KIND"),
    ],
)
def test_a_step_that_fails_is_named(misbehaviour: Callable[[Peer], None], cause: str) -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        misbehaviour(peer)
        async with listening(peer):
            account = "DU1" if cause == "WRONG_ACCOUNT" else None
            link = link_to(peer.port, sink, step_seconds=1.0, account=account, paper=True)
            with pytest.raises(LinkError) as raised:
                await link.open()
            assert raised.value.cause == cause
            assert str(raised.value).endswith(".")
            assert sink.losses == []

    run(body())


def test_several_accounts_and_none_named() -> None:
    async def body() -> None:
        peer = Peer()
        peer.accounts = "DU1,DU2,"
        async with listening(peer):
            with pytest.raises(LinkError, match="IB_ACCOUNT_ID") as raised:
                await link_to(peer.port, Recorder()).open()
            assert raised.value.cause == "WRONG_ACCOUNT"

    run(body())


def test_nobody_listens() -> None:
    async def body() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            with pytest.raises(LinkError) as raised:
                await link_to(free.getsockname()[1], Recorder()).open()
            assert raised.value.cause == "REFUSED"

    run(body())


def test_a_network_that_swallows_the_connection() -> None:
    class Hole(asyncio.SelectorEventLoop):
        async def create_connection(self, *_: object, **__: object) -> object:  # type: ignore[override]
            return await self.create_future()

    async def body() -> None:
        with pytest.raises(LinkError) as raised:
            await link_to(1, Recorder(), step_seconds=0.05).open()
        assert raised.value.cause == "CONNECT_TIMEOUT"

    with asyncio.Runner(loop_factory=Hole) as runner:
        runner.run(body())


def test_the_peer_closes_in_the_middle() -> None:
    async def body() -> None:
        peer = Peer()
        peer.accounts = None

        def close(fields: list[str]) -> tuple[bytes, ...]:
            peer.hang_up()
            return ()

        peer.on["71"] = close
        async with listening(peer):
            with pytest.raises(LinkError) as raised:
                await link_to(peer.port, Recorder()).open()
            assert raised.value.cause == "PEER_CLOSED"

    run(body())


@pytest.mark.parametrize(
    ("greeting", "expected"),
    [
        ("20250415 19:38:30 British Summer Time", "2025-04-15T19:38:30+01:00"),
        ("20260405 23:49:26 Central European Standard Time", "2026-04-05T23:49:26+02:00"),
        ("20261123 23:59:20 Australia/NSW", "2026-11-23T23:59:20+11:00"),
        ("20261123 23:59:20", "2026-11-23T23:59:20+11:00"),  # IB_TIME_ZONE
        ("20261123 23:59:20 Somewhere Else Time", None),
    ],
)
def test_the_gateways_time_is_in_its_own_zone_for_its_lists_end_at_its_midnight(
    greeting: str, expected: str | None
) -> None:
    async def body() -> None:
        peer = Peer()
        peer.greeting = frame(176, greeting)
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            said = (await link.open()).gateway_time
            assert (said and said.isoformat()) == expected
            link.close()

    run(body())


@pytest.mark.parametrize("order", [("9", "15"), ("15", "9")])
def test_the_start_comes_in_any_order_and_a_byte_at_a_time(order: tuple[str, str]) -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.byte_by_byte = True
        parts = {"9": frame(9, 1, 7), "15": frame(15, 1, "DU1")}
        farm = error(-1, 2104, "Market data farm connection is OK:afarm")
        peer.on["71"] = lambda fields: (parts[order[0]], farm, parts[order[1]])
        async with listening(peer):
            link = link_to(peer.port, sink, account="DU1", paper=True)
            opened = await link.open()
            assert (opened.server_version, opened.account) == (176, "DU1")
            assert opened.gateway_time is not None
            assert opened.gateway_time.isoformat() == "2026-09-09T10:00:00+10:00"
            assert [notice.code for notice in sink.notices] == [2104]
            assert (await link.server_time()).timestamp() == 1800000000
            link.close()

    run(body())


def test_a_socket_of_a_failed_start_is_let_go() -> None:
    async def body() -> None:
        peer = Peer()
        peer.accounts = None
        async with listening(peer):
            with pytest.raises(LinkError):
                await link_to(peer.port, Recorder(), step_seconds=0.05).open()
            await asyncio.wait_for(peer.ended.wait(), SECONDS)

    run(body())


@pytest.mark.parametrize(
    ("account", "paper", "fits"),
    [
        ("DU1", True, True),
        ("DUQ200898", True, True),
        ("DF1", True, True),
        ("U1", False, True),
        ("F1", False, True),
        ("I1", False, True),
        ("DUQ200898", False, False),
        ("DF1", False, False),
        ("U1", True, False),
        ("I1", True, False),
    ],
)
def test_the_account_says_of_which_money_it_is(account: str, paper: bool, fits: bool) -> None:
    async def body() -> None:
        peer = Peer()
        peer.accounts = account
        async with listening(peer):
            link = link_to(peer.port, Recorder(), paper=paper)
            if fits:
                assert (await link.open()).account == account
                link.close()
            else:
                with pytest.raises(LinkError) as raised:
                    await link.open()
                assert raised.value.cause == "WRONG_MODE"

    run(body())


def test_a_port_of_the_other_money_refuses_the_account_behind_it() -> None:
    """Held against the account each time: the port alone was checked at the start."""

    async def body() -> None:
        opening = LinkOpening(IBLinkOptions("127.0.0.1", 4001, 17, paper=True))
        opening.accounts_came(("DU1",))
        with pytest.raises(LinkError, match="4001") as raised:
            opening._check_account()
        assert raised.value.cause == "WRONG_MODE"

    run(body())


def test_no_sentence_names_an_account_in_full() -> None:
    """They are shown where no token is asked for."""

    async def body() -> None:
        peer = Peer()
        peer.accounts = "U7654321,U1234567"
        async with listening(peer):
            for account, paper in ((None, None), ("U1111111", None), ("U7654321", True)):
                with pytest.raises(LinkError) as raised:
                    await link_to(peer.port, Recorder(), account=account, paper=paper).open()
                words = str(raised.value)
                assert not any(n in words for n in ("7654321", "1234567", "1111111")), words

    run(body())
