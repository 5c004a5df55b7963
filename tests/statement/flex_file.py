"""Statements as IB writes them, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from adapters.flex import parse_statements
from domain.statement import Statement

ACCOUNT = "DU1234567"


def row(tag: str, **attributes: str) -> str:
    words = " ".join(f"{name}={quoteattr(text)}" for name, text in attributes.items())
    return f"<{tag} {words}/>"


def trade(id: str = "0001.01", **changed: str) -> str:
    """100 BHP bought at 45.10 by the order K-1, for A$6.60."""
    usual = {
        "accountId": ACCOUNT,
        "assetCategory": "STK",
        "symbol": "BHP",
        "currency": "AUD",
        "tradeDate": "20261123",
        "dateTime": "20261122;200000",
        "buySell": "BUY",
        "quantity": "100",
        "tradePrice": "45.1",
        "ibCommission": "-6.6",
        "ibCommissionCurrency": "AUD",
        "ibExecID": id,
        "orderReference": "K-1",
        "levelOfDetail": "EXECUTION",
    }
    return row("Trade", **(usual | changed))


def cash(amount: str, type: str, **changed: str) -> str:
    usual = {
        "accountId": ACCOUNT,
        "currency": "AUD",
        "amount": amount,
        "type": type,
        "settleDate": "20261125",
        "transactionID": "",
        "description": type,
        "levelOfDetail": "DETAIL",
    }
    return row("CashTransaction", **(usual | changed))


def position(symbol: str = "BHP", quantity: str = "100", **changed: str) -> str:
    usual = {"assetCategory": "STK", "symbol": symbol, "currency": "AUD", "position": quantity}
    return row("OpenPosition", **(usual | {"levelOfDetail": "SUMMARY"} | changed))


def balance(starting: str, ending: str, currency: str = "AUD") -> str:
    return row("CashReportCurrency", currency=currency, startingCash=starting, endingCash=ending)


def file(
    sections: Mapping[str, tuple[str, ...]] | None = None,
    *,
    first: str = "20261101",
    last: str = "20261130",
    generated: str = "20261202;060000",
    account: str = ACCOUNT,
    **more: tuple[str, ...],
) -> bytes:
    """A statement with these sections: `Trades=(trade(),)`, …"""
    sections = dict(sections or {}) | more
    inside = "".join(f"<{name}>{''.join(rows)}</{name}>" for name, rows in sections.items())
    head = row("AccountInformation", accountId=account, currency="AUD")
    text = (
        '<FlexQueryResponse queryName="K" type="AF"><FlexStatements count="1">'
        f'<FlexStatement accountId="{account}" fromDate="{first}" toDate="{last}" period="" '
        f'whenGenerated="{generated}">{head}{inside}'
        "</FlexStatement></FlexStatements></FlexQueryResponse>"
    )
    return text.encode()


def read(text: bytes) -> Statement:
    [statement] = parse_statements(text, "a.xml")
    return statement
