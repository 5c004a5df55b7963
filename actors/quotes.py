"""The quotes of a venue: what is subscribed, the newest of each, and who is told."""

from __future__ import annotations

from collections.abc import Sequence

from actors import names
from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    GetQuotes,
    InstrumentFailed,
    InstrumentKnown,
    Introduce,
    LinkUp,
    QuoteUpdate,
    Resubscribe,
    Subscribe,
)
from actors.seat import Seat
from actors.system import ActorSystem
from domain.quotes import DataType, Quote
from domain.symbols import Symbol

_SUBSCRIBE_WITHIN = 30.0


class Quotes(Actor):
    """Keeps the newest quote of each instrument and passes it on."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        venue: str,
        stale_after_seconds: float,
        readers: Sequence[str],
    ) -> None:
        super().__init__(system, seat)
        self.venue = venue
        self.stale_after = stale_after_seconds
        self._readers = tuple(readers)
        self._epoch: int | None = None
        self._wanted: list[Symbol] = []
        self._quotes: dict[Symbol, Quote] = {}
        self._taken = 0

    def on_start(self) -> None:
        """The link may stand already: ask for it, and for what it knows of instruments."""
        self.tell(names.connection(self.venue), Introduce(self.seat.name))

    def describe(self) -> State:
        """What is subscribed, and how fresh it is."""
        now = self.clock.monotonic()
        return {
            "subscribed": [str(symbol) for symbol in self._wanted],
            "taken": self._taken,
            "conflated": self.seat.mailbox.conflated,
            "ages_seconds": {
                str(symbol): round(quote.age(now), 3) for symbol, quote in self._quotes.items()
            },
        }

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        if message.epoch == self._epoch:
            return  # told at the opening, and again as the answer to our question
        self._epoch = message.epoch
        for symbol in self._wanted:
            self._subscribe(symbol)

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        if message.details.symbol not in self._wanted:
            self._wanted.append(message.details.symbol)
            self._subscribe(message.details.symbol)

    @on(Resubscribe)
    def _resubscribe(self, message: Resubscribe) -> None:
        self.log.info("Subscribing again: {}", message.sentence)
        for symbol in self._wanted:
            self._subscribe(symbol)

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        self.log.info("No quotes of {}: {}", message.refused.symbol, message.refused.sentence)

    @on(QuoteUpdate)
    def _quote(self, message: QuoteUpdate) -> None:
        self._taken += 1
        self._quotes[message.quote.symbol] = message.quote
        for name in self._readers:
            self.tell(name, message)

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        for quote in self._quotes.values():
            self.tell(message.seat, QuoteUpdate(self.venue, quote))

    @on(GetQuotes)
    def _get(self, message: GetQuotes) -> tuple[tuple[Quote, bool], ...]:
        now = self.clock.monotonic()
        return tuple(
            (quote, is_stale(quote, now, self.stale_after))
            for _, quote in sorted(self._quotes.items())
        )

    def _subscribe(self, symbol: Symbol) -> None:
        if self._epoch is not None:
            deadline = self.clock.monotonic() + _SUBSCRIBE_WITHIN
            self.tell(names.connection(self.venue), Subscribe(deadline, symbol, self._epoch))


def is_stale(quote: Quote, now: float, stale_after_seconds: float) -> bool:
    """Too old, delayed, or without two sides: nothing may be decided by it."""
    fresh = quote.age(now) <= stale_after_seconds
    return not (fresh and quote.data_type is DataType.LIVE and quote.two_sided)
