"""All that a book has about one order, read in one go: how it stands, and each entry about it."""

from __future__ import annotations

import sqlite3

import orjson

from adapters.book import Entry, Explanation
from adapters.store.columns import moment, optional_moment
from domain.orders import OrderState
from domain.symbols import Symbol

_ORDER = """
SELECT client_order_id, venue, symbol, state, filled, created_us, updated_us, correlation, parent,
oca_group FROM orders WHERE client_order_id = ?
"""
_WITH = """
SELECT client_order_id FROM orders WHERE client_order_id != ?1
AND (parent = ?1 OR client_order_id = ?2 OR parent = ?2 OR oca_group = ?3) ORDER BY id
"""
_INTENT = "SELECT detail FROM journal WHERE subject = ? AND kind = 'intent'"
# A commission that came before its execution is journalled under the key of that.
_ENTRIES = """
SELECT seq, at_us, kind, detail FROM journal WHERE subject = ?1
OR subject IN (SELECT execution_key FROM fills WHERE client_order_id = ?1) ORDER BY seq
"""


def explain(link: sqlite3.Connection, client_order_id: str) -> Explanation | None:
    """What the book has about an order; None where it has none of this id.

    Those that left with another are explained by the decision on that one.
    """
    row = link.execute(_ORDER, (client_order_id,)).fetchone()
    if row is None:
        return None
    found = link.execute(_WITH, (client_order_id, row[8], row[9])).fetchall()
    related = tuple(each[0] for each in found)
    decision, decided_with = None, ""
    for name in (client_order_id, *related):
        intent = link.execute(_INTENT, (name,)).fetchone()
        decision = orjson.loads(intent[0]).get("decision") if intent is not None else None
        if decision is not None:
            decided_with = name
            break
    entries = link.execute(_ENTRIES, (client_order_id,)).fetchall()
    return Explanation(
        client_order_id=row[0],
        venue=row[1],
        symbol=Symbol.parse(row[2]),
        state=OrderState(row[3]),
        filled=row[4],
        created_at=moment(row[5]),
        updated_at=optional_moment(row[6]),
        correlation=row[7],
        related=related,
        decision=decision,
        decided_with=decided_with,
        entries=tuple(map(_entry, entries)),
    )


def _entry(row: tuple[int, int, str, str]) -> Entry:
    seq, at, kind, text = row
    detail = orjson.loads(text)
    detail.pop("decision", None)  # told apart
    return Entry(seq, moment(at), kind, detail)
