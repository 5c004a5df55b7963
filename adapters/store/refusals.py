"""Refused proposals, in a file of their own beside the book: `adapters.refusals.Refusals`.

They are no facts about money, and may come by the thousand: so they are bounded by number and by
age, which the book's journal could not be. A kill loses none; a loss of power the newest ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from adapters.book import BookError
from adapters.refusals import Refusals
from adapters.store.columns import micros
from adapters.store.connection import Coded, Connection
from adapters.store.decisions import content_of
from adapters.store.locks import make_folder
from adapters.store.own_file import delete
from adapters.store.reading import BUSY_SECONDS
from domain.decisions import Decision

_SCHEMA = """
CREATE TABLE IF NOT EXISTS refusals (
    id INTEGER PRIMARY KEY,
    client_order_id TEXT NOT NULL UNIQUE,
    at_us INTEGER NOT NULL,
    content TEXT NOT NULL
)
"""
_KEEP = "INSERT OR REPLACE INTO refusals (client_order_id, at_us, content) VALUES (?, ?, ?)"
_FIND = "SELECT content FROM refusals WHERE client_order_id = ?"
_NEWEST = "SELECT max(id) FROM refusals"
_FORGET = "DELETE FROM refusals WHERE id <= ? OR at_us < ?"
_TIDY_EVERY = 100
"""So many may be there beyond the bound."""


def refusals_path(book: Path) -> Path:
    """Where those beside this book lie."""
    return book.with_name("refusals.db")


def open_refusals(path: Path, *, most: int, oldest: timedelta) -> Refusals:
    """Open the file, which is made where it is missing and begun anew where it is damaged.

    Raises:
        BookError: `DISK_FULL`, `DISK_FAILED` or `DISK`.
    """
    make_folder(path.parent)
    try:
        return SqliteRefusals(path, most, oldest)
    except BookError as failure:
        if failure.code != "DAMAGED":
            raise
    delete(path)
    return SqliteRefusals(path, most, oldest)


def read_refusal(path: Path, client_order_id: str) -> Mapping[str, Any] | None:
    """A refused proposal, read beside whoever writes; None where there is none of this id.

    Raises:
        BookError: the file cannot be read.
    """
    if not path.is_file():
        return None
    with Coded(path):
        place = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=BUSY_SECONDS)) as link:
            row = link.execute(_FIND, (client_order_id,)).fetchone()
    return None if row is None else _read(row[0])


class SqliteRefusals:
    """Made by `open_refusals`; used by one thread at a time."""

    def __init__(self, path: Path, most: int, oldest: timedelta) -> None:
        self._most = most
        self._oldest = oldest
        self._untidy = 0
        self._connection = Connection(path, busy_seconds=BUSY_SECONDS)
        try:
            self._connection.rows("PRAGMA synchronous = normal")
            with self._connection.write():
                self._connection.execute(_SCHEMA)
        except BookError:
            self._connection.close()
            raise
        path.chmod(0o600)

    def keep(self, decision: Decision) -> None:
        """Write it down, and now and then forget what is too old or too many."""
        content = orjson.dumps(content_of(decision)).decode()
        row = (decision.client_order_id, micros(decision.at), content)
        with self._connection.write():
            self._connection.execute(_KEEP, row)
            if self._untidy % _TIDY_EVERY == 0:
                newest = self._connection.rows(_NEWEST)[0][0]
                since = micros(decision.at - self._oldest)
                self._connection.execute(_FORGET, (newest - self._most, since))
        self._untidy += 1

    def find(self, client_order_id: str) -> Mapping[str, Any] | None:
        """A refused proposal as JSON has it."""
        row = self._connection.row(_FIND, (client_order_id,))
        return None if row is None else _read(row[0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _read(text: str) -> Mapping[str, Any]:
    content: Mapping[str, Any] = orjson.loads(text)
    return content
