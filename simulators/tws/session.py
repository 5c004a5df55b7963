"""One client's connection: handshake, limits, and the way out of a socket that nobody reads."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from runtime.interface import Clock
from simulators.tws import encode
from simulators.tws.fields import FieldReader, UnreadableRequest
from simulators.tws.frames import FrameError, FrameReader, pack, unpack
from simulators.tws.protocol import Request, negotiate, request_id
from simulators.tws.rate import RateMeter
from simulators.tws.wire_log import WireLog

if TYPE_CHECKING:
    from simulators.scenarios.events import Message
    from simulators.scenarios.stage import Stage

#: What may wait to be read by a client before it is dropped.
MAX_UNREAD_BYTES = 8 << 20

#: How long a connection may take from its first byte to startApi.
HANDSHAKE_SECONDS = 30.0

#: Breaches of the message limit after which TWS closes the socket.
MAX_RATE_BREACHES = 3


class House(Protocol):
    """What a session needs of the gateway around it."""

    clock: Clock
    log: WireLog
    message_limit: int | None
    time_zone: str
    """In which it names the moment of each connection, as TWS does: its operator's."""
    stage: Stage | None
    """The scenario that is played here; None for a gateway that does nothing wrong."""

    def admit(self, session: Session, client_id: int) -> bool:
        """Take a client in; False when its id is in use."""
        ...

    def welcome(self, session: Session) -> None:
        """Send what TWS sends on startApi."""
        ...

    def dispatch(self, session: Session, message_id: int, fields: FieldReader) -> None:
        """Act on a request."""
        ...

    def leave(self, session: Session, reason: str) -> None:
        """A session is over; called once."""
        ...


