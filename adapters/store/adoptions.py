"""What a person said is ours to manage, or is not any more: facts of their own kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from adapters.store.columns import (
    decimal_text,
    micros,
    optional_decimal,
    optional_decimal_text,
)
from adapters.store.connection import Connection, Row
from adapters.store.journal import Journal
from adapters.store.money import Money
from adapters.store.positions import Positions
from domain.adoption import Adoption
from domain.symbols import Symbol

_COLUMNS = "adoption_id, venue, symbol, quantity, price, was, who, reason"
# The columns of the position are set at once by the recomputation that follows.
_INSERT = f"""
INSERT INTO adoptions ({_COLUMNS}, time_us, after_quantity, after_cost, after_realised,
after_opened_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '0', '0', '0', 0)
"""
_ONE = f"SELECT {_COLUMNS} FROM adoptions WHERE adoption_id = ?"
_NEWEST = f"SELECT {_COLUMNS} FROM adoptions ORDER BY time_us DESC, adoption_id DESC LIMIT ?"


class Adoptions:
    """The table of adoptions. Nothing here begins a transaction of its own."""

    def __init__(
        self, connection: Connection, journal: Journal, positions: Positions, money: Money
    ) -> None:
        self._connection = connection
        self._journal = journal
        self._positions = positions
        self._money = money

    def add(self, adoption: Adoption, at: datetime) -> None:
        """Write it, and what the position is since."""
        symbol = str(adoption.symbol)
        self._connection.execute(
            _INSERT,
            (
                adoption.adoption_id,
                adoption.venue,
                symbol,
                decimal_text(adoption.quantity),
                optional_decimal_text(adoption.price),
                decimal_text(adoption.was),
                adoption.who,
                adoption.reason,
                micros(at),
            ),
        )
        change = self._positions.recompute(
            adoption.venue, adoption.symbol, micros(at), adoption.adoption_id
        )
        detail = {
            "adoption_id": adoption.adoption_id,
            "venue": adoption.venue,
            "symbol": symbol,
            "quantity": adoption.quantity,
            "price": adoption.price,
            "was": adoption.was,
            "who": adoption.who,
            "reason": adoption.reason,
            "time": at,
            "postings": self._money.adopted(adoption, change, at),
        }
        self._journal.append(at, "adoption", symbol, detail, adoption.adoption_id)

    def one(self, adoption_id: str) -> Adoption | None:
        """The adoption of this id."""
        row = self._connection.row(_ONE, (adoption_id,))
        return None if row is None else _adoption(row)

    def newest(self, limit: int) -> Sequence[Adoption]:
        """The last `limit` of them, newest first."""
        return [_adoption(row) for row in self._connection.rows(_NEWEST, (limit,))]


def _adoption(row: Row) -> Adoption:
    return Adoption(
        adoption_id=row[0],
        venue=row[1],
        symbol=Symbol.parse(row[2]),
        quantity=Decimal(row[3]),
        price=optional_decimal(row[4]),
        was=Decimal(row[5]),
        who=row[6],
        reason=row[7],
    )
