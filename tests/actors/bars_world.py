"""The seats of bars and a simulated gateway, all on one clock that can leap."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from actors import names
from actors.bars import BarArchive
from actors.base import Actor
from actors.child import Child, Intensity, Strategy
from actors.connection import Connection, ConnectionOptions
from actors.history import History
from actors.lanes import Stop
from actors.messages import BarsReady, Priority, WantBars
from actors.seat import Seat
from actors.supervision import RootSupervisor
from actors.system import ActorSystem, NobodyThere
from actors.venue import VenueSupervisor
from adapters.ib.link import IBLink
from adapters.ib.opening import IBLinkOptions
from adapters.store import open_bars
from domain.backoff import Backoff
from domain.symbols import Symbol
from runtime.clocks import WarpClock
from runtime.threads import ThreadRuntime
from simulators.broker import open_broker
from simulators.tws.data_habits import DataHabits
from simulators.tws.server import GatewayServer
from simulators.tws.wire_history import WireHistory, read_wire_log
from simulators.tws.wire_log import WireLog, WireLogMode
from tests.actors.company import Heard, Listener
from tests.actors.conftest import LIMIT
from tests.actors.rest import settle
from tests.domain.pacing_checker import Request, violations
from tests.tree.waiting import until

IB = names.IB
ASKER = "asker"
READER = "reader"
HISTORY = names.history(IB)
BHP, VAS, CBA, CSL = map(Symbol.parse, ("BHP/AUD", "VAS/AUD", "CBA/AUD", "CSL/AUD"))
AUDUSD = Symbol.parse("AUD/USD")
_AT_ONCE = Backoff(first=0.02, ceiling=0.05, reset_after=30.0, floor=0.01)
_AROUND = (
    names.quotes(IB),
    names.orders(IB),
    names.resync(IB),
    names.DESK,
    names.NARRATOR,
    names.IB,
    ASKER,
    READER,
)
_HISTORICAL_DATA = 20


class Gateway:
    """A gateway on a thread of its own; its habits may be changed while it runs."""

    def __init__(self, folder: Path, clock: WarpClock, habits: DataHabits) -> None:
        self._folder = folder
        self._clock = clock
        self._habits = habits
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop: asyncio.Future[None] = self._loop.create_future()
        self.server: GatewayServer | None = None
        self.port = 0
        self._thread = threading.Thread(target=self._run, name="gateway")
        self._thread.start()
        assert self._started.wait(LIMIT)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            asyncio.set_event_loop(None)
            self._loop.close()

    async def _serve(self) -> None:
        broker = open_broker(self._folder, self._clock, market="still")
        log = WireLog(self._folder / "wire.jsonl", self._clock, mode=WireLogMode.ORDERS)
        server = GatewayServer(broker, self._clock, log, data_habits=self._habits)
        self.port = await server.start()
        self.server = server
        self._started.set()
        await self._stop
        await server.stop()
        log.close()
        broker.close()

    def do(self, work: Callable[[GatewayServer], None]) -> None:
        """Do something on the gateway's own thread; done when this returns."""
        done = threading.Event()

        def call() -> None:
            assert self.server is not None
            work(self.server)
            done.set()

        self._loop.call_soon_threadsafe(call)
        assert done.wait(LIMIT)

    def behave(self, habits: DataHabits) -> None:
        """Have other habits from now on."""
        self.do(lambda server: setattr(server, "data_habits", habits))

    def cut(self) -> None:
        """Drop every connection."""

        def drop(server: GatewayServer) -> None:
            for session in server.clients.values():
                session.drop("a test")

        self.do(drop)

    def wire(self) -> WireHistory:
        self.do(lambda server: server.log.flush())
        return read_wire_log(self._folder / "wire.jsonl")

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set_result, None)
        self._thread.join(LIMIT)
        assert not self._thread.is_alive()


