"""Quotes and bars: asked for, and come."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from adapters.venue import BarSeries
from domain.quotes import Quote
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class QuoteUpdate(Message):
    """The newest quote of an instrument, with the extremes since it was last read."""

    lane: ClassVar[Lane] = Lane.QUOTE
    venue: str
    quote: Quote

    def slot(self) -> Hashable:
        """One slot per instrument."""
        return self.quote.symbol

    def replacing(self, older: QuoteUpdate) -> QuoteUpdate:
        """This one, with the extremes of the one that nobody read."""
        return QuoteUpdate(self.venue, self.quote.after(older.quote))


@dataclass(frozen=True, slots=True)
class Subscribe(Command):
    """To the connection: have quotes of this instrument sent."""

    symbol: Symbol
    epoch: int


@dataclass(frozen=True, slots=True)
class Resubscribe(Message):
    """To `quotes`: the venue has dropped its subscriptions; ask for all of them again."""

    venue: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AskBars(Command):
    """To the connection, through history: bars in IB's words."""

    symbol: Symbol
    duration: str
    bar_size: str
    epoch: int


@dataclass(frozen=True, slots=True)
class BarsCame(Message):
    """The answer; `series` is None when there is none, with the code and the venue's text."""

    symbol: Symbol
    series: BarSeries | None
    code: str = ""
    sentence: str = ""
