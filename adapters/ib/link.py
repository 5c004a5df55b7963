"""One connection to TWS or IB Gateway, as the interface of a venue has it.

It tells what it hears and holds no opinion: no order is done here because an error said so, no
list is empty because nothing came. It lives on the event loop that it is given, has no thread,
and reads no clock but the one that it is given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.ib import library
from adapters.ib.bars import Bars
from adapters.ib.budget import Lane
from adapters.ib.client import KelpieClient
from adapters.ib.decoder import KelpieDecoder
from adapters.ib.decoding import time_of, zone_in, zone_of
from adapters.ib.depth import Depths
from adapters.ib.identity import OrderIdentities
from adapters.ib.instrument_store import InstrumentStore
from adapters.ib.instruments import Instruments
from adapters.ib.opening import IBLinkOptions, LinkOpening
from adapters.ib.ordering import Ordering
from adapters.ib.quotes import Level1
from adapters.ib.receiver import Receiver
from adapters.ib.requests import Requests
from adapters.ib.rounds import Rounds
from adapters.venue import (
    BarSeries,
    BarsQuery,
    LinkError,
    LinkOpened,
    Remembered,
    VenueSink,
)
from domain.depth import Depth
from domain.orders import OrderRequest
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, OrderPreview, Round
from runtime.interface import Clock

__all__ = ["IBLink", "IBLinkOptions"]

_LIVE_DATA, _DELAYED_DATA = 1, 3


class IBLink:
    """A `VenueLink`, used once. All calls and all callbacks are on the thread of `loop`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sink: VenueSink,
        clock: Clock,
        options: IBLinkOptions,
        store: InstrumentStore | None = None,
    ) -> None:
        """Build it; `store` keeps what is heard of instruments, else this link alone knows it."""
        self._loop = loop
        self._sink = sink
        self._options = options
        self._opened = False
        self._over: LinkError | None = None
        self._opening = LinkOpening(options)
        self._identities = OrderIdentities(options.client_id)
        self._requests = Requests(loop)
        self._zone = zone_of(options.zone) or UTC
        self._receiver = Receiver(
            sink, clock, self._requests, self._identities, self._zone, self._opening
        )
        decoder = KelpieDecoder(
            self._receiver, self._receiver.failed, self._receiver.execution_time
        )
        self._client = KelpieClient(
            loop, self._receiver, self, decoder, limited=options.limit_messages
        )
        self._calls = self._client.calls
        self._instruments = Instruments(
            self._calls,
            self._requests,
            self._identities,
            options,
            sink,
            clock,
            store or InstrumentStore(),
        )
        self._receiver.on_doubt = self._doubt
        self._bars = Bars(
            self._calls,
            self._requests,
            self._identities,
            self._instruments,
            self._receiver,
            sink,
            options.history_seconds,
        )
        self._ordering = Ordering(
            self._client,
            self._receiver,
            self._requests,
            self._identities,
            self._instruments,
            sink,
            options.client_id,
        )
        self._rounds = Rounds(self._calls, self._requests, self._identities, self._receiver, clock)
        self._depths = Depths(loop, self._calls, self._requests, self._identities, clock)
        self._receiver.books = self._depths.books
        self._subscriptions: dict[Symbol, int] = {}

    async def open(self) -> LinkOpened:
        """Connect, shake hands, learn the account.

        Raises:
            LinkError: with the step that failed as its cause.
        """
        try:
            version, account = await self._opening.run(self._client)
        except BaseException:
            self.close()
            raise
        self._opened = True
        self._receiver.account = account
        self._calls.reqMarketDataType(_DELAYED_DATA if self._options.delayed_data else _LIVE_DATA)
        return LinkOpened(version, account, self._opening.accounts, self._gateway_time())

    @property
    def accounts(self) -> tuple[str, ...]:
        """Those that the gateway named, also where the opening failed afterwards."""
        return self._opening.accounts

    def _gateway_time(self) -> datetime | None:
        """In the gateway's own zone, for its lists end at its own midnight."""
        text = self._opening.connection_time
        try:
            return time_of(text, self._zone).astimezone(zone_in(text) or self._zone)
        except ValueError:
            return None

    def close(self) -> None:
        """Say goodbye; nothing is put into the sink any more."""
        if self._over is None:
            self._over = LinkError("CLOSED", "This link was closed by its owner.")
        self._client.shut()
        self._forget_questions()

    async def server_time(self) -> datetime:
        """Ask the venue for its time: the heartbeat. The caller sets the time limit."""
        self._check_alive()
        answer: asyncio.Future[datetime] = self._loop.create_future()
        self._receiver.times.append(answer)
        self._calls.reqCurrentTime()
        return await answer

    def remembered(self, symbol: Symbol) -> Remembered | None:
        """What was last heard of an instrument, over any link, in this run or before."""
        return self._instruments.remembered(symbol)

    async def instrument(self, symbol: Symbol) -> InstrumentDetails:
        """Ask for contract details and price steps.

        Raises:
            UnknownInstrument: it cannot be traded under this symbol.
            TimeoutError: the venue did not answer in time, or could not.
            LinkError: the link is gone.
        """
        self._check_alive()
        return await self._instruments.instrument(symbol)

    async def round(self, number: int, list_seconds: float) -> Round:
        """Ask for all lists, each with this time limit, and gather the answers.

        Raises:
            LinkError: the link is gone.
        """
        self._check_alive()
        return await self._rounds.run(number, list_seconds)

    async def bars(self, query: BarsQuery) -> BarSeries:
        """One request of history.

        Raises:
            HistoryError: with the venue's text.
            LinkError: the link is gone.
        """
        self._check_alive()
        return await self._bars.ask(query)

    async def follow_bars(self, query: BarsQuery) -> BarSeries:
        """History up to now, and from then on each change put into the sink.

        Raises:
            HistoryError: with the venue's text; the series is then not followed.
            LinkError: the link is gone.
        """
        self._check_alive()
        return await self._bars.follow(query)

    async def depth(self, symbol: Symbol, rows: int, seconds: float) -> Depth:
        """The book of a resolved instrument, asked of its listing.

        Raises:
            MarketDataError: the venue refused, or sent nothing in time.
            LinkError: the link is gone.
        """
        self._check_alive()
        contract = self._instruments.listing(symbol)
        return await self._depths.ask(symbol, contract, rows, seconds)

    def telemetry(self) -> Mapping[str, object]:
        """What is worth showing of the link and never reckoned with."""
        return {
            "library": library.loaded(),
            "virtual_positions": dict(self._receiver.virtual_positions),
            "unreadable_messages": self._receiver.unreadable,
            "late_answers": self._requests.late,
        }

    def subscribe(self, symbol: Symbol) -> None:
        """Have quotes put into the sink; asked again, the subscription is made anew."""
        self._check_alive()
        self.unsubscribe(symbol)
        request = self._identities.fresh_request_id()
        self._subscriptions[symbol] = request
        self._receiver.levels[request] = Level1(symbol)
        contract = self._instruments.contract(symbol)
        self._calls.reqMktData(request, contract, "", False, False, [])

    def unsubscribe(self, symbol: Symbol) -> None:
        """No more quotes of it; harmless when there were none."""
        request = self._subscriptions.pop(symbol, None)
        if request is None:
            return
        self._receiver.levels.pop(request, None)
        if self._over is None:
            self._calls.cancelMktData(request)

    def place(self, request: OrderRequest, attached: Sequence[OrderRequest] = ()) -> str:
        """Write a new order to the socket; the session's id of it, as text.

        Those `attached` leave with it in one piece. Above the budget of messages a second they
        wait, ahead of all data; when the link ends before their turn, a notice NOT_WRITTEN for
        each says so.

        Raises:
            LinkError: no byte has left.
            OrderError: a number that the wire cannot carry exactly; no byte has left.
            ValueError: one of them was placed over this link already.
        """
        self._check_writable()
        return self._ordering.place(request, attached)

    def amend(self, request: OrderRequest) -> None:
        """Write an order of ours with other terms; as for `place`, it may wait its turn.

        Its parent is to be named as long as that is open, and not afterwards.

        Raises:
            LinkError: no byte has left.
            OrderError: a number that the wire cannot carry exactly; no byte has left.
            OrderNotKnown: this link knows no session id for the order; ask for the lists first.
        """
        self._check_writable()
        self._ordering.amend(request)

    def cancel(self, client_order_id: str, venue_order_id: str | None) -> None:
        """Write a cancel to the socket; an order that has not left yet is taken back.

        Raises:
            LinkError: no byte has left.
            OrderNotKnown: this link knows no session id for the order; ask for the lists first.
        """
        if self._ordering.take_back(client_order_id, venue_order_id):
            return
        self._check_writable()
        self._ordering.cancel(client_order_id, venue_order_id)

    async def preview(self, request: OrderRequest, seconds: float) -> OrderPreview:
        """Ask what an order would cost, without placing it.

        Raises:
            PreviewFailed: the venue refused it, or did not answer in time.
            OrderError: a number that the wire cannot carry exactly.
            LinkError: the link is gone.
        """
        self._check_writable()
        return await self._ordering.preview(request, seconds)

    # What the wire says (WireEvents).

    def greeted(self, server_version: int, connection_time: str) -> None:
        """The gateway named its version."""
        self._opening.greeted(server_version, connection_time)

    def packet_done(self) -> None:
        """All messages of one read have been handled."""
        self._receiver.packet_done()

    def wire_ended(self, error: LinkError) -> None:
        """The connection is over, whoever ended it."""
        if self._over is not None:
            return
        self._over = error
        left = self._client.budget.stop()
        self._forget_questions()
        self._opening.fail(error)
        if self._opened:
            waiting = [*left.get(Lane.AMEND, ()), *left.get(Lane.ORDER, ())]
            self._ordering.say_not_written([*waiting, *self._client.unwritten])
            self._sink.lost(error)

    def _doubt(self, symbol: Symbol | None) -> None:
        if symbol is not None:
            self._instruments.doubt(symbol)
            self._sink.instrument_doubted(symbol)

    def _forget_questions(self) -> None:
        if self._over is not None:
            self._requests.fail_all(self._over)
            self._receiver.fail_times(self._over)

    def _check_alive(self) -> None:
        if self._over is not None:
            raise LinkError(self._over.cause, str(self._over))
        if not self._opened:
            raise LinkError("NOT_OPEN", "This link has not been opened.")

    def _check_writable(self) -> None:
        self._check_alive()
        if not self._client.writable:
            raise LinkError("PEER_CLOSED", "The connection is closing; nothing was sent.")
