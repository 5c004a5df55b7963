"""The owner of a venue's link. Nobody else calls the library.

Its thread is the link's event loop. One incarnation, one link: when the link is lost it ends,
and the venue's supervisor starts the chain anew. What comes in from the wire goes straight
into the mailbox of the seat that owns it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors import names
from actors.base import on
from actors.lanes import Command, Exit, ExitKind, FactsPileUp, State
from actors.messages import (
    AccountChanged,
    AskBars,
    AskRound,
    BarsCame,
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    LinkUp,
    PositionChanged,
    QuoteUpdate,
    RenewLink,
    RoundEnded,
    Subscribe,
    VenueFact,
    VenueSaid,
)
from actors.order_door import OrderDoor
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.venue import (
    HistoryError,
    LinkError,
    UnknownInstrument,
    VenueLink,
    VenueSink,
)
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.venue import (
    AccountValue,
    InstrumentRefused,
    OrderFact,
    PositionReport,
    VenueNotice,
)

_INSTRUMENT_AGAIN = 30.0
_INSTRUMENT_DAILY = 12 * 3600.0


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
        self._beat_at: float | None = None
        self._beat_seconds: float | None = None
        self._described: dict[Symbol, InstrumentKnown | InstrumentFailed] = {}

    def on_start(self) -> None:
        """Build the link and begin to open it; wait for nothing."""
        loop = asyncio.get_running_loop()
        self._link = self._make_link(loop, _Sink(self))
        self.run(self._open())

    def on_stop(self) -> None:
        """Say goodbye to the venue."""
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
            "orders_handed": self._handed,
        }

    # -- opening and the heartbeat -------------------------------------------------------

    async def _open(self) -> None:
        try:
            self._opened = await self.link.open()
        except LinkError as error:
            self.lose(error)
            return
        self._beat_at = self.clock.monotonic()
        self.log.info(
            "Connected to {} (server version {}).", self.venue, self._opened.server_version
        )
        up = LinkUp(self.venue, self.epoch, self._opened)
        for name in (
            names.orders(self.venue),
            names.resync(self.venue),
            names.quotes(self.venue),
            names.history(self.venue),
            names.DESK,
            names.NARRATOR,
        ):
            self.tell(name, up)
        self.after(self.options.heartbeat_seconds, "heartbeat")
        for symbol in self.options.symbols:
            self.run(self._describe_instrument(symbol))

    async def _describe_instrument(self, symbol: Symbol) -> None:
        message: InstrumentKnown | InstrumentFailed
        try:
            limit = self.options.instrument_seconds
            details = await asyncio.wait_for(self.link.instrument(symbol), limit)
            message = InstrumentKnown(self.venue, details)
        except UnknownInstrument as error:
            self.log.error("{}", error)
            refused = InstrumentRefused(symbol, error.code, str(error))
            message = InstrumentFailed(self.venue, refused)
        except TimeoutError:
            # The link is judged by its heartbeat; one instrument costs the others nothing.
            self.log.warning("{} does not say what {} is; asking again.", self.venue, symbol)
            self.after(_INSTRUMENT_AGAIN, f"instrument {symbol}")
            return
        except LinkError as error:
            self.lose(error)
            return
        self._described[symbol] = message
        # Sessions are announced for some days only; prices steps and lots may change.
        self.after(_INSTRUMENT_DAILY, f"instrument {symbol}")
        for name in (names.quotes(self.venue), names.history(self.venue), *self.options.traders):
            self.tell(name, message)

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        if self._opened is None:
            return
        self.tell(message.seat, LinkUp(self.venue, self.epoch, self._opened))
        if message.seat in (names.orders(self.venue), names.resync(self.venue)):
            return  # to them an order is an order, whatever it is for
        for described in self._described.values():
            self.tell(message.seat, described)

    def on_timer(self, name: str) -> None:
        """The next beat is due, or an instrument is asked for again."""
        what, _, symbol = name.partition(" ")
        if what == "instrument":
            self.run(self._describe_instrument(Symbol.parse(symbol)))
        else:
            self.run(self._beat())

    async def _beat(self) -> None:
        begun = self.clock.monotonic()
        limit = self.options.heartbeat_deadline_seconds
        try:
            await asyncio.wait_for(self.link.server_time(), limit)
        except TimeoutError:
            sentence = (
                f"{self.venue} has not answered for {limit:.0f} s, though the socket is open."
            )
            self.lose(LinkError("HEARTBEAT", sentence))
            return
        except LinkError as error:
            self.lose(error)
            return
        self._beat_at = self.clock.monotonic()
        self._beat_seconds = self._beat_at - begun
        self.after(self.options.heartbeat_seconds, "heartbeat")

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
            sentence = "Its deadline was over before it could be sent."
            came = BarsCame(command.symbol, None, "EXPIRED", sentence)
            self.tell(names.history(self.venue), came)
            return None
        return super().on_expired(command)

    @on(Subscribe)
    def _subscribe(self, message: Subscribe) -> None:
        if self._stands(message.epoch):
            self.link.subscribe(message.symbol)

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

    async def _bars(self, message: AskBars) -> None:
        try:
            series = await asyncio.wait_for(
                self.link.bars(message.symbol, message.duration, message.bar_size),
                self.options.bars_seconds,
            )
            came = BarsCame(message.symbol, series)
        except HistoryError as error:
            came = BarsCame(message.symbol, None, error.code, str(error))
        except TimeoutError:
            came = BarsCame(message.symbol, None, "TIMEOUT", "The history did not come in time.")
        except LinkError as error:
            self.lose(error)
            return
        self.tell(names.history(self.venue), came)


class _Sink:
    """Puts what the adapter hears where it belongs, without a detour through the connection."""

    def __init__(self, connection: Connection) -> None:
        venue = connection.venue
        self._connection = connection
        self._tell = connection.system.tell
        self._from = connection.seat.name
        self._venue = venue
        self._quotes = names.quotes(venue)
        self._orders = names.orders(venue)
        self._resync = names.resync(venue)

    def quote(self, quote: Quote) -> None:
        self._tell(self._quotes, QuoteUpdate(self._venue, quote), sender=self._from)

    def order_fact(self, fact: OrderFact) -> None:
        correlation = fact.client_order_id if hasattr(fact, "client_order_id") else None
        self._tell(
            self._orders,
            VenueFact(self._venue, fact),
            sender=self._from,
            correlation=correlation or "",
        )

    def position(self, report: PositionReport) -> None:
        self._tell(self._resync, PositionChanged(self._venue, report), sender=self._from)

    def account_value(self, value: AccountValue) -> None:
        self._tell(names.DESK, AccountChanged(self._venue, value), sender=self._from)

    def notice(self, notice: VenueNotice) -> None:
        self._tell(self._resync, VenueSaid(self._venue, notice), sender=self._from)

    def lost(self, error: LinkError) -> None:
        self._connection.lose(error)
