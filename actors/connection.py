"""The owner of a venue's link. Nobody else calls the library.

Its thread is the link's event loop. One incarnation, one link: when the link is lost it ends,
and the venue's supervisor starts the chain anew. What comes in from the wire goes straight
into the mailbox of the seat that owns it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from actors import names
from actors.base import on
from actors.instruments import FirstLook, Instruments
from actors.lanes import Command, Exit, ExitKind, FactsPileUp, State
from actors.messages import (
    AskBars,
    AskRound,
    BarsAnswered,
    BookLoaded,
    ClockSeen,
    FarmChanged,
    Introduce,
    LinkUp,
    LoadBook,
    RenewLink,
    RoundEnded,
    Subscribe,
    Unsubscribe,
    VenueSaid,
)
from actors.order_door import OrderDoor
from actors.seat import Seat
from actors.system import ActorSystem
from actors.venue_sink import Sink
from adapters.venue import (
    HistoryError,
    LinkError,
    VenueLink,
    VenueSink,
)
from domain.symbols import Symbol
from runtime.loop_lag import EVERY_SECONDS, LoopLag

_GUARDS = (names.PROTECTION, names.PLAN_MONITOR)
"""What they know of the venue's orders, closes and quotes is of one link, and ends with it."""


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """How the link is watched; seconds."""

    venue: str
    symbols: tuple[Symbol, ...]
    traders: tuple[str, ...]
    """The seats that want to know the instruments."""
    heartbeat_seconds: float = 5.0
    heartbeat_deadline_seconds: float = 5.0
    instrument_seconds: float = 15.0
    bars_seconds: float = 60.0
    lag_seconds: float = EVERY_SECONDS
    """How often the lag of its loop is measured."""
    first_look: FirstLook = field(default_factory=FirstLook)
    """One for the process, whatever becomes of its links."""


