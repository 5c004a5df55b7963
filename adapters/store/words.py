"""What a venue ever said of an execution: each revision, each commission, in the order it came.

`fills` and `commissions` show what stands now. Nothing here is replaced, so that a correction
and what it corrects lie side by side, under one key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from adapters.book import CommissionWord, ExecutionWord
from adapters.store.columns import (
    decimal_text,
    micros,
    moment,
    optional_decimal,
    optional_decimal_text,
)
from adapters.store.connection import Connection
from adapters.store.journal import Journal
from domain.orders import Side
from domain.venue import CommissionReport, ExecutionReport

_ADD_EXECUTION = """
INSERT OR IGNORE INTO execution_words (venue, execution_key, revision, execution_id, side,
quantity, price, time_us, booked_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_EXECUTIONS = """
SELECT revision, execution_id, side, quantity, price, time_us, booked_us FROM execution_words
WHERE venue = ? AND execution_key = ? ORDER BY revision
"""
_NEWEST_COMMISSION = """
SELECT amount, currency, realised_pnl FROM commission_words
WHERE venue = ? AND execution_key = ? AND revision = ? ORDER BY id DESC LIMIT 1
"""
_ADD_COMMISSION = """
INSERT INTO commission_words (venue, execution_key, revision, execution_id, amount, currency,
realised_pnl, booked_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_COMMISSIONS = """
SELECT revision, execution_id, amount, currency, realised_pnl, booked_us FROM commission_words
WHERE venue = ? AND execution_key = ? ORDER BY id
"""


class Words:
    """The tables of words. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection = connection
        self._journal = journal

    def add_execution(self, venue: str, report: ExecutionReport, at: datetime) -> None:
        """Keep a revision; one that was said before is no news."""
        cursor = self._connection.execute(
            _ADD_EXECUTION,
            (
                venue,
                report.execution_key,
                report.revision,
                report.execution_id,
                report.side.value,
                decimal_text(report.quantity),
                decimal_text(report.price),
                micros(report.time),
                micros(at),
            ),
        )
        if cursor.rowcount:
            detail = {
                "venue": venue,
                "execution_id": report.execution_id,
                "revision": report.revision,
                "side": report.side.value,
                "quantity": report.quantity,
                "price": report.price,
                "time": report.time,
            }
            self._journal.append(at, "execution_word", report.execution_key, detail)

    def add_commission(self, venue: str, report: CommissionReport, at: datetime) -> bool:
        """Keep a commission unless it is what was said last of this revision; True for news."""
        key = (venue, report.execution_key, report.revision)
        row = self._connection.row(_NEWEST_COMMISSION, key)
        said = (report.commission, report.currency, report.realised_pnl)
        if row is not None and (Decimal(row[0]), row[1], optional_decimal(row[2])) == said:
            return False
        self._connection.execute(
            _ADD_COMMISSION,
            (
                *key,
                report.execution_id,
                decimal_text(report.commission),
                report.currency,
                optional_decimal_text(report.realised_pnl),
                micros(at),
            ),
        )
        detail = {
            "venue": venue,
            "execution_id": report.execution_id,
            "revision": report.revision,
            "commission": report.commission,
            "currency": report.currency,
            "realised_pnl": report.realised_pnl,
        }
        self._journal.append(at, "commission_word", report.execution_key, detail)
        return True

    def on_execution(self, venue: str, execution_key: str) -> Sequence[ExecutionWord]:
        """Every revision of an execution, the first one first."""
        rows = self._connection.rows(_EXECUTIONS, (venue, execution_key))
        return [
            ExecutionWord(
                revision=row[0],
                execution_id=row[1],
                side=Side(row[2]),
                quantity=Decimal(row[3]),
                price=Decimal(row[4]),
                time=moment(row[5]),
                booked_at=moment(row[6]),
            )
            for row in rows
        ]

    def on_commission(self, venue: str, execution_key: str) -> Sequence[CommissionWord]:
        """Every commission of an execution, as they came."""
        rows = self._connection.rows(_COMMISSIONS, (venue, execution_key))
        return [
            CommissionWord(
                revision=row[0],
                execution_id=row[1],
                amount=Decimal(row[2]),
                currency=row[3],
                realised_pnl=optional_decimal(row[4]),
                booked_at=moment(row[5]),
            )
            for row in rows
        ]
