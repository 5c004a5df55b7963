"""Flex statements are read by what IB writes, and nothing else is taken for one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.flex import MOST_BYTES, parse_statements, read_statements
from domain.cash_types import CashType
from domain.orders import Side
from domain.statement import Section, StatementError
from domain.symbols import Symbol
from tests.statement.flex_file import ACCOUNT, balance, cash, file, position, read, row, trade

BHP = Symbol("BHP", "AUD")
BOMB = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<FlexQueryResponse><FlexStatements>&b;</FlexStatements></FlexQueryResponse>"""
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<FlexQueryResponse>&a;</FlexQueryResponse>"""


def test_a_trade_with_its_commission_and_its_order() -> None:
    statement = read(file(Trades=(trade(), trade("0002.01", quantity="-40", buySell="SELL"))))
    bought, sold = statement.trades
    assert (bought.execution_id, bought.order, bought.symbol) == ("0001.01", "K-1", BHP)
    assert (bought.side, bought.quantity, bought.price) == (
        Side.BUY,
        Decimal(100),
        Decimal("45.1"),
    )
    assert (bought.commission, bought.commission_currency) == (Decimal("6.6"), "AUD")
    assert (sold.side, sold.quantity) == (Side.SELL, Decimal(40))
    assert (statement.account, statement.first, statement.last) == (
        ACCOUNT,
        date(2026, 11, 1),
        date(2026, 11, 30),
    )
    assert statement.generated == date(2026, 12, 2)
    assert statement.sections == {Section.TRADES}, "what it does not have is not known"


def test_pairs_and_what_has_no_symbol_of_ours() -> None:
    pair = trade("1", assetCategory="CASH", symbol="AUD.USD", currency="USD")
    option = trade("2", assetCategory="OPT", symbol="BHP 20DEC26 45 C")
    strange = trade("3", symbol="BRK B", currency="USD")
    symbols = [t.symbol for t in read(file(Trades=(pair, option, strange))).trades]
    assert symbols == [Symbol("AUD", "USD"), None, None]


def test_sums_and_cancelled_trades_are_no_executions() -> None:
    summed = trade("", levelOfDetail="ORDER")
    gone = trade("0003.01", buySell="BUY (Ca.)", quantity="-5")
    statement = read(file(Trades=(summed, trade(), trade("0003.01", quantity="5"), gone)))
    assert [t.execution_id for t in statement.trades] == ["0001.01"]


@pytest.mark.parametrize("day", ["20261125", "2026-11-25", "20261125;101010", "2026-11-25, 10:10"])
@pytest.mark.parametrize(
    ("word", "amount", "type"),
    [
        ("Dividends", "70", CashType.DIVIDEND),
        ("Payment In Lieu Of Dividends", "70", CashType.DIVIDEND),
        ("Withholding Tax", "-10.50", CashType.TAX),
        ("Broker Interest Received", "1.23", CashType.INTEREST),
        ("Broker Interest Paid", "-1.23", CashType.INTEREST),
        ("Other Fees", "-10", CashType.FEE),
        ("Deposits/Withdrawals", "500", CashType.DEPOSIT),
        ("Deposits & Withdrawals", "-500", CashType.WITHDRAWAL),
        ("Price Adjustments", "0.02", CashType.OTHER),
    ],
)
def test_movements_of_cash_by_their_words(word: str, amount: str, type: CashType, day: str) -> None:
    rows = (
        cash(amount, word, settleDate=day),
        cash("9", word, levelOfDetail="SUMMARY"),
        cash("9", word, currency="BASE_SUMMARY"),
    )
    [movement] = read(file(CashTransactions=rows)).cash
    assert (movement.type, movement.amount, movement.day) == (
        type,
        Decimal(amount),
        date(2026, 11, 25),
    )


def test_an_ex_date_is_found_where_the_accrual_has_it() -> None:
    paid = cash("70", "Dividends", symbol="BHP", assetCategory="STK")
    accrued = row(
        "ChangeInDividendAccrual",
        assetCategory="STK",
        symbol="BHP",
        currency="AUD",
        exDate="20261103",
        payDate="20261125",
    )
    statement = read(file(CashTransactions=(paid,), ChangeInDividendAccruals=(accrued,)))
    assert statement.cash[0].ex_date == date(2026, 11, 3)


def test_positions_balances_and_rates() -> None:
    rate = {"reportDate": "20261123", "toCurrency": "AUD"}
    statement = read(
        file(
            OpenPositions=(position(), position(levelOfDetail="LOT")),
            CashReport=(balance("10", "20"), balance("1", "2", "BASE_SUMMARY")),
            ConversionRates=(
                row("ConversionRate", fromCurrency="USD", rate="1.53", **rate),
                row("ConversionRate", fromCurrency="EUR", rate="-1", **rate),
                row("ConversionRate", fromCurrency="AUD", rate="1", **rate),
            ),
        )
    )
    assert [(p.symbol, p.quantity) for p in statement.positions] == [(BHP, Decimal(100))]
    assert [(b.currency, b.starting, b.ending) for b in statement.balances] == [
        ("AUD", Decimal(10), Decimal(20))
    ]
    assert [(r.currency, r.rate) for r in statement.rates] == [("USD", Decimal("1.53"))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no sound XML"),
        (b"account,symbol\n", "no sound XML"),
        (file()[:-20], "no sound XML"),
        (b"<html></html>", "begins with html"),
        (b"<FlexStatementResponse><Status>Fail</Status></FlexStatementResponse>", "no Flex"),
        (b"<FlexQueryResponse></FlexQueryResponse>", "has no statement in it"),
        (BOMB, "a.xml, line 1: it has a document type"),
        (OUTSIDE, "it has a document type"),
        (file(account=""), "does not name its account"),
        (file(first="the 1st"), "fromDate 'the 1st' is no day"),
        (file(first="20261301"), "is no day"),
        (file(Trades=(trade(""),)), "a trade has no ibExecID"),
        (file(Trades=(trade(quantity="many"),)), "quantity 'many' is no amount"),
        (file(Trades=(trade(tradePrice="NaN"),)), "is no amount"),
        (file(CashTransactions=(cash("1", "Dividends", currency="$"),)), "is no currency"),
        (file(CashReport=(balance("", "1"),)), "startingCash '' is no amount"),
    ],
)
def test_what_is_no_statement_is_refused_with_the_line(text: bytes, words: str) -> None:
    with pytest.raises(StatementError, match=words):
        parse_statements(text, "a.xml")


def test_a_file_of_many_gigabytes_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(StatementError, match="larger than 64 MiB"):
        read_statements(path)
