"""The emergency file: where an exit is written down while the book cannot be.

It is made ready while there is room: zeros up to its full size, so that a record needs no new
block of the disk. A record is its length (4 bytes, big-endian), a SHA-256 over the digest before
it and its text, and the text (JSON); a length of zero ends them. What is torn was never
acknowledged, so nothing was ever sent on it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from adapters.book import BookError
from adapters.emergency import (
    EmergencyCancel,
    EmergencyEnd,
    EmergencyIntent,
    EmergencyRecord,
    EmergencySetting,
)
from adapters.store.columns import (
    decimal_text,
    micros,
    moment,
    optional_decimal,
    optional_decimal_text,
)
from adapters.store.failures import book_error
from adapters.store.locks import make_folder, settle
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side, Tif
from domain.symbols import Symbol

SIZE = 1024 * 1024
"""Bytes: room for about 1,500 exits; one that is priced anew every 10 s has enough for hours."""
_MAGIC = b"kelpie intents 1"
_DIGEST = hashlib.sha256().digest_size
_HEAD = 4 + _DIGEST


class EmergencyFile:
    """Made by `open_emergency`; used by one thread at a time, in a process that holds the book.

    Every method that writes may raise `BookError`; what it was about to write is then not there,
    and the file takes nothing more.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.torn = False
        """Behind the records lies what is none: written when the process or the power ended."""
        self._descriptor = descriptor
        self._failed: BookError | None = None
        self._at = len(_MAGIC)
        self._digest = _MAGIC
        self._records: list[EmergencyRecord] = []
        content = os.pread(descriptor, SIZE, 0)
        while (text := self._text_at(content)) is not None:
            self._records.append(_record_of(text))
            self._move_past(text)

    @property
    def records(self) -> Sequence[EmergencyRecord]:
        """What is not in the book yet, in the order of its writing."""
        return tuple(self._records)

    @property
    def usable(self) -> bool:
        """Records can be written, as far as is known."""
        return self._failed is None

    def append(self, record: EmergencyRecord) -> None:
        """Write it durably.

        Raises:
            BookError: `DISK_FULL` where the file has no room for it, else what the disk said.
        """
        if self._failed is not None:
            raise self._failed
        text = _text_of(record)
        framed = len(text).to_bytes(4, "big") + self._seal(text) + text
        # Behind the last record there must be room for the zero that ends them.
        if self._at + len(framed) + 4 > SIZE:
            raise BookError("DISK_FULL", f"The emergency file {self.path} is full.")
        self._write(framed, self._at)
        self._records.append(record)
        self._move_past(text)

    def clear(self) -> None:
        """All of it is in the book: make the file ready anew."""
        self._records, self.torn, self._failed = [], False, None
        self._at, self._digest = len(_MAGIC), _MAGIC
        self._write(bytes(SIZE - len(_MAGIC)), len(_MAGIC))

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _write(self, data: bytes, at: int) -> None:
        try:
            if os.pwrite(self._descriptor, data, at) != len(data):
                raise OSError(f"only a part of {len(data)} bytes was written")
            os.fdatasync(self._descriptor)
        except OSError as failure:
            # After a failed sync nobody knows what is on the disk: no second try on this one.
            self._failed = book_error(failure, self.path)
            raise self._failed from failure

    def _text_at(self, content: bytes) -> bytes | None:
        head = content[self._at : self._at + _HEAD]
        length = int.from_bytes(head[:4], "big")
        if length == 0:
            return None
        text = content[self._at + _HEAD : self._at + _HEAD + length]
        self.torn = self._seal(text) != head[4:]
        return None if self.torn else text

    def _move_past(self, text: bytes) -> None:
        self._digest = self._seal(text)
        self._at += _HEAD + len(text)

    def _seal(self, text: bytes) -> bytes:
        return hashlib.sha256(self._digest + text).digest()


