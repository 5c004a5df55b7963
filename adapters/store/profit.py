"""What the report of profit and loss is made of, read from a book that another may be writing.

`link` is a connection of `adapters.store.reading`: all of it is of one moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from adapters.book import BookError
from adapters.store.columns import moment, optional_decimal
from adapters.store.reading import schema_of
from domain.exact import EXACT
from domain.profit import Moved, Open
from domain.symbols import Symbol

_FIRST = 8
"""The schema in which money is kept."""

# Each fill, and each adoption, carries what has been realised until then.
_MOVES = """
SELECT f.venue, f.symbol, f.time_us, f.execution_key, f.after_realised, f.rate FROM fills AS f
JOIN orders AS o ON o.client_order_id = f.client_order_id WHERE o.purpose <> 'CONVERT'
UNION ALL SELECT venue, symbol, time_us, adoption_id, after_realised, NULL FROM adoptions
ORDER BY 1, 2, 3, 4
"""
_CHARGED = """
SELECT f.venue, f.symbol, f.time_us, c.currency, c.amount, c.rate FROM fills AS f
JOIN commissions AS c ON c.venue = f.venue AND c.execution_key = f.execution_key
"""
# The last moment of each day that was written down.
_MARKS = """
SELECT m.venue, m.symbol, e.day, m.unrealised, r.rate, m.managed FROM equity AS e
JOIN (SELECT day, max(time_us) AS time_us FROM equity WHERE venue = '*' GROUP BY day) AS last
ON last.time_us = e.time_us AND e.venue = '*'
JOIN equity_marks AS m ON m.time_us = e.time_us
LEFT JOIN equity_rates AS r ON r.time_us = e.time_us
AND r.currency = substr(m.symbol, instr(m.symbol, '/') + 1)
"""
_DAYS = "SELECT DISTINCT day FROM equity WHERE venue = '*' ORDER BY day"


def refuse_without_money(link: sqlite3.Connection) -> None:
    """Hold the caller to a book that keeps money.

    Raises:
        BookError: `TOO_OLD`.
    """
    if schema_of(link) < _FIRST:
        raise BookError(
            "TOO_OLD",
            "The book is older than its ledger of money. Start Kelpie on it once: that brings it "
            "forward.",
        )


def realised(link: sqlite3.Connection, base: str) -> Iterator[Moved]:
    """What each fill realised, by the order of trading as it is known now."""
    place, before = ("", ""), Decimal(0)
    for venue, name, time_us, _, after, rate in link.execute(_MOVES):
        if (venue, name) != place:
            place, before = (venue, name), Decimal(0)
        symbol, now = Symbol.parse(name), Decimal(after)
        amount, before = EXACT.subtract(now, before), now
        known = _rate(symbol.currency, rate, base)
        yield Moved(venue, symbol, moment(time_us), symbol.currency, amount, known)


def charged(link: sqlite3.Connection, base: str) -> Iterator[Moved]:
    """What each fill of ours cost, as the venue said last."""
    for venue, name, time_us, currency, amount, rate in link.execute(_CHARGED):
        known = _rate(currency, rate, base)
        symbol, at = Symbol.parse(name), moment(time_us)
        yield Moved(venue, symbol, at, currency, Decimal(amount), known)


def marks(link: sqlite3.Connection, base: str) -> dict[date, list[Open]]:
    """What was open at the end of each day of which the equity curve has a moment."""
    found: dict[date, list[Open]] = {date.fromisoformat(day): [] for (day,) in link.execute(_DAYS)}
    for venue, name, day, amount, rate, managed in link.execute(_MARKS):
        symbol = Symbol.parse(name)
        if Decimal(managed):
            known = _rate(symbol.currency, rate, base)
            marked = optional_decimal(amount)
            found[date.fromisoformat(day)].append(Open(venue, symbol, marked, known))
    return found


def _rate(currency: str, stored: str | None, base: str) -> Decimal | None:
    return Decimal(1) if currency == base else optional_decimal(stored)
