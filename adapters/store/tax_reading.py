"""What tax reports are made from, read from a book beside whoever writes it."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from adapters.store.columns import moment, optional_decimal
from adapters.store.outside import outside_facts
from domain.orders import Purpose, Side
from domain.outside_facts import OutsideFact, standing
from domain.symbols import Symbol
from domain.tax_record import BookedHandover, BookedTrade, TaxRecord, record_of, with_told

#: Where coins are traded.
_COIN_VENUES = ("gemini",)
_FILLS = """
SELECT f.time_us, f.execution_key, f.client_order_id, o.purpose, f.symbol, f.side, f.quantity,
f.price, c.amount, c.currency, f.venue, {rates} FROM fills AS f
JOIN orders AS o ON o.client_order_id = f.client_order_id
LEFT JOIN commissions AS c ON c.venue = f.venue AND c.execution_key = f.execution_key
ORDER BY f.time_us, f.execution_key
"""
_FOREIGN = """
SELECT f.time_us, f.execution_key, NULL, NULL, f.symbol, f.side, f.quantity, f.price, c.amount,
c.currency, f.venue, NULL, NULL FROM foreign_executions AS f
LEFT JOIN commissions AS c ON c.venue = f.venue AND c.execution_key = f.execution_key
WHERE f.symbol IS NOT NULL ORDER BY f.time_us, f.execution_key
"""
_ADOPTIONS = """
SELECT time_us, adoption_id, symbol, quantity, price FROM adoptions
ORDER BY time_us, adoption_id
"""


def booked_trades(link: sqlite3.Connection) -> tuple[BookedTrade, ...]:
    """Every execution of the wire and of statements; a busted one has no quantity: left out."""
    return with_told(_on_the_wire(link, rates_in_aud=False), _standing(link))


def _standing(link: sqlite3.Connection) -> tuple[OutsideFact, ...]:
    return standing({fact.id: fact for fact in outside_facts(link)})


def _on_the_wire(link: sqlite3.Connection, rates_in_aud: bool) -> tuple[BookedTrade, ...]:
    # A book from before rates stood beside amounts may still be a back-up to report from.
    columns = {row[1] for row in link.execute("PRAGMA table_info(fills)")}
    beside = rates_in_aud and "rate" in columns
    rates = "f.rate, c.rate" if beside else "NULL, NULL"
    rows = [*link.execute(_FILLS.format(rates=rates)), *link.execute(_FOREIGN)]
    return tuple(
        BookedTrade(
            at=moment(row[0]),
            key=row[1],
            order=row[2],
            purpose=None if row[3] is None else Purpose(row[3]),
            symbol=Symbol.parse(row[4]),
            side=Side(row[5]),
            quantity=Decimal(row[6]),
            price=Decimal(row[7]),
            commission=optional_decimal(row[8]),
            commission_currency=row[9],
            coin=row[10] in _COIN_VENUES,
            rate=optional_decimal(row[11]),
            fee_rate=optional_decimal(row[12]),
        )
        for row in rows
        if Decimal(row[6])
    )


def tax_record(link: sqlite3.Connection, *, rates_in_aud: bool) -> TaxRecord:
    """All of it, of the one moment that the connection sees.

    `rates_in_aud`: the rates that stand beside fills are those of a book kept in A$.
    """
    there = "SELECT 1 FROM sqlite_master WHERE name = 'adoptions'"
    adoptions = link.execute(_ADOPTIONS) if link.execute(there).fetchone() else ()
    handovers = tuple(
        BookedHandover(
            at=moment(row[0]),
            id=row[1],
            symbol=Symbol.parse(row[2]),
            quantity=Decimal(row[3]),
            price=optional_decimal(row[4]),
        )
        for row in adoptions
    )
    return record_of(_on_the_wire(link, rates_in_aud), handovers, _standing(link))


def owner_of(link: sqlite3.Connection) -> str:
    """The SHA-256 of the number of the account whose book it is, in hexadecimal digits."""
    (hash,) = link.execute("SELECT account_hash FROM identity").fetchone()
    return str(hash)


def order_names(link: sqlite3.Connection) -> frozenset[str]:
    """The client order ids of all orders of the book."""
    return frozenset(row[0] for row in link.execute("SELECT client_order_id FROM orders"))
