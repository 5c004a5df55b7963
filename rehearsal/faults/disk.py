"""The disk under the book: full, locked by somebody, failing. SQLite itself says so.

The limits belong to a connection, so they are put on each that the ledger opens meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from peewee import PeeweeException

from actors import names
from actors.base import Actor
from actors.group_commit import GroupCommit
from adapters.book import Book
from adapters.store.book import SqliteBook
from rehearsal.faults import staged
from rehearsal.faults.fault import Fault, Heal

if TYPE_CHECKING:
    from rehearsal.world import World

_NO_LIMIT = 2**30


class _Trouble:
    """What is wrong with every connection of the ledger, until it is cured."""

    def __init__(
        self,
        world: World,
        spoil: Callable[[SqliteBook], None],
        cure: Callable[[SqliteBook], None] = lambda book: None,
    ) -> None:
        self._spoil, self._cure = spoil, cure
        self._is_over = False
        self._system = world.kelpie.system
        self._books: list[SqliteBook] = []
        self.failures = 0
        """How often a statement failed."""

    def begin(self) -> bool:
        """From now on; False where there is no book, or something is wrong with it already."""
        if names.LEDGER in self._system.when_built:
            return False
        seat = self._system.find(names.LEDGER)
        ledger = seat.occupant if seat is not None else None
        if not isinstance(ledger, GroupCommit) or ledger._book is None:
            return False
        self._met(ledger._book)
        self._watch(ledger)
        self._system.when_built[names.LEDGER] = self._watch
        return True

    def end(self) -> bool:
        """Everything is well again; False where nothing has failed."""
        self._is_over = True
        self._system.when_built.pop(names.LEDGER, None)
        for book in self._books:
            with suppress(sqlite3.ProgrammingError, PeeweeException):  # closed since
                self._cure(book)
            del book.connection.database.execute_sql
        return self.failures > 0

    def _watch(self, actor: Actor) -> None:
        assert isinstance(actor, GroupCommit)
        usual = actor._open_book

        def open_book() -> Book:
            book = usual()
            if not self._is_over:
                self._met(book)
            return book

        actor._open_book = open_book

    def _met(self, book: Book) -> None:
        assert isinstance(book, SqliteBook)
        self._books.append(book)
        database = book.connection.database
        usual = database.execute_sql

        def execute(sql: str, *rest: Any) -> Any:
            try:
                if sql == "COMMIT" and self.sync_fails:
                    raise _io_error()
                return usual(sql, *rest)  # type: ignore[no-untyped-call]
            except (PeeweeException, sqlite3.Error):
                self.failures += 1
                raise

        database.execute_sql = execute  # type: ignore[method-assign]
        self._spoil(book)

    sync_fails = False
    """What is written cannot be brought to the disk."""


def _handle(book: SqliteBook) -> sqlite3.Connection:
    found: sqlite3.Connection = book.connection.database.connection()  # type: ignore[no-untyped-call]
    return found


def _full(world: World) -> Heal | None:
    """No page more than there are now (reliability 56)."""

    def spoil(book: SqliteBook) -> None:
        pages = _handle(book).execute("PRAGMA page_count").fetchone()[0]
        _handle(book).execute(f"PRAGMA max_page_count = {pages}")

    def cure(book: SqliteBook) -> None:
        _handle(book).execute(f"PRAGMA max_page_count = {_NO_LIMIT}")

    return _begin(world, _Trouble(world, spoil, cure))


def _locked(world: World) -> Heal | None:
    """Somebody's program holds the lock of the writer (reliability 57)."""
    if not world.kelpie.alive:
        return None

    def spoil(book: SqliteBook) -> None:
        _handle(book).execute("PRAGMA busy_timeout = 0")  # it would sleep in real time

    heal = _begin(world, _Trouble(world, spoil))
    if heal is None:
        return None
    other = sqlite3.connect(world.kelpie.book, isolation_level=None, timeout=0.0)
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        other.close()
        heal[1]()
        return None
    seconds, mend = heal

    def let_go() -> object:
        other.execute("ROLLBACK")
        other.close()
        return mend()

    return seconds, let_go


def _failing(world: World) -> Heal | None:
    """What is written cannot be brought to the disk: a cable, a dying disk (reliability 61)."""
    trouble = _Trouble(world, lambda book: None)
    trouble.sync_fails = True
    return _begin(world, trouble)


def _io_error() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


def _begin(world: World, trouble: _Trouble) -> Heal | None:
    if not world.kelpie.alive or not trouble.begin():
        return None
    staged.owner_acts(world)
    return world.chance.uniform(10.0, 90.0), trouble.end


_NOT_WRITTEN = (
    r"ledger: Nothing is written: ",
    r"\S+: \S+ crashed while ",
    r"\S+: \S+ crashed more than \d+ times",
    r"root: ",
)

DISK = (
    Fault("disk full", _full, errors=_NOT_WRITTEN),
    Fault("disk: book locked", _locked, errors=_NOT_WRITTEN),
    Fault("disk fails", _failing, errors=_NOT_WRITTEN),
)
