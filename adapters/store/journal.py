"""The journal: every change to the book, appended once and never touched again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import orjson

from adapters.store.columns import micros
from adapters.store.connection import Connection

_APPEND = """
INSERT INTO journal (at_us, kind, subject, correlation, detail) VALUES (?, ?, ?, ?, ?)
"""


class Journal:
    """Appends inside the transaction of the change that it records."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
        self._connection.execute(_APPEND, (micros(at), kind, subject, correlation, text))


def _spell(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{value!r} has no place in the journal")
