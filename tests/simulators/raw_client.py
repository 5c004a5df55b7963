"""A gateway inside the test's own event loop, and a client that sends whatever it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from runtime.clocks import WarpClock
from simulators.broker import SimulatedBroker, open_broker
from simulators.model import Phase
from simulators.tws.frames import frame, pack, unpack
from simulators.tws.server import GatewayServer
from simulators.tws.wire_history import WireHistory, read_wire_log
from simulators.tws.wire_log import WireLog

ANSWER_SECONDS = 10.0

#: The longest that the market of the demo rests between two sessions, with room to spare.
REST_SECONDS = 60

#: A day of the ASX has seven phases, the rest between two included.
MAX_PHASES = 14

#: A session with less than this before it is not begun a test in.
END_SECONDS = 1500
BHP = ("4036812", "BHP", "STK", "", "0.0", "", "", "SMART", "", "AUD", "", "")
AUD_USD = ("14433401", "AUD", "CASH", "", "0.0", "", "", "IDEALPRO", "", "USD", "", "")


class House:
    """A gateway with its broker, clock and log.

    The market is open, and of the demo; `phase` leaps to the next such phase of the ASX instead.
    """

    def __init__(
        self, directory: Path, clock: WarpClock, *, phase: Phase | None = None, **options: Any
    ) -> None:
        self.clock = clock
        self.broker: SimulatedBroker = open_broker(
            directory, clock, market="still", asx_hours=phase is not None
        )
        if phase is None:
            self._leap_to_open_market()
        else:
            self.leap_to(phase)
        self.path = directory / "wire.jsonl"
        self.log = WireLog(self.path, clock)
        self.lines: list[str] = []
        self.gateway = GatewayServer(
            self.broker, clock, self.log, tell=self.lines.append, **options
        )
        self.port = 0

    def leap_to(self, phase: Phase) -> None:
        """Go on to the next moment at which BHP is in this phase."""
        for _ in range(MAX_PHASES):
            self.broker.advance()
            span = self.broker.exchange.span(int(BHP[0]))
            if span.phase is phase:
                return
            self.clock.leap(max(0.0, (span.ends - self.clock.now()).total_seconds()) + 0.01)
        raise AssertionError(f"the market is never in {phase}")

    def leap_into_bar(self, seconds: int) -> None:
        """Leap a moment into the next bar of so many seconds: nearly all of it is left then."""
        self.clock.leap(seconds + 0.25 - self.clock.now().timestamp() % seconds)

    def _leap_to_open_market(self) -> None:
        """The market of the demo rests for some seconds between its sessions.

        One that is about to rest is left behind: no test of a few minutes meets its end.
        """
        now = self.clock.now()
        session = next(s for s in self.broker.sessions(int(BHP[0]), 2) if s.closes > now)
        left = (session.closes - now).total_seconds()
        if left < END_SECONDS:
            self.clock.leap(left)
        for _ in range(REST_SECONDS):
            self.broker.advance()
            if self.broker.top(int(BHP[0])).phase is Phase.OPEN:
                return
            self.clock.leap(1)
        raise AssertionError("the market of the demo stays closed")

    def history(self) -> WireHistory:
        """The wire log so far."""
        self.log.settle()
        return read_wire_log(self.path)


@asynccontextmanager
async def house(directory: Path, **options: Any) -> AsyncIterator[House]:
    """Run a gateway on the current loop for the length of the block."""
    place = House(directory, WarpClock(), **options)
    place.port = await place.gateway.start()
    try:
        yield place
    finally:
        await place.gateway.stop()
        place.log.close()
        place.broker.close()


class RawClient:
    """One socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> RawClient:
        """Connect and say nothing."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @classmethod
    async def ready(cls, port: int, client_id: int = 5, version: int = 176) -> RawClient:
        """Connect, complete the handshake and read the start-up messages."""
        client = await cls.open(port)
        client.greet(f"v100..{version}")
        assert (await client.receive())[0] == str(version)
        client.send(71, 2, client_id, "")
        await client.until("4", fourth="2158")
        return client

    def greet(self, versions: str) -> None:
        """Say hello."""
        self.writer.write(b"API\0" + frame(versions.encode()))

    def send(self, *fields: object) -> None:
        """Send a message."""
        self.writer.write(pack(str(field) for field in fields))

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)

    async def receive(self) -> list[str]:
        """The next message."""
        async with asyncio.timeout(REST_SECONDS):
            length = int.from_bytes(await self.reader.readexactly(4), "big")
            return unpack(await self.reader.readexactly(length))

    async def until(self, message_id: str, fourth: str | None = None) -> list[str]:
        """Read on to the next message with this number (and this fourth field)."""
        while True:
            fields = await self.receive()
            if fields[0] == message_id and (fourth is None or fields[3] == fourth):
                return fields

    async def error(self) -> tuple[int, int, str]:
        """The next error that is addressed to a request or an order."""
        while True:
            fields = await self.until("4")
            if fields[2] != "-1":
                return int(fields[2]), int(fields[3]), fields[4]

    async def is_closed(self) -> bool:
        """Wait until the gateway has closed the connection."""
        async with asyncio.timeout(ANSWER_SECONDS):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionResetError:
                return True
        return True

    async def close(self) -> None:
        """Close the socket."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (ConnectionResetError, BrokenPipeError):
            return


async def market_open(port: int, client_id: int = 999) -> None:
    """Wait until quotes are of a market in which orders trade."""
    client = await RawClient.ready(port, client_id)
    client.send("1", "11", 1, *BHP, "0", "", "0", "0", "")
    async with asyncio.timeout(REST_SECONDS):
        while True:
            tick = await client.until("1")
            if tick[3] in ("1", "2") and tick[6] == "1":
                break
    await client.close()


def place_order(
    order_id: int,
    contract: Iterable[str] = BHP,
    *,
    action: str = "BUY",
    quantity: str = "10",
    order_type: str = "LMT",
    limit: str = "30",
    aux: str = "",
    tif: str = "DAY",
    order_ref: str = "R",
    changes: dict[int, str] | None = None,
) -> list[str]:
    """A placeOrder at 176 as ib_insync writes it; `changes` sets fields by their position."""
    fields = ["3", str(order_id), *contract, "", "", action, quantity, order_type, limit, aux, tif]
    fields += ["", "", "O", "0", order_ref, "1", "0", "0", "0", "0", "0", "0", "0"]
    tail = {36: "0.0", 44: "0", 46: "-1", 47: "0", 50: "0", 53: "0", 54: "0", 56: "0"}
    tail |= {62: "0", 67: "0", 78: "0", 81: "0", 82: "0", 85: "0", 87: "0", 88: "0", 89: "0"}
    tail |= {90: "0", 106: "0", 107: "0", 108: "0", 112: "0"} | (changes or {})
    fields += [""] * (115 - len(fields))
    for position, value in tail.items():
        fields[position] = value
    return fields
