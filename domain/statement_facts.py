"""What of a statement is kept in the book: cash, dividends, rates, and the days that it covers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

from domain.cash_types import CashType
from domain.outside_facts import FactKind, OutsideFact, checked
from domain.statement import Section, Statement, StatementCash, StatementTrade
from domain.symbols import Symbol
from domain.tax_rates import BASE

_ZERO = Decimal(0)


def facts_of(
    statement: Statement, source: str, ours: Callable[[StatementTrade], bool]
) -> tuple[OutsideFact, ...]:
    """The facts, each under an id that follows from what it says.

    `ours` says of a trade that the book has it, or ordered it: what others traded is told by a
    statement alone, since the gateway shows each client its own trades.

    Raises:
        FactError: a row makes no sense as a fact.
    """
    return (
        *_trades(statement, source, ours),
        *_cash(statement, source),
        *_dividends(statement, source),
        *_rates(statement, source),
        *_span(statement, source),
    )


def _trades(
    statement: Statement, source: str, ours: Callable[[StatementTrade], bool]
) -> Iterable[OutsideFact]:
    for trade in statement.trades:
        if trade.symbol is None or ours(trade):
            continue
        detail = {
            "execution": trade.execution_id,
            "side": trade.side.value,
            "quantity": str(trade.quantity),
            "price": str(trade.price),
        }
        if trade.commission is not None and trade.commission_currency is not None:
            detail["commission"] = str(trade.commission)
            detail["commission_currency"] = trade.commission_currency
        id = f"{FactKind.TRADE}-{trade.execution_id}"
        day, symbol = trade.day.isoformat(), str(trade.symbol)
        yield checked(FactKind.TRADE, day, symbol, detail, id=id, source=source)


def _cash(statement: Statement, source: str) -> Iterable[OutsideFact]:
    seen: dict[str, int] = {}
    for row in statement.cash:
        detail = {
            "type": row.type.value,
            "currency": row.currency,
            "amount": str(row.amount),
            "description": row.description or row.word or row.type.value,
        }
        symbol = None if row.symbol is None else str(row.symbol)
        words = f"{row.id}|{row.day}|{symbol}|{sorted(detail.items())}"
        # Two rows that say the same are two movements.
        seen[words] = seen.get(words, 0) + 1
        id = _id(FactKind.CASH, f"{words}|{seen[words]}")
        yield checked(FactKind.CASH, row.day.isoformat(), symbol, detail, id=id, source=source)


def _dividends(statement: Statement, source: str) -> Iterable[OutsideFact]:
    """Gross and withheld by payment; what a statement of the broker never has stays missing."""
    paid: dict[tuple[Symbol, date, str], list[StatementCash]] = {}
    for row in statement.cash:
        if row.symbol is not None and row.type in (CashType.DIVIDEND, CashType.TAX):
            paid.setdefault((row.symbol, row.day, row.currency), []).append(row)
    for (symbol, day, currency), rows in paid.items():
        gross = [row.amount for row in rows if row.type is CashType.DIVIDEND]
        if not gross:
            continue
        detail = {"currency": currency, "gross": str(sum(gross, _ZERO))}
        withheld = [row.amount for row in rows if row.type is CashType.TAX]
        if withheld:
            detail["withheld"] = str(-sum(withheld, _ZERO))
        ex_dates = {row.ex_date for row in rows if row.ex_date is not None}
        if len(ex_dates) == 1:
            detail["ex_date"] = ex_dates.pop().isoformat()
        id = _id(FactKind.DIVIDEND, f"{symbol}|{day}|{sorted(detail.items())}")
        yield checked(FactKind.DIVIDEND, day.isoformat(), str(symbol), detail, id=id, source=source)


def _rates(statement: Statement, source: str) -> Iterable[OutsideFact]:
    if statement.base_currency != BASE:
        return
    for each in statement.rates:
        detail = {"currency": each.currency, "rate": str(each.rate)}
        id = f"{FactKind.RATE}-{each.currency}-{each.day}-{each.rate}"
        yield checked(FactKind.RATE, each.day.isoformat(), None, detail, id=id, source=source)


def _span(statement: Statement, source: str) -> Iterable[OutsideFact]:
    """Only a statement with its cash says that nothing else was paid on its days."""
    if Section.CASH_MOVEMENTS in statement.sections:
        until = statement.last.isoformat()
        yield checked(
            FactKind.STATEMENT,
            statement.first.isoformat(),
            None,
            {"until": until},
            id=f"{FactKind.STATEMENT}-{statement.first}-{until}",
            source=source,
        )


def _id(kind: FactKind, words: str) -> str:
    return f"{kind}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"
