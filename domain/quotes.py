"""Quotes: level 1 as the venue last said it, and whether it may be trusted.

Prices are floats here: a quote is an observation. What becomes an order is a Decimal.
None means *no such price*: -1, 0 and NaN never get past the adapter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.symbols import Symbol


class DataType(StrEnum):
    """What kind of data the venue sends; only LIVE may open a position."""

    LIVE = "LIVE"
    DELAYED = "DELAYED"
    FROZEN = "FROZEN"


@dataclass(frozen=True, slots=True)
class Quote:
    """The top of a book.

    `time` is when it was received (UTC), `received` the same on the monotonic clock, in seconds;
    `low_bid` and `high_ask` are the extremes since whoever reads it read last.
    """

    symbol: Symbol
    time: datetime
    received: float
    bid: float | None
    ask: float | None
    bid_size: float | None
    ask_size: float | None
    last: float | None
    last_size: float | None
    volume: float | None
    close: float | None
    data_type: DataType
    halted: bool = False
    low_bid: float | None = None
    high_ask: float | None = None

    @property
    def mid(self) -> float | None:
        """Half-way between bid and ask; None unless both are there and not crossed."""
        if self.bid is None or self.ask is None or self.crossed:
            return None
        return (self.bid + self.ask) / 2

    @property
    def two_sided(self) -> bool:
        """Both sides are there and the book is not crossed."""
        return self.mid is not None

    @property
    def price(self) -> float | None:
        """What it trades at: the middle, else the last trade; None without either."""
        middle = self.mid
        return middle if middle is not None else self.last

    @property
    def spread_percent(self) -> float | None:
        """Ask less bid in percent of the middle; None unless two-sided."""
        if self.mid is None or self.bid is None or self.ask is None:
            return None
        return (self.ask - self.bid) / self.mid * 100

    @property
    def book_imbalance(self) -> float | None:
        """From -1 (all of the top is offered) to 1 (all is bid for); None without both sizes."""
        if not self.two_sided or self.bid_size is None or self.ask_size is None:
            return None
        both = self.bid_size + self.ask_size
        return (self.bid_size - self.ask_size) / both if both > 0 else None

    @property
    def missing(self) -> tuple[str, ...]:
        """Which of bid, ask and last there is no price of."""
        prices = (("bid", self.bid), ("ask", self.ask), ("last", self.last))
        return tuple(name for name, price in prices if price is None)

    @property
    def priced(self) -> bool:
        """There is a price of any kind."""
        return self.bid is not None or self.ask is not None or self.last is not None

    @property
    def crossed(self) -> bool:
        """The bid is above the ask, as before an opening auction: neither is a price."""
        return self.bid is not None and self.ask is not None and self.bid > self.ask

    def emptied(self) -> Quote:
        """What is left of it when the venue sends no more: the instrument, and no price."""
        return replace(
            self, bid=None, ask=None, bid_size=None, ask_size=None, last=None, last_size=None
        )

    def age(self, now: float) -> float:
        """Seconds since it was received, `now` on the monotonic clock."""
        return now - self.received

    def after(self, older: Quote) -> Quote:
        """This quote, carrying the extremes of the one that it replaces unread."""
        low = _least(_least(self.low_bid, self.bid), _least(older.low_bid, older.bid))
        high = _most(_most(self.high_ask, self.ask), _most(older.high_ask, older.ask))
        # Written out: it runs for nearly every tick, and `dataclasses.replace` is much slower.
        return Quote(
            self.symbol,
            self.time,
            self.received,
            self.bid,
            self.ask,
            self.bid_size,
            self.ask_size,
            self.last,
            self.last_size,
            self.volume,
            self.close,
            self.data_type,
            self.halted,
            low,
            high,
        )


def _least(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return one if one < other else other


def _most(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return one if one > other else other
