"""The library's decoder, with its silent losses made loud.

The library logs an error in a message and goes on without it. Here it is counted and reported,
with the message's kind, and its money facts lose nothing to a detail: an execution with a time
zone that nobody knows is still an execution.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapters.ib.library import Decoder

Fields = list[str]

#: Kinds of message that Kelpie asks for or must hear. Others are counted and left alone.
HEARD = frozenset(
    {1, 2, 3, 4, 5, 6, 9, 10, 11, 15, 17, 45, 49, 52, 53, 54, 55, 58, 59, 61, 62, 79, 93, 101, 102}
)

#: Where `longName` stands in contract details, from version 164 on and before it.
_LONG_NAME, _LONG_NAME_BEFORE_164 = 19, 21


class KelpieDecoder(Decoder):
    """Calls the receiver by the names of the TWS API; `failed` hears of what it cannot read.

    `read_time` reads an execution's time; it must give one in any case.
    """

    def __init__(
        self,
        receiver: Any,
        failed: Callable[[Fields, Exception], None],
        read_time: Callable[[str], datetime],
    ) -> None:
        super().__init__(receiver, 0)
        self._receiver = receiver
        self._failed = failed
        self._read_time = read_time
        self._price = receiver.price
        self._size = receiver.size
        self.handlers[1] = self._tick_price
        self.handlers[2] = self._tick_size
        self._by_name: dict[str, Callable[[Fields], None]] = {
            str(kind): handler for kind, handler in self.handlers.items() if kind in HEARD
        }

    def interpret(self, fields: Fields) -> None:
        """Decode one message and call the receiver; whatever goes wrong is reported."""
        try:
            handler = self._by_name.get(fields[0])
            if handler is None:
                int(fields[0])  # nobody listens to it; what is not even a number is garbage
            else:
                handler(fields)
        except Exception as error:
            self._failed(fields, error)

    def wrap(self, methodName: str, types: list[type], skip: int = 2) -> Callable[[Fields], None]:
        """As the library's, but an error in it is not swallowed, nor a missing field."""
        method = getattr(self.wrapper, methodName, None)
        readers = [_READERS[kind] for kind in types]

        def handler(fields: Fields) -> None:
            if method is not None:
                values = fields[skip : skip + len(readers)]
                method(*[read(text) for read, text in zip(readers, values, strict=True)])

        return handler

    def _tick_price(self, fields: Fields) -> None:
        _, _, request, kind, price, size, _ = fields
        if price:
            self._price(int(request), int(kind), float(price), float(size or 0))

    def _tick_size(self, fields: Fields) -> None:
        self._size(int(fields[2]), int(fields[3]), float(fields[4] or 0))

    def execDetails(self, fields: Fields) -> None:
        """An execution, its time read by ours and handed on as seconds since the epoch."""
        moment = self._read_time(fields[15])
        super().execDetails(  # type: ignore[no-untyped-call]  # the library's signature
            [*fields[:15], str(int(moment.timestamp())), *fields[16:]]
        )

    def commissionReport(self, fields: Fields) -> None:
        """A commission as text, so that *none yet* does not become zero."""
        _, _, execution_id, commission, currency, realised, *_ = fields
        self._receiver.commissionReport(execution_id, commission, currency, realised)

    def historicalData(self, fields: Fields) -> None:
        """All bars of an answer at once: (date, open, high, low, close, volume) as texts."""
        _, request, _, _, count, *rest = fields
        bars = [tuple(rest[at : at + 6]) for at in range(0, int(count) * 8, 8)]
        if len(rest) < int(count) * 8:
            raise ValueError(f"{count} bars announced, {len(rest)} fields sent")
        self._receiver.historicalData(int(request), bars)

    def contractDetails(self, fields: Fields) -> None:
        """Details; the library reads the long name as Python source, and trips over a backslash."""
        at = _LONG_NAME if self.serverVersion >= 164 else _LONG_NAME_BEFORE_164
        try:
            fields[at].encode().decode("unicode-escape")
        except UnicodeDecodeError:
            fields[at] = fields[at].replace("\\", "/")
        super().contractDetails(fields)  # type: ignore[no-untyped-call]  # the library's signature


def _whole(text: str) -> int:
    return int(text or 0)


def _float(text: str) -> float:
    return float(text or 0)


def _flag(text: str) -> bool:
    return bool(int(text or 0))


def _text(text: str) -> str:
    return text


_READERS: dict[type, Callable[[str], Any]] = {int: _whole, float: _float, bool: _flag, str: _text}
