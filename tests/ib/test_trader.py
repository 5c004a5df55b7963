"""The scripted session: everything that a venue offers, asked of the simulated gateway in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.ib.opening import IBLinkOptions
from adapters.ib.trader import IBTrader
from adapters.trader import AnswerIncomplete, BaseTrader, PlacesNothing
from adapters.venue import (
    HistoryError,
    LinkError,
    MarketDataError,
    OrderNotKnown,
    UnknownInstrument,
)
from domain.bars import TimeframeError
from domain.orders import OrderRequest, OrderType, Side, Tif
from domain.quotes import DataType
from domain.symbols import Symbol
from domain.terms import Terms
from domain.venue import ExecutionReport, OrderFact, OrderReport, VenueStatus
from runtime.clocks import SystemClock
from simulators.books import read_books
from simulators.tws.wire_history import read_wire_log
from tests.ib.peer import ACCOUNT, Peer, listening, run
from tests.simulators.gateway_process import GatewayProcess, gateway_process

BHP, AUDUSD = Symbol.parse("BHP/AUD"), Symbol.parse("AUD/USD")
SECONDS = 10.0


def trader_to(port: int, *, places_orders: bool = False, client_id: int = 5) -> IBTrader:
    options = IBLinkOptions("127.0.0.1", port, client_id, step_seconds=5.0)
    loop = asyncio.get_running_loop()
    return IBTrader(loop, SystemClock(), options, places_orders=places_orders)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GatewayProcess, Path]]:
    """A gateway whose market stands still, and the folder of its books."""
    folder = tmp_path_factory.mktemp("gateway")
    with gateway_process(folder, "--market", "still") as process:
        yield process, folder


def limit(reference: str, price: str, quantity: str = "20") -> OrderRequest:
    return OrderRequest(
        reference,
        BHP,
        Side.BUY,
        Decimal(quantity),
        OrderType.LIMIT,
        limit_price=Decimal(price),
        tif=Tif.GTC,
    )


def of(reference: str, status: VenueStatus) -> Callable[[OrderFact], bool]:
    """Passes what says that this order has this status."""

    def passes(fact: OrderFact) -> bool:
        return (
            isinstance(fact, OrderReport)
            and fact.client_order_id == reference
            and fact.status is status
        )

    return passes


def test_the_scripted_session(gateway: tuple[GatewayProcess, Path]) -> None:
    process, folder = gateway

    async def body() -> None:
        trader = trader_to(process.port, places_orders=True)
        opened = await trader.connect()
        assert opened.account.startswith("DU")

        account = await trader.account()
        assert await trader.equity() == account.net_liquidation
        assert account.cash_in_base == account.total_cash
        assert not account.rates_stale

        for symbol in (BHP, AUDUSD):
            quote = await trader.quote(symbol)
            assert quote.two_sided
            assert quote.data_type is DataType.LIVE
            assert quote.spread_percent is not None and quote.spread_percent > 0
            assert quote.book_imbalance is not None
        book = await trader.depth(BHP, rows=3)
        assert 1 <= len(book.bids) <= 3
        assert book.bids[0].price < book.asks[0].price
        assert list(book.bids) == sorted(book.bids, key=lambda level: -level.price)
        assert list(book.asks) == sorted(book.asks, key=lambda level: level.price)
        hours = await trader.hours(BHP)
        assert all(session.opens < session.closes for session in hours)

        bars = await trader.bars(BHP, "7m", 12)
        assert len(bars) == 12
        starts = [bar[0] for bar in bars]
        assert [b - a for a, b in pairwise(starts)] == [300.0] * 11
        days = await trader.bars(AUDUSD, "1d", 5)
        assert len(days) == 5
        assert all(bar[5] is None for bar in days)  # pairs have no volume

        await _orders(trader)
        trader.close()

    run(body())
    books = read_books(folder)
    by_reference = {order.request.order_ref: order for order in books.orders}
    resting, bought = by_reference["T-1"], by_reference["T-2"]
    assert (resting.status, resting.request.limit_price) == ("Cancelled", Decimal("30.5"))
    assert (bought.status, bought.filled) == ("Filled", Decimal(20))
    assert max(read_wire_log(folder / "wire.jsonl").orders_per_ref().values()) <= 2


async def _orders(trader: IBTrader) -> None:
    quote = await trader.quote(BHP)
    assert quote.bid is not None and quote.ask is not None
    request = limit("T-1", "30")
    await trader.place(request)
    await trader.fact(of("T-1", VenueStatus.WORKING), SECONDS)
    [working] = await trader.open_orders()
    assert (working.client_order_id, working.foreign) == ("T-1", False)
    await trader.modify(request, Terms(Decimal(20), Decimal("30.5")))

    def changed(fact: OrderFact) -> bool:
        terms = fact.terms if isinstance(fact, OrderReport) else None
        return terms is not None and terms.limit_price == Decimal("30.5")

    await trader.fact(changed, SECONDS)
    await trader.cancel("T-1")
    await trader.fact(of("T-1", VenueStatus.CANCELLED), SECONDS)
    assert await trader.open_orders() == ()

    await trader.place(limit("T-2", str(Decimal(repr(quote.ask)) + 1)))
    await trader.fact(lambda fact: isinstance(fact, ExecutionReport), SECONDS)
    await trader.fact(of("T-2", VenueStatus.FILLED), SECONDS)
    trades = await trader.trades()
    assert sum(trade.execution.quantity for trade in trades) == 20
    assert {trade.commission_currency for trade in trades} == {"AUD"}
    assert sum(trade.commission or 0 for trade in trades) == Decimal("6.60")
    assert {trade.liquidity for trade in trades} <= {"added", "removed", "routed"}
    later = max(trade.execution.time for trade in trades)
    assert await trader.trades(later) == tuple(t for t in trades if t.execution.time == later)
    [held] = await trader.positions()
    assert (held.symbol, held.quantity) == (BHP, Decimal(20))


def test_it_says_what_it_cannot_do(gateway: tuple[GatewayProcess, Path]) -> None:
    process, _ = gateway

    async def body() -> None:
        trader: BaseTrader = trader_to(process.port, client_id=6)
        await trader.connect()
        with pytest.raises(PlacesNothing):
            await trader.place(limit("T-9", "30"))
        with pytest.raises(PlacesNothing):
            await trader.cancel("T-9")
        with pytest.raises(UnknownInstrument):
            await trader.quote(Symbol.parse("BPH/AUD"))
        with pytest.raises(TimeframeError):
            await trader.bars(BHP, "soon")
        trader.close()
        with pytest.raises(LinkError):
            await trader.positions()

        trading = trader_to(process.port, places_orders=True, client_id=7)
        await trading.connect()
        with pytest.raises(OrderNotKnown):
            await trading.cancel("T-none")
        trading.close()

    run(body())
    assert all(order.request.order_ref != "T-9" for order in read_books(gateway[1]).orders)


def test_a_list_that_does_not_end_is_no_empty_list() -> None:
    async def body() -> None:
        peer = Peer()
        peer.mute = {"61"}
        async with listening(peer):
            trader = trader_to(peer.port)
            trader.list_seconds = 0.2
            await trader.connect()
            with pytest.raises(AnswerIncomplete, match="positions"):
                await trader.positions()
            assert await trader.open_orders() == ()
            trader.close()

    run(body())


def test_an_account_that_does_not_say_its_worth_is_not_worth_nothing() -> None:
    async def body() -> None:
        peer = Peer()
        peer.mute = {"6"}
        async with listening(peer):
            trader = trader_to(peer.port)
            trader.list_seconds = 0.2
            await trader.connect()
            with pytest.raises(AnswerIncomplete, match="account"):
                await trader.equity()
            trader.close()

    run(body())


def test_silence_is_no_quote_and_no_bars() -> None:
    async def body() -> None:
        peer = Peer()
        peer.accounts = ACCOUNT
        async with listening(peer):
            trader = trader_to(peer.port)
            await trader.connect()
            with pytest.raises((TimeoutError, UnknownInstrument, MarketDataError, HistoryError)):
                await trader.quote(BHP, 0.2)
            trader.close()

    run(body())
