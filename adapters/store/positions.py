"""The managed position of each symbol at each venue, maintained as fills are booked.

`positions` is what the newest fill or adoption leaves; each carries what it left, so that one
which comes late, or is corrected, recomputes from its own place in the order of time. Fills of an
order that only converts cash leave nothing: what they brought is cash, and no position. What they
cost counts with what the symbol has cost all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

from adapters.book import ManagedPosition
from adapters.store.average_cost import NOTHING, Holding, after_adoption, after_fill, after_split
from adapters.store.columns import micros, moment, optional_decimal
from adapters.store.connection import Connection, Row
from adapters.store.tables import Position, PositionCommission
from domain.exact import EXACT, plain
from domain.orders import Side
from domain.postings import Change
from domain.symbols import Symbol

_CONVERTS = """EXISTS (
SELECT 1 FROM orders AS o WHERE o.client_order_id = fills.client_order_id AND o.purpose = 'CONVERT'
)"""
_BEFORE = f"""
SELECT after_quantity, after_cost, after_realised, after_opened_us, time_us, execution_key
FROM fills
WHERE symbol = ? AND venue = ? AND (time_us, execution_key) < (?, ?) AND NOT {_CONVERTS}
ORDER BY time_us DESC, execution_key DESC LIMIT 1
"""
_BEFORE_ADOPTED = """
SELECT after_quantity, after_cost, after_realised, after_opened_us, time_us, adoption_id
FROM adoptions WHERE symbol = ? AND venue = ? AND (time_us, adoption_id) < (?, ?)
ORDER BY time_us DESC, adoption_id DESC LIMIT 1
"""
_BEFORE_SPLIT = """
SELECT after_quantity, after_cost, after_realised, after_opened_us, time_us, split_id
FROM splits WHERE symbol = ? AND venue = ? AND (time_us, split_id) < (?, ?)
ORDER BY time_us DESC, split_id DESC LIMIT 1
"""
_FROM = f"""
SELECT time_us, execution_key, side, quantity, price FROM fills
WHERE symbol = ? AND venue = ? AND (time_us, execution_key) >= (?, ?) AND NOT {_CONVERTS}
ORDER BY time_us, execution_key
"""
_FROM_ADOPTED = """
SELECT time_us, adoption_id, quantity, price FROM adoptions
WHERE symbol = ? AND venue = ? AND (time_us, adoption_id) >= (?, ?)
ORDER BY time_us, adoption_id
"""
# Four terms tell a split from an adoption, which has two, and from a fill.
_FROM_SPLIT = """
SELECT time_us, split_id, new, old, NULL, NULL FROM splits
WHERE symbol = ? AND venue = ? AND (time_us, split_id) >= (?, ?)
ORDER BY time_us, split_id
"""
_SET_AFTER = """
UPDATE fills SET after_quantity = ?, after_cost = ?, after_realised = ?, after_opened_us = ?
WHERE venue = ? AND execution_key = ?
"""
_SET_AFTER_ADOPTED = """
UPDATE adoptions SET after_quantity = ?, after_cost = ?, after_realised = ?, after_opened_us = ?
WHERE adoption_id = ?
"""
_SET_AFTER_SPLIT = """
UPDATE splits SET after_quantity = ?, after_cost = ?, after_realised = ?, after_opened_us = ?
WHERE split_id = ?
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
_ONE = """
SELECT quantity, cost, realised_pnl, opened_us FROM positions WHERE venue = ? AND symbol = ?
"""
_ALL_CHARGED = """
SELECT currency, amount FROM position_commissions WHERE venue = ? AND symbol = ?
ORDER BY currency
"""
_SET_CHARGED = """
INSERT OR REPLACE INTO position_commissions (venue, symbol, currency, amount)
VALUES (?, ?, ?, ?)
"""

_EACH_BEFORE = (_BEFORE, _BEFORE_ADOPTED, _BEFORE_SPLIT)
_EACH_TOLD = (_FROM_ADOPTED, _FROM_SPLIT)


