"""Orders on the disk: the intent, its states, and what its fills add up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from adapters.book import DuplicateIntent
from adapters.store.average_cost import EXACT, average, plain
from adapters.store.columns import (
    decimal_text,
    micros,
    moment,
    optional_decimal,
    optional_decimal_text,
    optional_micros,
    optional_moment,
)
from adapters.store.connection import Connection, Row
from adapters.store.journal import Journal
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side, Tif
from domain.symbols import Symbol

_COLUMNS = """
client_order_id, venue, symbol, side, quantity, type, limit_price, stop_price, tif, purpose,
state, created_us, filled, filled_value, venue_order_id, pending_change, reason, sent_us,
updated_us, correlation
"""
_INSERT = f"INSERT INTO orders ({_COLUMNS}) VALUES ({', '.join('?' * 20)})"
_SELECT = f"SELECT {_COLUMNS} FROM orders"
_BY_ID = f"{_SELECT} WHERE client_order_id = ?"
_BY_VENUE_ID = f"{_SELECT} WHERE venue_order_id = ? AND venue = ? ORDER BY id DESC LIMIT 1"
_OPEN_STATES = tuple(state.value for state in OrderState if not state.is_final)
_OPEN = f"{_SELECT} WHERE state IN ({', '.join('?' * len(_OPEN_STATES))}) ORDER BY id"
_SET_STATE = """
UPDATE orders SET state = ?, pending_change = ?, updated_us = ?, reason = ?, venue_order_id = ?,
sent_us = ? WHERE client_order_id = ?
"""
_SET_FILLED = """
UPDATE orders SET filled = ?, filled_value = ?, updated_us = ? WHERE client_order_id = ?
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An order with what the book keeps beside it."""

    order: Order
    filled_value: Decimal
    """The sum of quantity times price over its fills."""
    correlation: str


class Orders:
    """The table of orders. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection = connection
        self._journal = journal

    def entry(self, client_order_id: str) -> Entry | None:
        """The order under this id of ours."""
        row = self._connection.row(_BY_ID, (client_order_id,))
        return None if row is None else _entry(row)

    def entry_by_venue_id(self, venue: str, venue_order_id: str) -> Entry | None:
        """The newest order that the venue knows under this permanent id."""
        row = self._connection.row(_BY_VENUE_ID, (venue_order_id, venue))
        return None if row is None else _entry(row)

    def open(self) -> Sequence[Order]:
        """All that are not final, oldest first."""
        return [_entry(row).order for row in self._connection.rows(_OPEN, _OPEN_STATES)]

    def newest(
        self, limit: int, symbol: Symbol | None, state: OrderState | None
    ) -> Sequence[Order]:
        """The last `limit` intents, newest first."""
        wanted = {"symbol": symbol and str(symbol), "state": state and state.value}
        given = {column: value for column, value in wanted.items() if value is not None}
        where = " AND ".join(f"{column} = ?" for column in given) or "1"
        sql = f"{_SELECT} WHERE {where} ORDER BY id DESC LIMIT ?"
        return [_entry(row).order for row in self._connection.rows(sql, (*given.values(), limit))]

    def refuse_duplicate(self, client_order_id: str) -> None:
        """See to it that the id is free.

        Raises:
            DuplicateIntent: it is taken.
        """
        taken = self.entry(client_order_id)
        if taken is not None:
            raise DuplicateIntent(taken.order)

    def insert(self, order: Order, correlation: str) -> None:
        """Write a new order, of which nothing is filled yet."""
        request = order.request
        self._connection.execute(
            _INSERT,
            (
                request.client_order_id,
                order.venue,
                str(request.symbol),
                request.side.value,
                decimal_text(request.quantity),
                request.type.value,
                optional_decimal_text(request.limit_price),
                optional_decimal_text(request.stop_price),
                request.tif.value,
                request.purpose.value,
                order.state.value,
                micros(order.created_at),
                "0",
                "0",
                order.venue_order_id,
                order.pending_change,
                order.reason,
                optional_micros(order.sent_at),
                optional_micros(order.updated_at),
                correlation,
            ),
        )
        self._journal.append(
            order.created_at, "intent", order.client_order_id, _intent(order), correlation
        )

    def set_state(
        self,
        entry: Entry,
        state: OrderState,
        at: datetime,
        *,
        reason: str | None,
        venue_order_id: str | None,
        pending_change: str | None,
        sent_at: datetime | None,
    ) -> None:
        """Write what is new; None keeps what stands, but for `pending_change`."""
        order = entry.order
        self._connection.execute(
            _SET_STATE,
            (
                state.value,
                pending_change,
                micros(at),
                order.reason if reason is None else reason,
                order.venue_order_id if venue_order_id is None else venue_order_id,
                optional_micros(order.sent_at if sent_at is None else sent_at),
                order.client_order_id,
            ),
        )
        detail = {
            "from": order.state.value,
            "to": state.value,
            "reason": reason,
            "venue_order_id": venue_order_id,
            "pending_change": pending_change,
            "sent_at": sent_at,
        }
        self._journal.append(at, "state", order.client_order_id, detail, entry.correlation)

    def add_filled(self, entry: Entry, quantity: Decimal, value: Decimal, at: datetime) -> None:
        """Count more (or, after a correction, less) as filled."""
        with localcontext(EXACT):
            filled = plain(entry.order.filled + quantity)
            filled_value = plain(entry.filled_value + value)
        self._connection.execute(
            _SET_FILLED,
            (
                decimal_text(filled),
                decimal_text(filled_value),
                micros(at),
                entry.order.client_order_id,
            ),
        )


def _intent(order: Order) -> dict[str, object]:
    request = order.request
    return {
        "venue": order.venue,
        "symbol": str(request.symbol),
        "side": request.side.value,
        "quantity": request.quantity,
        "type": request.type.value,
        "limit_price": request.limit_price,
        "stop_price": request.stop_price,
        "tif": request.tif.value,
        "purpose": request.purpose.value,
        "state": order.state.value,
    }


def _entry(row: Row) -> Entry:
    filled, value = Decimal(row[12]), Decimal(row[13])
    request = OrderRequest(
        client_order_id=row[0],
        symbol=Symbol.parse(row[2]),
        side=Side(row[3]),
        quantity=Decimal(row[4]),
        type=OrderType(row[5]),
        limit_price=optional_decimal(row[6]),
        stop_price=optional_decimal(row[7]),
        tif=Tif(row[8]),
        purpose=Purpose(row[9]),
    )
    order = Order(
        request=request,
        venue=row[1],
        state=OrderState(row[10]),
        created_at=moment(row[11]),
        filled=filled,
        average_price=average(value, filled),
        venue_order_id=row[14],
        pending_change=row[15],
        reason=row[16],
        sent_at=optional_moment(row[17]),
        updated_at=optional_moment(row[18]),
    )
    return Entry(order, value, row[19])
