"""Executions of orders that this book never wrote: shown and counted, never managed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from adapters.book import Booking, ForeignFill
from adapters.store.columns import decimal_text, micros, moment, optional_decimal
from adapters.store.connection import Connection
from adapters.store.journal import Journal
from adapters.store.money import Money, Told, trade_from
from domain.orders import Side
from domain.symbols import Symbol
from domain.venue import ExecutionReport

_KNOWN = """
SELECT revision, symbol, side, quantity, price FROM foreign_executions
WHERE venue = ? AND execution_key = ?
"""
_SELECT = """
SELECT revision, execution_id, venue_order_id, side, quantity, price, time_us, exchange,
liquidity, symbol FROM foreign_executions WHERE venue = ? AND execution_key = ?
"""
_WRITE = """
INSERT OR REPLACE INTO foreign_executions (venue, execution_key, revision, execution_id,
client_order_id, venue_order_id, symbol, side, quantity, price, time_us, exchange, liquidity)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DELETE = "DELETE FROM foreign_executions WHERE venue = ? AND execution_key = ?"
_NEWEST = """
SELECT f.venue, f.execution_id, f.client_order_id, f.venue_order_id, f.symbol, f.side,
f.quantity, f.price, f.time_us, f.exchange, c.amount, c.currency FROM foreign_executions AS f
LEFT JOIN commissions AS c ON c.venue = f.venue AND c.execution_key = f.execution_key
WHERE ? IS NULL OR f.symbol = ? ORDER BY f.time_us DESC, f.execution_key DESC LIMIT ?
"""


class ForeignExecutions:
    """The table of what others traded. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal, money: Money) -> None:
        self._connection = connection
        self._journal = journal
        self._money = money

    def note(self, venue: str, report: ExecutionReport, at: datetime) -> Booking:
        """Keep its highest revision: FOREIGN when it is news, DUPLICATE when it is not."""
        known = self._connection.row(_KNOWN, (venue, report.execution_key))
        if known is not None and known[0] >= report.revision:
            return Booking.DUPLICATE
        self._connection.execute(
            _WRITE,
            (
                venue,
                report.execution_key,
                report.revision,
                report.execution_id,
                report.client_order_id,
                report.venue_order_id,
                None if report.symbol is None else str(report.symbol),
                report.side.value,
                decimal_text(report.quantity),
                decimal_text(report.price),
                micros(report.time),
                report.exchange,
                report.liquidity,
            ),
        )
        old = None if known is None else trade_from(*known[1:])
        told = self._money.foreign(venue, report, old, at, first=known is None)
        detail = {**journalled(venue, report), "postings": told}
        self._journal.append(at, "foreign", report.execution_key, detail)
        return Booking.FOREIGN

    def claim(
        self, venue: str, report: ExecutionReport, at: datetime
    ) -> tuple[ExecutionReport, Told]:
        """Take an execution out, now that it is known to be ours; at its highest revision.

        With what was posted to take it back.
        """
        place = (venue, report.execution_key)
        row = self._connection.row(_SELECT, place)
        if row is None:
            return report, []
        self._connection.execute(_DELETE, place)
        old = trade_from(row[9], row[3], row[4], row[5])
        told = self._money.claimed(venue, report.execution_key, old, moment(row[6]), at)
        if row[0] <= report.revision:
            return report, told
        newest = replace(
            report,
            revision=row[0],
            execution_id=row[1],
            venue_order_id=row[2],
            side=Side(row[3]),
            quantity=Decimal(row[4]),
            price=Decimal(row[5]),
            time=moment(row[6]),
            exchange=row[7],
            liquidity=row[8],
        )
        return newest, told

    def newest(self, limit: int, symbol: Symbol | None) -> Sequence[ForeignFill]:
        """The last `limit` by time of trading, newest first."""
        text = symbol and str(symbol)
        return [
            ForeignFill(
                venue=row[0],
                execution_id=row[1],
                client_order_id=row[2],
                venue_order_id=row[3],
                symbol=None if row[4] is None else Symbol.parse(row[4]),
                side=Side(row[5]),
                quantity=Decimal(row[6]),
                price=Decimal(row[7]),
                time=moment(row[8]),
                exchange=row[9],
                commission=optional_decimal(row[10]),
                commission_currency=row[11],
            )
            for row in self._connection.rows(_NEWEST, (text, text, limit))
        ]


def journalled(venue: str, report: ExecutionReport) -> dict[str, object]:
    """An execution as the journal tells it; the account stays out."""
    return {
        "venue": venue,
        "execution_id": report.execution_id,
        "execution_key": report.execution_key,
        "revision": report.revision,
        "client_order_id": report.client_order_id,
        "venue_order_id": report.venue_order_id,
        "symbol": None if report.symbol is None else str(report.symbol),
        "side": report.side.value,
        "quantity": report.quantity,
        "price": report.price,
        "time": report.time,
        "exchange": report.exchange,
        "liquidity": report.liquidity,
    }