class World:
    """Connection, history and archive under a venue's supervisor; listeners around them."""

    def __init__(
        self,
        folder: Path,
        gateway: Gateway,
        clock: WarpClock,
        symbols: Sequence[Symbol],
        readers: Sequence[str],
        bars_seconds: float,
    ) -> None:
        self.gateway = gateway
        self.clock = clock
        self.runtime = ThreadRuntime(clock, seed=1)
        self.system = ActorSystem(self.runtime)
        self.heard = Heard(self._listeners_have_heard)
        self._tickets = 0
        for name in _AROUND:
            if name != names.IB:
                self.system.fill(self.system.seat(name), lambda s, at: Listener(s, at, self.heard))
        options = ConnectionOptions(
            venue=IB,
            symbols=tuple(symbols),
            traders=(),
            heartbeat_seconds=1e9,
            bars_seconds=bars_seconds,
        )
        link = IBLinkOptions("127.0.0.1", gateway.port, 7, history_seconds=bars_seconds)
        chain = (
            Child(
                names.connection(IB),
                lambda s, seat: Connection(
                    s,
                    seat,
                    options=options,
                    make_link=lambda loop, sink: IBLink(loop, sink, clock, link),
                ),
            ),
            Child(
                HISTORY,
                lambda s, seat: History(s, seat, venue=IB, symbols=symbols, readers=readers),
            ),
            Child(
                names.bars(IB),
                lambda s, seat: BarArchive(
                    s,
                    seat,
                    venue=IB,
                    open_bars=lambda check: open_bars(folder / "bars.db", IB, check=check),
                ),
            ),
        )
        for child in chain:
            self.system.seat(child.name, IB)
        self.system.seat(IB, names.ROOT)

        def venue(system: ActorSystem, seat: Seat) -> Actor:
            return VenueSupervisor(system, seat, venue=IB, backoff=_AT_ONCE, children=chain)

        self.system.fill(
            self.system.seat(names.ROOT),
            lambda s, seat: RootSupervisor(
                s,
                seat,
                strategy=Strategy.ONE_FOR_ONE,
                children=(Child(IB, venue),),
                intensity=Intensity(crashes=1000, seconds=60),
            ),
        )

    # -- wanting -------------------------------------------------------------------------

    def want(
        self,
        symbol: Symbol,
        timeframe: str,
        start: datetime,
        end: datetime | None = None,
        **more: Any,
    ) -> str:
        """Put a want, to be answered `within` so many seconds; its ticket."""
        self._tickets += 1
        ticket = f"T{self._tickets}"
        deadline = self.clock.monotonic() + more.pop("within", 1e6)
        who = more.pop("who", ASKER)
        message = WantBars(deadline, ticket, who, symbol, timeframe, start, end, **more)
        self.system.tell(HISTORY, message, sender=who)
        return ticket

    def ready(self, *tickets: str) -> list[BarsReady]:
        """The answers, without letting any time go by but the machine's own."""
        return [self.heard.wait_for(BarsReady, lambda m, t=t: m.ticket == t) for t in tickets]  # type: ignore[misc]

    def run_until_ready(self, *tickets: str, seconds: float = 60.0) -> list[BarsReady]:
        """The answers; whenever nothing may be asked for a while, the clock leaps there."""
        wanted = set(tickets)

        def all_there() -> bool:
            return wanted <= {message.ticket for message in self.heard.of(BarsReady)}

        until(
            lambda: self.leap_unless(all_there), "all bars that were wanted", seconds, every=0.002
        )
        return self.ready(*tickets)

    def leap_unless(self, done: Callable[[], bool]) -> bool:
        """Go on to when the next request may go, where none is under way and it is not done yet.

        Whether it is done is asked of seats at rest, and before the leap: what ended between a
        look and a leap would have the clock go on to whatever comes after it.
        """
        requests = self.at_rest()
        if done():
            return True
        if requests["open"] == 0 and requests["next_in_seconds"] is not None:
            self.clock.leap(requests["next_in_seconds"])
        return False

    def at_rest(self) -> dict[str, Any]:
        """What history says of its requests when it and the archive have nothing to handle."""
        settle(self.system, (HISTORY, names.bars(IB)))
        requests = self.state()["requests"]
        assert isinstance(requests, dict)
        return requests

    def is_answered(self) -> bool:
        """Whatever was asked for has been answered, and the answers are handled."""
        return bool(self.at_rest()["open"] == 0)

    def state(self) -> dict[str, Any]:
        """What history says of itself."""

        def said() -> dict[str, Any] | None:
            with suppress(NobodyThere):  # it is just being started anew
                state = self.system.inspect(HISTORY).get(timeout=LIMIT)
                assert isinstance(state, dict)
                return state
            return None

        state = until(said, "history says how it is")
        assert state is not None
        return state

    def ago(self, **of: float) -> datetime:
        """So long ago, on a whole ten minutes."""
        now = self.clock.now() - timedelta(**of)
        return now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)

    def ten_minutes(self, hours: float) -> tuple[datetime, datetime]:
        """Ten minutes that began so many hours ago."""
        start = self.ago(hours=hours)
        return start, start + timedelta(minutes=10)

    def _listeners_have_heard(self) -> None:
        settle(self.system, [name for name in _AROUND if name != names.IB])

    # -- what the gateway saw ------------------------------------------------------------

    def asked(self) -> list[tuple[str, ...]]:
        """The requests for bars: symbol, end, bar size, duration, what, and whether followed."""
        return [
            (m.fields[3], *m.fields[15:18], m.fields[19], m.fields[21])
            for m in self.gateway.wire().from_client(_HISTORICAL_DATA)
        ]

    def paced(self) -> list[Request]:
        """The requests as the checker of the rules looks at them, by the gateway's own times."""
        return [
            Request(
                m.monotonic,
                repr((m.fields[2], m.fields[8], *m.fields[15:])),
                repr((m.fields[2], m.fields[9], m.fields[19])),
                2 if m.fields[19] == "BID_ASK" else 1,
            )
            for m in self.gateway.wire().from_client(_HISTORICAL_DATA)
        ]

    def check_pacing(self) -> None:
        """No rule was broken, by the gateway's count and by a second opinion."""
        wire = self.gateway.wire()
        assert (wire.pacing_violations, wire.soft_pacing_violations) == (0, 0)
        assert violations(self.paced()) == []

    def close(self) -> None:
        """Stop everybody; no thread may live on."""
        self.system.tell(names.ROOT, Stop())
        assert self.system.wait_for_end(LIMIT) is not None, "they did not stop"
        for name in _AROUND:
            self.system.tell(name, Stop())
        for thread in self.runtime.threads():
            thread.join(LIMIT)
            assert not thread.is_alive(), f"{thread.name} is left behind"
        self.runtime.close()


BACKFILL = Priority.BACKFILL


@contextmanager
def gateway(folder: Path, clock: WarpClock, **habits: Any) -> Iterator[Gateway]:
    """A gateway with these habits."""
    running = Gateway(folder, clock, DataHabits(**({"strict_pacing": True} | habits)))
    try:
        yield running
    finally:
        running.close()


@contextmanager
def world(
    folder: Path,
    running: Gateway,
    clock: WarpClock,
    *symbols: Symbol,
    readers: Sequence[str] = (),
    bars_seconds: float = 30.0,
) -> Iterator[World]:
    """The seats before a gateway; the archive is in `folder`."""
    grown = World(folder, running, clock, symbols or (BHP,), readers, bars_seconds)
    try:
        yield grown
    finally:
        grown.close()
