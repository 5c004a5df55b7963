"""Orders on the disk: the intent, its states, and what its fills add up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, localcontext

from adapters.book import DuplicateIntent
from adapters.store.amendments import terms_detail
from adapters.store.columns import decimal_text, micros, optional_decimal_text, optional_micros
from adapters.store.connection import Connection
from adapters.store.decisions import content_of
from adapters.store.journal import Journal
from adapters.store.order_rows import (
    COLUMNS,
    SELECT,
    Entry,
    entry_of,
    journalled,
)
from domain.decisions import Decision
from domain.exact import EXACT, plain
from domain.orders import Order, OrderState
from domain.symbols import Symbol
from domain.terms import Terms

_INSERT = f"INSERT INTO orders ({COLUMNS}) VALUES ({', '.join('?' * 24)})"
_BY_ID = f"{SELECT} WHERE o.client_order_id = ?"
_BY_VENUE_ID = f"{SELECT} WHERE o.venue_order_id = ? AND o.venue = ? ORDER BY o.id DESC LIMIT 1"
_OPEN_STATES = tuple(state.value for state in OrderState if not state.is_final)
_OPEN = f"{SELECT} WHERE o.state IN ({', '.join('?' * len(_OPEN_STATES))}) ORDER BY o.id"
_RELATED = f"""
{SELECT} WHERE o.client_order_id != ? AND (o.parent IN (?, ?) OR o.client_order_id = ?
OR o.oca_group = ?) ORDER BY o.id
"""
_SET_STATE = """
UPDATE orders SET state = ?, pending_change = ?, updated_us = ?, reason = ?, venue_order_id = ?,
sent_us = ? WHERE client_order_id = ?
"""
_SET_TERMS = """
UPDATE orders SET quantity = ?, limit_price = ?, stop_price = ?, updated_us = ?
WHERE client_order_id = ?
"""
_SET_AMENDING = """
UPDATE orders SET amending = ?, pending_change = ?, updated_us = ? WHERE client_order_id = ?
"""
_SET_FILLED = """
UPDATE orders SET filled = ?, filled_value = ?, updated_us = ? WHERE client_order_id = ?
"""


def pending_with(amending: str | None, pending: str | None) -> str | None:
    """What an order waits for once it points at this amendment; a wish to cancel stays."""
    if pending == "CANCEL":
        return pending
    return None if amending is None else "AMEND"


class Orders:
    """The table of orders. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection = connection
        self._journal = journal

    def entry(self, client_order_id: str) -> Entry | None:
        """The order under this id of ours."""
        row = self._connection.row(_BY_ID, (client_order_id,))
        return None if row is None else entry_of(row)

    def entry_by_venue_id(self, venue: str, venue_order_id: str) -> Entry | None:
        """The newest order that the venue knows under this permanent id."""
        row = self._connection.row(_BY_VENUE_ID, (venue_order_id, venue))
        return None if row is None else entry_of(row)

    def open(self) -> Sequence[Order]:
        """All that are not final, oldest first."""
        return [entry_of(row).order for row in self._connection.rows(_OPEN, _OPEN_STATES)]

    def newest(
        self, limit: int, symbol: Symbol | None, state: OrderState | None
    ) -> Sequence[Order]:
        """The last `limit` intents, newest first."""
        wanted = {"symbol": symbol and str(symbol), "state": state and state.value}
        given = {column: value for column, value in wanted.items() if value is not None}
        where = " AND ".join(f"o.{column} = ?" for column in given) or "1"
        sql = f"{SELECT} WHERE {where} ORDER BY o.id DESC LIMIT ?"
        return [entry_of(row).order for row in self._connection.rows(sql, (*given.values(), limit))]

    def related(self, order: Order) -> Sequence[Order]:
        """Those that left with it: parent, children, and the others of its group."""
        request = order.request
        name, parent = order.client_order_id, request.parent
        rows = self._connection.rows(_RELATED, (name, name, parent, parent, request.oca_group))
        return [entry_of(row).order for row in rows]

    def refuse_duplicate(self, client_order_id: str) -> None:
        """See to it that the id is free.

        Raises:
            DuplicateIntent: it is taken.
        """
        taken = self.entry(client_order_id)
        if taken is not None:
            raise DuplicateIntent(taken.order)

    def insert(self, order: Order, correlation: str, decision: Decision | None = None) -> None:
        """Write a new order, of which nothing is filled yet; how it was decided is in its entry."""
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
                request.parent,
                request.oca_group,
                request.market_tif and request.market_tif.value,
                request.plan,
            ),
        )
        detail = journalled(order)
        if decision is not None:
            detail["decision"] = content_of(decision)
        self._journal.append(order.created_at, "intent", order.client_order_id, detail, correlation)

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

    def set_terms(self, entry: Entry, terms: Terms, at: datetime, why: str) -> None:
        """Write the terms that now hold at the venue."""
        self._connection.execute(
            _SET_TERMS,
            (
                decimal_text(terms.quantity),
                optional_decimal_text(terms.limit_price),
                optional_decimal_text(terms.stop_price),
                micros(at),
                entry.order.client_order_id,
            ),
        )
        was = entry.order.request.terms
        detail = {"from": terms_detail(was), "to": terms_detail(terms), "why": why}
        self._journal.append(at, "terms", entry.order.client_order_id, detail, entry.correlation)

    def set_amending(self, entry: Entry, amendment_id: str | None, at: datetime) -> None:
        """Point at the amendment that is not settled, or at none; a wish to cancel stays."""
        pending = pending_with(amendment_id, entry.order.pending_change)
        self._connection.execute(
            _SET_AMENDING, (amendment_id, pending, micros(at), entry.order.client_order_id)
        )

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
