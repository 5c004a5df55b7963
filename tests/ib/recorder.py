"""A sink that keeps what it is told, and can be waited on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from adapters.ib.budget import Lane
from adapters.ib.instrument_store import InstrumentStore
from adapters.ib.link import IBLink, IBLinkOptions
from adapters.venue import BarsQuery, LinkError
from domain.bars import Bar, SeriesKey, What, what_for
from domain.orders import OrderRequest, OrderType, Side
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.venue import (
    AccountValue,
    CommissionReport,
    ExecutionReport,
    OrderReport,
    PositionReport,
    VenueNotice,
)
from runtime.clocks import SystemClock
from tests.ib.messages import BHP
from tests.ib.peer import SECONDS


class Recorder:
    def __init__(self) -> None:
        self.quotes: list[Quote] = []
        self.facts: list[OrderReport | ExecutionReport | CommissionReport | VenueNotice] = []
        self.positions: list[PositionReport] = []
        self.values: list[AccountValue] = []
        self.notices: list[VenueNotice] = []
        self.bars: list[tuple[SeriesKey, Bar]] = []
        self.ended: list[tuple[SeriesKey, str, str]] = []
        self.losses: list[LinkError] = []
        self.doubted: list[Symbol] = []
        self._told = asyncio.Event()

    def quote(self, quote: Quote) -> None:
        self.quotes.append(quote)
        self._told.set()

    def order_fact(
        self, fact: OrderReport | ExecutionReport | CommissionReport | VenueNotice
    ) -> None:
        self.facts.append(fact)
        self._told.set()

    def position(self, report: PositionReport) -> None:
        self.positions.append(report)
        self._told.set()

    def account_value(self, value: AccountValue) -> None:
        self.values.append(value)
        self._told.set()

    def bar(self, key: SeriesKey, bar: Bar) -> None:
        self.bars.append((key, bar))
        self._told.set()

    def bars_ended(self, key: SeriesKey, code: str, sentence: str) -> None:
        self.ended.append((key, code, sentence))
        self._told.set()

    def notice(self, notice: VenueNotice) -> None:
        self.notices.append(notice)
        self._told.set()

    def instrument_doubted(self, symbol: Symbol) -> None:
        self.doubted.append(symbol)
        self._told.set()

    def lost(self, error: LinkError) -> None:
        self.losses.append(error)
        self._told.set()

    async def until(self, is_so: Callable[[], object], seconds: float = SECONDS) -> None:
        async with asyncio.timeout(seconds):
            while not is_so():
                self._told.clear()
                await self._told.wait()

    def orders(self) -> list[OrderReport]:
        return [fact for fact in self.facts if isinstance(fact, OrderReport)]

    def executions(self) -> list[ExecutionReport]:
        return [fact for fact in self.facts if isinstance(fact, ExecutionReport)]

    def commissions(self) -> list[CommissionReport]:
        return [fact for fact in self.facts if isinstance(fact, CommissionReport)]

    def order_notices(self) -> list[VenueNotice]:
        return [fact for fact in self.facts if isinstance(fact, VenueNotice)]


def link_to(
    port: int,
    sink: Recorder,
    *,
    client_id: int = 1,
    account: str | None = None,
    paper: bool | None = None,
    step_seconds: float = 10.0,
    store: InstrumentStore | None = None,
    **more: Any,
) -> IBLink:
    options = IBLinkOptions(
        host="127.0.0.1",
        port=port,
        client_id=client_id,
        account=account,
        paper=paper,
        step_seconds=step_seconds,
        history_seconds=step_seconds,
        **more,
    )
    return IBLink(asyncio.get_running_loop(), sink, SystemClock(), options, store)


def written_by(link: IBLink) -> list[float]:
    """When each message is written from now on (monotonic seconds).

    At the other end what was written in time may be read bunched, by a gateway that had no turn.
    """
    budget, clock = link._client.budget, SystemClock()
    write, written = budget._write, list[float]()

    def noted(lane: Lane, *piece: str) -> None:
        written.extend(clock.monotonic() for _ in piece)
        write(lane, *piece)

    budget._write = noted
    return written


def most_in_a_second(moments: list[float]) -> int:
    return max(sum(since <= each < since + 1.0 for each in moments) for since in moments)


def day_of(symbol: Symbol, *, what: What | None = None) -> BarsQuery:
    """A day of five-minute bars up to now."""
    return BarsQuery(SeriesKey(symbol, what_for(symbol, what)[0], 300), "1 D")


def limit_order(reference: str, price: str = "45.1", quantity: str = "100") -> OrderRequest:
    return OrderRequest(
        client_order_id=reference,
        symbol=BHP,
        side=Side.BUY,
        quantity=Decimal(quantity),
        type=OrderType.LIMIT,
        limit_price=Decimal(price),
    )
