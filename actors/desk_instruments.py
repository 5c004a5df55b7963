"""The instruments as the desk knows them: described or refused, in which phase, by whose word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from domain.calendar import ExchangeCalendar, differences
from domain.phases import Phase, next_close, next_open, phase_at
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, InstrumentRefused
from domain.views import InstrumentView


class DeskInstruments:
    """What the venue said last of each; `calendars` are the baked ones, by exchange."""

    def __init__(self, calendars: Mapping[str, ExchangeCalendar]) -> None:
        self._calendars = calendars
        self._known: dict[Symbol, InstrumentDetails] = {}
        self._refused: dict[Symbol, InstrumentRefused] = {}
        self._told: dict[str, date] = {}

    def get(self, symbol: Symbol) -> InstrumentDetails | None:
        """What it is; None while it is not known, or may not be traded."""
        return self._known.get(symbol)

    @property
    def known(self) -> Mapping[Symbol, InstrumentDetails]:
        """All that are described and may be traded."""
        return self._known

    def calendar(self, details: InstrumentDetails) -> ExchangeCalendar | None:
        """The baked calendar of its exchange, where there is one."""
        return self._calendars.get(details.exchange)

    def is_open(self, symbol: Symbol, now: datetime) -> bool:
        """Its market is in continuous trading; the auctions are not, whatever is announced."""
        details = self._known.get(symbol)
        return details is not None and (
            phase_at(details, self.calendar(details), now) is Phase.OPEN
        )

    def take(self, details: InstrumentDetails) -> None:
        """The venue described it."""
        self._known[details.symbol] = details
        self._refused.pop(details.symbol, None)

    def refuse(self, refused: InstrumentRefused) -> None:
        """It cannot be traded."""
        self._known.pop(refused.symbol, None)
        self._refused[refused.symbol] = refused

    def to_tell(self, details: InstrumentDetails, today: date) -> list[str]:
        """Where the venue's hours differ from the calendar's: each sentence once a day.

        One day that is missing at the exchange is missing of all its shares.
        """
        found = [each for each in self._differences(details) if self._told.get(each) != today]
        self._told.update(dict.fromkeys(found, today))
        return found

    def views(
        self, venue_of: Mapping[Symbol, str], quotes: Mapping[Symbol, Quote], now: datetime
    ) -> dict[str, tuple[InstrumentView, ...]]:
        """All instruments by venue, for the console."""
        found: dict[str, list[InstrumentView]] = {}
        for symbol, venue in sorted(venue_of.items()):
            found.setdefault(venue, []).append(self._view(symbol, quotes.get(symbol), now))
        return {venue: tuple(views) for venue, views in found.items()}

    def _differences(self, details: InstrumentDetails) -> tuple[str, ...]:
        calendar = self.calendar(details)
        return () if calendar is None else differences(details, calendar)

    def _view(self, symbol: Symbol, quote: Quote | None, now: datetime) -> InstrumentView:
        details, refused = self._known.get(symbol), self._refused.get(symbol)
        if details is None:
            return InstrumentView(
                symbol,
                refused_code=refused.code if refused else "",
                refused=refused.sentence if refused else "",
            )
        calendar = self.calendar(details)
        halted = quote is not None and quote.halted
        return InstrumentView(
            symbol,
            name=details.name,
            type=details.kind,
            exchange=details.exchange,
            phase=phase_at(details, calendar, now, halted=halted),
            next_open=next_open(details, calendar, now),
            next_close=next_close(details, calendar, now),
            hours_differ=self._differences(details),
        )
