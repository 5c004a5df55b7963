"""The file of the shadow beside paper or live: what each order did in both worlds, by day.

It is no part of the book: should it be lost, no money is, and the days before are not compared
any more. A damaged one is kept aside and begun anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.book import BookError, Fill
from adapters.store.connection import Coded, Connection
from adapters.store.locks import make_folder
from adapters.store.own_file import opened, set_aside
from domain.divergence import Divergence, Outcome, Pair, diverge
from domain.orders import Side
from domain.symbols import Symbol

_SCHEMA_VERSION = 1
_SCHEMA = (
    "CREATE TABLE pairs (client_order_id TEXT PRIMARY KEY, day TEXT NOT NULL,"
    " symbol TEXT NOT NULL, side TEXT NOT NULL, quantity TEXT NOT NULL, filled TEXT NOT NULL,"
    " value TEXT NOT NULL, commission TEXT, currency TEXT NOT NULL)",
    "CREATE INDEX pairs_day ON pairs (day)",
    "CREATE TABLE executions (execution_key TEXT PRIMARY KEY, client_order_id TEXT NOT NULL,"
    " quantity TEXT NOT NULL, price TEXT NOT NULL, commission TEXT, currency TEXT)",
    "CREATE INDEX executions_order ON executions (client_order_id)",
    "CREATE TABLE days (day TEXT PRIMARY KEY, at TEXT NOT NULL, beyond TEXT NOT NULL)",
)
_PAIRS = "SELECT client_order_id, day, symbol, side, quantity, filled, value, commission, currency"
_EXECUTIONS = (
    "SELECT quantity, price, commission, currency FROM executions WHERE client_order_id = ?"
)


def open_shadow(path: Path) -> ShadowFile:
    """Open it; where there is none, or none that can be read, it is begun.

    Raises:
        BookError: the disk does not let it be.
    """
    make_folder(path.parent)
    try:
        return ShadowFile(opened(path, _SCHEMA, _SCHEMA_VERSION))
    except BookError as failure:
        if failure.code != "DAMAGED":
            raise
    set_aside(path)
    return ShadowFile(opened(path, _SCHEMA, _SCHEMA_VERSION))


class ShadowFile:
    """`shadow.db`, for the one seat that writes it. Every method may raise `BookError`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, pair: Pair) -> None:
        """What an order did in the shadow so far."""
        shadow = pair.shadow
        cost = None if shadow.commission is None else str(shadow.commission)
        order = (pair.client_order_id, pair.day.isoformat(), str(pair.symbol), pair.side.value)
        row = (*order, str(pair.quantity), str(shadow.filled), str(shadow.value))
        with self._connection.write():
            self._connection.execute(
                "INSERT OR REPLACE INTO pairs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, cost, shadow.currency),
            )

    def keep_fill(self, fill: Fill) -> None:
        """What it did in truth; a correction or a commission replaces what was known."""
        cost = None if fill.commission is None else str(fill.commission)
        with self._connection.write():
            self._connection.execute(
                "INSERT OR REPLACE INTO executions VALUES (?, ?, ?, ?, ?, ?)",
                (
                    fill.execution_key,
                    fill.client_order_id,
                    str(fill.quantity),
                    str(fill.price),
                    cost,
                    fill.commission_currency,
                ),
            )

    def keep_day(self, day: date, at: datetime, beyond: str) -> None:
        """A day was compared; `beyond` says why it was out of bounds, or nothing."""
        with self._connection.write():
            self._connection.execute(
                "INSERT OR REPLACE INTO days VALUES (?, ?, ?)",
                (day.isoformat(), at.isoformat(), beyond),
            )

    def one(self, client_order_id: str) -> Pair | None:
        """What is known of an order; None where the shadow never had it."""
        query = f"{_PAIRS} FROM pairs WHERE client_order_id = ?"
        rows = self._connection.rows(query, (client_order_id,))
        return _pair(rows[0]) if rows else None

    def days_to_compare(self, before: date) -> Sequence[date]:
        """Those with orders that were not compared yet, oldest first."""
        rows = self._connection.rows(
            "SELECT DISTINCT day FROM pairs WHERE day < ? AND day NOT IN (SELECT day FROM days)"
            " ORDER BY day",
            (before.isoformat(),),
        )
        return [date.fromisoformat(row[0]) for row in rows]

    def divergence(self, day: date) -> Divergence:
        """A day as it stands now."""
        return _divergence(self._connection.link, day)

    def close(self) -> None:
        """Close the file; harmless when it is closed."""
        self._connection.close()


def read_divergence(path: Path, day: date | None) -> tuple[Divergence, str | None] | None:
    """A day for whoever only looks, or the newest with orders; with why it was out of bounds.

    None in place of that where it was not compared yet; None at all where there is nothing.

    Raises:
        BookError: `NO_BOOK` where there is no such file; `DAMAGED`, `DISK`.
    """
    if not path.is_file():
        raise BookError(
            "NO_BOOK", f"There is no shadow at {path}: SHADOW=true keeps one beside paper or live."
        )
    place = f"{path.resolve().as_uri()}?mode=ro"
    with Coded(path), closing(sqlite3.connect(place, uri=True, timeout=5.0)) as link:
        if day is None:
            newest = link.execute("SELECT max(day) FROM pairs").fetchone()[0]
            if newest is None:
                return None
            day = date.fromisoformat(newest)
        told = link.execute("SELECT beyond FROM days WHERE day = ?", (day.isoformat(),)).fetchone()
        return _divergence(link, day), None if told is None else str(told[0])


def _divergence(link: sqlite3.Connection, day: date) -> Divergence:
    query = f"{_PAIRS} FROM pairs WHERE day = ? ORDER BY client_order_id"
    pairs = [_pair(row) for row in link.execute(query, (day.isoformat(),))]
    return diverge(day, [replace(each, real=_real(link, each.client_order_id)) for each in pairs])


def _real(link: sqlite3.Connection, client_order_id: str) -> Outcome:
    rows = link.execute(_EXECUTIONS, (client_order_id,)).fetchall()
    filled = sum((Decimal(row[0]) for row in rows), Decimal(0))
    value = sum((Decimal(row[0]) * Decimal(row[1]) for row in rows), Decimal(0))
    known = bool(rows) and all(row[2] is not None for row in rows)
    currencies = {row[3] for row in rows}
    if not known or len(currencies) != 1:
        return Outcome(filled, value)
    commission = sum((Decimal(row[2]) for row in rows), Decimal(0))
    return Outcome(filled, value, commission, str(currencies.pop()))


def _pair(row: Sequence[Any]) -> Pair:
    commission = None if row[7] is None else Decimal(row[7])
    shadow = Outcome(Decimal(row[5]), Decimal(row[6]), commission, row[8])
    return Pair(
        client_order_id=row[0],
        day=date.fromisoformat(row[1]),
        symbol=Symbol.parse(row[2]),
        side=Side(row[3]),
        quantity=Decimal(row[4]),
        shadow=shadow,
    )
