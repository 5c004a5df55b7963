"""The archive of bars: `adapters.bars.BarBook` on one SQLite file, which may be lost.

A file that is damaged or of another schema is deleted and begun anew; where the disk takes
nothing, the archive is kept in memory until the next start.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from loguru import logger

from adapters.bars import BarBook, KeptSeries
from adapters.book import BookError
from adapters.store.connection import MEMORY, Connection
from adapters.store.failures import book_error
from adapters.store.locks import make_folder
from adapters.store.own_file import delete, opened
from domain.bars import Bar, SeriesKey, Span, What, joined
from domain.pacing import IB_RULES, PacedRequest, Sent, age
from domain.symbols import Symbol

_SCHEMA_VERSION = 1
_SCHEMA = (
    "CREATE TABLE series (id INTEGER PRIMARY KEY, venue TEXT NOT NULL, symbol TEXT NOT NULL,"
    " what TEXT NOT NULL, bar_seconds INTEGER NOT NULL, liquid_hours INTEGER NOT NULL,"
    " UNIQUE (venue, symbol, what, bar_seconds, liquid_hours))",
    "CREATE TABLE bars (series INTEGER NOT NULL, start REAL NOT NULL, open REAL NOT NULL,"
    " high REAL NOT NULL, low REAL NOT NULL, close REAL NOT NULL, volume REAL,"
    " PRIMARY KEY (series, start)) WITHOUT ROWID",
    "CREATE TABLE coverage (series INTEGER NOT NULL, start REAL NOT NULL, end REAL NOT NULL,"
    " PRIMARY KEY (series, start)) WITHOUT ROWID",
    "CREATE TABLE requests (venue TEXT NOT NULL, number TEXT NOT NULL, wall REAL NOT NULL,"
    " monotonic REAL NOT NULL, identity TEXT NOT NULL, kind TEXT NOT NULL,"
    " weight INTEGER NOT NULL, PRIMARY KEY (venue, number)) WITHOUT ROWID",
)
_WHOLE_KEY = "venue = ? AND symbol = ? AND what = ? AND bar_seconds = ? AND liquid_hours = ?"


def open_bars(path: Path, venue: str, *, check: bool = True) -> BarBook:
    """Open the archive of a venue, which is made where there is none. Raises nothing.

    `check` reads the whole file for damage first; once a process is enough.
    """
    try:
        make_folder(path.parent)
        _create(path)
        return SqliteBars(opened(path, _SCHEMA, _SCHEMA_VERSION, check=check), venue)
    except BookError as failure:
        return _instead(path, venue, failure)


def _instead(path: Path, venue: str, failure: BookError) -> BarBook:
    """What to go on with: the file begun anew, or an archive in memory."""
    if failure.code == "DAMAGED":
        logger.warning(
            "The archive of bars {} was damaged and is begun anew: its bars are asked for "
            "again. {}",
            path,
            failure.__cause__ or failure,
        )
        try:
            delete(path)
            _create(path)
            return SqliteBars(opened(path, _SCHEMA, _SCHEMA_VERSION, check=False), venue)
        except BookError as second:
            failure = second
    plight = f"Bars are kept in memory until the next start. {failure}"
    logger.error("{}", plight)
    return SqliteBars(
        opened(MEMORY, _SCHEMA, _SCHEMA_VERSION, check=False), venue, plight, home=path
    )


def _create(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as failure:
        raise book_error(failure, path) from failure


class SqliteBars:
    """One venue's bars, made by `open_bars`."""

    def __init__(
        self, connection: Connection, venue: str, plight: str = "", *, home: Path | None = None
    ) -> None:
        self._connection = connection
        self._venue = venue
        self._plight = plight
        self._home = home or connection.path
        self._ids: dict[SeriesKey, int] = {}

    @property
    def plight(self) -> str:
        """Why nothing is kept on disk, as a sentence; empty when it is."""
        return self._plight

    def keep(self, key: SeriesKey, bars: Sequence[Bar], covered: Span) -> None:
        """Write bars and coverage in one transaction."""
        database = self._connection
        with database.write():
            series = self._id(key)
            for bar in bars:
                database.execute(
                    "INSERT OR REPLACE INTO bars VALUES (?, ?, ?, ?, ?, ?, ?)", (series, *bar)
                )
            touching = database.rows(
                "SELECT start, end FROM coverage WHERE series = ? AND start <= ? AND end >= ?",
                (series, covered.end, covered.start),
            )
            for start, _ in touching:
                database.execute(
                    "DELETE FROM coverage WHERE series = ? AND start = ?", (series, start)
                )
            for span in joined([covered, *(Span(*row) for row in touching)]):
                database.execute(
                    "INSERT INTO coverage VALUES (?, ?, ?)", (series, span.start, span.end)
                )

    def covered(self, key: SeriesKey, wanted: Span) -> tuple[Span, ...]:
        """The stretches of `wanted` that were fully answered, earliest first."""
        rows = self._connection.rows(
            "SELECT max(c.start, ?), min(c.end, ?) FROM coverage c JOIN series s ON s.id = c.series"
            f" WHERE {_WHOLE_KEY} AND c.start < ? AND c.end > ? ORDER BY c.start",
            (wanted.start, wanted.end, *self._row(key), wanted.end, wanted.start),
        )
        return tuple(Span(*row) for row in rows)

    def bars(self, key: SeriesKey, wanted: Span, limit: int) -> tuple[Bar, ...]:
        """The newest `limit` bars that start in `wanted`, oldest first."""
        rows = self._connection.rows(
            "SELECT b.start, open, high, low, close, volume FROM bars b"
            f" JOIN series s ON s.id = b.series WHERE {_WHOLE_KEY}"
            " AND b.start >= ? AND b.start < ? ORDER BY b.start DESC LIMIT ?",
            (*self._row(key), wanted.start, wanted.end, limit),
        )
        return tuple(rows[::-1])

    def series(self) -> tuple[KeptSeries, ...]:
        """All that is kept of this venue."""
        rows = self._connection.rows(
            "SELECT symbol, what, bar_seconds, liquid_hours, count(b.start), min(b.start),"
            " max(b.start) FROM series s LEFT JOIN bars b ON b.series = s.id WHERE venue = ?"
            " GROUP BY s.id ORDER BY symbol, what, bar_seconds",
            (self._venue,),
        )
        return tuple(
            KeptSeries(SeriesKey(Symbol.parse(name), What(what), size, bool(liquid)), *numbers)
            for name, what, size, liquid, *numbers in rows
        )

    def note(self, number: str, sent: Sent, wall: float) -> None:
        """Write that a request goes out; what no rule counts any more is forgotten."""
        request = sent.request
        old = IB_RULES.total_seconds + IB_RULES.slack_seconds
        with self._connection.write():
            self._connection.execute(
                "DELETE FROM requests WHERE wall < ? AND (monotonic < ? OR monotonic > ?)",
                (wall - old, sent.at - old, sent.at),
            )
            self._connection.execute(
                "INSERT OR REPLACE INTO requests VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    self._venue,
                    number,
                    wall,
                    sent.at,
                    request.identity,
                    request.kind,
                    request.weight,
                ),
            )

    def noted(self, wall: float, monotonic: float) -> tuple[tuple[str, Sent], ...]:
        """The requests of the last minutes by number, on this process's clock."""
        rows = self._connection.rows(
            "SELECT number, wall, monotonic, identity, kind, weight FROM requests WHERE venue = ?",
            (self._venue,),
        )
        return tuple(
            (number, Sent(monotonic - age(then, beat, wall, monotonic), PacedRequest(*request)))
            for number, then, beat, *request in rows
        )

    def after(self, failure: Exception) -> BarBook:
        """The archive to go on with."""
        if not isinstance(failure, BookError) or self._connection.path == MEMORY:
            raise failure
        self.close()
        return _instead(self._home, self._venue, failure)

    def close(self) -> None:
        """Close the file; harmless when it is closed."""
        self._connection.close()

    def _row(self, key: SeriesKey) -> tuple[str, str, str, int, int]:
        return self._venue, str(key.symbol), key.what.value, key.bar_seconds, int(key.liquid_hours)

    def _id(self, key: SeriesKey) -> int:
        if key not in self._ids:
            row = self._row(key)
            self._connection.execute(
                "INSERT OR IGNORE INTO series (venue, symbol, what, bar_seconds, liquid_hours)"
                " VALUES (?, ?, ?, ?, ?)",
                row,
            )
            (found,) = self._connection.rows(f"SELECT id FROM series WHERE {_WHOLE_KEY}", row)
            self._ids[key] = found[0]
        return self._ids[key]