class Positions:
    """The tables of positions. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def recompute(self, venue: str, symbol: Symbol, time_us: int, key: str) -> Change:
        """Count fills, adoptions and splits again from this place on; write what they leave.

        A place is a time and then an execution's key or the other's id. Gives by how much that
        made the position another.
        """
        was = self._connection.row(_ONE, (venue, str(symbol)))
        adopted = False
        place = (str(symbol), venue, time_us, key)
        before = [self._connection.row(sql, place) for sql in _EACH_BEFORE]
        latest = max((row for row in before if row is not None), key=_place_of, default=None)
        held = None if latest is None else _holding(latest)
        for row in self._from(place):
            when, row_key, *terms = row
            if len(terms) == 3:
                side, quantity, price = terms
                held = after_fill(held, Side(side), Decimal(quantity), Decimal(price), moment(when))
                self._connection.execute(_SET_AFTER, (*_texts(held), venue, row_key))
            elif len(terms) == 4:
                held = after_split(held, Decimal(terms[0]), Decimal(terms[1]), moment(when))
                self._connection.execute(_SET_AFTER_SPLIT, (*_texts(held), row_key))
            else:
                adopted = True
                quantity, price = Decimal(terms[0]), optional_decimal(terms[1])
                held = after_adoption(held, quantity, price, moment(when))
                self._connection.execute(_SET_AFTER_ADOPTED, (*_texts(held), row_key))
        held = held or NOTHING
        self._connection.execute(_SET_POSITION, (venue, str(symbol), *_texts(held)))
        if was is None:
            return Change(held.cost, held.realised, adopted)
        with localcontext(EXACT):
            cost, realised = held.cost - Decimal(was[1]), held.realised - Decimal(was[2])
        return Change(cost, realised, adopted)

    def _from(self, place: tuple[str, str, int, str]) -> list[Row]:
        fills = self._connection.rows(_FROM, place)
        told = [row for sql in _EACH_TOLD for row in self._connection.rows(sql, place)]
        return sorted([*fills, *told], key=lambda row: (row[0], row[1])) if told else fills

    def attach_commission(self, venue: str, execution_key: str) -> bool:
        """Add the commission of an execution; False where either is not in the book."""
        return self._charge(venue, execution_key, 1)

    def detach_commission(self, venue: str, execution_key: str) -> None:
        """Take it off again, before another word replaces it."""
        self._charge(venue, execution_key, -1)

    def one(self, venue: str, symbol: Symbol) -> ManagedPosition | None:
        """The position of a symbol at a venue, if it was ever traded there."""
        place = (venue, str(symbol))
        row = self._connection.row(_ONE, place)
        if row is None:
            return None
        charged = self._connection.rows(_ALL_CHARGED, place)
        return _managed(
            venue, symbol, _holding(row), tuple((name, Decimal(text)) for name, text in charged)
        )

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
            _managed(
                row.venue,
                Symbol.parse(row.symbol),
                Holding(row.quantity, row.cost, row.realised_pnl, row.opened),
                tuple(commissions.get((row.venue, row.symbol), ())),
            )
            for row in held
        ]

    def _charge(self, venue: str, execution_key: str, sign: int) -> bool:
        found = self._connection.row(_COMMISSION, (venue, execution_key))
        if found is None:
            return False
        symbol, currency, amount = found
        before = self._connection.row(_CHARGED, (venue, symbol, currency))
        with localcontext(EXACT):
            total = Decimal(before[0] if before else 0) + sign * Decimal(amount)
        self._connection.execute(_SET_CHARGED, (venue, symbol, currency, str(plain(total))))
        return True


def _holding(row: Row) -> Holding:
    return Holding(Decimal(row[0]), Decimal(row[1]), Decimal(row[2]), moment(row[3]))


def _place_of(row: Row) -> tuple[int, str]:
    return (row[4], row[5])


def _managed(
    venue: str, symbol: Symbol, held: Holding, commissions: tuple[tuple[str, Decimal], ...]
) -> ManagedPosition:
    return ManagedPosition(
        symbol=symbol,
        venue=venue,
        quantity=held.quantity,
        average_price=held.average_price,
        opened_at=held.opened_at,
        realised_pnl=held.realised,
        commissions=commissions,
    )


def _texts(held: Holding) -> tuple[str, str, str, int]:
    return (str(held.quantity), str(held.cost), str(held.realised), micros(held.opened_at))
