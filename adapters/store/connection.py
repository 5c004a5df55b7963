"""A connection to a file of ours, the book's above all: how it is set, how it writes, how it fails.

peewee speaks to SQLite here alone. Statements on money are constant texts, which SQLite's
cache keeps prepared; peewee's query builder serves where speed does not matter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from peewee import (
    DataError,
    IntegrityError,
    InterfaceError,
    PeeweeException,
    ProgrammingError,
    SqliteDatabase,
)

from adapters.book import BookError
from adapters.store.failures import book_error

#: What the write-ahead log is cut back to after a checkpoint, in bytes.
WAL_BYTES = 8 * 1024 * 1024

#: SQLite's own name for a database that lives as long as its connection.
MEMORY = Path(":memory:")

Row = tuple[Any, ...]

#: No failure of the disk's: a broken constraint, a value SQLite does not take, a closed book.
_CALLERS_FAULT = (IntegrityError, ProgrammingError, InterfaceError, DataError)


class Coded:
    """Around work on the file: a failure of the disk's comes out as a `BookError`."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Nothing to make ready; a class, since a generator costs as much as a short query."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the failure its code."""
        if isinstance(failure, _CALLERS_FAULT):
            return
        if isinstance(failure, PeeweeException | sqlite3.Error | OSError):
            raise book_error(failure, self._path) from failure


class Connection:
    """SQLite with every write in `BEGIN IMMEDIATE`, and every failure a `BookError`.

    Used by one thread at a time. It is not bound to the thread that opened it.
    """

    def __init__(self, path: Path, *, busy_seconds: float = 0.0) -> None:
        """Open the file, which is made where it is missing.

        `busy_seconds` is how long SQLite itself sleeps for another's lock, out of sight of every
        clock of ours: who owns a connection rather tries again by a timer.

        Raises:
            BookError: it cannot be opened, is no database, or its disk cannot do
                write-ahead logging (a network share).
        """
        self.path = path
        self.coded = Coded(path)
        self.transactions = 0
        """How many have been begun."""
        self.after_commit: Callable[[], None] = _nothing
        """Called behind each commit; it must raise nothing."""
        self._in_transaction = False
        self._spoilt: BaseException | None = None
        self.database = SqliteDatabase(
            str(path),
            pragmas={
                "journal_mode": "wal",
                "synchronous": "full",
                "foreign_keys": 1,
                "journal_size_limit": WAL_BYTES,
            },
            timeout=busy_seconds,
            thread_safe=False,
            check_same_thread=False,
            autoconnect=False,
        )
        with self.coded:
            self.database.connect()
        try:
            mode = self.rows("PRAGMA journal_mode")[0][0]
        except BookError:
            self.database.close()
            raise
        if mode != "wal" and path != MEMORY:
            self.database.close()
            raise BookError(
                "DISK",
                f"The disk under {path} cannot keep a write-ahead log (journal mode {mode}). "
                "Put STATE_DIR on a local disk.",
            )

    @property
    def link(self) -> sqlite3.Connection:
        """The driver's own connection, for what is read in bulk; its failures have no code yet."""
        found: sqlite3.Connection = self.database.connection()  # type: ignore[no-untyped-call]
        return found

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Run one statement and give its cursor; writes belong inside `write` or `group`."""
        with self.coded:
            return self.database.execute_sql(sql, parameters)  # type: ignore[no-untyped-call]

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self.coded:
            cursor = self.database.execute_sql(sql, parameters)  # type: ignore[no-untyped-call]
            found: list[Row] = cursor.fetchall()
        return found

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a query."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    @contextmanager
    def write(self) -> Iterator[None]:
        """One durable transaction, or a part of the group around it.

        A part that fails spoils its group: half of a change must never be committed, even if
        somebody caught the failure.
        """
        if not self._in_transaction:
            with self._transaction():
                yield
            return
        if self._spoilt is not None:
            raise self._spoilt
        try:
            yield
        except BaseException as failure:
            self._spoilt = failure
            raise

    @contextmanager
    def group(self) -> Iterator[None]:
        """One durable transaction around many writes; all or nothing. Not to be nested."""
        if self._in_transaction:
            raise RuntimeError("a group of writes cannot stand inside another")
        with self._transaction():
            yield
            if self._spoilt is not None:
                raise self._spoilt

    def close(self) -> None:
        """Bring the write-ahead log home and close the file; harmless when it is closed."""
        self.database.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.execute("BEGIN IMMEDIATE")
        self.transactions += 1
        self._in_transaction, self._spoilt = True, None
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._in_transaction, self._spoilt = False, None
        self.after_commit()

    def _roll_back(self) -> None:
        # SQLite rolls back by itself on some failures (disk full among them); to roll back
        # once more would be an error that hides the first. Closing the file does it, too, and
        # peewee would open it anew to be asked.
        if not self.database.is_closed() and self.link.in_transaction:
            self.execute("ROLLBACK")


def _nothing() -> None:
    """Nobody waits for commits."""
