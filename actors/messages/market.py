"""Quotes: asked for, and come."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from actors.lanes import Command, Lane, Message
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
class Unsubscribe(Command):
    """To the connection: no more quotes of this instrument; its line is wanted for another."""

    symbol: Symbol
    epoch: int


@dataclass(frozen=True, slots=True)
class Resubscribe(Message):
    """To `quotes` and `history`: the venue has dropped its subscriptions; ask for them again."""

    venue: str
    sentence: str
