"""The ledger's file, read by a connection of our own: what is durable at this moment.

A crash could come between any two steps; whatever this connection cannot see would be lost.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rehearsal.kelpie import Kelpie

Row = tuple[Any, ...]
#: The emergency file: what it begins with, and the length and digest before each record.
_MAGIC, _HEAD = b"kelpie intents 1", 4 + 32

_ORDER = """
SELECT state, filled, pending_change, symbol, side, quantity, type, limit_price, stop_price,
parent, oca_group FROM orders WHERE client_order_id = ?
"""
_AMENDMENTS = """
SELECT quantity, limit_price, stop_price, state FROM amendments WHERE client_order_id = ?
"""
_OPEN_ORDERS = """
SELECT client_order_id, symbol, state FROM orders
WHERE state NOT IN ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED', 'NOT_SENT')
"""
_TO_BE_CANCELLED = """
SELECT client_order_id FROM orders WHERE pending_change = 'CANCEL'
AND state NOT IN ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED', 'NOT_SENT')
"""
_FILL = """
SELECT revision, quantity FROM fills WHERE venue = ? AND execution_key = ?
"""
_FILLS_OF = "SELECT quantity FROM fills WHERE client_order_id = ?"
_FILLS_IN = "SELECT side, quantity FROM fills WHERE symbol = ?"
_PAUSED = "SELECT value FROM settings WHERE key = 'paused'"


class Book:
    """Opened anew for each start of Kelpie; what is not there yet is not durable."""

    def __init__(self, kelpie: Kelpie) -> None:
        self._kelpie = kelpie
        self._path: Path | None = None
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let the file go."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._path = None

    def rows(self, sql: str, *values: object) -> Sequence[Row]:
        """What the file says now; nothing where there is no file yet."""
        path = self._kelpie.book
        if path != self._path:
            self.close()
            if not path.exists():
                return ()
            uri = f"file:{path}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)
            self._path = path
        assert self._connection is not None
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return ()
            raise

    def order(self, name: str) -> Row | None:
        """State, filled, pending change, symbol, side, quantity, type, prices, parent, group."""
        return next(iter(self.rows(_ORDER, name)), None)

    def intent(self, name: str) -> Row | None:
        """The order as `order` gives it; where the book has none, as the emergency file does."""
        row = self.order(name)
        if row is not None:
            return row
        found = self.emergency(name)
        if found is None:
            return None
        terms = ("symbol", "side", "quantity", "type", "limit_price", "stop_price")
        return (
            "INTENDED",
            "0",
            None,
            *(found[each] for each in terms),
            found["parent"],
            found["oca_group"],
        )

    def emergency(self, name: str) -> dict[str, Any] | None:
        """What stands of an order in the emergency file, beside the book that cannot be written."""
        path = self._kelpie.book.with_name("emergency.intents")
        content = path.read_bytes() if path.exists() else b""
        at = len(_MAGIC)
        while length := int.from_bytes(content[at : at + 4], "big"):
            text = content[at + _HEAD : at + _HEAD + length]
            for order in json.loads(text).get("orders", ()):
                if order["client_order_id"] == name:
                    found: dict[str, Any] = order
                    return found
            at += _HEAD + length
        return None

    def amendments(self, name: str) -> Sequence[Row]:
        """Quantity, limit price, stop price and state of each."""
        return self.rows(_AMENDMENTS, name)

    def open_orders(self) -> Sequence[Row]:
        """Name, symbol and state of all that are not final."""
        return self.rows(_OPEN_ORDERS)

    def to_be_cancelled(self) -> Sequence[str]:
        """The names of open orders that somebody wants cancelled."""
        return [name for (name,) in self.rows(_TO_BE_CANCELLED)]

    def fill(self, venue: str, execution_key: str) -> Row | None:
        """Revision and quantity."""
        return next(iter(self.rows(_FILL, venue, execution_key)), None)

    def filled_of(self, name: str) -> Decimal:
        """The sum of the fills of an order."""
        return sum((Decimal(q) for (q,) in self.rows(_FILLS_OF, name)), Decimal(0))

    def position(self, symbol: str) -> Decimal:
        """The sum of the fills of a symbol, sales below zero."""
        return sum(
            (
                Decimal(q) if side == "BUY" else -Decimal(q)
                for side, q in self.rows(_FILLS_IN, symbol)
            ),
            Decimal(0),
        )

    def is_paused(self) -> bool:
        """New entries are switched off, durably."""
        return any(value for (value,) in self.rows(_PAUSED))
