"""The book's schema, grown by numbered steps, each applied once and written down.

playhouse's runner was not taken: it stamps its history by `datetime.now`, reads the steps from
loose files, and begins its transactions deferred. A step that has been released is never edited;
what is to change comes as a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.book import BookError
from adapters.store.columns import micros
from adapters.store.connection import Connection
from adapters.store.migrations.adoptions import ADOPTIONS
from adapters.store.migrations.costs import COSTS
from adapters.store.migrations.executions_by_venue import EXECUTIONS_BY_VENUE
from adapters.store.migrations.first_book import FIRST_BOOK
from adapters.store.migrations.journal_chain import JOURNAL_CHAIN
from adapters.store.migrations.journal_subjects import JOURNAL_SUBJECTS
from adapters.store.migrations.money import MONEY
from adapters.store.migrations.order_changes import ORDER_CHANGES
from adapters.store.migrations.outside_facts import OUTSIDE_FACTS
from adapters.store.migrations.plans import PLANS
from adapters.store.migrations.splits import SPLITS
from runtime.crash_points import CrashPoint, reached


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number (from 1, rising), a name, and its statements.

    What SQL does not say is done by a function of the connection and the time of the step.
    """

    number: int
    name: str
    statements: tuple[str | Callable[[Connection, datetime], None], ...]


MIGRATIONS = (
    Migration(1, "first_book", FIRST_BOOK),
    Migration(2, "order_changes", ORDER_CHANGES),
    Migration(3, "executions_by_venue", EXECUTIONS_BY_VENUE),
    Migration(4, "journal_chain", JOURNAL_CHAIN),
    Migration(5, "adoptions", ADOPTIONS),
    Migration(6, "costs", COSTS),
    Migration(7, "plans", PLANS),
    Migration(8, "money", MONEY),
    Migration(9, "outside_facts", OUTSIDE_FACTS),
    Migration(13, "journal_subjects", JOURNAL_SUBJECTS),
    Migration(14, "splits", SPLITS),
)
#: From this step on the journal is chained.
CHAINED = 4

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
                    if isinstance(statement, str):
                        connection.execute(statement)
                    else:
                        statement(connection, at)
                    reached(CrashPoint.MIGRATION_INSIDE)
                connection.execute(
                    "INSERT INTO schema_history (number, name, applied_us) VALUES (?, ?, ?)",
                    (step.number, step.name, micros(at)),
                )
            reached(CrashPoint.MIGRATION_BEFORE_COMMIT)
        reached(CrashPoint.MIGRATION_COMMITTED)
    return len(due)
