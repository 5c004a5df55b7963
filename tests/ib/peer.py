"""A TCP peer that says what a test tells it to: for what no gateway should ever do.

It answers the start and the lists as a gateway with nothing in it does, unless told to be mute,
and keeps every message that it is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

ACCOUNT = "DU1"
SECONDS = 5.0


def frame(*fields: object) -> bytes:
    body = "".join(f"{field}\0" for field in fields).encode()
    return len(body).to_bytes(4, "big") + body


class Peer:
    """One server on a port of its own; its attributes say how it behaves."""

    def __init__(self) -> None:
        self.greeting: bytes | None = frame(176, "20260909 10:00:00 Australia/Sydney")
        self.accounts: str | None = ACCOUNT
        self.next_id: int | None = 1
        self.instead: bytes | None = None
        """Sent in place of the whole start."""
        self.mute: set[str] = set()
        """Kinds of request that get no answer."""
        self.close_at_once = False
        self.byte_by_byte = False
        self.on: dict[str, Callable[[list[str]], Iterable[bytes]]] = {}
        """What answers a kind of request, in place of the usual."""
        self.received: list[list[str]] = []
        self.connections = 0
        self.ended = asyncio.Event()
        self._arrived = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self.port = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writer = writer
        try:
            if self.close_at_once:
                return
            if self.instead is not None:
                writer.write(self.instead)
            else:
                await reader.readexactly(4)
                await self._next(reader)
                if self.greeting is not None:
                    await self.send(self.greeting)
            while True:
                fields = (await self._next(reader)).decode().split("\0")[:-1]
                self.received.append(fields)
                self._arrived.set()
                await self.send(*self._answer(fields))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.ended.set()
            writer.close()

    async def _next(self, reader: asyncio.StreamReader) -> bytes:
        length = int.from_bytes(await reader.readexactly(4), "big")
        return await reader.readexactly(length)

    def _answer(self, fields: list[str]) -> Iterable[bytes]:
        kind = fields[0]
        if kind in self.mute:
            return ()
        if kind in self.on:
            return self.on[kind](fields)
        start = []
        if self.accounts is not None:
            start.append(frame(15, 1, self.accounts))
        if self.next_id is not None:
            start.append(frame(9, 1, self.next_id))
        usual: dict[str, list[bytes]] = {
            "71": start,
            "5": [frame(53, 1)],
            "16": [frame(53, 1)],
            "49": [frame(49, 1, 1800000000)],
            "61": [frame(62, 1)],
            "99": [frame(102)],
        }
        if kind == "6":
            on = fields[2] in ("1", "True")
            value = frame(6, 2, "NetLiquidation", "1000.5", "AUD", ACCOUNT)
            return (value, frame(54, 1, ACCOUNT)) if on else ()
        if kind == "7":
            return (frame(55, 1, fields[2]),)
        if kind == "76":
            return (frame(74, 1, fields[2]),)
        return usual.get(kind, ())

    async def send(self, *messages: bytes) -> None:
        """Write messages in one piece, or byte by byte."""
        writer = self._writer
        assert writer is not None
        data = b"".join(messages)
        if not self.byte_by_byte:
            writer.write(data)
        else:
            for at in range(len(data)):
                writer.write(data[at : at + 1])
                await writer.drain()
                await asyncio.sleep(0)
        await writer.drain()

    def hang_up(self) -> None:
        assert self._writer is not None
        self._writer.close()

    def count(self, kind: str) -> int:
        return sum(1 for fields in self.received if fields[0] == kind)

    async def until(self, kind: str, number: int = 1, seconds: float = SECONDS) -> list[str]:
        """The `number`th request of a kind, once it is here."""
        async with asyncio.timeout(seconds):
            while self.count(kind) < number:
                self._arrived.clear()
                await self._arrived.wait()
        return [fields for fields in self.received if fields[0] == kind][number - 1]


@asynccontextmanager
async def listening(peer: Peer) -> AsyncIterator[Peer]:
    server = await asyncio.start_server(peer._serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        if peer._writer is not None:
            peer._writer.close()
        await asyncio.wait_for(server.wait_closed(), SECONDS)
        if peer.connections:
            await asyncio.wait_for(peer.ended.wait(), SECONDS)


def run(body: Awaitable[None]) -> None:
    """Run a test's body on a loop of its own, with a time limit."""

    async def bounded() -> None:
        async with asyncio.timeout(20):
            await body

    asyncio.run(bounded())
