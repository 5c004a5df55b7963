"""The library's client on a socket, with what it gets wrong put right.

Its encoder, its framing and its decoder are used as they are. Ours are: the receive buffer (the
library copies the rest of a packet once per message), a bound on the length of a frame (the
library waits silently for up to 4 GiB), errors of the decoder (the library logs them and goes
on), the outgoing budget (the library lets orders wait behind data), and the event loop, which is
given and never asked for. `Client` reads `time.time` for its statistics alone; nobody reads these.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol, cast

from adapters.ib.budget import Lane, OutgoingBudget
from adapters.ib.decoder import KelpieDecoder
from adapters.ib.library import Client, Contract, ExecutionFilter, Order
from adapters.ib.writing import write_piece
from adapters.venue import LinkError

#: Longest frame that is believed. The official client gives up above 0xFFFFFF as well; the
#: longest honest one, a year of bars, is below a megabyte.
LONGEST_FRAME = 0xFFFFFF

#: Longest frame before the version is known: it holds two short texts.
LONGEST_GREETING = 0xFFF

#: How long the last bytes have to leave before the socket is closed all the same.
LAST_WORDS_SECONDS = 1.0

#: Lanes by the first field of a message; the rest are market data and details.
_LANES = {
    "3": Lane.ORDER,
    "4": Lane.CANCEL,
    "6": Lane.LIST,
    "7": Lane.LIST,
    "16": Lane.LIST,
    "49": Lane.HEARTBEAT,
    "61": Lane.LIST,
    "71": Lane.HEARTBEAT,
    "99": Lane.LIST,
}


class WireEvents(Protocol):
    """What the owner of a client hears about the wire itself."""

    def greeted(self, server_version: int, connection_time: str) -> None: ...

    def packet_done(self) -> None:
        """All messages of one read have been handled."""
        ...

    def wire_ended(self, error: LinkError) -> None: ...


class Calls(Protocol):
    """The requests that Kelpie makes of TWS, out of all that the library's encoder knows."""

    def reqMktData(
        self,
        reqId: int,
        contract: Contract,
        genericTickList: str,
        snapshot: bool,
        regulatorySnapshot: bool,
        mktDataOptions: list[Any],
    ) -> None: ...
    def cancelMktData(self, reqId: int) -> None: ...
    def reqMktDepth(
        self,
        reqId: int,
        contract: Contract,
        numRows: int,
        isSmartDepth: bool,
        mktDepthOptions: list[Any],
    ) -> None: ...
    def cancelMktDepth(self, reqId: int, isSmartDepth: bool) -> None: ...
    def reqMarketDataType(self, marketDataType: int) -> None: ...
    def placeOrder(self, orderId: int, contract: Contract, order: Order) -> None: ...
    def cancelOrder(self, orderId: int) -> None: ...
    def reqAccountUpdates(self, subscribe: bool, acctCode: str) -> None: ...
    def reqExecutions(self, reqId: int, execFilter: ExecutionFilter) -> None: ...
    def reqContractDetails(self, reqId: int, contract: Contract) -> None: ...
    def reqAllOpenOrders(self) -> None: ...
    def reqHistoricalData(
        self,
        reqId: int,
        contract: Contract,
        endDateTime: str,
        durationStr: str,
        barSizeSetting: str,
        whatToShow: str,
        useRTH: bool,
        formatDate: int,
        keepUpToDate: bool,
        chartOptions: list[Any],
    ) -> None: ...
    def cancelHistoricalData(self, reqId: int) -> None: ...
    def reqCurrentTime(self) -> None: ...
    def reqPositions(self) -> None: ...
    def reqMatchingSymbols(self, reqId: int, pattern: str) -> None: ...
    def reqMarketRule(self, marketRuleId: int) -> None: ...
    def reqCompletedOrders(self, apiOnly: bool) -> None: ...


