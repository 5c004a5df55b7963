"""Our adapter and the bare library behind one face, so that one test can ask both."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any, Protocol

import ib_insync

from adapters.ib.errors import NOT_WRITTEN, UNREADABLE
from adapters.ib.link import IBLink
from adapters.venue import LinkError
from domain.symbols import Symbol
from domain.venue import ExecutionReport, VenueStatus
from tests.ib.peer import SECONDS
from tests.ib.recorder import Recorder, day_of, limit_order, link_to


class Subject(Protocol):
    """What a trap is asked of: in plain words, the same of both."""

    burst: int
    """How many orders leave at once after the start."""

    async def open(self, port: int, seconds: float = 2.0) -> None: ...
    async def why_not_open(self, port: int) -> str: ...
    async def synchronised(self, seconds: float) -> bool: ...
    def place(self, reference: str) -> None: ...
    def is_cancelled(self, reference: str) -> bool: ...
    def filled(self) -> float: ...
    def commissions(self) -> list[tuple[float, float | None]]: ...
    def said_not_sent(self) -> set[str]: ...
    def unread(self) -> int: ...
    async def heard(self) -> None:
        """All that the peer has sent before this has been handled."""
        ...

    async def noticed_loss(self, seconds: float) -> bool: ...
    def subscribe(self, symbols: list[Symbol]) -> None: ...
    def quoted(self) -> list[str]: ...
    def shown_bid(self) -> float | None: ...
    async def bars(self) -> str: ...
    def ask_time(self) -> asyncio.Future[Any]: ...
    def close(self) -> None: ...
    def still_shows(self) -> bool: ...
    def drop(self) -> None:
        """Lose the last reference to it."""
        ...


class Ours:
    """`IBLink` and what a sink makes of its facts."""

    burst = 41

    def __init__(self) -> None:
        self.sink = Recorder()
        self.link: IBLink | None = None
        self._refused: set[str] = set()

    @property
    def _link(self) -> IBLink:
        assert self.link is not None
        return self.link

    async def open(self, port: int, seconds: float = 2.0) -> None:
        # Its steps have room: what a test wants to run out is the round.
        self.link = link_to(port, self.sink, step_seconds=max(seconds, 2.0))
        await self._link.open()

    async def why_not_open(self, port: int) -> str:
        try:
            await self.open(port, 2.0)
        except LinkError as error:
            return error.cause
        return ""

    async def synchronised(self, seconds: float) -> bool:
        return (await self._link.round(1, seconds)).complete

    def place(self, reference: str) -> None:
        try:
            self._link.place(limit_order(reference))
        except LinkError as error:
            assert error.cause == "BUDGET"
            self._refused.add(reference)

    def is_cancelled(self, reference: str) -> bool:
        return any(
            order.status is VenueStatus.CANCELLED
            for order in self.sink.orders()
            if order.client_order_id == reference
        )

    def filled(self) -> float:
        newest: dict[str, ExecutionReport] = {}
        for report in self.sink.executions():
            known = newest.get(report.execution_key)
            if known is None or report.revision > known.revision:
                newest[report.execution_key] = report
        return float(sum(report.quantity for report in newest.values()))

    def commissions(self) -> list[tuple[float, float | None]]:
        return [
            (float(r.commission), None if r.realised_pnl is None else float(r.realised_pnl))
            for r in self.sink.commissions()
        ]

    def said_not_sent(self) -> set[str]:
        return self._refused | {
            notice.client_order_id or ""
            for notice in self.sink.order_notices()
            if notice.code == NOT_WRITTEN
        }

    def unread(self) -> int:
        return sum(1 for notice in self.sink.notices if notice.code == UNREADABLE)

    async def heard(self) -> None:
        await self._link.server_time()

    async def noticed_loss(self, seconds: float) -> bool:
        return await _in_time(self.sink.until(lambda: self.sink.losses), seconds)

    def subscribe(self, symbols: list[Symbol]) -> None:
        for symbol in symbols:
            self._link.subscribe(symbol)

    def quoted(self) -> list[str]:
        return [quote.symbol.base for quote in self.sink.quotes]

    def shown_bid(self) -> float | None:
        return self.sink.quotes[-1].bid

    async def bars(self) -> str:
        try:
            series = await self._link.bars(day_of(limit_order("K").symbol))
        except Exception as error:
            return str(error)
        return f"{len(series.bars)} bars"

    def ask_time(self) -> asyncio.Future[Any]:
        return asyncio.ensure_future(self._link.server_time())

    def close(self) -> None:
        self._link.close()

    def still_shows(self) -> bool:
        try:
            self._link.place(limit_order("K"))
        except LinkError:
            return False
        return True

    def drop(self) -> None:
        self.link = None
        gc.collect()


class Bare:
    """`ib_insync.IB` as its documentation has it used."""

    burst = 39  # of the 45 in a second, six went to the start

    def __init__(self) -> None:
        self.ib: Any = None
        self._trades: dict[str, Any] = {}
        self._commissions: list[tuple[float, float | None]] = []
        self._quoted: list[str] = []
        self._tickers: list[Any] = []

    async def open(self, port: int, seconds: float = 2.0) -> None:
        untyped: Any = ib_insync
        self.ib = untyped.IB()
        self.ib.commissionReportEvent += lambda trade, fill, report: self._commissions.append(
            (report.commission, report.realizedPNL)
        )
        self.ib.pendingTickersEvent += lambda tickers: self._quoted.extend(
            ticker.contract.symbol for ticker in tickers
        )
        await self.ib.connectAsync("127.0.0.1", port, clientId=1, timeout=seconds)

    async def why_not_open(self, port: int) -> str:
        try:
            await self.open(port, 0.3)
        except Exception as error:
            return type(error).__name__
        return ""

    async def synchronised(self, seconds: float) -> bool:
        return bool(self.ib.isConnected())

    def place(self, reference: str) -> None:
        contract = ib_insync.Stock("BHP", "SMART", "AUD", primaryExchange="ASX")
        order = ib_insync.LimitOrder("BUY", 100, 45.1, orderRef=reference, tif="DAY")
        self._trades[reference] = self.ib.placeOrder(contract, order)

    def is_cancelled(self, reference: str) -> bool:
        return bool(self._trades[reference].orderStatus.status == "Cancelled")

    def filled(self) -> float:
        return float(sum(trade.filled() for trade in self._trades.values()))

    def commissions(self) -> list[tuple[float, float | None]]:
        return self._commissions

    def said_not_sent(self) -> set[str]:
        return {
            reference
            for reference, trade in self._trades.items()
            if trade.orderStatus.status not in ("PendingSubmit", "PreSubmitted", "Submitted")
        }

    def unread(self) -> int:
        return 0

    async def heard(self) -> None:
        await self.ib.reqCurrentTimeAsync()

    async def noticed_loss(self, seconds: float) -> bool:
        return await _in_time(_wait(self.ib.disconnectedEvent), seconds)

    def subscribe(self, symbols: list[Symbol]) -> None:
        for symbol in symbols:
            contract = ib_insync.Stock(symbol.base, "SMART", symbol.currency)
            self._tickers.append(self.ib.reqMktData(contract))

    def quoted(self) -> list[str]:
        return self._quoted

    def shown_bid(self) -> float | None:
        bid = self._tickers[-1].bid
        return None if bid != bid else float(bid)

    async def bars(self) -> str:
        contract = ib_insync.Stock("BHP", "SMART", "AUD")
        try:
            bars = await self.ib.reqHistoricalDataAsync(
                contract, "", "1 D", "5 mins", "TRADES", False, 2, timeout=2
            )
        except Exception as error:
            return str(error)
        return f"{len(bars)} bars"

    def ask_time(self) -> asyncio.Future[Any]:
        question: asyncio.Future[Any] = asyncio.ensure_future(self.ib.reqCurrentTimeAsync())
        return question

    def close(self) -> None:
        self.ib.disconnect()

    def still_shows(self) -> bool:
        return bool(self.ib.trades() or self.ib.accountValues())

    def drop(self) -> None:
        self.ib = None
        self._trades.clear()
        gc.collect()


async def _wait(event: Any) -> None:
    await event


async def _in_time(wait: Any, seconds: float = SECONDS) -> bool:
    try:
        await asyncio.wait_for(wait, seconds)
    except TimeoutError:
        return False
    return True


Make = Callable[[], Subject]
