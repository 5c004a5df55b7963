"""Executions and commissions: booked once by key, in whatever order they come.

Every table here is a function of the set of reports seen (the highest revision of each), never
of the order in which they came: a commission lies apart from its execution, and a position is
computed in the order of trading, from the place of the fill that changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, localcontext

from adapters.book import Booking, Fill
from adapters.store.columns import decimal_text, micros, moment, optional_decimal
from adapters.store.connection import Connection, Row
from adapters.store.foreign import ForeignExecutions, journalled
from adapters.store.journal import Journal
from adapters.store.money import Money
from adapters.store.order_rows import Entry
from adapters.store.orders import Orders
from adapters.store.positions import Positions
from adapters.store.rates import rate_columns, used_rate
from adapters.store.words import Words
from domain.exact import EXACT
from domain.orders import Purpose, Side
from domain.postings import Trade
from domain.resolution import BY_HAND_KEY
from domain.symbols import Symbol
from domain.used_rates import RateBook
from domain.venue import ExecutionReport

_SELECT = """
SELECT f.execution_id, f.execution_key, f.client_order_id, f.venue_order_id, f.symbol, f.side,
f.quantity, f.price, f.time_us, f.exchange, f.liquidity, f.revision, c.amount, c.currency,
c.revision, f.venue, f.rate, f.rate_source, f.rate_us, c.rate, c.rate_source, c.rate_us
FROM fills AS f
LEFT JOIN commissions AS c ON c.venue = f.venue AND c.execution_key = f.execution_key
"""
_NEWEST = "ORDER BY f.time_us DESC, f.execution_key DESC LIMIT ?"
_BY_KEY = f"{_SELECT} WHERE f.venue = ? AND f.execution_key = ?"
_KNOWN = """
SELECT revision, client_order_id, quantity, price, time_us, side FROM fills
WHERE venue = ? AND execution_key = ?
"""
_BY_HAND = """
SELECT execution_key, quantity FROM fills WHERE client_order_id = ? AND execution_key LIKE ?
ORDER BY time_us, execution_key
"""
# The position columns are set at once by the recomputation that follows.
_INSERT = """
INSERT INTO fills (revision, execution_id, side, quantity, price, time_us, exchange, liquidity,
venue_order_id, execution_key, client_order_id, venue, symbol, rate, rate_source, rate_us,
after_quantity, after_cost, after_realised, after_opened_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '0', '0', '0', 0)
"""
_REPLACE = """
UPDATE fills SET revision = ?, execution_id = ?, side = ?, quantity = ?, price = ?, time_us = ?,
exchange = ?, liquidity = ?, venue_order_id = coalesce(?, venue_order_id)
WHERE venue = ? AND execution_key = ?
"""


class Fills:
    """The table of fills. Nothing here begins a transaction of its own."""

    def __init__(
        self,
        connection: Connection,
        journal: Journal,
        orders: Orders,
        positions: Positions,
        foreign: ForeignExecutions,
        words: Words,
        money: Money,
        rates: RateBook,
    ) -> None:
        self._connection = connection
        self._journal = journal
        self._orders = orders
        self._positions = positions
        self._foreign = foreign
        self._words = words
        self._money = money
        self._rates = rates

    def fill(self, venue: str, execution_key: str) -> Fill | None:
        """The execution under this key, where it is of an order of ours."""
        row = self._connection.row(_BY_KEY, (venue, execution_key))
        return None if row is None else _fill(row)

    def newest(
        self, limit: int, symbol: Symbol | None, client_order_id: str | None
    ) -> Sequence[Fill]:
        """The last `limit` fills by time of trading, newest first."""
        wanted = {"f.symbol": symbol and str(symbol), "f.client_order_id": client_order_id}
        given = {column: value for column, value in wanted.items() if value is not None}
        where = " AND ".join(f"{column} = ?" for column in given) or "1"
        sql = f"{_SELECT} WHERE {where} {_NEWEST}"
        return [_fill(row) for row in self._connection.rows(sql, (*given.values(), limit))]

    def book(
        self, venue: str, report: ExecutionReport, at: datetime
    ) -> tuple[Booking, Fill | None]:
        """Book an execution; see `Book.book_fill`.

        Raises:
            ValueError: a quantity below zero, or an amount or time that is none.
        """
        if report.quantity < 0:
            raise ValueError(f"execution {report.execution_id} has quantity {report.quantity}")
        place = (venue, report.execution_key)
        self._words.add_execution(venue, report, at)
        known = self._connection.row(_KNOWN, place)
        if known is not None:
            if known[0] >= report.revision:
                return Booking.DUPLICATE, self.fill(*place)
            self._correct(venue, report, at, known)
            return Booking.CORRECTED, self.fill(*place)
        entry = self._owner(venue, report)
        if entry is None:
            return self._foreign.note(venue, report, at), None
        if not report.execution_key.startswith(BY_HAND_KEY):
            entry = self._make_way(report, at, entry)
        self._add(report, at, entry)
        return Booking.NEW, self.fill(*place)

    def _make_way(self, report: ExecutionReport, at: datetime, entry: Entry) -> Entry:
        """A true execution takes the place of as much that a person's word had booked."""
        name, venue = entry.order.client_order_id, entry.order.venue
        left = report.quantity
        for key, quantity in self._connection.rows(_BY_HAND, (name, f"{BY_HAND_KEY}%")):
            fill, known = self.fill(venue, key), self._connection.row(_KNOWN, (venue, key))
            given = min(left, Decimal(quantity))
            if fill is None or known is None or given == 0:
                continue
            left -= given
            less = replace(
                report,
                execution_id=fill.execution_id,
                execution_key=key,
                revision=fill.revision + 1,
                quantity=fill.quantity - given,
                price=fill.price,
                time=fill.time,
                exchange=fill.exchange,
                liquidity=fill.liquidity,
            )
            self._words.add_execution(venue, less, at)
            self._correct(venue, less, at, known)
        return self._orders.entry(name) or entry

    def _owner(self, venue: str, report: ExecutionReport) -> Entry | None:
        """The order of ours that traded: by our id, or where none is given by the venue's."""
        entry = None
        if report.client_order_id:
            entry = self._orders.entry(report.client_order_id)
        elif report.venue_order_id:
            entry = self._orders.entry_by_venue_id(venue, report.venue_order_id)
        return entry if entry is not None and entry.order.venue == venue else None

    def _add(self, report: ExecutionReport, at: datetime, entry: Entry) -> None:
        order = entry.order
        # It may have come before without our id; then it was noted as foreign, perhaps at a
        # higher revision than this one.
        report, told = self._foreign.claim(order.venue, report, at)
        rate = rate_columns(self._rates.of(order.request.symbol.currency, at))
        self._connection.execute(
            _INSERT,
            (
                *_terms(report),
                report.venue_order_id,
                report.execution_key,
                order.client_order_id,
                order.venue,
                str(order.request.symbol),
                *rate.values(),
            ),
        )
        with localcontext(EXACT):
            value = report.quantity * report.price
        self._orders.add_filled(entry, report.quantity, value, at)
        change = self._positions.recompute(
            order.venue, order.request.symbol, micros(report.time), report.execution_key
        )
        is_charged = self._positions.attach_commission(order.venue, report.execution_key)
        told += self._money.filled(report, order, change, at, is_charged=is_charged)
        detail = {**journalled(order.venue, report), **rate, "postings": told}
        self._journal.append(at, "fill", order.client_order_id, detail, entry.correlation)

    def _correct(self, venue: str, report: ExecutionReport, at: datetime, known: Row) -> None:
        _, client_order_id, quantity, price, time_us, side = known
        entry = self._orders.entry(client_order_id)
        if entry is None:  # the foreign key forbids it
            raise LookupError(f"the order {client_order_id} of a fill is not in the book")
        was = self._connection.row(_BY_KEY, (venue, report.execution_key))
        self._connection.execute(
            _REPLACE, (*_terms(report), report.venue_order_id, venue, report.execution_key)
        )
        with localcontext(EXACT):
            old_quantity, old_value = Decimal(quantity), Decimal(quantity) * Decimal(price)
            more = report.quantity - old_quantity
            value = report.quantity * report.price - old_value
        self._orders.add_filled(entry, more, value, at)
        order = entry.order
        first = min(time_us, micros(report.time))
        key, symbol = report.execution_key, order.request.symbol
        change = self._positions.recompute(order.venue, symbol, first, key)
        converts = order.request.purpose is Purpose.CONVERT
        old = Trade(symbol, Side(side), old_quantity, Decimal(price), converts)
        detail = {
            **journalled(venue, report),
            "replaces": [str(item) for item in was or ()],
            "postings": self._money.corrected(venue, old, report, change, at),
        }
        self._journal.append(at, "correction", client_order_id, detail, entry.correlation)


def _terms(report: ExecutionReport) -> tuple[object, ...]:
    return (
        report.revision,
        report.execution_id,
        report.side.value,
        decimal_text(report.quantity),
        decimal_text(report.price),
        micros(report.time),
        report.exchange,
        report.liquidity,
    )


def _fill(row: Row) -> Fill:
    return Fill(
        execution_id=row[0],
        execution_key=row[1],
        client_order_id=row[2],
        venue_order_id=row[3],
        symbol=Symbol.parse(row[4]),
        side=Side(row[5]),
        quantity=Decimal(row[6]),
        price=Decimal(row[7]),
        time=moment(row[8]),
        exchange=row[9],
        liquidity=row[10],
        commission=optional_decimal(row[12]),
        commission_currency=row[13],
        commission_final=row[14] is not None and row[14] >= row[11],
        venue=row[15],
        revision=row[11],
        rate=used_rate(row[16:19]),
        commission_rate=used_rate(row[19:22]),
    )
