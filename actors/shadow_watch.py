"""Quotes and phases, as a shadow market looks at them: what both of its hosts have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    LinkUp,
    QuoteUpdate,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.calendar import ExchangeCalendar
from domain.phases import Phase, phase_at
from domain.quotes import Quote
from domain.shadow import is_usable
from domain.shadow_market import ShadowEvent, ShadowMarket
from domain.symbols import Symbol
from domain.venue import InstrumentDetails

_LOOK, _LOOK_EVERY = "look", 30.0


@dataclass(frozen=True, slots=True)
class ShadowOptions:
    """Where the quotes come from, and how old one may be, in seconds."""

    venues: tuple[str, ...]
    stale_after_seconds: float
    calendars: Mapping[str, ExchangeCalendar]


class ShadowWatch(Actor):
    """Has a shadow market look at each quote; `take` says what becomes of it."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: ShadowOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self.market = ShadowMarket()
        self._quotes: dict[Symbol, Quote] = {}
        self._instruments: dict[Symbol, InstrumentDetails] = {}

    def on_start(self) -> None:
        """Learn what there is to trade, and at which prices."""
        for venue in self.options.venues:
            for name in (names.connection(venue), names.quotes(venue)):
                self.tell(name, Introduce(self.seat.name))
        self.after(_LOOK_EVERY, _LOOK)

    def describe(self) -> State:
        """What is open."""
        return {"open": list(self.market.names())}

    def take(self, events: list[ShadowEvent]) -> None:
        """What would have happened just now."""
        raise NotImplementedError

    def look(self, symbol: Symbol) -> None:
        """All orders of a symbol, by its newest quote if that is usable."""
        quote, phase = self._quotes.get(symbol), self._phase(symbol)
        if quote is not None:
            age = quote.age(self.clock.monotonic())
            if not is_usable(quote, phase, age, self.options.stale_after_seconds):
                quote = None
        self.take(self.market.look(symbol, quote, phase, self.clock.now()))

    @on(QuoteUpdate)
    def _quote(self, message: QuoteUpdate) -> None:
        self._quotes[message.quote.symbol] = message.quote
        self.look(message.quote.symbol)

    def on_timer(self, name: str) -> None:
        """What ends by the clock."""
        if name == _LOOK:
            self.after(_LOOK_EVERY, _LOOK)
            for symbol in self.market.symbols():
                self.look(symbol)

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        self._instruments[message.details.symbol] = message.details

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        self._instruments.pop(message.refused.symbol, None)

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        """Comes with the instruments; nothing hangs on it here."""

    def _phase(self, symbol: Symbol) -> Phase:
        details = self._instruments.get(symbol)
        if details is None:
            return Phase.UNKNOWN
        calendar = self.options.calendars.get(details.exchange)
        return phase_at(details, calendar, self.clock.now())
