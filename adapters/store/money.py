"""What each fact about money is posted as: the rules of `domain.postings`, carried out.

Every table of facts stands for itself; this one follows them step by step, inside their
transaction, and each step tells the journal row of its fact what it wrote.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from adapters.store.connection import Connection, Row
from adapters.store.postings import Postings, Source
from domain.adoption import Adoption
from domain.orders import Order, Purpose, Side
from domain.postings import (
    Account,
    Change,
    Event,
    Trade,
    adopted,
    charged,
    corrected,
    filled,
    foreign,
    passed_on,
)
from domain.symbols import Symbol
from domain.venue import CommissionReport, ExecutionReport

Told = list[list[object]]
"""Postings as the journal tells them."""

# A book from before the estimates has only what the venue said beforehand.
_ESTIMATE = """
SELECT commission, currency FROM estimates WHERE client_order_id = ?1
UNION ALL
SELECT commission, currency FROM previews WHERE client_order_id = ?1 AND commission IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM estimates WHERE client_order_id = ?1)
"""
_COMMISSION = "SELECT amount, currency FROM commissions WHERE venue = ? AND execution_key = ?"


class Money:
    """Posts what happened. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.postings = Postings(connection)

    def filled(
        self,
        report: ExecutionReport,
        order: Order,
        change: Change,
        at: datetime,
        *,
        is_charged: bool,
    ) -> Told:
        """A fill of ours; with the first of an order, what we reckon that the order will cost."""
        trade = trade_of(report, order.request.symbol, order.request.purpose)
        source = _source(order.venue, report, trade.symbol, at)
        told = self.postings.write(Event.FILL, filled(trade, change), source)
        if is_charged or (trade.converts and self._commission(source) is not None):
            told += self.release(order.venue, order.client_order_id, str(trade.symbol), at)
        elif order.filled == 0 and report.quantity:
            told += self._accrue(order, report.time, at)
        return told

    def corrected(
        self, venue: str, old: Trade, report: ExecutionReport, change: Change, at: datetime
    ) -> Told:
        """A fill turned out to be another: the old one is taken back, the new one entered."""
        source = _source(venue, report, old.symbol, at)
        is_now = replace(trade_of(report, old.symbol), converts=old.converts)
        reversal, new = corrected(old, is_now, change)
        told = self.postings.write(Event.REVERSAL, reversal, source)
        return told + self.postings.write(Event.CORRECTION, new, source)

    def foreign(
        self, venue: str, report: ExecutionReport, old: Trade | None, at: datetime, *, first: bool
    ) -> Told:
        """A trade of somebody else's, and the one that it corrects."""
        symbol = report.symbol
        source = _source(venue, report, symbol, at)
        told: Told = []
        if old is not None:
            told += self.postings.write(Event.REVERSAL, foreign(old, -1), source)
        if symbol is not None:
            told += self.postings.write(Event.FOREIGN, foreign(trade_of(report, symbol)), source)
        if first:
            told += self._commission_to(Account.EXTERNAL, Account.COMMISSION, source)
        return told

    def claimed(
        self, venue: str, key: str, old: Trade | None, time: datetime, at: datetime
    ) -> Told:
        """What was noted as another's is ours."""
        source = Source(venue, key, None if old is None else str(old.symbol), time, at)
        told = self._commission_to(Account.COMMISSION, Account.EXTERNAL, source)
        if old is not None:
            told += self.postings.write(Event.REVERSAL, foreign(old, -1), source)
        return told

    def charged(
        self,
        venue: str,
        report: CommissionReport,
        known: tuple[Decimal, str] | None,
        at: datetime,
        *,
        order: tuple[str, str] | None,
        is_foreign: bool,
    ) -> Told:
        """What an execution cost, in place of what was said before and of what was accrued.

        `order` is the client order id and the symbol of ours that traded; None while nobody knows.
        """
        account = Account.EXTERNAL if is_foreign else Account.COMMISSION
        symbol = order and order[1]
        source = Source(venue, report.execution_key, symbol, at, at)
        told: Told = []
        if known is not None:
            amount, currency = known
            back = charged(currency, -amount, account)
            told += self.postings.write(Event.REVERSAL, back, source)
        lines = charged(report.currency, report.commission, account)
        told += self.postings.write(Event.COMMISSION, lines, source)
        if order is not None and known is None:
            told += self.release(venue, order[0], symbol, at)
        return told

    def adopted(self, adoption: Adoption, change: Change, at: datetime) -> Told:
        """A holding that a person gave or took; no cash moves."""
        source = Source(adoption.venue, adoption.adoption_id, str(adoption.symbol), at, at)
        return self.postings.write(Event.ADOPTION, adopted(adoption.symbol, change), source)

    def release(self, venue: str, client_order_id: str, symbol: str | None, at: datetime) -> Told:
        """The venue has told what it charges: what was accrued for the order has served."""
        source = Source(venue, client_order_id, symbol, at, at)
        told: Told = []
        for currency, amount in self.postings.accrued(venue, client_order_id).items():
            lines = passed_on(currency, amount, giver=Account.ESTIMATED, taker=Account.ACCRUED)
            told += self.postings.write(Event.RELEASE, lines, source)
        return told

    def _accrue(self, order: Order, time: datetime, at: datetime) -> Told:
        row = self._connection.row(_ESTIMATE, (order.client_order_id,))
        if row is None:
            return []
        lines = passed_on(row[1], Decimal(row[0]), giver=Account.ACCRUED, taker=Account.ESTIMATED)
        name, symbol = order.client_order_id, str(order.request.symbol)
        return self.postings.write(
            Event.ACCRUAL, lines, Source(order.venue, name, symbol, time, at)
        )

    def _commission_to(self, taker: Account, giver: Account, source: Source) -> Told:
        row = self._commission(source)
        if row is None:
            return []
        lines = passed_on(row[1], Decimal(row[0]), giver=giver, taker=taker)
        return self.postings.write(Event.COMMISSION, lines, source)

    def _commission(self, source: Source) -> Row | None:
        """What the execution of that key cost, as far as it is known."""
        return self._connection.row(_COMMISSION, (source.venue, source.subject))


def trade_of(report: ExecutionReport, symbol: Symbol, purpose: Purpose | None = None) -> Trade:
    """An execution as money; symbol and purpose are the order's where there is one of ours."""
    converts = purpose is Purpose.CONVERT
    return Trade(symbol, report.side, report.quantity, report.price, converts)


def trade_from(symbol: str | None, side: str, quantity: str, price: str) -> Trade | None:
    """As it is stored; None for an instrument that has no symbol of ours."""
    if symbol is None:
        return None
    return Trade(Symbol.parse(symbol), Side(side), Decimal(quantity), Decimal(price))


def _source(venue: str, report: ExecutionReport, symbol: Symbol | None, at: datetime) -> Source:
    return Source(
        venue, report.execution_key, None if symbol is None else str(symbol), report.time, at
    )
