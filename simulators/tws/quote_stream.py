"""One level-1 subscription: the ticks that a change of the book makes, as ready frames.

The beginning of each tick is fixed per subscription, so it is written once.
"""

from __future__ import annotations

from decimal import Decimal

from simulators.model import Instrument, Phase, TopOfBook
from simulators.tws.entitlement import DataType
from simulators.tws.fields import number, price, size
from simulators.tws.frames import frame

# Tick types.
BID_SIZE, BID, ASK, ASK_SIZE, LAST, LAST_SIZE = 0, 1, 2, 3, 4, 5
HIGH, LOW, VOLUME, CLOSE, OPEN = 6, 7, 8, 9, 14
LAST_TIMESTAMP, HALTED = 45, 49

#: What delayed data are sent as.
_DELAYED = {
    BID_SIZE: 69, BID: 66, ASK: 67, ASK_SIZE: 70, LAST: 68, LAST_SIZE: 71,
    HIGH: 72, LOW: 73, VOLUME: 74, CLOSE: 75, OPEN: 76, LAST_TIMESTAMP: 88, HALTED: 90,
}  # fmt: skip

_CAN_AUTO_EXECUTE, _PRE_OPEN = "1", "4"


class QuoteStream:
    """What one subscription has been told, and what it is to be told next.

    `wish` is the type of data that was asked for; `data_type` the one that it was told to get,
    None before it was told any. Of a `partial` one only those ticks go out that need no
    subscription.
    """

    def __init__(
        self,
        req_id: int,
        instrument: Instrument,
        version: int,
        *,
        wish: DataType = DataType.LIVE,
        delayed: bool = False,
        partial: bool = False,
    ) -> None:
        self.req_id = req_id
        self.instrument = instrument
        self.wish = wish
        self.is_delayed = delayed
        self.data_type: DataType | None = None
        self._is_partial = partial
        self._version = version
        self._price_heads: dict[int, bytes] = {}
        self._size_heads: dict[int, bytes] = {}
        self._told: dict[int, str] = {}

    def changes(self, top: TopOfBook) -> list[bytes]:
        """The frames of all ticks that differ from what was told before.

        A side with no orders is -1 with size 0. What there never was (a last trade, an opening
        price) is not told at all.
        """
        frames: list[bytes] = []
        if not self._is_partial:
            self._prices(frames, top)
        if top.previous_close is not None and self._is_news(CLOSE, number(top.previous_close)):
            frames.append(self.price_tick(CLOSE, self._told[CLOSE], "0", "0"))
        if self._is_news(HALTED, "1" if top.halted else "0"):
            frames.append(self._other(45, HALTED, self._told[HALTED]))
        return frames

    def forget(self) -> None:
        """Tell everything anew next time."""
        self._told.clear()
        self.data_type = None

    def _prices(self, frames: list[bytes], top: TopOfBook) -> None:
        mask = _CAN_AUTO_EXECUTE if top.phase is Phase.OPEN else _PRE_OPEN
        self._side(frames, BID, BID_SIZE, top.bid, top.bid_size, mask)
        self._side(frames, ASK, ASK_SIZE, top.ask, top.ask_size, mask)
        if top.last is not None:
            self._side(frames, LAST, LAST_SIZE, top.last, top.last_size, "0")
        traded = self._instrument_trades and top.volume > 0
        if traded and self._is_news(VOLUME, size(top.volume, self._version)):
            frames.append(self.size_tick(VOLUME, self._told[VOLUME]))
            frames.append(self._other(46, LAST_TIMESTAMP, str(int(top.time.timestamp()))))
        for tick, value in ((HIGH, top.high), (LOW, top.low), (OPEN, top.open)):
            if value is not None and self._is_news(tick, number(value)):
                frames.append(self.price_tick(tick, self._told[tick], "0", "0"))

    @property
    def _instrument_trades(self) -> bool:
        """Pairs report no trades: no volume and no time of the last."""
        return self.instrument.sec_type != "CASH"

    def _side(
        self,
        frames: list[bytes],
        price_tick: int,
        size_tick: int,
        value: Decimal | None,
        quantity: Decimal,
        mask: str,
    ) -> None:
        price_text = price(value)
        size_text = "0" if value is None else size(quantity, self._version)
        price_changed = self._is_news(price_tick, price_text)
        size_changed = self._is_news(size_tick, size_text)
        if price_changed:
            frames.append(self.price_tick(price_tick, price_text, size_text, mask))
        elif size_changed:
            frames.append(self.size_tick(size_tick, size_text))

    def _is_news(self, tick: int, text: str) -> bool:
        if self._told.get(tick) == text:
            return False
        self._told[tick] = text
        return True

    def price_tick(self, tick: int, price_text: str, size_text: str, mask: str) -> bytes:
        """A frame of a price with its size; the size needs no tick of its own then."""
        head = self._price_heads.get(tick)
        if head is None:
            head = self._price_heads[tick] = f"1\x006\0{self.req_id}\0{self._id(tick)}\0".encode()
        return frame(head + f"{price_text}\0{size_text}\0{mask}\0".encode())

    def size_tick(self, tick: int, size_text: str) -> bytes:
        """A frame of a size alone."""
        head = self._size_heads.get(tick)
        if head is None:
            head = self._size_heads[tick] = f"2\x006\0{self.req_id}\0{self._id(tick)}\0".encode()
        return frame(head + f"{size_text}\0".encode())

    def _other(self, message_id: int, tick: int, value: str) -> bytes:
        return frame(f"{message_id}\x006\0{self.req_id}\0{self._id(tick)}\0{value}\0".encode())

    def _id(self, tick: int) -> int:
        return _DELAYED[tick] if self.is_delayed else tick
