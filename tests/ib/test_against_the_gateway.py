"""The whole adapter against the simulated gateway, in another process, over a real socket."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from adapters.ib.link import IBLink
from adapters.venue import LinkError, UnknownInstrument
from domain.orders import OrderRequest, OrderType, Side, Tif
from domain.quotes import DataType
from domain.symbols import Symbol
from domain.venue import ExecutionReport, VenueStatus
from tests.ib.messages import BHP
from tests.ib.peer import run
from tests.ib.recorder import Recorder, day_of, link_to, most_in_a_second, written_by

AUDUSD = Symbol.parse("AUD/USD")


def _order(
    reference: str,
    kind: OrderType,
    limit: str | None = None,
    symbol: Symbol = BHP,
    quantity: int = 100,
) -> OrderRequest:
    price = None if limit is None else Decimal(limit)
    return OrderRequest(
        reference, symbol, Side.BUY, Decimal(quantity), kind, limit_price=price, tif=Tif.GTC
    )


def test_it_opens_beats_and_quotes(gateway_port: int) -> None:
    async def body() -> None:
        sink = Recorder()
        link = link_to(gateway_port, sink, client_id=11, paper=True)
        opened = await link.open()
        assert opened.server_version == 176
        assert opened.account.startswith("DU")
        assert opened.gateway_time is not None
        beat = await link.server_time()
        assert abs((beat - opened.gateway_time).total_seconds()) < 5
        for symbol in (BHP, AUDUSD):
            await link.instrument(symbol)
            link.subscribe(symbol)
        await sink.until(
            lambda: {q.symbol for q in sink.quotes if q.bid and q.ask} == {BHP, AUDUSD}
        )
        newest = next(quote for quote in reversed(sink.quotes) if quote.symbol == BHP)
        assert newest.two_sided
        assert newest.data_type is DataType.LIVE
        assert newest.close
        link.unsubscribe(BHP)
        link.close()

    run(body())


def test_an_instrument_its_price_steps_and_its_hours(gateway_port: int) -> None:
    async def body() -> None:
        link = link_to(gateway_port, Recorder(), client_id=12)
        await link.open()
        share = await link.instrument(BHP)
        assert (share.kind, share.exchange, share.lot) == ("STK", "ASX", Decimal(1))
        assert [str(step.increment) for step in share.price_steps] == ["0.001", "0.005", "0.01"]
        assert share.sessions == tuple(sorted(share.sessions, key=lambda each: each.opens))
        assert len(share.sessions) > 1
        pair = await link.instrument(AUDUSD)
        assert (pair.kind, pair.exchange) == ("CASH", "IDEALPRO")
        for wrong in ("BPH/AUD", "USD/AUD"):
            with pytest.raises(UnknownInstrument) as raised:
                await link.instrument(Symbol.parse(wrong))
            assert raised.value.code == "UNKNOWN_SYMBOL"
        link.close()

    run(body())


def test_bars_of_a_share_and_of_a_pair(gateway_port: int) -> None:
    async def body() -> None:
        link = link_to(gateway_port, Recorder(), client_id=13)
        await link.open()
        for symbol, has_volume in ((BHP, True), (AUDUSD, False)):
            await link.instrument(symbol)
            series = await link.bars(day_of(symbol))
            assert series.key.bar_seconds == 300
            starts = [bar[0] for bar in series.bars]
            assert starts == sorted(starts)
            assert all(bar[3] <= bar[1] <= bar[2] for bar in series.bars)
            assert {bar[5] is not None for bar in series.bars} == {has_volume}
        link.close()

    run(body())


def test_a_fill_its_commission_and_what_the_lists_say_of_them(gateway_port: int) -> None:
    async def body() -> None:
        sink = Recorder()
        link = link_to(gateway_port, sink, client_id=14)
        await link.open()
        await link.instrument(AUDUSD)
        link.place(_order("K14-1", OrderType.MARKET, symbol=AUDUSD, quantity=30000))
        await sink.until(sink.commissions)
        filled = sum(report.quantity for report in sink.executions())
        assert filled == 30000
        assert sink.commissions()[0].execution_id in {e.execution_id for e in sink.executions()}
        assert sink.orders()[-1].status is VenueStatus.FILLED
        answer = await link.round(1, 5)
        assert answer.complete
        ours = [e for e in answer.executions if e.client_order_id == "K14-1"]
        live = {e.execution_key: e for e in sink.executions()}
        assert {e.execution_key for e in ours} == set(live)
        assert all(isinstance(e, ExecutionReport) and live[e.execution_key] == e for e in ours)
        [done] = [o for o in answer.completed_orders if o.client_order_id == "K14-1"]
        assert (done.status, done.filled, done.foreign) == (VenueStatus.FILLED, filled, False)
        assert all(position.symbol != AUDUSD for position in answer.positions)
        assert any(v.tag == "CashBalance" and v.currency == "AUD" for v in answer.account_values)
        assert (await link.round(2, 5)).complete
        link.close()

    run(body())


def test_an_order_outlives_its_link_and_is_cancelled_over_the_next(gateway_port: int) -> None:
    async def body() -> None:
        sink = Recorder()
        link = link_to(gateway_port, sink, client_id=15)
        await link.open()
        await link.instrument(BHP)
        link.place(_order("K15-1", OrderType.LIMIT, "20"))
        await sink.until(lambda: any(o.status is VenueStatus.WORKING for o in sink.orders()))
        permanent = sink.orders()[-1].venue_order_id
        link.close()
        sink = Recorder()
        link = await _open_again(gateway_port, sink, 15)
        answer = await link.round(1, 5)
        [order] = [o for o in answer.open_orders if o.client_order_id == "K15-1"]
        assert order.venue_order_id == permanent
        assert order.terms is not None
        assert (order.terms.symbol, order.terms.limit_price) == (BHP, Decimal(20))
        assert not order.foreign
        link.cancel("K15-1", permanent)
        await sink.until(lambda: any(o.status is VenueStatus.CANCELLED for o in sink.orders()))
        link.close()

    run(body())


async def _open_again(port: int, sink: Recorder, client_id: int) -> IBLink:
    """The gateway lets the id go when it has read the goodbye; that may take a turn."""
    for _ in range(50):
        try:
            link = link_to(port, sink, client_id=client_id)
            await link.open()
            return link
        except LinkError as error:
            assert error.cause == "CLIENT_ID_IN_USE"
    raise AssertionError("the client id was never let go")


def test_a_price_between_steps_is_refused_by_the_venue(gateway_port: int) -> None:
    async def body() -> None:
        sink = Recorder()
        link = link_to(gateway_port, sink, client_id=16)
        await link.open()
        await link.instrument(BHP)
        link.place(_order("K16-1", OrderType.LIMIT, "20.003"))
        await sink.until(sink.order_notices)
        assert [(n.code, n.client_order_id) for n in sink.order_notices()] == [(110, "K16-1")]
        link.close()

    run(body())


def test_a_second_link_with_the_same_id_is_told_so(gateway_port: int) -> None:
    async def body() -> None:
        first = link_to(gateway_port, Recorder(), client_id=17)
        await first.open()
        with pytest.raises(LinkError) as raised:
            await link_to(gateway_port, Recorder(), client_id=17).open()
        assert raised.value.cause == "CLIENT_ID_IN_USE"
        await first.server_time()
        first.close()

    run(body())


def test_a_burst_stays_below_what_the_venue_takes(gateway_port: int) -> None:
    async def body() -> None:
        sink = Recorder()
        link = link_to(gateway_port, sink, client_id=18, step_seconds=5)
        await link.open()
        written = written_by(link)
        wanted = [f"K18-{number}" for number in range(40)]
        await asyncio.gather(*(link.instrument(BHP) for _ in range(30)))
        for reference in wanted:
            link.place(_order(reference, OrderType.LIMIT, "20"))
        await sink.until(
            lambda: {o.client_order_id for o in sink.orders()} | _refused(sink) >= set(wanted),
            seconds=8,
        )
        assert len(written) >= 70 and most_in_a_second(written) <= 45
        link.close()

    run(body())


def _refused(sink: Recorder) -> set[str | None]:
    return {notice.client_order_id for notice in sink.order_notices()}
