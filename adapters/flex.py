"""Reads statements that Interactive Brokers makes of a Flex query, as XML.

Everything in them is an attribute of a flat row, so expat alone reads it, row by row. A document
type is refused at its first word: without one there are no entities, and so neither a file of
ours can be drawn in nor a few lines be blown up to gigabytes. `ibflex`, which knows every
attribute, is not on the package index used here and reads by ElementTree, which takes entities.

Names of sections and attributes are those of IB's Flex query reference (as ibflex has them). Dates
come as `20260630` or `2026-06-30`, whatever the query was set to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from domain.cash_types import CashType
from domain.orders import Side
from domain.statement import (
    Section,
    Statement,
    StatementBalance,
    StatementCash,
    StatementError,
    StatementPosition,
    StatementRate,
    StatementTrade,
)
from domain.symbols import CASH_CURRENCIES, Symbol, SymbolError

#: A year of a busy account has some ten megabytes.
MOST_BYTES = 64 * 1024 * 1024

Row = Mapping[str, str]

_SECTIONS = {
    "Trades": Section.TRADES,
    "CashTransactions": Section.CASH_MOVEMENTS,
    "CashReport": Section.BALANCES,
    "OpenPositions": Section.POSITIONS,
    "ConversionRates": Section.RATES,
}
_TYPES = {
    "Dividends": CashType.DIVIDEND,
    "Payment In Lieu Of Dividends": CashType.DIVIDEND,
    "Withholding Tax": CashType.TAX,
    "871(m) Withholding": CashType.TAX,
    "Broker Interest Paid": CashType.INTEREST,
    "Broker Interest Received": CashType.INTEREST,
    "Bond Interest Paid": CashType.INTEREST,
    "Bond Interest Received": CashType.INTEREST,
    "Other Fees": CashType.FEE,
    "Broker Fees": CashType.FEE,
    "Advisor Fees": CashType.FEE,
    "Commission Adjustments": CashType.FEE,
}
_ACCRUALS = ("ChangeInDividendAccrual", "OpenDividendAccrual")
_DEPOSITS = ("Deposits/Withdrawals", "Deposits & Withdrawals", "Deposits", "Withdrawals")
#: Rows that say again what rows of a single thing have said.
_SUMS = ("SUMMARY", "ORDER", "CLOSED_LOT", "SYMBOL_SUMMARY", "ASSET_SUMMARY", "WASH_SALE")
_DATE = re.compile(r"^(\d{4})-?(\d{2})-?(\d{2})")


def read_statements(path: Path) -> tuple[Statement, ...]:
    """The statements of a file, one for each account and span in it.

    Raises:
        StatementError: it is too large, no XML, no Flex statement, or a row makes no sense.
        OSError: it cannot be read.
    """
    if path.stat().st_size > MOST_BYTES:
        raise StatementError(f"{path.name} is larger than {MOST_BYTES >> 20} MiB: no statement.")
    return parse_statements(path.read_bytes(), path.name)


def parse_statements(text: bytes, name: str) -> tuple[Statement, ...]:
    """As `read_statements`, of what was read; `name` is for the sentences."""
    reader = _Reader(name)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise StatementError(f"{name} is no sound XML ({error}). Download it again.") from None
    except StatementError as error:
        raise StatementError(f"{name}, line {parser.CurrentLineNumber}: {error}") from None
    if not reader.done:
        raise StatementError(
            f"{name} has no statement in it. Make an activity Flex query in XML, and download it."
        )
    return tuple(reader.done)


class _Reader:
    """Takes the elements of a file in their order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.done: list[Statement] = []
        self._open: _Draft | None = None
        self._root = ""

    def doctype(self, *_: object) -> NoReturn:
        raise StatementError("it has a document type, which no statement has. It is not read.")

    def begin(self, tag: str, row: dict[str, str]) -> None:
        if not self._root:
            self._root = tag
            if tag != "FlexQueryResponse":
                raise StatementError(f"it begins with {tag}, so it is no Flex statement.")
        if tag == "FlexStatement":
            self._open = _Draft(row)
        elif self._open is not None:
            self._open.take(tag, row)

    def end(self, tag: str) -> None:
        if tag == "FlexStatement" and self._open is not None:
            self.done.append(self._open.statement())
            self._open = None


