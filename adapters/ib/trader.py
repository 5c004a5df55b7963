"""Interactive Brokers as a trader that can be asked: the interface of all venues over one link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from adapters.ib.link import IBLink, IBLinkOptions
from adapters.listener import Listener
from adapters.trader import AnswerIncomplete, BaseTrader, PlacesNothing, Trade
from adapters.venue import BarsQuery, LinkError, LinkOpened, MarketDataError
from domain.account import SUM, AccountRows, AccountSummary
from domain.bars import Bar, SeriesKey, Span, clamp, last_piece, what_for
from domain.depth import Depth
from domain.orders import OrderRequest
from domain.quotes import Quote
from domain.rates import Rate
from domain.symbols import Symbol
from domain.terms import Terms
from domain.venue import (
    CommissionReport,
    ExecutionReport,
    InstrumentDetails,
    OrderFact,
    OrderPreview,
    OrderReport,
    PositionReport,
    Round,
    VenueNotice,
)
from runtime.interface import Clock

#: How long one list may take.
_LIST_SECONDS = 15.0


class IBTrader(BaseTrader):
    """One connection to TWS or IB Gateway. All calls are on the thread of `loop`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        options: IBLinkOptions,
        *,
        base_currency: str | None = "AUD",
        places_orders: bool = False,
    ) -> None:
        """Make it; `base_currency` None takes that in which the account itself counts."""
        self._clock = clock
        self._base = base_currency
        self.list_seconds = _LIST_SECONDS
        self._places_orders = places_orders
        self._heard = Listener()
        self._link = IBLink(loop, self._heard, clock, options)
        self._known: dict[Symbol, InstrumentDetails] = {}
        self._watched: set[Symbol] = set()
        self._rounds = 0

    @property
    def accounts(self) -> tuple[str, ...]:
        """Those of the gateway's login, also where the connection failed after naming them."""
        return self._link.accounts

    @property
    def notices(self) -> tuple[VenueNotice, ...]:
        """All that the gateway has said beside its answers, oldest first."""
        return tuple(self._heard.notices)

    async def fact(self, wanted: Callable[[OrderFact], bool], seconds: float) -> OrderFact:
        """The first thing said of an order that is wanted, said already or to come.

        Raises:
            TimeoutError: it did not come in time.
            LinkError: the link went meanwhile.
        """
        async with asyncio.timeout(seconds):
            return await self._heard.fact(wanted)

    async def connect(self) -> LinkOpened:
        return await self._link.open()

    def close(self) -> None:
        self._link.close()
        self._heard.lost(LinkError("CLOSED", "This trader was closed by its owner."))

    async def server_time(self) -> datetime:
        """The gateway's clock, UTC."""
        return await self._link.server_time()

    async def instrument(self, symbol: Symbol) -> InstrumentDetails:
        if symbol not in self._known:
            self._known[symbol] = await self._link.instrument(symbol)
        return self._known[symbol]

    # -- the account ---------------------------------------------------------------------

    async def account(self) -> AccountSummary:
        round = await self._round("account")
        rows = AccountRows()
        for value in round.account_values:
            rows.take(value.tag, value.currency, value.value, round.ended_at)
        base = self._base or rows.base_currency
        if base is None:
            raise AnswerIncomplete(("account",))
        rates = {base: Rate(Decimal(1), 0.0, False, "base")}
        for currency in rows.currencies():
            told = rows.amount("ExchangeRate", currency)
            if told is not None and currency not in (base, SUM):
                rates[currency] = Rate(told, 0.0, False, "account")
        return rows.summary(base, rates)

    async def equity(self) -> Decimal:
        worth = (await self.account()).net_liquidation
        if worth is None:
            raise AnswerIncomplete(("account",))
        return worth

    async def positions(self) -> tuple[PositionReport, ...]:
        return (await self._round("positions")).positions

    async def open_orders(self) -> tuple[OrderReport, ...]:
        return (await self._round("open_orders")).open_orders

    async def trades(self, since: datetime | None = None) -> tuple[Trade, ...]:
        round = await self._round("executions")
        newest: dict[str, ExecutionReport] = {}
        for execution in round.executions:
            known = newest.get(execution.execution_key)
            if known is None or execution.revision > known.revision:
                newest[execution.execution_key] = execution
        # They come beside the executions, also again with each list of them.
        costs = {
            fact.execution_id: fact
            for fact in self._heard.facts
            if isinstance(fact, CommissionReport)
        }
        trades = []
        for execution in sorted(newest.values(), key=lambda each: each.time):
            if since is None or execution.time >= since:
                cost = costs.get(execution.execution_id)
                amount, currency = (cost.commission, cost.currency) if cost else (None, None)
                trades.append(Trade(execution, amount, currency))
        return tuple(trades)

    async def _round(self, wanted: str) -> Round:
        self._rounds += 1
        round = await self._link.round(self._rounds, self.list_seconds)
        if wanted in round.unended:
            raise AnswerIncomplete(round.unended)
        return round

    # -- the market ----------------------------------------------------------------------

    async def quote(self, symbol: Symbol, seconds: float = 5.0) -> Quote:
        await self.instrument(symbol)
        if symbol not in self._watched:
            self._watched.add(symbol)
            self._link.subscribe(symbol)
        with suppress(TimeoutError):  # what came so far says itself what is missing
            async with asyncio.timeout(seconds):
                await self._heard.two_sided(symbol)
        quote = self._heard.quotes.get(symbol)
        if quote is None:
            said = [notice for notice in self._heard.notices if notice.symbol == symbol]
            code = said[-1].code if said else None
            words = said[-1].text if said else f"No quote of {symbol} came in {seconds:g} s."
            raise MarketDataError(code, words)
        return quote

    async def depth(self, symbol: Symbol, rows: int = 5, seconds: float = 5.0) -> Depth:
        await self.instrument(symbol)
        return await self._link.depth(symbol, rows, seconds)

    async def bars(self, symbol: Symbol, timeframe: str, count: int = 100) -> list[Bar]:
        await self.instrument(symbol)
        seconds, _ = clamp(timeframe)
        what, _ = what_for(symbol, None)
        now = self._clock.now().timestamp()
        piece = last_piece(Span(now - count * seconds, now), seconds)
        query = BarsQuery(SeriesKey(symbol, what, seconds), piece.duration)
        series = await self._link.bars(query)
        return list(series.bars[-count:])

    # -- orders --------------------------------------------------------------------------

    async def preview(self, request: OrderRequest, seconds: float) -> OrderPreview:
        await self.instrument(request.symbol)
        return await self._link.preview(request, seconds)

    async def place(self, request: OrderRequest) -> str:
        self._check_may_trade()
        await self.instrument(request.symbol)
        return self._link.place(request)

    async def modify(self, request: OrderRequest, terms: Terms) -> None:
        self._check_may_trade()
        self._link.amend(request.amended(terms))

    async def cancel(self, client_order_id: str) -> None:
        self._check_may_trade()
        self._link.cancel(client_order_id, None)

    def _check_may_trade(self) -> None:
        if not self._places_orders:
            raise PlacesNothing
