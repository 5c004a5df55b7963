"""Everything that a venue offers, asked of a real gateway with a paper account.

    KELPIE_INTEGRATION=1 IB_PORT=4002 IB_ACCOUNT_ID=DU1234567 make test ARGS="tests/integration -n0"

It looks, and places nothing. With KELPIE_INTEGRATION_PLACES=1 beside it, it rests one share of BHP
far below the market, changes it, and takes it back. It refuses any account that is not paper.
Run it while the ASX is open: prices are asked for.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from adapters.ib.opening import IBLinkOptions
from adapters.ib.trader import IBTrader
from config.modes import money_of_account
from domain.orders import OrderRequest, OrderType, Side, Tif
from domain.price_steps import floor_to_step
from domain.quotes import DataType
from domain.symbols import Symbol
from domain.terms import Terms
from domain.venue import OrderFact, OrderReport, VenueStatus
from runtime.clocks import SystemClock
from runtime.ids import time_ordered_id

pytestmark = pytest.mark.integration

PLACES = os.environ.get("KELPIE_INTEGRATION_PLACES") == "1"
BHP, AUDUSD = Symbol.parse("BHP/AUD"), Symbol.parse("AUD/USD")
SECONDS = 20.0


def with_trader(body: Callable[[IBTrader], Awaitable[None]], *, places: bool = False) -> None:
    """Run a body with a connected trader, on a paper account or not at all."""
    account = os.environ.get("IB_ACCOUNT_ID", "")
    assert money_of_account(account) == "paper", "IB_ACCOUNT_ID has to name a paper account"
    options = IBLinkOptions(
        host=os.environ.get("IB_HOST", "127.0.0.1"),
        port=int(os.environ.get("IB_PORT", "4002")),
        client_id=int(os.environ.get("IB_CLIENT_ID", "917")),
        account=account,
        paper=True,
        step_seconds=SECONDS,
    )

    async def run() -> None:
        trader = IBTrader(asyncio.get_running_loop(), SystemClock(), options, places_orders=places)
        await trader.connect()
        try:
            async with asyncio.timeout(5 * SECONDS):
                await body(trader)
        finally:
            trader.close()

    asyncio.run(run())


@pytest.mark.timeout(150)
def test_it_looks_at_everything() -> None:
    async def body(trader: IBTrader) -> None:
        account = await trader.account()
        assert account.net_liquidation is not None and account.net_liquidation > 0
        assert account.cash, "an account has cash in some currency"
        await trader.positions()
        await trader.open_orders()
        await trader.trades()

        details = await trader.instrument(BHP)
        assert details.exchange == "ASX"
        # The contract's own smallest step is finer than the market takes at this price.
        assert details.price_steps[-1].increment == Decimal("0.01")
        assert await trader.hours(BHP)

        for symbol in (BHP, AUDUSD):
            quote = await trader.quote(symbol, SECONDS)
            assert quote.data_type is DataType.LIVE
        bars = await trader.bars(BHP, "1d", 5)
        assert bars == sorted(bars)
        assert all(low <= close <= high for _, _, high, low, close, _ in bars)

    with_trader(body)


@pytest.mark.timeout(150)
def test_a_preview_is_no_order() -> None:
    async def body(trader: IBTrader) -> None:
        before = await trader.open_orders()
        preview = await trader.preview(await _far_below(trader), SECONDS)
        assert preview.currency == "AUD"
        assert preview.commission or preview.minimum or preview.maximum
        assert await trader.open_orders() == before

    with_trader(body)


@pytest.mark.skipif(not PLACES, reason="it places only when KELPIE_INTEGRATION_PLACES=1 says so")
@pytest.mark.timeout(150)
def test_one_share_rests_is_changed_and_is_taken_back() -> None:
    async def body(trader: IBTrader) -> None:
        request = await _far_below(trader)
        assert request.limit_price is not None
        await trader.place(request)
        await trader.fact(_said(request, VenueStatus.WORKING, VenueStatus.HELD), SECONDS)
        terms = Terms(request.quantity, request.limit_price - Decimal("0.01"))
        await trader.modify(request, terms)
        await trader.fact(_has(request, terms), SECONDS)
        await trader.cancel(request.client_order_id)
        await trader.fact(_said(request, VenueStatus.CANCELLED), SECONDS)
        left = {order.client_order_id for order in await trader.open_orders()}
        assert request.client_order_id not in left

    with_trader(body, places=True)


async def _far_below(trader: IBTrader) -> OrderRequest:
    """One share, a fifth below the market: it rests, and costs nothing."""
    details = await trader.instrument(BHP)
    quote = await trader.quote(BHP, SECONDS)
    price = quote.bid or quote.last or quote.close
    assert price is not None, "run this while the market is open"
    limit = floor_to_step(Decimal(repr(price)) * Decimal("0.8"), details.price_steps)
    return OrderRequest(
        f"KIT-{time_ordered_id(SystemClock().now(), random.SystemRandom())}",
        BHP,
        Side.BUY,
        Decimal(1),
        OrderType.LIMIT,
        limit_price=limit,
        tif=Tif.DAY,
    )


def _said(request: OrderRequest, *statuses: VenueStatus) -> Callable[[OrderFact], bool]:
    def passes(fact: OrderFact) -> bool:
        return (
            isinstance(fact, OrderReport)
            and fact.client_order_id == request.client_order_id
            and fact.status in statuses
        )

    return passes


def _has(request: OrderRequest, terms: Terms) -> Callable[[OrderFact], bool]:
    def passes(fact: OrderFact) -> bool:
        shown = fact.terms if isinstance(fact, OrderReport) else None
        return (
            shown is not None
            and isinstance(fact, OrderReport)
            and fact.client_order_id == request.client_order_id
            and shown.limit_price == terms.limit_price
        )

    return passes
