"""The journal: every change to the book, appended once, chained, and never touched again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import orjson

from adapters.store import chain
from adapters.store.columns import micros
from adapters.store.connection import Connection

_APPEND = """
INSERT INTO journal (seq, at_us, kind, subject, correlation, detail, hash)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""


class Journal:
    """Appends inside the transaction of the change that it records."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._head = chain.START
        self._read_in = 0

    def append(
        self,
        at: datetime,
        kind: str,
        subject: str,
        detail: Mapping[str, object],
        correlation: str = "",
    ) -> None:
        """Write one row; `detail` becomes JSON with decimals as strings, times in RFC 3339."""
        text = orjson.dumps(detail, default=_spell, option=orjson.OPT_UTC_Z).decode()
        before = self._before()
        row = (before.seq + 1, micros(at), kind, subject, correlation, text)
        hash = chain.linked(before.hash, row)
        self._connection.execute(_APPEND, (*row, hash))
        self._head = chain.Mark(row[0], hash)

    def appended(self) -> chain.Mark | None:
        """The newest row, where the newest transaction has appended; reads nothing."""
        return self._head if self._read_in == self._connection.transactions else None

    def _before(self) -> chain.Mark:
        """The newest row. What was known in an earlier transaction may have been undone."""
        if self._read_in != self._connection.transactions:
            self._head = chain.head(self._connection.link)
            self._read_in = self._connection.transactions
        return self._head


def _spell(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{value!r} has no place in the journal")
