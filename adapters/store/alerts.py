"""Alerts in a file of their own beside the book: `adapters.alerts.AlertsFile`.

They are no facts about money, so the book does not have them; and they must be told above all when
the book cannot be written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson

from adapters.alerts import AlertsFile
from adapters.book import BookError
from adapters.store.columns import micros
from adapters.store.connection import Connection
from adapters.store.locks import make_folder
from adapters.store.reading import BUSY_SECONDS
from domain.alert_post import Out, OutLetter, PostState
from domain.alerting import AlertRule, Incident

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS incidents "
    "(number INTEGER PRIMARY KEY, ended_us INTEGER, content TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS post (id INTEGER PRIMARY KEY, content TEXT NOT NULL)",
)
_KEEP = "INSERT OR REPLACE INTO incidents (number, ended_us, content) VALUES (?, ?, ?)"
_KEEP_POST = "INSERT OR REPLACE INTO post (id, content) VALUES (1, ?)"
_READ = "SELECT number, content FROM incidents ORDER BY number"
_READ_POST = "SELECT content FROM post WHERE id = 1"
_FORGET = "DELETE FROM incidents WHERE ended_us < ?"
_TIMES = ("since", "due", "told_at", "answered_at", "ended_at", "end_due", "doubted")
_POST_TIMES = (
    *("ways_since", "delivered_at", "retry_at", "proven_at", "acknowledged_at"),
    *("digits_at", "digits_told_at", "morning_at", "summed_at"),
)
_PLAIN = ("number", "venue", "by", "sentence", "cure", "times", "told", "answered_by", "ended")
#: What reading raises of rows that another release has written, or that are damaged.
_OTHER_WORDS = (ValueError, TypeError, KeyError, AttributeError)

Rules = Callable[[str, bool], AlertRule]
"""The row of a code, and whether it lasts where the table leaves that open."""


def alerts_path(book: Path) -> Path:
    """Where those beside this book lie."""
    return book.with_name("alerts.db")


def open_alerts(path: Path, rules: Rules) -> AlertsFile:
    """Open the file, which is made where it is missing and begun anew where it is damaged.

    Raises:
        BookError: `DISK_FULL`, `DISK_FAILED` or `DISK`.
    """
    make_folder(path.parent)
    try:
        return SqliteAlerts(path, rules)
    except BookError as failure:
        if failure.code != "DAMAGED":
            raise
    for name in (path, *(path.with_name(f"{path.name}-{end}") for end in ("wal", "shm"))):
        name.unlink(missing_ok=True)
    return SqliteAlerts(path, rules)


class SqliteAlerts:
    """Made by `open_alerts`; used by one thread at a time."""

    def __init__(self, path: Path, rules: Rules) -> None:
        self._rules = rules
        self._connection = Connection(path, busy_seconds=BUSY_SECONDS)
        try:
            with self._connection.write():
                for statement in _SCHEMA:
                    self._connection.execute(statement)
        except BookError:
            self._connection.close()
            raise
        path.chmod(0o600)

    def read(self) -> tuple[Sequence[Incident], PostState]:
        """All that is kept, oldest first, but for what another release wrote in other words."""
        rows = self._connection.rows(_READ)
        post = self._connection.row(_READ_POST)
        next_number = 1 + max((number for number, _ in rows), default=0)
        state = PostState(next_number=next_number)
        if post is not None:
            with suppress(*_OTHER_WORDS):
                state = _state(orjson.loads(post[0]))
        incidents = []
        for _, content in rows:
            with suppress(*_OTHER_WORDS):
                incidents.append(self._incident(orjson.loads(content)))
        # One that is not understood keeps its number all the same.
        return incidents, replace(state, next_number=max(state.next_number, next_number))

    def keep(self, incidents: Sequence[Incident], state: PostState) -> None:
        """Write these, and how the deliveries stand, in one commit."""
        with self._connection.write():
            for each in incidents:
                ended = None if each.ended_at is None else micros(each.ended_at)
                content = orjson.dumps(_plain(each)).decode()
                self._connection.execute(_KEEP, (each.number, ended, content))
            self._connection.execute(_KEEP_POST, (orjson.dumps(state).decode(),))

    def forget(self, ended_before: datetime) -> None:
        """Let go of what was over by then."""
        with self._connection.write():
            self._connection.execute(_FORGET, (micros(ended_before),))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _incident(self, plain: dict[str, Any]) -> Incident:
        named: dict[str, Any] = {name: plain[name] for name in _PLAIN if name in plain}
        named |= {name: _time(plain[name]) for name in _TIMES if name in plain}
        return Incident(rule=self._rules(plain["code"], plain["lasts"]), **named)


def _plain(incident: Incident) -> dict[str, Any]:
    """As it is kept. What the table says of its code is read from the table again."""
    named = {name: getattr(incident, name) for name in (*_PLAIN, *_TIMES)}
    return {**named, "code": incident.code, "lasts": incident.rule.lasts}


def _state(plain: dict[str, Any]) -> PostState:
    """What an older release did not write is as at the beginning, a newer one's is left out."""
    known = {each.name for each in fields(PostState)}
    named = {name: value for name, value in plain.items() if name in known}
    named |= {name: _time(named[name]) for name in _POST_TIMES if name in named}
    morning, out = named.get("morning"), named.get("out")
    named["morning"] = None if morning is None else date.fromisoformat(morning)
    named["sent"] = tuple(datetime.fromisoformat(at) for at in named.get("sent", ()))
    named["out"] = None if out is None else _out(out)
    return PostState(**named)


def _out(plain: dict[str, Any]) -> Out:
    letters = tuple(
        OutLetter(each["id"], tuple(each["about"]), each["ends"]) for each in plain["letters"]
    )
    return Out(plain["errand"], datetime.fromisoformat(plain["at"]), letters)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