class Session(asyncio.Protocol):
    """The state of one socket. Its `number` is unique in one start of the gateway."""

    def __init__(self, number: int, house: House) -> None:
        self.number = number
        self.version = 0
        self.client_id: int | None = None
        self.asked_client_id: int | None = None
        """The client id that it asked for, whether or not it got it."""
        self.is_over = False
        self.is_deaf = False
        """A black hole: what comes is not acted on, what should go is lost."""
        self.write: Callable[[bytes], None] = self._write
        """Puts bytes on the socket."""
        self._house = house
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._rate = RateMeter()
        self._deadline: asyncio.TimerHandle | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is here; it has to speak first."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._house.log.note(self.number, None, "accepted")
        if self._house.stage is not None:  # it may be the gateway that never completes it
            self._house.stage.accepted(self)
            return
        self._deadline = asyncio.get_running_loop().call_later(
            HANDSHAKE_SECONDS, self.drop, "it did not complete the handshake"
        )

    def data_received(self, data: bytes) -> None:
        """Act on every message that is now complete, then answer all at once."""
        if self.is_over:
            return
        if self._act_on(data):
            self.flush()

    def eof_received(self) -> bool:
        """A half-closed socket is a client that has gone: its id is free at once."""
        self._end("the client closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone; a failed write ended it before all that had come was read."""
        if exc is not None and not self.is_over:
            # TWS reads beside its writing: it acts on an order that came before the end.
            self._act_on(self._left_unread())
        self._end("the connection was lost" if exc else "closed")

    # What the desks call.

    def send(self, fields: Sequence[str]) -> None:
        """Put a message on its way; it leaves with the next `flush`."""
        stage = self._house.stage
        if stage is None:
            self.put(fields)
        elif not self.is_over:
            stage.leaving(self, list(fields))

    def put(self, fields: Sequence[str], *, is_handshake: bool = False) -> None:
        """Put a message on its way past any scenario; the handshake's own is not logged."""
        if self.is_over or self.is_deaf:
            return
        if not is_handshake:
            self._house.log.outgoing(self.number, self.client_id, list(fields))
        self._out.append(pack(fields))

    def put_bytes(self, data: bytes) -> None:
        """Put bytes on their way that may be no message at all."""
        if not self.is_over and not self.is_deaf:
            self._out.append(data)

    def send_error(self, req_id: int, code: int, text: str) -> None:
        """Send an error or a notice in the layout of this session's version."""
        self.send(encode.error(self.version, req_id, code, text))

    def send_ticks(self, frames: Sequence[bytes]) -> None:
        """Put ready frames of market data on their way."""
        if self.is_over or self.is_deaf:
            return
        log = self._house.log
        if self._house.stage is not None:
            frames = self._house.stage.ticks(self, frames)
        for ready in frames:
            if log.wants_ticks:
                log.outgoing(self.number, self.client_id, unpack(ready[4:]))
            else:
                reply = int(ready[4 : ready.index(b"\0", 4)])
                log.count_ticks(self.number, self.client_id, reply, 1)
        self._out += frames

    def flush(self) -> None:
        """Write what waits, the record of it first. A client that does not read is dropped."""
        if not self._out or self.is_over or self._transport is None:
            return
        self._house.log.flush()
        data = b"".join(self._out)
        self._out.clear()
        self.write(data)
        if self.unread_bytes > MAX_UNREAD_BYTES:
            self.drop(f"it left {self.unread_bytes} bytes unread")

    def flush_soon(self) -> None:
        """Flush once what is being done now is done."""
        asyncio.get_running_loop().call_soon(self.flush)

    def perform(self, fields: list[str]) -> None:
        """Act on a request, and flush the answer."""
        self._act(fields)
        self.flush_soon()

    @property
    def unread_bytes(self) -> int:
        """What has been written to the socket and not been taken by the network yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def close(self, reason: str) -> None:
        """Send what waits, then close."""
        self.flush()
        transport = self._transport
        self._end(reason)
        if transport is not None:
            transport.close()

    def drop(self, reason: str, *, reset: bool = False) -> None:
        """Cut the connection and forget what was still to be sent; `reset`: with a RST."""
        transport = self._transport
        if reset and transport is not None and not self.is_over:
            raw = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._end(reason)
        if transport is not None:
            transport.abort()

    # The steps of a session.

    def _act_on(self, data: bytes) -> bool:
        """Act on every message that is now complete; False if these were no messages."""
        try:
            bodies = self._reader.feed(data)
        except FrameError as fault:
            self.drop(str(fault))
            return False
        for body in bodies:
            self._take(unpack(body))
        return True

    def _left_unread(self) -> bytes:
        """What the socket holds still: a failed write closes it unread, as asyncio has it."""
        assert self._transport is not None
        descriptor = self._transport.get_extra_info("socket").fileno()
        left = b""
        try:
            while descriptor >= 0 and (data := os.read(descriptor, 1 << 16)):
                left += data
        except OSError:  # nothing is left, or it was taken away with the connection
            pass
        return left

    def _take(self, fields: list[str]) -> None:
        if self.is_over:
            return
        stage = self._house.stage
        if self.client_id is not None:
            self._house.log.incoming(self.number, self.client_id, fields)
        if self.is_deaf:
            return
        if self.version == 0:
            self._agree_on_version(fields)
        elif self.client_id is None:
            if stage is None:
                self._start_api(fields)
            else:
                stage.arriving(self, fields, self._start_later)
        elif self._within_rate():
            if stage is None:
                self._act(fields)
            else:
                stage.arriving(self, fields, self._act_later)

    def _start_later(self, message: Message) -> None:
        if not self.is_over:
            self._start_api(message.fields)
            self.flush_soon()

    def _act_later(self, message: Message) -> None:
        """Act on a request; one that was kept back is acted on though its socket is gone."""
        self.perform(message.fields)

    def _agree_on_version(self, fields: list[str]) -> None:
        try:
            chosen = negotiate(fields[0])
        except ValueError as fault:
            self.drop(str(fault))
            return
        if chosen is None:
            self.drop(f"no server version in common with {fields[0]}")
            return
        self.version = chosen
        # Nothing else may be sent until startApi: IB's official client throws it away.
        zone = self._house.time_zone
        now = self._house.clock.now().astimezone(ZoneInfo(zone))
        answer = [str(chosen), f"{now:%Y%m%d %H:%M:%S} {zone}"]
        if self._house.stage is None:
            self.put(answer, is_handshake=True)
        else:
            self._house.stage.leaving(self, answer, "version")

    def _start_api(self, fields: list[str]) -> None:
        try:
            reader = FieldReader(fields)
            if fields[0] != str(Request.START_API.value):
                raise UnreadableRequest(f"message {fields[0][:20]!r} came before startApi")
            reader.skip()
            client_id = reader.integer()
        except UnreadableRequest as fault:
            self.drop(str(fault))
            return
        self.asked_client_id = client_id
        if not self._house.admit(self, client_id):
            self.send_error(
                -1,
                326,
                "Unable to connect as the client id is already in use. "
                "Retry with a unique client id.",
            )
            self.close(f"client id {client_id} is in use")
            return
        self.client_id = client_id
        if self._deadline is not None:
            self._deadline.cancel()
        self._house.log.note(self.number, client_id, "connected", version=self.version)
        self._house.log.incoming(self.number, client_id, fields)
        self._house.welcome(self)
        if self._house.stage is not None:
            self._house.stage.welcomed(self)

    def _act(self, fields: list[str]) -> None:
        if not fields[0].isdecimal():
            self.drop(f"{fields[0][:20]!r} is no message number")
            return
        try:
            self._house.dispatch(self, int(fields[0]), FieldReader(fields))
        except UnreadableRequest as fault:
            self.send_error(
                request_id(fields),
                320,
                f"Error reading request. Message {fields[0]}: {fault}",
            )

    def _within_rate(self) -> bool:
        """Count a message; answer a breach of the limit with error 100, the third with the door."""
        limit = self._house.message_limit
        if limit is None:
            return True
        received = self._rate.count(self._house.clock.monotonic())
        if received <= limit or self._rate.is_reported:
            return True
        breach = self._rate.report()
        self._house.log.note(self.number, self.client_id, "rate", received=received, breach=breach)
        self.send_error(
            -1,
            100,
            "Max rate of messages per second has been exceeded:"
            f"max={limit} rec={received} ({breach})",
        )
        if breach >= MAX_RATE_BREACHES:
            self.close("it broke the message limit again and again")
            return False
        return True

    def _end(self, reason: str) -> None:
        if self.is_over:
            return
        self.is_over = True
        if self._deadline is not None:
            self._deadline.cancel()
        if self._out:
            self._house.log.note(self.number, self.client_id, "unsent", writes=len(self._out))
            self._out.clear()
        self._house.leave(self, reason)
        if self._house.stage is not None:
            self._house.stage.gone(self)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
