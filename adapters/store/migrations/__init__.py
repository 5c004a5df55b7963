"""The book's schema, grown by numbered steps, each applied once and written down.

playhouse's runner was not taken: it stamps its history by `datetime.now`, reads the steps from
loose files, and begins its transactions deferred. A step that has been released is never edited;
what is to change comes as a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.book import BookError
from adapters.store.columns import micros
from adapters.store.connection import Connection
from adapters.store.migrations.executions_by_venue import EXECUTIONS_BY_VENUE
from adapters.store.migrations.first_book import FIRST_BOOK
from adapters.store.migrations.order_changes import ORDER_CHANGES


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number (from 1, without gaps), a name, and its statements."""

    number: int
    name: str
    statements: tuple[str, ...]


MIGRATIONS = (
    Migration(1, "first_book", FIRST_BOOK),
    Migration(2, "order_changes", ORDER_CHANGES),
    Migration(3, "executions_by_venue", EXECUTIONS_BY_VENUE),
)

_HISTORY = """
CREATE TABLE IF NOT EXISTS schema_history (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_us INTEGER NOT NULL
)
"""


def applied(connection: Connection) -> int:
    """The number of the last step in the file; 0 for a file without any."""
    if not connection.rows("SELECT 1 FROM sqlite_master WHERE name = 'schema_history'"):
        return 0
    row = connection.row("SELECT max(number) FROM schema_history")
    return (row and row[0]) or 0


def migrate(
    connection: Connection, at: datetime, migrations: Sequence[Migration] = MIGRATIONS
) -> int:
    """Apply the steps that the file has not seen, all in one transaction with their history.

    Killed at any instant it leaves the old schema or the new one. Gives the number of steps
    that were applied.

    Raises:
        BookError: `TOO_NEW` when the file has seen steps that this Kelpie does not know;
            `DAMAGED` when it is a database, but not a book of Kelpie's.
    """
    known = migrations[-1].number
    have = applied(connection)
    if have > known:
        raise BookError(
            "TOO_NEW",
            f"The book {connection.path} has schema {have}; this Kelpie knows schemas up to "
            f"{known}. Start the newer Kelpie that wrote it, or restore a backup from before.",
        )
    if have == 0 and connection.rows("SELECT 1 FROM sqlite_master LIMIT 1"):
        raise BookError(
            "DAMAGED",
            f"The file {connection.path} is a database, but no book of Kelpie's. "
            "Move it away, or restore the book from a backup.",
        )
    due = [step for step in migrations if step.number > have]
    if due:
        with connection.write():
            connection.execute(_HISTORY)
            for step in due:
                for statement in step.statements:
                    connection.execute(statement)
                connection.execute(
                    "INSERT INTO schema_history (number, name, applied_us) VALUES (?, ?, ?)",
                    (step.number, step.name, micros(at)),
                )
    return len(due)
