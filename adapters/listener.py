"""A sink that keeps what a link says, for whoever asks a venue directly and waits for answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapters.venue import LinkError
from domain.bars import Bar, SeriesKey
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.venue import AccountValue, OrderFact, PositionReport, VenueNotice


class Listener:
    """A `VenueSink` with a memory; used on the thread of the link's event loop."""

    def __init__(self) -> None:
        self.quotes: dict[Symbol, Quote] = {}
        self.facts: list[OrderFact] = []
        self.notices: list[VenueNotice] = []
        self._error: LinkError | None = None
        self._told = asyncio.Event()

    async def two_sided(self, symbol: Symbol) -> None:
        """Wait for a quote of this instrument with both sides.

        Raises:
            LinkError: the link went meanwhile.
        """
        while (quote := self.quotes.get(symbol)) is None or not quote.two_sided:
            await self._next()

    async def fact(self, wanted: Callable[[OrderFact], bool]) -> OrderFact:
        """The first that is wanted, said already or to come.

        Raises:
            LinkError: the link went meanwhile.
        """
        looked_at = 0
        while True:
            for fact in self.facts[looked_at:]:
                if wanted(fact):
                    return fact
            looked_at = len(self.facts)
            await self._next()

    async def _next(self) -> None:
        if self._error is not None:
            raise self._error
        self._told.clear()
        await self._told.wait()

    # What the link says.

    def quote(self, quote: Quote) -> None:
        self.quotes[quote.symbol] = quote
        self._told.set()

    def order_fact(self, fact: OrderFact) -> None:
        self.facts.append(fact)
        self._told.set()

    def notice(self, notice: VenueNotice) -> None:
        self.notices.append(notice)
        self._told.set()

    def lost(self, error: LinkError) -> None:
        self._error = error
        self._told.set()

    def position(self, report: PositionReport) -> None:
        """Asked for as a list."""

    def account_value(self, value: AccountValue) -> None:
        """Asked for as a list."""

    def bar(self, key: SeriesKey, bar: Bar) -> None:
        """Nothing is followed here."""

    def bars_ended(self, key: SeriesKey, code: str, sentence: str) -> None:
        """Nothing is followed here."""

    def instrument_doubted(self, symbol: Symbol) -> None:
        """Whoever asks hears the refusal itself."""
