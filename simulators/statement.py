"""`kelpie ib-sim --statement`: a Flex statement as IB would make one, from the broker's own books.

Names of sections, attributes and types of cash are those of IB's Flex query reference. What the
broker does not know is not in it: a franking credit, say, is in no statement of a custodian.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from domain.orders import Side
from simulators.books import Books, read_books
from simulators.broker import BASE_CURRENCY
from simulators.listings import LISTINGS
from simulators.model import Commission, Execution, Instrument, Payment

#: Statements are kept by the day of the exchange.
_SYDNEY = ZoneInfo("Australia/Sydney")
#: And their times by the account's own setting, which no statement names.
_NEW_YORK = ZoneInfo("America/New_York")
_ZERO = Decimal(0)
_RATE = Decimal("1E-8")

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a statement, both within, and when it was made."""

    first: date
    last: date
    generated: datetime


def write_statement(directory: Path, file: Path, now: datetime) -> None:
    """Write the statement of all days of the books in a folder, up to now.

    A foreign currency is worth what its pair begins with in the simulated market.

    Raises:
        sqlite3.Error: there are no books, or they cannot be read.
        OSError: the file cannot be written.
    """
    books = read_books(directory)
    instruments = {each.instrument.con_id: each.instrument for each in LISTINGS}
    rates = {
        each.instrument.symbol.currency: (1 / each.reference_price).quantize(_RATE)
        for each in LISTINGS
        if each.is_currency and each.instrument.symbol.base == BASE_CURRENCY
    }
    times = [
        *(payment.at for payment in books.payments),
        *(execution.time for execution in books.executions),
    ]
    first = min((_day(at) for at in times), default=_day(now))
    span = Span(first, _day(now), now)
    file.write_text(statement_of(books, instruments, span, BASE_CURRENCY, rates), encoding="utf-8")


def statement_of(
    books: Books,
    instruments: Mapping[int, Instrument],
    span: Span,
    base_currency: str,
    rates: Mapping[str, Decimal],
) -> str:
    """The statement as XML. `rates`: units of the base currency for one, on each of its days."""
    trades = [pair for pair in _effective(books) if _day(pair[0].time) <= span.last]
    payments = [payment for payment in books.payments if _day(payment.at) <= span.last]
    within = [pair for pair in trades if _day(pair[0].time) >= span.first]
    account = books.account
    sections = {
        "CashReport": _balances(account, instruments, span, trades, payments),
        "Trades": (_trade(account, instruments, *pair) for pair in within),
        "CashTransactions": (
            _payment(account, instruments, payment)
            for payment in payments
            if _day(payment.at) >= span.first
        ),
        "OpenPositions": _positions(account, instruments, span, trades),
        "ConversionRates": _rates(span, base_currency, rates),
    }
    return "\n".join(_lines(account, base_currency, span, sections)) + "\n"


def _lines(
    account: str, base_currency: str, span: Span, sections: Mapping[str, Iterable[Row]]
) -> Iterable[str]:
    yield '<FlexQueryResponse queryName="Kelpie" type="AF">'
    yield '<FlexStatements count="1">'
    head = {
        "accountId": account,
        "fromDate": f"{span.first:%Y%m%d}",
        "toDate": f"{span.last:%Y%m%d}",
        "period": "",
        "whenGenerated": f"{span.generated.astimezone(_NEW_YORK):%Y%m%d;%H%M%S}",
    }
    yield f"<FlexStatement {_attributes(head)}>"
    yield f"<AccountInformation {_attributes({'accountId': account, 'currency': base_currency})}/>"
    for name, rows in sections.items():
        row_name = _ROWS[name]
        yield f"<{name}>"
        for row in rows:
            yield f"<{row_name} {_attributes(row)}/>"
        yield f"</{name}>"
    yield "</FlexStatement>\n</FlexStatements>\n</FlexQueryResponse>"


_ROWS = {
    "CashReport": "CashReportCurrency",
    "Trades": "Trade",
    "CashTransactions": "CashTransaction",
    "OpenPositions": "OpenPosition",
    "ConversionRates": "ConversionRate",
}


def _effective(books: Books) -> list[tuple[Execution, Commission | None]]:
    """Each trade at its last correction; what was busted never was."""
    newest: dict[str, Execution] = {}
    for execution in books.executions:
        newest[execution.execution_id.rpartition(".")[0]] = execution
    return [
        (execution, books.commissions.get(execution.execution_id))
        for execution in newest.values()
        if execution.quantity
    ]