def open_emergency(path: Path) -> EmergencyFile:
    """Open the file, which is made ready where it is missing or was never finished.

    Raises:
        BookError: `DISK_FULL` or `DISK_FAILED`.
    """
    make_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size != SIZE or os.pread(descriptor, 16, 0) != _MAGIC:
                _make_ready(descriptor, path.parent)
            return EmergencyFile(path, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as failure:
        raise book_error(failure, path) from failure


def _make_ready(descriptor: int, folder: Path) -> None:
    """Zeros, and only when they are on the disk the mark that says so."""
    if os.pwrite(descriptor, bytes(SIZE), 0) != SIZE:
        raise OSError("the emergency file could not be given its size")
    os.ftruncate(descriptor, SIZE)
    os.fsync(descriptor)
    os.pwrite(descriptor, _MAGIC, 0)
    os.fsync(descriptor)
    settle(folder)


def _text_of(record: EmergencyRecord) -> bytes:
    if isinstance(record, EmergencySetting):
        switch: dict[str, object] = {
            "setting": record.key,
            "value": record.value,
            "who": record.who,
            "reason": record.reason,
            "at": micros(record.at),
        }
        return orjson.dumps(switch)
    if isinstance(record, EmergencyCancel):
        return orjson.dumps(
            {"cancel": record.client_order_id, "who": record.who, "at": micros(record.at)}
        )
    if isinstance(record, EmergencyEnd):
        fields: dict[str, object] = {
            "end": record.client_order_id,
            "state": record.state.value,
            "reason": record.reason,
            "at": micros(record.at),
        }
        return orjson.dumps(fields)
    orders = [_fields_of(order) for order in record.orders]
    return orjson.dumps({"orders": orders, "correlation": record.correlation, "why": record.why})


def _record_of(text: bytes) -> EmergencyRecord:
    fields = orjson.loads(text)
    if "setting" in fields:
        key, value, who, reason = (fields[each] for each in ("setting", "value", "who", "reason"))
        return EmergencySetting(key, value, who, reason, moment(fields["at"]))
    if "cancel" in fields:
        return EmergencyCancel(fields["cancel"], fields["who"], moment(fields["at"]))
    if "end" in fields:
        state = OrderState(fields["state"])
        return EmergencyEnd(fields["end"], state, fields["reason"], moment(fields["at"]))
    orders = tuple(_order_of(each) for each in fields["orders"])
    return EmergencyIntent(orders, fields["correlation"], fields["why"])


def _fields_of(order: Order) -> dict[str, object]:
    request = order.request
    return {
        "client_order_id": request.client_order_id,
        "venue": order.venue,
        "symbol": str(request.symbol),
        "side": request.side.value,
        "quantity": decimal_text(request.quantity),
        "type": request.type.value,
        "limit_price": optional_decimal_text(request.limit_price),
        "stop_price": optional_decimal_text(request.stop_price),
        "tif": request.tif.value,
        "purpose": request.purpose.value,
        "parent": request.parent,
        "oca_group": request.oca_group,
        "market_tif": request.market_tif and request.market_tif.value,
        "plan": request.plan,
        "created": micros(order.created_at),
    }


def _order_of(fields: dict[str, Any]) -> Order:
    request = OrderRequest(
        client_order_id=fields["client_order_id"],
        symbol=Symbol.parse(fields["symbol"]),
        side=Side(fields["side"]),
        quantity=Decimal(fields["quantity"]),
        type=OrderType(fields["type"]),
        limit_price=optional_decimal(fields["limit_price"]),
        stop_price=optional_decimal(fields["stop_price"]),
        tif=Tif(fields["tif"]),
        purpose=Purpose(fields["purpose"]),
        parent=fields["parent"],
        oca_group=fields["oca_group"],
        market_tif=Tif(fields["market_tif"]) if fields["market_tif"] else None,
        plan=fields.get("plan"),  # a file of an older Kelpie names none
    )
    return Order.intended(request, fields["venue"], moment(fields["created"]))
