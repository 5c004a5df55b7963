"""The table of what is told from outside: parcels, dividends, statements' cash, closing prices."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from datetime import date, datetime

import orjson

from adapters.store.cash import CashDifferences
from adapters.store.columns import micros
from adapters.store.connection import Connection, Row
from adapters.store.journal import Journal
from domain.cash_matching import explained, used
from domain.outside_facts import EVERY_KIND, FactKind, OutsideFact, movement_of, standing
from domain.symbols import Symbol

_COLUMNS = "fact_id, kind, day, symbol, detail, source"
_INSERT = f"""
INSERT OR IGNORE INTO outside_facts ({_COLUMNS}, who, time_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_ALL = f"SELECT {_COLUMNS} FROM outside_facts ORDER BY day, fact_id"
#: Whose statements these are.
_VENUE = "ib"
#: So many changes of cash are looked at, the newest.
_LOOKED_AT = 1000
_OF_KIND = f"SELECT {_COLUMNS} FROM outside_facts WHERE kind = ?"
_KNOWN = f"SELECT {_COLUMNS} FROM outside_facts WHERE fact_id = ?"


class Outside:
    """Facts from outside, each once by its id."""

    def __init__(
        self, connection: Connection, journal: Journal, differences: CashDifferences
    ) -> None:
        self._connection = connection
        self._journal = journal
        self._differences = differences

    def record(self, facts: Sequence[OutsideFact], who: str, at: datetime) -> int:
        """Write those that are not there yet, all of them or none; gives how many they are.

        Movements of cash among them say of unexplained changes what they were.
        """
        written = 0
        with self._connection.write():
            for fact in facts:
                detail = _text(fact)
                row = (*_row(fact), detail, fact.source, who, micros(at))
                if self._connection.execute(_INSERT, row).rowcount:
                    written += 1
                    self._journal.append(at, "outside_fact", fact.id, _journalled(fact, who))
            if any(fact.kind is FactKind.CASH for fact in facts):
                self._explain_cash(who, at)
        return written

    def _explain_cash(self, who: str, at: datetime) -> None:
        open_ones = self._differences.newest(_LOOKED_AT, untyped=True)
        if not open_ones:
            return
        notes = (each.note for each in self._differences.newest(_LOOKED_AT, untyped=False))
        spent = used(notes)
        told = self.all((FactKind.CASH, FactKind.WITHDRAWN))
        movements = [
            movement_of(fact)
            for fact in standing({fact.id: fact for fact in told})
            if fact.id not in spent
        ]
        by_id = {each.difference_id: each for each in open_ones if each.venue == _VENUE}
        for found in explained(by_id.values(), movements):
            self._differences.set_type(by_id[found.difference_id], found.type, at, who, found.note)

    def known(self, ids: Sequence[str]) -> tuple[OutsideFact, ...]:
        """Those of these ids that are in the book, in the order asked."""
        rows = (self._connection.row(_KNOWN, (id,)) for id in ids)
        return tuple(_fact(row) for row in rows if row is not None)

    def all(self, kinds: Collection[FactKind] = EVERY_KIND) -> tuple[OutsideFact, ...]:
        """All of these kinds, withdrawn ones included, by day."""
        rows = (row for kind in kinds for row in self._connection.rows(_OF_KIND, (kind.value,)))
        return tuple(_fact(row) for row in sorted(rows, key=lambda row: (row[2], row[0])))


def outside_facts(link: sqlite3.Connection) -> tuple[OutsideFact, ...]:
    """The same by a connection that only reads; none of a book from before there were any."""
    there = "SELECT 1 FROM sqlite_master WHERE name = 'outside_facts'"
    if link.execute(there).fetchone() is None:
        return ()
    return tuple(_fact(row) for row in link.execute(_ALL))


def _row(fact: OutsideFact) -> tuple[str, str, str, str | None]:
    symbol = None if fact.symbol is None else str(fact.symbol)
    return fact.id, fact.kind.value, fact.day.isoformat(), symbol


def _text(fact: OutsideFact) -> str:
    return orjson.dumps(dict(fact.detail), option=orjson.OPT_SORT_KEYS).decode()


def _journalled(fact: OutsideFact, who: str) -> dict[str, object]:
    _, kind, day, symbol = _row(fact)
    return {
        "kind": kind,
        "day": day,
        "symbol": symbol,
        "detail": _text(fact),
        "source": fact.source,
        "who": who,
    }


def _fact(row: Row) -> OutsideFact:
    return OutsideFact(
        id=row[0],
        kind=FactKind(row[1]),
        day=date.fromisoformat(row[2]),
        symbol=None if row[3] is None else Symbol.parse(row[3]),
        detail=orjson.loads(row[4]),
        source=row[5],
    )
