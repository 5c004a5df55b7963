"""What a book says stands at the venues: what Kelpie manages, and its orders that are not final."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from adapters.store.columns import moment
from adapters.store.order_rows import SELECT, entry_of
from domain.orders import Order, OrderState
from domain.symbols import Symbol

_POSITIONS = "SELECT symbol, quantity FROM positions WHERE venue != ? ORDER BY symbol"
_LAST = "SELECT max(at_us) FROM journal"
_OPEN = tuple(state.value for state in OrderState if not state.is_final)


@dataclass(frozen=True, slots=True)
class BookStands:
    """At one moment of the book."""

    managed: tuple[tuple[Symbol, Decimal], ...]
    """What is not zero; short is negative."""
    orders: tuple[Order, ...]
    """Newest first."""
    written_at: datetime | None
    """When the journal's last entry was made, UTC; None: there is none."""


def stands_by(link: sqlite3.Connection, *, leaving_out: str) -> BookStands:
    """Read it; `leaving_out` is the venue that holds nothing real."""
    positions = link.execute(_POSITIONS, (leaving_out,)).fetchall()
    managed = tuple((Symbol.parse(symbol), Decimal(text)) for symbol, text in positions)
    states = ", ".join("?" * len(_OPEN))
    query = f"{SELECT} WHERE o.state IN ({states}) AND o.venue != ? ORDER BY o.id DESC"
    orders = link.execute(query, (*_OPEN, leaving_out)).fetchall()
    (last,) = link.execute(_LAST).fetchone()
    return BookStands(
        tuple((symbol, quantity) for symbol, quantity in managed if quantity),
        tuple(entry_of(row).order for row in orders),
        None if last is None else moment(last),
    )