class Connection(OrderDoor):
    """The link, its heartbeat, and the door to the wire."""

    on_loop = True
    owns_handle = True

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        options: ConnectionOptions,
        make_link: Callable[[asyncio.AbstractEventLoop, VenueSink], VenueLink],
    ) -> None:
        super().__init__(system, seat, venue=options.venue)
        self.options = options
        self._make_link = make_link
        self._lag: LoopLag | None = None
        self._beat_at: float | None = None
        self._beat_seconds: float | None = None
        self._clock_offset: float | None = None
        self._instruments = Instruments(
            self,
            lambda: self.link,
            symbols=options.symbols,
            readers=(names.quotes(self.venue), names.history(self.venue), *options.traders),
            seconds=options.instrument_seconds,
            first_look=options.first_look,
        )
        self._sink = Sink(system, seat, self.venue, self.lose, self._instruments.doubt)

    def on_start(self) -> None:
        """Build the link and begin to open it; wait for nothing."""
        loop = asyncio.get_running_loop()
        self._lag = LoopLag(loop, self.options.lag_seconds)
        self._lag.start()
        self._link = self._make_link(loop, self._sink)
        self.tell(names.LEDGER, LoadBook(self.seat.name, self.incarnation))
        self.run(self._open())

    def on_stop(self) -> None:
        """Say goodbye to the venue."""
        if self._lag is not None:
            self._lag.stop()
        self.link.close()

    def describe(self) -> State:
        """The link and its pulse."""
        now = self.clock.monotonic()
        return {
            "venue": self.venue,
            "epoch": self.epoch,
            "up": self._opened is not None,
            "server_version": self._opened.server_version if self._opened else None,
            "last_heartbeat_age_seconds": None
            if self._beat_at is None
            else round(now - self._beat_at, 3),
            "heartbeat_round_trip_seconds": self._beat_seconds,
            "clock_ahead_seconds": self._clock_offset,
            "orders_handed": self._handed,
            "link": dict(self.link.telemetry()),
            "loop_lag_seconds": round(self._lag.last, 6) if self._lag else None,
            "loop_lag_worst_seconds": round(self._lag.worst, 6) if self._lag else None,
        }

    # -- opening and the heartbeat -------------------------------------------------------

    async def _open(self) -> None:
        try:
            opened = await self.link.open()
        except LinkError as error:
            self.lose(error)
            return
        if not await self._pulse("NO_FIRST_HEARTBEAT"):
            return
        self._opened, self._opened_at = opened, self.clock.now()
        self.log.info(
            "Connected to {} (server version {}).", self.venue, self._opened.server_version
        )
        up = LinkUp(self.venue, self.epoch, self._opened, self._opened_at)
        for name in (
            names.orders(self.venue),
            names.resync(self.venue),
            names.quotes(self.venue),
            names.history(self.venue),
            names.DESK,
            *(each for each in _GUARDS if each in self.options.traders),
            names.NARRATOR,
            names.LIVE_GATE,
        ):
            self.tell(name, up)
        self.after(self.options.heartbeat_seconds, "heartbeat")
        self._instruments.begin()

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        if self._opened is None:
            return
        up = LinkUp(self.venue, self.epoch, self._opened, self._opened_at)
        self.tell(message.seat, up)
        if message.seat == names.resync(self.venue) and self._sink.out_of_reach is not None:
            # It began anew on this link: what it compares while that stands proves nothing.
            self.tell(message.seat, VenueSaid(self.venue, self.epoch, self._sink.out_of_reach))
        if message.seat in (names.orders(self.venue), names.resync(self.venue)):
            return  # to them an order is an order, whatever it is for
        if message.seat == names.DESK:
            for farm in self._sink.farms.values():
                self.tell(message.seat, FarmChanged(self.venue, self.epoch, farm))
        self._instruments.introduce(message.seat)

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        if message.ticket == self.incarnation:
            self._instruments.also(message)
        elif not message.ticket:
            self._instruments.judge(message)

    def on_timer(self, name: str) -> None:
        """The next beat is due, or an instrument is asked for again."""
        what, _, symbol = name.partition(" ")
        if what == "instrument":
            self._instruments.due(Symbol.parse(symbol))
        else:
            self.run(self._beat())

    async def _beat(self) -> None:
        if await self._pulse("HEARTBEAT"):
            self.after(self.options.heartbeat_seconds, "heartbeat")

    async def _pulse(self, cause: str) -> bool:
        """Ask the venue for its time; without an answer in time the link is lost."""
        begun = self.clock.monotonic()
        limit = self.options.heartbeat_deadline_seconds
        try:
            told = await asyncio.wait_for(self.link.server_time(), limit)
        except TimeoutError:
            sentence = (
                f"{self.venue} has not answered for {limit:.0f} s, though the socket is open."
            )
            self.lose(LinkError(cause, sentence))
            return False
        except LinkError as error:
            self.lose(error)
            return False
        self._beat_at = self.clock.monotonic()
        self._beat_seconds = self._beat_at - begun
        self._compare_clocks(told, self._beat_seconds)
        return True

    def _compare_clocks(self, told: datetime, seconds: float) -> None:
        """Held against the venue's: in the middle of its second, and of the time of the answer."""
        ours = self.clock.now() - timedelta(seconds=seconds / 2)
        offset = (ours - told).total_seconds() - 0.5
        self._clock_offset = offset
        seen = ClockSeen(self.venue, self.epoch, offset, 0.5 + seconds / 2)
        self.tell(names.LIVE_GATE, seen)

    def lose(self, error: LinkError) -> None:
        """The link is gone: end, so that the chain is started anew."""
        self.end(Exit(ExitKind.LINK_LOST, error.cause, str(error)))

    @on(RenewLink)
    def _renew(self, message: RenewLink) -> None:
        if message.epoch == self.epoch:
            self.lose(LinkError(message.cause, message.sentence))

    @on(FactsPileUp)
    def _pressure(self, message: FactsPileUp) -> None:
        if message.cut:
            sentence = f"{message.waiting} facts wait at {message.seat}: no more are taken in."
            self.lose(LinkError("FALLING_BEHIND", sentence))

    # -- to the wire ---------------------------------------------------------------------

    def on_expired(self, command: Command) -> Any:
        """Answer for what comes too late: it is not sent."""
        if isinstance(command, AskBars):
            self._no_bars(command, "EXPIRED", "Its deadline was over before it could be sent.")
            return None
        return super().on_expired(command)

    @on(Subscribe)
    def _subscribe(self, message: Subscribe) -> None:
        if self._stands(message.epoch):
            self.link.subscribe(message.symbol)

    @on(Unsubscribe)
    def _unsubscribe(self, message: Unsubscribe) -> None:
        if self._stands(message.epoch):
            self.link.unsubscribe(message.symbol)

    @on(AskRound)
    def _ask_round(self, message: AskRound) -> None:
        if self._stands(message.epoch):
            self.run(self._round(message))

    async def _round(self, message: AskRound) -> None:
        try:
            answers = await self.link.round(message.number, message.list_seconds)
        except LinkError as error:
            self.lose(error)
            return
        self.tell(names.resync(self.venue), RoundEnded(self.epoch, answers))

    @on(AskBars)
    def _ask_bars(self, message: AskBars) -> None:
        if self._stands(message.epoch):
            self.run(self._bars(message))
        else:
            self._no_bars(message, "LINK_CHANGED", "The link on which it was asked is gone.")

    async def _bars(self, message: AskBars) -> None:
        ask = self.link.follow_bars if message.follow else self.link.bars
        try:
            series = await asyncio.wait_for(ask(message.query), self.options.bars_seconds)
        except HistoryError as error:
            self._no_bars(message, error.code, str(error))
        except TimeoutError:
            self._no_bars(message, "TIMEOUT", "The history did not come in time.")
        except LinkError as error:
            self.lose(error)
        else:
            self.tell(names.history(self.venue), BarsAnswered(message.ticket, series))

    def _no_bars(self, asked: AskBars, code: str, sentence: str) -> None:
        answer = BarsAnswered(asked.ticket, None, code, sentence)
        self.tell(names.history(self.venue), answer)
