"""One connection to TWS or IB Gateway, as the interface of a venue has it.

It tells what it hears and holds no opinion: no order is done here because an error said so, no
list is empty because nothing came. It lives on the event loop that it is given, has no thread,
and reads no clock but the one that it is given.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

from adapters.ib.budget import Lane
from adapters.ib.client import KelpieClient
from adapters.ib.decoder import KelpieDecoder
from adapters.ib.decoding import TYPE_NAMES, time_of, zone_of
from adapters.ib.errors import NOT_WRITTEN, error_table
from adapters.ib.identity import OrderIdentities
from adapters.ib.instrument_store import InstrumentStore
from adapters.ib.instruments import Instruments
from adapters.ib.library import Order
from adapters.ib.lookups import Lookups
from adapters.ib.opening import IBLinkOptions, LinkOpening
from adapters.ib.quotes import Level1
from adapters.ib.receiver import Receiver
from adapters.ib.requests import Requests
from adapters.ib.rounds import Rounds
from adapters.venue import (
    BarSeries,
    LinkError,
    LinkOpened,
    OrderNotKnown,
    Remembered,
    VenueSink,
    decimal_of,
)
from domain.orders import OrderError, OrderRequest
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, Round
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
        self._identities = OrderIdentities(options.client_id, options.order_prefix)
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
        self._lookups = Lookups(
            self._calls, self._requests, self._identities, options, self._instruments
        )
        self._rounds = Rounds(self._calls, self._requests, self._identities, self._receiver, clock)
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

    def _gateway_time(self) -> datetime | None:
        try:
            return time_of(self._opening.connection_time, self._zone)
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

    async def bars(self, symbol: Symbol, duration: str, bar_size: str) -> BarSeries:
        """History, in IB's words for duration and bar size (`1 D`, `5 mins`).

        Raises:
            HistoryError: with the venue's text.
            LinkError: the link is gone.
        """
        self._check_alive()
        return await self._lookups.bars(symbol, duration, bar_size)

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

    def place(self, request: OrderRequest) -> str:
        """Write a new order to the socket; the session's id of it, as text.

        Above the budget of messages a second it waits, ahead of all data; when the link ends
        before its turn, a notice NOT_WRITTEN says so.

        Raises:
            LinkError: no byte has left.
            OrderError: a number that the wire cannot carry exactly; no byte has left.
            ValueError: this order was placed over this link already.
        """
        self._check_writable()
        if not self._client.budget.takes_orders:
            raise LinkError(
                "BUDGET",
                "Too many orders at once: the venue takes 50 messages a second. Try again.",
            )
        order = Order(
            clientId=self._options.client_id,
            action=request.side.value,
            totalQuantity=_on_the_wire(request.quantity),
            orderType=TYPE_NAMES[request.type],
            tif=request.tif.value,
            orderRef=request.client_order_id,
            account=self._receiver.account,
            transmit=True,
        )
        if request.limit_price is not None:
            order.lmtPrice = _on_the_wire(request.limit_price)
        if request.stop_price is not None:
            order.auxPrice = _on_the_wire(request.stop_price)
        contract = self._instruments.contract(request.symbol)
        order.orderId = self._identities.fresh_order_id(request.client_order_id)
        self._receiver.ordered[request.client_order_id] = request.symbol
        self._calls.placeOrder(order.orderId, contract, order)
        return str(order.orderId)

    def cancel(self, client_order_id: str, venue_order_id: str | None) -> None:
        """Write a cancel to the socket; an order that has not left yet is taken back.

        Raises:
            LinkError: no byte has left.
            OrderNotKnown: this link knows no session id for the order; ask for the lists first.
        """
        order_id = self._identities.order_id(client_order_id)
        if order_id is None:
            raise OrderNotKnown(
                f"Order {client_order_id} (venue id {venue_order_id or 'not known'}) has no "
                "session id on this link. Ask for the open orders first."
            )
        start = f"3\0{order_id}\0"
        taken_back = self._client.budget.withdraw(
            Lane.ORDER, lambda message: message.startswith(start)
        )
        if taken_back:
            self._say_not_written(order_id)
            return
        self._check_writable()
        self._calls.cancelOrder(order_id)

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
            for message in [*left.get(Lane.ORDER, ()), *self._client.unwritten]:
                kind, order_id, *_ = message.split("\0", 2)
                if kind == "3":
                    self._say_not_written(int(order_id))
            self._sink.lost(error)

    def _doubt(self, symbol: Symbol | None) -> None:
        if symbol is not None:
            self._instruments.doubt(symbol)
            self._sink.instrument_doubted(symbol)

    def _say_not_written(self, order_id: int) -> None:
        text = f"Order {order_id} was taken back before a byte of it had left."
        reference = self._identities.of_error(order_id)
        notice = error_table().notice(NOT_WRITTEN, text, client_order_id=reference)
        self._sink.order_fact(notice)

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


def _on_the_wire(value: Decimal) -> float:
    """The number as the library's encoder takes it, printed as the same decimal.

    Raises:
        OrderError: it has more digits than a double holds.
    """
    if value == value.to_integral_value() and abs(value) < Decimal(10**15):
        return int(value)
    number = float(value)
    if decimal_of(number) != value:
        raise OrderError(
            "NOT_EXACT", f"{value} has more digits than the venue's interface carries. Round it."
        )
    return number
