"""A book read beside whoever writes it: one moment of it, and nothing changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from adapters.book import BookError
from adapters.store.connection import Coded
from adapters.store.migrations import CHAINED, MIGRATIONS

#: How long a reader beside the process waits for whoever has the file to itself just now.
BUSY_SECONDS = 5.0


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can only read, inside one transaction: all it sees is of one moment.

    Raises:
        BookError: `NO_BOOK` where there is no such file, `TOO_NEW` or `TOO_OLD` for a schema that
            this Kelpie does not know or would first have to bring forward, `DAMAGED`, `DISK`.
    """
    if not path.is_file():
        raise BookError("NO_BOOK", f"There is no book at {path}.")
    place = f"{path.resolve().as_uri()}?mode=ro"
    with Coded(path):
        opened = sqlite3.connect(place, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    with closing(opened) as link:
        with Coded(path):
            link.execute("BEGIN")
            _refuse_other_schemas(link, path)
        yield link


def schema_of(link: sqlite3.Connection) -> int:
    """The number of the last step of the schema; 0 where it is no book."""
    if not link.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_history'").fetchone():
        return 0
    return int(link.execute("SELECT coalesce(max(number), 0) FROM schema_history").fetchone()[0])


def _refuse_other_schemas(link: sqlite3.Connection, path: Path) -> None:
    have, known = schema_of(link), MIGRATIONS[-1].number
    if have == 0:
        raise BookError("DAMAGED", f"The file {path} is no book of Kelpie's.")
    if have > known:
        raise BookError(
            "TOO_NEW",
            f"The book {path} has schema {have}; this Kelpie knows schemas up to {known}. "
            "Use the newer Kelpie that wrote it.",
        )
    if have < CHAINED:
        raise BookError(
            "TOO_OLD",
            f"The book {path} has schema {have}, before its journal was chained. Start Kelpie "
            "on it once: that brings it forward.",
        )