class _Draft:
    """A statement that is being read."""

    def __init__(self, row: Row) -> None:
        self._head = row
        self._base: str | None = None
        self._sections: set[Section] = set()
        self._trades: dict[str, StatementTrade] = {}
        self._cancelled: set[str] = set()
        self._cash: list[StatementCash] = []
        self._positions: list[StatementPosition] = []
        self._balances: list[StatementBalance] = []
        self._rates: dict[tuple[str, date], StatementRate] = {}
        self._ex_dates: dict[tuple[Symbol | None, date], date] = {}

    def take(self, tag: str, row: Row) -> None:
        """A section begins, or a row of one."""
        if tag in _SECTIONS:
            self._sections.add(_SECTIONS[tag])
        elif tag == "AccountInformation":
            self._base = row.get("currency") or None
        elif row.get("levelOfDetail", "").upper() in _SUMS and tag != "OpenPosition":
            return
        elif tag == "Trade":
            self._trade(row)
        elif tag == "CashTransaction":
            self._cash_row(row)
        elif tag == "OpenPosition":
            if row.get("levelOfDetail", "SUMMARY").upper() == "SUMMARY":
                quantity = _amount(row, "position")
                self._positions.append(StatementPosition(_named(row), _symbol(row), quantity))
        elif tag == "CashReportCurrency":
            self._balance(row)
        elif tag == "ConversionRate":
            self._rate(row)
        elif tag in _ACCRUALS and row.get("payDate") and row.get("exDate"):
            self._ex_dates[_symbol(row), _day(row, "payDate")] = _day(row, "exDate")

    def statement(self) -> Statement:
        """All that was read of it."""
        head = self._head
        if not head.get("accountId"):
            raise StatementError("the statement does not name its account (accountId).")
        generated = head.get("whenGenerated")
        base = self._base
        cash = [self._with_ex_date(each) for each in self._cash]
        return Statement(
            account=head["accountId"],
            first=_day(head, "fromDate"),
            last=_day(head, "toDate"),
            generated=_day(head, "whenGenerated") if generated else None,
            base_currency=base,
            sections=frozenset(self._sections),
            trades=tuple(trade for id, trade in self._trades.items() if id not in self._cancelled),
            cash=tuple(cash),
            positions=tuple(self._positions),
            balances=tuple(self._balances),
            rates=tuple(
                rate for (currency, _), rate in sorted(self._rates.items()) if currency != base
            ),
        )

    def _trade(self, row: Row) -> None:
        id = row.get("ibExecID", "")
        if not id:
            raise StatementError(
                "a trade has no ibExecID. Tick *IB Execution ID* in the query, with the level of "
                "detail *Execution*."
            )
        word = row.get("buySell", "").upper()
        if "CA" in word.partition("(")[2]:
            self._cancelled.add(id)
            return
        quantity = _amount(row, "quantity")
        commission = row.get("ibCommission")
        side = Side.SELL if quantity < 0 else Side.BUY
        self._trades[id] = StatementTrade(
            execution_id=id,
            order=row.get("orderReference") or None,
            instrument=_named(row),
            symbol=_symbol(row),
            side=side,
            quantity=abs(quantity),
            price=_amount(row, "tradePrice"),
            commission=-_amount(row, "ibCommission") if commission else None,
            commission_currency=(row.get("ibCommissionCurrency") or row.get("currency"))
            if commission
            else None,
            day=_day(row, "tradeDate"),
            currency=row.get("currency", ""),
            net_cash=_amount(row, "netCash") if row.get("netCash") else None,
        )

    def _cash_row(self, row: Row) -> None:
        currency = row.get("currency", "")
        if currency == "BASE_SUMMARY":
            return
        amount, word = _amount(row, "amount"), row.get("type", "")
        type = _TYPES.get(word, CashType.OTHER)
        if word in _DEPOSITS:
            type = CashType.WITHDRAWAL if amount < 0 else CashType.DEPOSIT
        ex_date = _day(row, "exDate") if row.get("exDate") else None
        where = next((n for n in ("settleDate", "reportDate", "dateTime") if row.get(n)), "date")
        self._cash.append(
            StatementCash(
                id=row.get("transactionID", ""),
                type=type,
                word=word,
                currency=_currency(currency),
                amount=amount,
                day=_day(row, where),
                ex_date=ex_date,
                symbol=_symbol(row) if row.get("symbol") else None,
                description=row.get("description", "")[:200],
            )
        )

    def _with_ex_date(self, each: StatementCash) -> StatementCash:
        if each.ex_date is not None or each.type is not CashType.DIVIDEND:
            return each
        return replace(each, ex_date=self._ex_dates.get((each.symbol, each.day)))

    def _balance(self, row: Row) -> None:
        currency = row.get("currency", "")
        if currency != "BASE_SUMMARY":
            starting, ending = _amount(row, "startingCash"), _amount(row, "endingCash")
            self._balances.append(StatementBalance(_currency(currency), starting, ending))

    def _rate(self, row: Row) -> None:
        currency, into = row.get("fromCurrency", ""), row.get("toCurrency", "")
        rate = _amount(row, "rate")
        # IB writes -1 for a rate that it does not have.
        if rate > 0 and (self._base is None or into == self._base):
            day = _day(row, "reportDate")
            self._rates[currency, day] = StatementRate(_currency(currency), day, rate)


def _named(row: Row) -> str:
    words = (row.get(name, "") for name in ("assetCategory", "symbol", "currency"))
    return " ".join(word for word in words if word)


def _symbol(row: Row) -> Symbol | None:
    """Ours, of shares and of pairs; None for anything else."""
    name, kind = row.get("symbol", ""), row.get("assetCategory", "")
    try:
        if kind == "CASH":
            base, _, currency = name.partition(".")
            pair = Symbol.parse(f"{base}/{currency}")
            return pair if pair.is_currency_pair else None
        if kind in ("STK", ""):
            found = Symbol.parse(f"{name}/{row.get('currency', '')}")
            return None if found.base in CASH_CURRENCIES else found
    except SymbolError:
        pass
    return None


def _currency(text: str) -> str:
    if not re.fullmatch("[A-Z]{3}", text):
        raise StatementError(f"{text!r} is no currency.")
    return text


def _amount(row: Row, name: str) -> Decimal:
    text = row.get(name, "")
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= Decimal(10) ** 15:
        raise StatementError(f"{name} {text!r} is no amount. Add it to the query if it is empty.")
    return value


def _day(row: Row, name: str) -> date:
    text = row.get(name, "")
    match = _DATE.match(text)
    try:
        if match is not None:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise StatementError(f"{name} {text!r} is no day; set the query's date format to yyyyMMdd.")