class KelpieClient(Client):
    """One connection. `receiver` takes the decoded messages, `events` what befalls the wire."""

    MaxRequests = 0

    #: The newest layouts that the simulated gateway and the recordings have been held against.
    MaxClientVersion = min(176, Client.MaxClientVersion)

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        receiver: object,
        events: WireEvents,
        decoder: KelpieDecoder,
        *,
        limited: bool = True,
    ) -> None:
        super().__init__(receiver)  # type: ignore[no-untyped-call]  # the library's signature
        self._loop = loop
        self._events = events
        self._ended = False
        self._rest = b""
        self.decoder: KelpieDecoder = decoder
        self.budget = OutgoingBudget(loop, self._write, limited=limited)
        self.unwritten: list[str] = []
        self._gathered: list[str] | None = None

    @property
    def _transport(self) -> asyncio.Transport | None:
        return cast("asyncio.Transport | None", self.conn.transport)

    @property
    def calls(self) -> Calls:
        """The library's encoder."""
        return cast(Calls, self)

    @property
    def writable(self) -> bool:
        """A byte that is written now goes to a socket that is open."""
        transport = self._transport
        return transport is not None and not transport.is_closing()

    async def open_socket(self, host: str, port: int, client_id: int) -> None:
        """Connect and announce ourselves; the version comes as an event.

        Raises:
            OSError: nobody listens there, or the way is blocked.
        """
        self.host, self.port, self.clientId = host, port, client_id
        self.connState = Client.CONNECTING
        transport, _ = await self._loop.create_connection(lambda: self.conn, host, port)
        self.conn.transport = transport
        # The library's events hold their listeners weakly: an open socket that nobody else holds
        # would read on and tell nobody.
        cast(Any, self.conn).owner = self
        versions = b"v%d..%d" % (self.MinClientVersion, self.MaxClientVersion)
        transport.write(b"API\0" + _framed(versions))

    def shut(self) -> None:
        """Close the socket; no event follows."""
        self._ended = True
        self.budget.stop()
        self.connState = Client.DISCONNECTED
        transport = self._transport
        if transport is not None:
            with suppress(OSError):
                self.conn.disconnect()  # type: ignore[no-untyped-call]  # the library's signature
            if transport.get_write_buffer_size():
                # A peer that no longer reads would hold the socket, and with it our client id.
                self._loop.call_later(LAST_WORDS_SECONDS, transport.abort)

    def sendMsg(self, msg: str) -> None:
        """Write an encoded message within the budget, without asking for an event loop."""
        if self._gathered is not None:
            self._gathered.append(msg)
            return
        self.budget.submit(_LANES.get(msg.partition("\0")[0], Lane.DATA), msg)

    @contextmanager
    def gathering(self) -> Iterator[list[str]]:
        """Have the calls inside encoded into this list, for whoever asked to submit them."""
        gathered: list[str] = []
        self._gathered = gathered
        try:
            yield gathered
        finally:
            self._gathered = None

    def _write(self, lane: Lane, *piece: str) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            self.unwritten.extend(piece)
            return
        frames = [_framed(message.encode()) for message in piece]
        write_piece(transport, lane, frames)

    def _onSocketHasData(self, data: bytes) -> None:
        """Handle all whole frames of what came; keep the rest for the next read."""
        if self._rest:
            data = self._rest + data
        handle = self.decoder.interpret
        at, size = 0, len(data)
        while size - at >= 4:
            length = int.from_bytes(data[at : at + 4], "big")
            if length > (LONGEST_FRAME if self._serverVersion else LONGEST_GREETING):
                self._frame_too_long(length)
                return
            end = at + 4 + length
            if end > size:
                break
            fields = data[at + 4 : end].decode(errors="backslashreplace").split("\0")
            fields.pop()
            at = end
            if self._serverVersion:
                handle(fields)
            else:
                self._greet(fields)
            if self.connState == Client.DISCONNECTED:
                return
        self._rest = data[at:]
        self._events.packet_done()

    def _greet(self, fields: list[str]) -> None:
        if len(fields) != 2 or not fields[0].isdigit():
            self._end(not_tws(self.host, self.port))
            return
        version = int(fields[0])
        if not self.MinClientVersion <= version <= self.MaxClientVersion:
            self._end(
                LinkError(
                    "VERSION",
                    f"The gateway speaks version {version}; Kelpie speaks {self.MinClientVersion} "
                    f"to {self.MaxClientVersion}. Install a current TWS or IB Gateway.",
                )
            )
            return
        self._serverVersion = version
        self.decoder.serverVersion = version
        self.connState = Client.CONNECTED
        self.startApi()  # type: ignore[no-untyped-call]  # the library's signature
        self._events.greeted(version, fields[1])

    def _frame_too_long(self, length: int) -> None:
        if not self._serverVersion:
            self._end(not_tws(self.host, self.port))
            return
        self._end(
            LinkError(
                "FRAME_TOO_LONG",
                f"A message of {length} bytes was announced; nothing after it can be trusted. "
                "The link is closed and made anew.",
            )
        )

    def _onSocketDisconnected(self, msg: str) -> None:
        if not self._ended:
            if self._serverVersion:
                why = f" ({msg})" if msg else ""
                error = LinkError("PEER_CLOSED", f"The gateway closed the connection{why}.")
            else:
                error = not_tws(self.host, self.port)
            self._end(error)

    def _end(self, error: LinkError) -> None:
        self._ended = True
        self.connState = Client.DISCONNECTED
        self._events.wire_ended(error)
        transport = self._transport
        if transport is not None:
            transport.abort()


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(4, "big") + message


def not_tws(host: str, port: int) -> LinkError:
    """Whoever answered there is no gateway, or one that does not want us."""
    return LinkError(
        "NOT_TWS",
        f"What listens at {host}:{port} did not greet as TWS or IB Gateway does. Check IB_HOST "
        "and IB_PORT, and in the gateway's API settings its trusted addresses.",
    )
