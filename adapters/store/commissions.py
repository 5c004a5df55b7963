"""Commissions, kept by the key of their execution whether or not that has come."""

from __future__ import annotations

from datetime import datetime

from adapters.book import Booking
from adapters.store.columns import decimal_text, micros, optional_decimal_text
from adapters.store.connection import Connection
from adapters.store.journal import Journal
from adapters.store.positions import Positions
from domain.venue import CommissionReport

_REVISION = "SELECT revision FROM commissions WHERE execution_key = ?"
_WRITE = """
INSERT OR REPLACE INTO commissions (execution_key, revision, execution_id, amount, currency,
realised_pnl, booked_us) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_OWNER = """
SELECT o.client_order_id, o.correlation FROM fills AS f
JOIN orders AS o ON o.client_order_id = f.client_order_id WHERE f.execution_key = ?
"""
_FOREIGN = "SELECT 1 FROM foreign_executions WHERE execution_key = ?"


class Commissions:
    """The table of commissions. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal, positions: Positions) -> None:
        self._connection = connection
        self._journal = journal
        self._positions = positions

    def book(self, report: CommissionReport, at: datetime) -> Booking:
        """Keep the highest revision; a second word at the same revision changes nothing."""
        known = self._connection.row(_REVISION, (report.execution_key,))
        if known is not None and known[0] >= report.revision:
            return Booking.DUPLICATE
        owner = self._connection.row(_OWNER, (report.execution_key,))
        if known is not None:
            self._positions.detach_commission(report.execution_key)
        self._connection.execute(
            _WRITE,
            (
                report.execution_key,
                report.revision,
                report.execution_id,
                decimal_text(report.commission),
                report.currency,
                optional_decimal_text(report.realised_pnl),
                micros(at),
            ),
        )
        self._positions.attach_commission(report.execution_key)
        subject, correlation = owner or (report.execution_key, "")
        self._journal.append(at, "commission", subject, _detail(report), correlation)
        if owner is not None:
            return Booking.NEW if known is None else Booking.CORRECTED
        if self._connection.row(_FOREIGN, (report.execution_key,)):
            return Booking.FOREIGN
        return Booking.EARLY


def _detail(report: CommissionReport) -> dict[str, object]:
    return {
        "execution_id": report.execution_id,
        "execution_key": report.execution_key,
        "revision": report.revision,
        "commission": report.commission,
        "currency": report.currency,
        "realised_pnl": report.realised_pnl,
    }
