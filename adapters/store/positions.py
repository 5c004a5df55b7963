"""The managed position of each symbol at each venue, maintained as fills are booked.

`positions` is what the newest fill leaves; each fill carries what it left, so that one which
comes late, or is corrected, recomputes from its own place in the order of trading.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

from adapters.book import ManagedPosition
from adapters.store.average_cost import EXACT, Holding, after_fill, plain
from adapters.store.columns import micros, moment
from adapters.store.connection import Connection, Row
from adapters.store.tables import Position, PositionCommission
from domain.orders import Side
from domain.symbols import Symbol

_BEFORE = """
SELECT after_quantity, after_cost, after_realised, after_opened_us FROM fills
WHERE symbol = ? AND venue = ? AND (time_us, execution_key) < (?, ?)
ORDER BY time_us DESC, execution_key DESC LIMIT 1
"""
_FROM = """
SELECT execution_key, side, quantity, price, time_us FROM fills
WHERE symbol = ? AND venue = ? AND (time_us, execution_key) >= (?, ?)
ORDER BY time_us, execution_key
"""
_SET_AFTER = """
UPDATE fills SET after_quantity = ?, after_cost = ?, after_realised = ?, after_opened_us = ?
WHERE venue = ? AND execution_key = ?
"""
_SET_POSITION = """
INSERT OR REPLACE INTO positions (venue, symbol, quantity, cost, realised_pnl, opened_us)
VALUES (?, ?, ?, ?, ?, ?)
"""
_COMMISSION = """
SELECT f.symbol, c.currency, c.amount FROM fills AS f
JOIN commissions AS c ON c.venue = f.venue AND c.execution_key = f.execution_key
WHERE f.venue = ? AND f.execution_key = ?
"""
_CHARGED = """
SELECT amount FROM position_commissions WHERE venue = ? AND symbol = ? AND currency = ?
"""
_SET_CHARGED = """
INSERT OR REPLACE INTO position_commissions (venue, symbol, currency, amount)
VALUES (?, ?, ?, ?)
"""


class Positions:
    """The tables of positions. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def recompute(self, venue: str, symbol: Symbol, time_us: int, execution_key: str) -> None:
        """Count the symbol's fills again from this place on, and write what they leave."""
        place = (str(symbol), venue, time_us, execution_key)
        row = self._connection.row(_BEFORE, place)
        held = None if row is None else _holding(row)
        for key, side, quantity, price, when in self._connection.rows(_FROM, place):
            held = after_fill(held, Side(side), Decimal(quantity), Decimal(price), moment(when))
            self._connection.execute(_SET_AFTER, (*_texts(held), venue, key))
        if held is not None:
            self._connection.execute(_SET_POSITION, (venue, str(symbol), *_texts(held)))

    def attach_commission(self, venue: str, execution_key: str) -> None:
        """Add the commission of an execution, where both are in the book."""
        self._charge(venue, execution_key, 1)

    def detach_commission(self, venue: str, execution_key: str) -> None:
        """Take it off again, before another word replaces it."""
        self._charge(venue, execution_key, -1)

    def all(self) -> Sequence[ManagedPosition]:
        """Every symbol that was ever traded, by symbol and venue."""
        database = self._connection.database
        with self._connection.coded:
            charged = list(PositionCommission.select().execute(database))
            held = list(
                Position.select().order_by(Position.symbol, Position.venue).execute(database)
            )
        commissions: dict[tuple[str, str], list[tuple[str, Decimal]]] = {}
        for row in sorted(charged, key=lambda row: row.currency):
            commissions.setdefault((row.venue, row.symbol), []).append((row.currency, row.amount))
        return [
            ManagedPosition(
                symbol=Symbol.parse(row.symbol),
                venue=row.venue,
                quantity=row.quantity,
                average_price=Holding(
                    row.quantity, row.cost, row.realised_pnl, row.opened
                ).average_price,
                opened_at=row.opened,
                realised_pnl=row.realised_pnl,
                commissions=tuple(commissions.get((row.venue, row.symbol), ())),
            )
            for row in held
        ]

    def _charge(self, venue: str, execution_key: str, sign: int) -> None:
        found = self._connection.row(_COMMISSION, (venue, execution_key))
        if found is None:
            return
        symbol, currency, amount = found
        before = self._connection.row(_CHARGED, (venue, symbol, currency))
        with localcontext(EXACT):
            total = Decimal(before[0] if before else 0) + sign * Decimal(amount)
        self._connection.execute(_SET_CHARGED, (venue, symbol, currency, str(plain(total))))


def _holding(row: Row) -> Holding:
    return Holding(Decimal(row[0]), Decimal(row[1]), Decimal(row[2]), moment(row[3]))


def _texts(held: Holding) -> tuple[str, str, str, int]:
    return (str(held.quantity), str(held.cost), str(held.realised), micros(held.opened_at))
