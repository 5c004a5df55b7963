"""However a link ends, it is said once; and an answer that is not whole is never called whole."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from adapters.ib.link import IBLink
from adapters.venue import LinkError
from domain.venue import CommissionReport, ExecutionReport, OrderReport, VenueNotice
from tests.ib.messages import BHP, commission, completed, error, execution, opened
from tests.ib.peer import ACCOUNT, Peer, frame, listening, run
from tests.ib.recorder import Recorder, day_of, limit_order, link_to


@pytest.mark.parametrize(
    ("end", "cause"),
    [
        (lambda peer: peer.hang_up(), "PEER_CLOSED"),
        (lambda peer: peer._writer.transport.abort(), "PEER_CLOSED"),
        (lambda peer: peer._writer.write(b"\xff\xff\xff\xf0 and more"), "FRAME_TOO_LONG"),
    ],
)
def test_a_loss_is_told_once_and_questions_end_with_it(
    end: Callable[[Peer], None], cause: str
) -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.mute = {"49", "9", "20", "61"}
        async with listening(peer):
            link = link_to(peer.port, sink, step_seconds=9)
            await link.open()
            questions = [
                asyncio.ensure_future(link.server_time()),
                asyncio.ensure_future(link.instrument(BHP)),
                asyncio.ensure_future(link.bars(day_of(BHP))),
                asyncio.ensure_future(link.round(1, 9)),
            ]
            await peer.until("61")
            end(peer)
            answers = await asyncio.gather(*questions, return_exceptions=True)
            assert [getattr(answer, "cause", answer) for answer in answers] == [cause] * 4
            await asyncio.wait_for(peer.ended.wait(), 2)
            link.close()
            assert [error.cause for error in sink.losses] == [cause]
            for call in (link.server_time, lambda: link.round(2, 1)):
                with pytest.raises(LinkError):
                    await call()

    run(body())


def test_close_is_orderly_and_nothing_is_told_after_it() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.mute = {"49"}
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            waiting = asyncio.ensure_future(link.server_time())
            await peer.until("49")
            link.close()
            link.close()
            with pytest.raises(LinkError) as raised:
                await waiting
            assert raised.value.cause == "CLOSED"
            await asyncio.wait_for(peer.ended.wait(), 2)
            assert (sink.losses, sink.notices, sink.facts) == ([], [], [])

    run(body())


def test_an_owner_that_closes_while_it_is_told_hears_no_more() -> None:
    class Closing(Recorder):
        link: IBLink

        def order_fact(
            self, fact: OrderReport | ExecutionReport | CommissionReport | VenueNotice
        ) -> None:
            super().order_fact(fact)
            self.link.close()

    async def body() -> None:
        peer, sink = Peer(), Closing()
        async with listening(peer):
            sink.link = link_to(peer.port, sink)
            await sink.link.open()
            await peer.send(execution(1, "K1") + commission() + execution(1, "K2"))
            await asyncio.wait_for(peer.ended.wait(), 2)
            assert len(sink.facts) == 1

    run(body())


def test_a_peer_that_reads_no_more_does_not_hold_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.ib.client.LAST_WORDS_SECONDS", 0.05)

    async def body() -> None:
        async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(4)
            writer.write(frame(176, "x") + frame(15, 1, ACCOUNT) + frame(9, 1, 1))
            await gone.wait()
            writer.transport.abort()
            over.set()

        gone, over = asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=64)
        link = link_to(server.sockets[0].getsockname()[1], Recorder())
        await link.open()
        transport: Any = link._client.conn.transport
        transport.write(b"\0" * (64 << 20))
        assert transport.get_write_buffer_size()
        link.close()
        async with asyncio.timeout(2):
            while link._client.conn.transport is not None:
                await asyncio.sleep(0)
        gone.set()
        await over.wait()
        server.close()
        await server.wait_closed()

    run(body())


def test_an_open_link_outlives_a_careless_owner() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            del link
            gc.collect()
            await peer.send(execution(1, "K1"))
            await sink.until(sink.executions)
            assert not peer.ended.is_set()

    run(body())


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("61", "positions"),
        ("16", "open_orders"),
        ("99", "completed_orders"),
        ("7", "executions"),
        ("6", "account"),
    ],
)
def test_a_list_that_never_ends_is_unended_and_keeps_no_other(kind: str, name: str) -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.mute = {kind}
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            answer = await link.round(3, 1.0)
            assert (answer.number, answer.unended, answer.complete) == (3, (name,), False)
            link.close()

    run(body())


def test_the_late_end_of_an_older_list_does_not_end_the_newer_one() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.mute = {"16"}
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            assert (await link.round(1, 1.0)).unended == ("open_orders",)
            peer.mute = set()
            # Only now does the answer to the first come; the second is answered with its own.
            peer.on["16"] = lambda fields: (frame(53, 1),)
            assert (await link.round(2, 1.0)).unended == ("open_orders",)
            peer.on["16"] = lambda fields: (
                frame(53, 1),
                opened(5, "K1", "Submitted"),
                frame(53, 1),
            )
            third = await link.round(3, 1)
            assert third.complete
            assert [order.client_order_id for order in third.open_orders] == ["K1"]
            link.close()

    run(body())


def test_a_list_that_is_refused_is_unended() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.on["7"] = lambda fields: (error(int(fields[2]), 321, "read-only"),)
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            assert (await link.round(1, 2)).unended == ("executions",)
            link.close()

    run(body())


def test_a_round_gathers_what_its_lists_bring() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        cash = ["12087792", "EUR", "CASH", "", "0", "", "", "", "USD", "EUR.USD", "EUR.USD"]
        share = ["4036812", "BHP", "STK", "", "0", "", "", "ASX", "AUD", "BHP", "BHP"]
        peer.on["61"] = lambda fields: (
            frame(61, 3, ACCOUNT, *share, "10", "44.5"),
            frame(61, 3, ACCOUNT, *cash, "165700", "1.1247"),
            frame(61, 3, "DU2", *share, "99", "44.5"),
            frame(62, 1),
        )
        peer.on["99"] = lambda fields: (
            completed("K2", "Cancelled", "Cancelled by Trader"),
            frame(102),
        )
        peer.on["7"] = lambda fields: (
            commission(),
            execution(1, "K1", request=int(fields[2])),
            frame(55, 1, fields[2]),
        )
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            answer = await link.round(1, 2)
            assert answer.complete
            [position] = answer.positions
            assert (str(position.symbol), position.quantity) == ("BHP/AUD", Decimal(10))
            [done] = answer.completed_orders
            assert (done.client_order_id, done.reason) == ("K2", "Cancelled by Trader")
            assert (done.completed, done.foreign) == (True, False)
            assert [each.execution_id for each in answer.executions] == [
                each.execution_id for each in sink.commissions()
            ]
            [value] = answer.account_values
            assert (value.tag, value.value, value.currency) == ("NetLiquidation", "1000.5", "AUD")
            assert sink.positions == list(answer.positions)
            again = await link.round(2, 2)
            assert again.complete
            assert [fields[2] for fields in peer.received if fields[0] == "6"] == ["1", "0", "1"]
            link.close()

    run(body())


def test_a_question_that_is_given_up_leaves_nothing_waiting() -> None:
    async def body() -> None:
        peer = Peer()
        peer.mute = {"49", "9", "20", "16"}
        async with listening(peer):
            link = link_to(peer.port, Recorder(), step_seconds=9)
            await link.open()
            asks: list[Callable[[], Awaitable[object]]] = [
                link.server_time,
                lambda: link.instrument(BHP),
                lambda: link.bars(day_of(BHP)),
                lambda: link.round(1, 9),
            ]
            for ask in asks:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(ask(), 0.1)
            assert _waiting(link) == 0
            await peer.until("25")
            link.place(limit_order("K1"))
            await peer.until("3")
            link.close()

    run(body())


def _waiting(link: IBLink) -> int:
    return len(link._requests)
