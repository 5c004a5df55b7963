"""Where the venue's cash and ours parted, and what a statement or a person said it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from adapters.store.columns import micros, moment, optional_micros, optional_moment
from adapters.store.connection import Connection, Row
from adapters.store.journal import Journal
from adapters.store.postings import Postings, Source
from domain.cash_differences import OPENING, CashDifference
from domain.cash_types import CashType
from domain.postings import Account, Event, cash_came, passed_on

_COLUMNS = (
    "difference_id, venue, currency, amount, theirs, ours, time_us, type, typed_us, who, note"
)
_INSERT = f"INSERT INTO cash_differences ({_COLUMNS}) VALUES ({', '.join('?' * 11)})"
_ONE = f"SELECT {_COLUMNS} FROM cash_differences WHERE difference_id = ?"
_NEWEST = f"""
SELECT {_COLUMNS} FROM cash_differences ORDER BY time_us DESC, difference_id DESC LIMIT ?
"""
_OPEN = f"""
SELECT {_COLUMNS} FROM cash_differences WHERE type IS NULL
ORDER BY time_us DESC, difference_id DESC LIMIT ?
"""
_SET_TYPE = """
UPDATE cash_differences SET type = ?, typed_us = ?, who = ?, note = ? WHERE difference_id = ?
"""
_SEEN = f"SELECT 1 FROM cash_differences WHERE venue = ? AND type = '{OPENING}' LIMIT 1"


class CashDifferences:
    """The table of differences. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal, postings: Postings) -> None:
        self._connection = connection
        self._journal = journal
        self._postings = postings

    def is_seen(self, venue: str) -> bool:
        """Its cash has been seen once: what comes since then has to be explained."""
        return self._connection.row(_SEEN, (venue,)) is not None

    def add(self, difference: CashDifference) -> None:
        """Write it, and post the cash that came or went; ours is theirs from now on."""
        each = difference
        self._connection.execute(
            _INSERT,
            (
                each.difference_id,
                each.venue,
                each.currency,
                str(each.amount),
                str(each.theirs),
                str(each.ours),
                micros(each.at),
                each.type,
                optional_micros(each.typed_at),
                each.who,
                each.note,
            ),
        )
        opening = each.type == OPENING
        account = Account.OPENING if opening else Account.UNEXPLAINED
        event = Event.CASH_SEEN if opening else Event.CASH_CHANGED
        source = Source(each.venue, each.difference_id, None, each.at, each.at)
        told = self._postings.write(event, cash_came(each.currency, each.amount, account), source)
        detail = {
            "venue": each.venue,
            "currency": each.currency,
            "amount": each.amount,
            "theirs": each.theirs,
            "ours": each.ours,
            "type": each.type,
            "postings": told,
        }
        self._journal.append(each.at, "cash_difference", each.difference_id, detail)

    def one(self, difference_id: str) -> CashDifference | None:
        """The difference of this id."""
        row = self._connection.row(_ONE, (difference_id,))
        return None if row is None else _difference(row)

    def newest(self, limit: int, *, untyped: bool) -> Sequence[CashDifference]:
        """The last `limit`, newest first; `untyped`: those that nobody has explained yet."""
        rows = self._connection.rows(_OPEN if untyped else _NEWEST, (limit,))
        return [_difference(row) for row in rows]

    def set_type(
        self, known: CashDifference, type: CashType, at: datetime, who: str, note: str
    ) -> CashDifference:
        """Say what it was; what was said before is taken back first."""
        self._connection.execute(_SET_TYPE, (type, micros(at), who, note, known.difference_id))
        source = Source(known.venue, known.difference_id, None, known.at, at)
        told = []
        giver: str = Account.UNEXPLAINED
        if known.type is not None:
            back = passed_on(
                known.currency, known.amount, giver=Account.UNEXPLAINED, taker=known.type.lower()
            )
            told += self._postings.write(Event.REVERSAL, back, source)
        lines = passed_on(known.currency, known.amount, giver=type.lower(), taker=giver)
        told += self._postings.write(Event.CASH_TYPED, lines, source)
        detail = {"type": type, "who": who, "note": note, "postings": told}
        self._journal.append(at, "cash_typed", known.difference_id, detail)
        return replace(known, type=str(type), typed_at=at, who=who, note=note)


def _difference(row: Row) -> CashDifference:
    return CashDifference(
        difference_id=row[0],
        venue=row[1],
        currency=row[2],
        amount=Decimal(row[3]),
        theirs=Decimal(row[4]),
        ours=Decimal(row[5]),
        at=moment(row[6]),
        type=row[7],
        typed_at=optional_moment(row[8]),
        who=row[9],
        note=row[10],
    )
