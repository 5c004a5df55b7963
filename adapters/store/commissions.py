"""Commissions, kept by the key of their execution whether or not that has come."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from adapters.book import Booking
from adapters.store.columns import decimal_text, micros, optional_decimal_text
from adapters.store.connection import Connection
from adapters.store.journal import Journal
from adapters.store.money import Money
from adapters.store.positions import Positions
from adapters.store.rates import rate_columns
from adapters.store.words import Words
from domain.used_rates import RateBook
from domain.venue import CommissionReport

_KNOWN = """
SELECT revision, amount, currency FROM commissions WHERE venue = ? AND execution_key = ?
"""
_WRITE = """
INSERT OR REPLACE INTO commissions (venue, execution_key, revision, execution_id, amount,
currency, realised_pnl, booked_us, rate, rate_source, rate_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_OWNER = """
SELECT o.client_order_id, o.correlation, o.symbol FROM fills AS f
JOIN orders AS o ON o.client_order_id = f.client_order_id
WHERE f.venue = ? AND f.execution_key = ?
"""
_FOREIGN = "SELECT 1 FROM foreign_executions WHERE venue = ? AND execution_key = ?"


class Commissions:
    """The table of commissions. Nothing here begins a transaction of its own."""

    def __init__(
        self,
        connection: Connection,
        journal: Journal,
        positions: Positions,
        words: Words,
        money: Money,
        rates: RateBook,
    ) -> None:
        self._connection = connection
        self._journal = journal
        self._positions = positions
        self._words = words
        self._money = money
        self._rates = rates

    def book(self, venue: str, report: CommissionReport, at: datetime) -> Booking:
        """What stands is the last word at the highest revision; the same word is no news."""
        place = (venue, report.execution_key)
        known = self._connection.row(_KNOWN, place)
        news = self._words.add_commission(venue, report, at)
        if not news or (known is not None and known[0] > report.revision):
            return Booking.DUPLICATE
        owner = self._connection.row(_OWNER, place)
        if known is not None:
            self._positions.detach_commission(*place)
        rate = rate_columns(self._rates.of(report.currency, at))
        self._connection.execute(
            _WRITE,
            (
                *place,
                report.revision,
                report.execution_id,
                decimal_text(report.commission),
                report.currency,
                optional_decimal_text(report.realised_pnl),
                micros(at),
                *rate.values(),
            ),
        )
        self._positions.attach_commission(*place)
        is_foreign = owner is None and self._connection.row(_FOREIGN, place) is not None
        subject, correlation, symbol = owner or (report.execution_key, "", None)
        told = self._money.charged(
            venue,
            report,
            None if known is None else (Decimal(known[1]), known[2]),
            at,
            order=None if owner is None else (subject, symbol),
            is_foreign=is_foreign,
        )
        detail = {"venue": venue, **_detail(report), **rate, "postings": told}
        self._journal.append(at, "commission", subject, detail, correlation)
        if owner is not None:
            return Booking.NEW if known is None else Booking.CORRECTED
        return Booking.FOREIGN if is_foreign else Booking.EARLY


def _detail(report: CommissionReport) -> dict[str, object]:
    return {
        "execution_id": report.execution_id,
        "execution_key": report.execution_key,
        "revision": report.revision,
        "commission": report.commission,
        "currency": report.currency,
        "realised_pnl": report.realised_pnl,
    }
