"""How venues stood, in a file of its own beside the book: `adapters.uptime.Uptime`.

It is no fact about money: a kill loses the seconds since the last look, a loss of power a little
more, and a damaged file is begun anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from adapters.book import BookError
from adapters.store.columns import micros, moment
from adapters.store.locks import make_folder
from adapters.store.own_file import delete, opened
from adapters.uptime import Uptime
from domain.uptime import KEPT, HourPart, Stood, UpState, UptimeEvent

_SCHEMA_VERSION = 1
_HOURS = """
CREATE TABLE hours (
    venue TEXT NOT NULL,
    hour_us INTEGER NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    sentence TEXT NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (hour_us, venue, state, cause)
) WITHOUT ROWID
"""
_EVENTS = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    seat TEXT NOT NULL,
    sentence TEXT NOT NULL
)
"""
# Of one cause the newest sentence stands for all of the hour.
_ADD = """
INSERT INTO hours (venue, hour_us, state, cause, sentence, seconds) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET seconds = seconds + excluded.seconds, sentence = excluded.sentence
"""
_PARTS = """
SELECT venue, hour_us, state, cause, sentence, seconds FROM hours
WHERE hour_us >= ? ORDER BY hour_us, venue
"""
_NOTE = "INSERT INTO events (at_us, seat, sentence) VALUES (?, ?, ?)"
_NOTED = "SELECT at_us, seat, sentence FROM events WHERE at_us >= ? ORDER BY id DESC"
_MOST_EVENTS = 500
"""So many are kept: one that crashes again and again must not fill the disk."""
_FORGET = (
    ("DELETE FROM hours WHERE hour_us < ?", True),
    ("DELETE FROM events WHERE at_us < ?", True),
    (f"DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - {_MOST_EVENTS}", False),
)
_FIRST = "SELECT min(at_us) FROM (SELECT at_us FROM events UNION SELECT hour_us FROM hours)"
_FIRST_START = "SELECT min(at_us) FROM events WHERE at_us - ? < 3600000000"
_TIDY_EVERY = 100


def open_uptime(path: Path) -> Uptime:
    """Open the file, which is made where it is missing and begun anew where it is damaged.

    Raises:
        BookError: `DISK_FULL`, `DISK_FAILED` or `DISK`.
    """
    make_folder(path.parent)
    try:
        return SqliteUptime(path)
    except BookError as failure:
        if failure.code != "DAMAGED":
            raise
    delete(path)
    return SqliteUptime(path)


class SqliteUptime:
    """Made by `open_uptime`; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._untidy = 0
        self._connection = opened(path, (_HOURS, _EVENTS), _SCHEMA_VERSION)
        try:
            self._connection.rows("PRAGMA synchronous = normal")
        except BookError:
            self._connection.close()
            raise
        path.chmod(0o600)

    def add(self, parts: Iterable[HourPart], events: Iterable[UptimeEvent], now: datetime) -> None:
        """All of it or nothing; now and then what is too old is forgotten."""
        with self._connection.write():
            for part in parts:
                stood = part.stood
                key = (part.venue, micros(part.hour), stood.state.value, stood.cause)
                self._connection.execute(_ADD, (*key, stood.sentence, part.seconds))
            for event in events:
                row = (micros(event.at), event.seat, event.sentence)
                self._connection.execute(_NOTE, row)
            if self._untidy % _TIDY_EVERY == 0:
                for statement, by_age in _FORGET:
                    oldest = (micros(now - KEPT),) if by_age else ()
                    self._connection.execute(statement, oldest)
        self._untidy += 1

    def parts(self, since: datetime) -> tuple[HourPart, ...]:
        """Of all hours that begin no earlier, oldest first."""
        rows = self._connection.rows(_PARTS, (micros(since),))
        return tuple(
            HourPart(venue, moment(hour), Stood(UpState(state), cause, sentence), seconds)
            for venue, hour, state, cause, sentence, seconds in rows
        )

    def events(self, since: datetime) -> tuple[UptimeEvent, ...]:
        """Newest first."""
        rows = self._connection.rows(_NOTED, (micros(since),))
        return tuple(UptimeEvent(moment(at), seat, sentence) for at, seat, sentence in rows)

    def began(self) -> datetime | None:
        """The first start within the oldest hour, or else that hour's own begin."""
        [(first,)] = self._connection.rows(_FIRST)
        if first is None:
            return None
        [(start,)] = self._connection.rows(_FIRST_START, (first,))
        return moment(first if start is None else start)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