def _trade(
    account: str,
    instruments: Mapping[int, Instrument],
    execution: Execution,
    commission: Commission | None,
) -> Row:
    order = execution.order.request
    instrument = instruments[order.con_id]
    sign = order.side.sign
    row = {
        "accountId": account,
        **_names(instrument),
        "tradeDate": f"{_day(execution.time):%Y%m%d}",
        "dateTime": f"{execution.time.astimezone(_NEW_YORK):%Y%m%d;%H%M%S}",
        "buySell": "BUY" if order.side is Side.BUY else "SELL",
        "quantity": str(execution.quantity * sign),
        "tradePrice": str(execution.price),
        "exchange": execution.exchange,
        "ibOrderID": str(execution.order.perm_id),
        # As real statements have it: without the part that counts corrections.
        "ibExecID": execution.execution_id.rpartition(".")[0],
        "orderReference": order.order_ref,
        "levelOfDetail": "EXECUTION",
    }
    if commission is not None:
        row["ibCommission"] = str(-commission.amount)
        row["ibCommissionCurrency"] = commission.currency
    return row


def _names(instrument: Instrument) -> Row:
    pair = instrument.sec_type == "CASH"
    symbol = instrument.symbol
    return {
        "assetCategory": instrument.sec_type,
        "symbol": instrument.local_symbol if pair else symbol.base,
        "currency": symbol.currency,
        "conid": str(instrument.con_id),
        "description": instrument.long_name,
    }


def _payment(account: str, instruments: Mapping[int, Instrument], payment: Payment) -> Row:
    names: Row = {"currency": payment.currency}
    if payment.con_id is not None:
        names = _names(instruments[payment.con_id]) | names
    day = f"{_day(payment.at):%Y%m%d}"
    return {
        "accountId": account,
        **names,
        "description": payment.description,
        "dateTime": day,
        "settleDate": day,
        "amount": str(payment.amount),
        "type": payment.type,
        "transactionID": str(payment.number),
        "exDate": "" if payment.ex_date is None else f"{payment.ex_date:%Y%m%d}",
        "levelOfDetail": "DETAIL",
    }


def _balances(
    account: str,
    instruments: Mapping[int, Instrument],
    span: Span,
    trades: Iterable[tuple[Execution, Commission | None]],
    payments: Iterable[Payment],
) -> Iterable[Row]:
    """What moved before the first day, and what up to the last one."""
    starting: dict[str, Decimal] = {}
    ending: dict[str, Decimal] = {}

    def move(day: date, currency: str, amount: Decimal) -> None:
        starting.setdefault(currency, _ZERO)
        ending[currency] = ending.get(currency, _ZERO) + amount
        if day < span.first:
            starting[currency] += amount

    for payment in payments:
        move(_day(payment.at), payment.currency, payment.amount)
    for execution, commission in trades:
        order = execution.order.request
        instrument, day = instruments[order.con_id], _day(execution.time)
        signed = execution.quantity * order.side.sign
        move(day, instrument.symbol.currency, -signed * execution.price)
        if instrument.sec_type == "CASH":
            move(day, instrument.symbol.base, signed)
        if commission is not None:
            move(day, commission.currency, -commission.amount)
    for currency in sorted(ending):
        yield {
            "accountId": account,
            "currency": currency,
            "levelOfDetail": "Currency",
            "startingCash": str(starting[currency]),
            "endingCash": str(ending[currency]),
        }


def _positions(
    account: str,
    instruments: Mapping[int, Instrument],
    span: Span,
    trades: Iterable[tuple[Execution, Commission | None]],
) -> Iterable[Row]:
    held: dict[int, Decimal] = {}
    for execution, _ in trades:
        order = execution.order.request
        held[order.con_id] = held.get(order.con_id, _ZERO) + execution.quantity * order.side.sign
    for con_id, quantity in sorted(held.items()):
        instrument = instruments[con_id]
        if quantity and instrument.sec_type != "CASH":
            yield {
                "accountId": account,
                **_names(instrument),
                "position": str(quantity),
                "reportDate": f"{span.last:%Y%m%d}",
                "levelOfDetail": "SUMMARY",
            }


def _rates(span: Span, base_currency: str, rates: Mapping[str, Decimal]) -> Iterable[Row]:
    for number in range((span.last - span.first).days + 1):
        day = span.first + timedelta(days=number)
        for currency, rate in sorted(rates.items()):
            yield {
                "reportDate": f"{day:%Y%m%d}",
                "fromCurrency": currency,
                "toCurrency": base_currency,
                "rate": str(rate),
            }


def _day(at: datetime) -> date:
    return at.astimezone(_SYDNEY).date()


def _attributes(row: Row) -> str:
    return " ".join(f"{name}={quoteattr(text)}" for name, text in row.items())
