"""A small SQLite file beside the book that one seat writes, and that may be lost.

It is known by its schema's version; whoever opens it decides what becomes of a damaged one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adapters.book import BookError
from adapters.store.connection import Connection
from adapters.store.failures import book_error

_BUSY_SECONDS = 5.0
"""How long a write waits for another's lock."""


def opened(path: Path, schema: Sequence[str], version: int, *, check: bool = True) -> Connection:
    """Open it, and make its tables where it is empty. `check` reads it for damage first.

    Raises:
        BookError: `DAMAGED`, also for a file of another version; or what the disk says.
    """
    connection = Connection(path, busy_seconds=_BUSY_SECONDS)
    try:
        if check and connection.rows("PRAGMA quick_check(1)") != [("ok",)]:
            raise BookError("DAMAGED", "It is no longer what was written.")
        found = connection.rows("PRAGMA user_version")[0][0]
        if found == 0:
            with connection.write():
                for statement in schema:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version}")
        elif found != version:
            raise BookError("DAMAGED", f"It has schema {found}, not {version}.")
    except BaseException:
        connection.close()
        raise
    return connection


def delete(path: Path) -> None:
    """Remove it, and what SQLite keeps beside it.

    Raises:
        BookError: the disk does not let it be.
    """
    try:
        for name in _parts(path):
            name.unlink(missing_ok=True)
    except OSError as failure:
        raise book_error(failure, path) from failure


def set_aside(path: Path) -> None:
    """Keep it under another name, so that a new one can be begun.

    Raises:
        BookError: the disk does not let it be.
    """
    try:
        for name in _parts(path):
            if name.exists():
                name.replace(name.with_name(f"{name.name}.damaged"))
    except OSError as failure:
        raise book_error(failure, path) from failure


def _parts(path: Path) -> tuple[Path, ...]:
    return (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"))
