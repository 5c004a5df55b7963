"""Schema 4: the journal is chained by hashes, and tells all that is in the book.

What was journalled before is chained as it stands. It did not tell everything (a preview, a
late revision), so behind it each table is restated once, row by row: from there on the journal
alone gives the book.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import orjson

from adapters.store import chain
from adapters.store.columns import micros
from adapters.store.connection import Connection

_CHAINED = """
CREATE TABLE journal_chained (
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    correlation TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL
)
"""
_OLD = "SELECT at_us, kind, subject, correlation, detail FROM journal ORDER BY seq"
_ADD = "INSERT INTO journal_chained VALUES (?, ?, ?, ?, ?, ?, ?)"

# A REPLACE deletes without asking the trigger on deletions; a row out of turn is no appending.
_KEPT = (
    """
CREATE TRIGGER journal_in_turn BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END
""",
    *(
        f"""
CREATE TRIGGER journal_no_{verb.lower()} BEFORE {verb} ON journal
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END
"""
        for verb in ("UPDATE", "DELETE")
    ),
)

# As schema 3 has them. Positions, and what a position was after each fill, follow from the rest.
_RESTATED = {
    "identity": "id",
    "orders": "id",
    "amendments": "id",
    "previews": "client_order_id",
    "fills": "venue, execution_key",
    "commissions": "venue, execution_key",
    "foreign_executions": "venue, execution_key",
    "execution_words": "id",
    "commission_words": "id",
    "settings": "key",
    "audit": "id",
}


class _Chaining:
    """Appends to the new journal, one row at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._head = chain.START

    def add(self, at_us: int, kind: str, subject: str, correlation: str, detail: str) -> None:
        row = (self._head.seq + 1, at_us, kind, subject, correlation, detail)
        hash = chain.linked(self._head.hash, row)
        self._connection.execute(_ADD, (*row, hash))
        self._head = chain.Mark(row[0], hash)


def _chain(connection: Connection, at: datetime) -> None:
    """Fill the new journal; a row in memory at a time."""
    journal = _Chaining(connection)
    for row in connection.link.execute(_OLD):
        journal.add(*row)
    if not any(connection.row(f"SELECT 1 FROM {table} LIMIT 1") for table in _RESTATED):
        return  # a new book: there is nothing to restate
    now = micros(at)
    journal.add(now, "restating", "book", "", "{}")
    for table, order in _RESTATED.items():
        rows = connection.link.execute(f"SELECT * FROM {table} ORDER BY {order}")
        columns = [column[0] for column in rows.description]
        for row in rows:
            detail = orjson.dumps(dict(zip(columns, row, strict=True))).decode()
            journal.add(now, "restated", table, "", detail)


JOURNAL_CHAIN: tuple[str | Callable[[Connection, datetime], None], ...] = (
    _CHAINED,
    _chain,
    "DROP TABLE journal",
    "ALTER TABLE journal_chained RENAME TO journal",
    *_KEPT,
)
