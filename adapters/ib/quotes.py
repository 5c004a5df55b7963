"""Ticks into quotes: per instrument the state of its level 1, per packet one quote.

The price of -1, 0 and NaN say *no price* and never become one. A size of 0 on its own says that
the side is empty: its price is not shown until there is a size again. Delayed ticks carry ids
of their own (66 and up) and make the quote DELAYED whatever else was said.
"""

from __future__ import annotations

from datetime import datetime

from domain.quotes import DataType, Quote
from domain.symbols import Symbol

#: Delayed tick ids and the live ones that they stand for.
_DELAYED = {66: 1, 67: 2, 68: 4, 69: 0, 70: 3, 71: 5, 74: 8, 75: 9}
#: Delayed ones that no quote shows; they say that the data are delayed all the same.
_DELAYED_UNSHOWN = frozenset({72, 73, 76, 80, 81, 82, 83, 88, 90})
_DATA_TYPE = {
    1: DataType.LIVE,
    2: DataType.FROZEN,
    3: DataType.DELAYED,
    4: DataType.DELAYED,
}
_BID_SIZE, _BID, _ASK, _ASK_SIZE, _LAST, _LAST_SIZE, _VOLUME, _CLOSE = 0, 1, 2, 3, 4, 5, 8, 9
_HALTED, _DELAYED_HALTED = 49, 90
_HUGE = 1e300


class Level1:
    """The level 1 of one subscription, as far as the venue has told it."""

    __slots__ = (
        "ask",
        "ask_size",
        "bid",
        "bid_size",
        "changed",
        "close",
        "data_type",
        "halted",
        "high_ask",
        "last",
        "last_size",
        "low_bid",
        "symbol",
        "volume",
    )

    def __init__(self, symbol: Symbol) -> None:
        self.symbol = symbol
        self.data_type = DataType.LIVE
        self.halted = False
        self.changed = False
        self._forget()

    def _forget(self) -> None:
        self.bid: float | None = None
        self.ask: float | None = None
        self.bid_size: float | None = None
        self.ask_size: float | None = None
        self.last: float | None = None
        self.last_size: float | None = None
        self.volume: float | None = None
        self.close: float | None = None
        self.low_bid: float | None = None
        self.high_ask: float | None = None

    def price(self, kind: int, value: float, size: float) -> bool:
        """A price and the size with it; True when it is one that a quote shows."""
        kind = self._live_kind(kind)
        # One chain covers -1, 0, NaN and the unset double: each comparison is false for NaN.
        price = value if 0.0 < value < _HUGE else None
        with_it = size if 0.0 < size < _HUGE else None
        if kind == _BID:
            self.bid, self.bid_size = price, with_it
            if price is not None and (self.low_bid is None or price < self.low_bid):
                self.low_bid = price
        elif kind == _ASK:
            self.ask, self.ask_size = price, with_it
            if price is not None and (self.high_ask is None or price > self.high_ask):
                self.high_ask = price
        elif kind == _LAST:
            self.last, self.last_size = price, with_it
        elif kind == _CLOSE:
            self.close = price
        else:
            return False
        return True

    def size(self, kind: int, value: float) -> bool:
        """A size; True when it is one that a quote shows."""
        kind = self._live_kind(kind)
        size = value if 0.0 <= value < _HUGE else None
        if kind == _BID_SIZE:
            self.bid_size = size
        elif kind == _ASK_SIZE:
            self.ask_size = size
        elif kind == _LAST_SIZE:
            self.last_size = size
        elif kind == _VOLUME:
            self.volume = size
        else:
            return False
        return True

    def generic(self, kind: int, value: float) -> bool:
        """Halted or not: 1 and 2 say yes, 0 no, -1 that nobody knows."""
        if kind not in (_HALTED, _DELAYED_HALTED):
            return False
        if kind == _DELAYED_HALTED:
            self._turn(DataType.DELAYED)
        if value >= 0:
            self.halted = value > 0
        return True

    def kind_of_data(self, kind: int) -> bool:
        """What the venue sends from now on; prices of another kind are forgotten."""
        data_type = _DATA_TYPE.get(kind)
        if data_type is None:
            return False
        self._turn(data_type)
        return True

    def quote(self, now: datetime, monotonic: float) -> Quote:
        """The quote as it stands; the extremes begin anew."""
        quote = Quote(
            self.symbol,
            now,
            monotonic,
            None if self.bid_size == 0.0 else self.bid,
            None if self.ask_size == 0.0 else self.ask,
            self.bid_size,
            self.ask_size,
            self.last,
            self.last_size,
            self.volume,
            self.close,
            self.data_type,
            self.halted,
            self.low_bid,
            self.high_ask,
        )
        self.low_bid = None
        self.high_ask = None
        return quote

    def _live_kind(self, kind: int) -> int:
        if kind < 66:
            return kind
        live = _DELAYED.get(kind, -1)
        if live >= 0 or kind in _DELAYED_UNSHOWN:
            self._turn(DataType.DELAYED)
        return live

    def _turn(self, data_type: DataType) -> None:
        if data_type is not self.data_type:
            self.data_type = data_type
            self._forget()
