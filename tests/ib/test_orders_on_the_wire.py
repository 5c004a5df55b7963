"""Placing and cancelling, and what the venue says of orders, in every odd order it may say it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal

import pytest

from adapters.ib.errors import NOT_WRITTEN, UNREADABLE
from adapters.venue import LinkError, OrderNotKnown
from domain.orders import OrderError, OrderType, Side
from domain.venue import VenueStatus
from tests.ib.messages import (
    commission,
    error,
    execution,
    opened,
    opened_fields,
    status,
)
from tests.ib.peer import Peer, frame, listening, run
from tests.ib.recorder import Recorder, limit_order, link_to


def test_an_order_leaves_exactly_as_asked() -> None:
    async def body() -> None:
        peer = Peer()
        peer.next_id = 41
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            assert link.place(limit_order("K1", price="0.00005", quantity="25000")) == "41"
            assert link.place(limit_order("K2", price="45.10", quantity="0.5")) == "42"
            first, second = await peer.until("3", 1), await peer.until("3", 2)
            assert first[1] == "41"
            assert first[9:12] == ["SMART", "ASX", "AUD"]
            assert first[16:19] == ["BUY", "25000", "LMT"]
            assert Decimal(first[19]) == Decimal("0.00005")
            assert first[20:22] == ["", "DAY"]
            assert (first[23], first[26], first[27]) == ("DU1", "K1", "1")
            assert (second[17], second[19]) == ("0.5", "45.1")
            assert len(first) == 115
            link.close()

    run(body())


def test_a_number_that_the_wire_cannot_carry_is_refused_before_a_byte_leaves() -> None:
    async def body() -> None:
        peer = Peer()
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            with pytest.raises(OrderError) as raised:
                link.place(limit_order("K1", price="45.1000000000000000001"))
            assert raised.value.code == "NOT_EXACT"
            await link.server_time()
            assert peer.count("3") == 0
            link.close()

    run(body())


def test_no_order_is_placed_twice_over_one_link() -> None:
    async def body() -> None:
        peer = Peer()
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            link.place(limit_order("K1"))
            with pytest.raises(ValueError, match="K1"):
                link.place(limit_order("K1"))
            await link.server_time()
            assert peer.count("3") == 1
            link.close()

    run(body())


def test_ids_are_above_all_that_were_seen_even_when_the_venue_sets_its_counter_back() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.on["16"] = lambda fields: (opened(1514, "K0", "Submitted"), frame(53, 1))
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            await link.round(1, 2)
            assert link.place(limit_order("K1")) == "1515"
            await peer.send(frame(9, 1, 3))
            await link.server_time()
            assert link.place(limit_order("K2")) == "1516"
            link.close()

    run(body())


def test_an_order_of_an_earlier_session_is_cancelled_by_its_client_order_id() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        foreign = opened(78, "K9", "Submitted", permanent_id=124, client_id=97)
        peer.on["16"] = lambda fields: (opened(77, "K0", "Submitted"), foreign, frame(53, 1))
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            with pytest.raises(OrderNotKnown):
                link.cancel("K0", "123")
            answer = await link.round(1, 2)
            assert [(o.client_order_id, o.foreign) for o in answer.open_orders] == [
                ("K0", False),
                ("K9", True),
            ]
            link.cancel("K0", "123")
            assert (await peer.until("4"))[2] == "77"
            with pytest.raises(OrderNotKnown):
                link.cancel("K9", "124")
            link.close()

    run(body())


def test_a_status_is_matched_by_its_permanent_id_before_its_session_id() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            await peer.send(
                opened(5, "K1", "Submitted"),
                status(5, "Submitted"),
                status(5, "Filled", permanent_id=999, client_id=2),
                status(6, "Cancelled", permanent_id=123),
            )
            await sink.until(lambda: len(sink.orders()) == 4)
            named = [(o.client_order_id, o.venue_order_id, o.foreign) for o in sink.orders()]
            assert named == [
                ("K1", "123", False),
                ("K1", "123", False),
                (None, "999", True),
                ("K1", "123", False),
            ]
            link.close()

    run(body())


def test_orders_of_others_are_foreign() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            await peer.send(
                opened(0, "", "Submitted", permanent_id=7, client_id=0),
                opened(4, "by another", "Submitted", permanent_id=8, client_id=97),
                opened(5, "", "Submitted", permanent_id=9),
            )
            await sink.until(lambda: len(sink.orders()) == 3)
            assert [o.foreign for o in sink.orders()] == [True, True, True]
            assert [o.client_id for o in sink.orders()][:2] == [0, 97]
            assert [o.client_order_id for o in sink.orders()] == [None, "by another", None]
            # Of our own client, whatever its reference begins with: the book knows its ids.
            await peer.send(opened(6, "named-over-the-hook", "Submitted", permanent_id=10))
            await sink.until(lambda: len(sink.orders()) == 4)
            assert not sink.orders()[-1].foreign
            link.close()

    run(body())


@pytest.mark.parametrize("code", [103, 110, 161, 201, 202, 399, 404, 10147, 10148, 10349, 77777])
def test_an_error_on_a_live_order_changes_no_order(code: int) -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            link.place(limit_order("K1"))
            await peer.until("3")
            await peer.send(opened(1, "K1", "Submitted"), status(1, "Submitted"), error(1, code))
            await sink.until(sink.order_notices)
            assert {order.status for order in sink.orders()} == {VenueStatus.WORKING}
            [notice] = sink.order_notices()
            assert (notice.code, notice.client_order_id) == (code, "K1")
            link.close()

    run(body())


def test_a_commission_before_its_execution_a_correction_and_a_rebate() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            await peer.send(
                commission(),
                execution(1, "K1"),
                execution(1, "K1", "0000e0d5.67fe667b.01.02", "90"),
                commission("0000e0d5.67fe667b.01.02", "-0.12", "3.5"),
                commission("x.01", "-1"),
                commission("x.01", "1.7976931348623157E308"),
                commission("x.01", ""),
            )
            await link.server_time()
            first, second = sink.commissions()
            assert (first.commission, first.realised_pnl) == (Decimal("6.6"), None)
            assert (second.commission, second.realised_pnl) == (Decimal("-0.12"), Decimal("3.5"))
            one, two = sink.executions()
            assert one.execution_key == two.execution_key == first.execution_key
            assert (one.revision, one.quantity) == (1, Decimal(100))
            assert (two.revision, two.quantity) == (2, Decimal(90))
            assert (one.side, one.client_order_id, one.liquidity) == (Side.BUY, "K1", "removed")
            link.close()

    run(body())


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("20260909 10:00:00 Australia/NSW", "2026-09-09T00:00:00+00:00"),
        ("20260909  10:00:00", "2026-09-09T00:00:00+00:00"),
        ("20260909-10:00:00", "2026-09-09T10:00:00+00:00"),
        ("20261109 10:00:00 US/Eastern", "2026-11-09T15:00:00+00:00"),
        ("20260709 10:00:00 British Summer Time", "2026-07-09T09:00:00+00:00"),
    ],
)
def test_the_time_of_an_execution_is_in_utc(written: str, utc: str) -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            await peer.send(execution(1, "K1", when=written))
            await sink.until(sink.executions)
            assert sink.executions()[0].time.isoformat() == utc
            link.close()

    run(body())


def test_an_execution_in_a_zone_that_nobody_knows_is_still_an_execution() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            await peer.send(execution(1, "K1", when="20260909 10:00:00 Mars/Olympus"))
            await sink.until(sink.executions)
            assert [notice.code for notice in sink.notices] == [UNREADABLE]
            link.close()

    run(body())


def test_what_cannot_be_read_is_told_and_spoils_its_list() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        short = frame(*opened_fields(5, "K1", "Submitted")[:-1])
        strange = opened(6, "K2", "Sleeping")
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            for broken in (short, strange):

                def answer(fields: list[str], broken: bytes = broken) -> Iterable[bytes]:
                    return (broken, opened(7, "K3", "Submitted"), frame(53, 1))

                peer.on["16"] = answer
                told = len(sink.notices)
                result = await link.round(1, 2)
                assert result.unended == ("open_orders",)
                assert [order.client_order_id for order in result.open_orders] == ["K3"]
                assert [notice.code for notice in sink.notices[told:]] == [UNREADABLE]
            del peer.on["16"]
            assert (await link.round(2, 2)).complete
            link.close()

    run(body())


def test_orders_above_the_budget_wait_and_are_told_when_the_link_ends_before_their_turn() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            references = [f"K{number}" for number in range(60)]
            for reference in references:
                link.place(limit_order(reference))
            link.cancel("K59", None)
            assert [n.client_order_id for n in sink.order_notices()] == ["K59"]
            written = 41  # 43 may stand in the window, and two messages opened the link
            await peer.until("3", written)
            peer.hang_up()
            await sink.until(lambda: sink.losses)
            told = [notice.client_order_id for notice in sink.order_notices()]
            assert {notice.code for notice in sink.order_notices()} == {NOT_WRITTEN}
            seen = [fields[26] for fields in peer.received if fields[0] == "3"]
            assert sorted(seen + [name for name in told if name]) == sorted(references)
            assert peer.count("4") == 0

    run(body())


def test_orders_without_end_are_refused_with_no_byte_sent() -> None:
    async def body() -> None:
        peer = Peer()
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            with pytest.raises(LinkError) as raised:
                for number in range(200):
                    link.place(limit_order(f"K{number}"))
            assert raised.value.cause == "BUDGET"
            link.close()

    run(body())


def test_an_order_overtakes_the_data_requests_that_wait() -> None:
    async def body() -> None:
        peer = Peer()
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            for _ in range(200):
                link.subscribe(limit_order("K").symbol)
            link.place(limit_order("K1"))
            await peer.until("3")
            link.cancel("K1", None)
            await peer.until("4")
            kinds = [fields[0] for fields in peer.received]
            assert kinds.index("3") < 45 and kinds.index("4") - kinds.index("3") < 45
            link.close()

    run(body())


def test_a_market_order_carries_no_price_and_a_stop_its_own() -> None:
    async def body() -> None:
        peer = Peer()
        async with listening(peer):
            link = link_to(peer.port, Recorder())
            await link.open()
            plain = limit_order("K1")
            for name, kind, limit, stop in (
                ("K1", OrderType.MARKET, None, None),
                ("K2", OrderType.STOP, None, Decimal("44.9")),
                ("K3", OrderType.STOP_LIMIT, Decimal("44.8"), Decimal("44.9")),
            ):
                link.place(
                    type(plain)(name, plain.symbol, Side.SELL, Decimal(1), kind, limit, stop)
                )
            await peer.until("3", 3)
            sent = [fields[16:21] for fields in peer.received if fields[0] == "3"]
            assert sent == [
                ["SELL", "1", "MKT", "", ""],
                ["SELL", "1", "STP", "", "44.9"],
                ["SELL", "1", "STP LMT", "44.8", "44.9"],
            ]
            link.close()

    run(body())


def test_placing_on_a_link_that_is_gone_says_so_before_a_byte_leaves() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        async with listening(peer):
            link = link_to(peer.port, sink)
            with pytest.raises(LinkError, match="not been opened"):
                link.place(limit_order("K0"))
            await link.open()
            link.place(limit_order("K2"))
            await peer.until("3")
            peer.hang_up()
            await sink.until(lambda: sink.losses)
            with pytest.raises(LinkError):
                link.place(limit_order("K1"))
            with pytest.raises(LinkError):
                link.cancel("K2", None)
            await asyncio.wait_for(peer.ended.wait(), 2)
            assert (peer.count("3"), peer.count("4")) == (1, 0)

    run(body())


def test_an_open_order_of_a_list_comes_once_and_with_what_is_filled() -> None:
    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.on["16"] = lambda fields: (
            opened(78, "theirs", "Submitted", permanent_id=124, client_id=97),
            status(78, "Submitted", filled=4, permanent_id=124, client_id=97),
            status(79, "Filled", filled=100, permanent_id=125, client_id=97),
            frame(53, 1),
        )
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            [order] = (await link.round(1, 2)).open_orders
            assert (order.venue_order_id, order.client_id) == ("124", 97)
            assert (order.filled, order.remaining) == (Decimal(4), Decimal(96))
            link.close()

    run(body())


def test_an_open_order_of_a_list_says_what_it_waits_for() -> None:
    """A child that sleeps protects nothing."""

    async def body() -> None:
        peer, sink = Peer(), Recorder()
        peer.on["16"] = lambda fields: (
            opened(78, "K1-S", "PreSubmitted", permanent_id=124),
            status(78, "PreSubmitted", permanent_id=124, why_held="child"),
            frame(53, 1),
        )
        async with listening(peer):
            link = link_to(peer.port, sink)
            await link.open()
            [order] = (await link.round(1, 2)).open_orders
            assert order.why_held == "child"
            link.close()

    run(body())
