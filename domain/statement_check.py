"""A statement held against the book: every difference a line, and what could not be compared said.

Pure. Conversions that Kelpie did not order (a cash account converts by itself) are neither foreign
trades nor differences: they are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from domain.parcels import replayed
from domain.resolution import BY_HAND_KEY
from domain.statement import Section, Statement, StatementTrade
from domain.symbols import Symbol
from domain.tax_events import TaxEvent
from domain.tax_record import BookedTrade
from domain.tax_year import contract_date

#: Broker and book reckon to more places than a cent; only a whole one is a difference.
_CENT = Decimal("0.01")
#: Averages are compared to so much.
_PRICE = Decimal("0.0001")
_DAY = timedelta(days=1)
_ZERO = Decimal(0)


class DifferenceKind(StrEnum):
    """What differs."""

    TRADE_NOT_IN_BOOK = "TRADE_NOT_IN_BOOK"
    TRADE_NOT_IN_STATEMENT = "TRADE_NOT_IN_STATEMENT"
    TRADE_DIFFERS = "TRADE_DIFFERS"
    COMMISSION_DIFFERS = "COMMISSION_DIFFERS"
    CASH_DIFFERS = "CASH_DIFFERS"
    POSITION_DIFFERS = "POSITION_DIFFERS"


@dataclass(frozen=True, slots=True)
class Difference:
    """One line: what the statement has, and what the book has; empty is *nothing*."""

    kind: DifferenceKind
    subject: str
    """An execution's id, a currency, or a symbol."""
    statement: str
    book: str


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome."""

    differences: tuple[Difference, ...]
    trades: int
    """Executions that are in both."""
    conversions: int
    """Of the statement, not ordered by Kelpie: no differences."""
    not_checked: tuple[str, ...]
    """What could not be compared, as sentences."""


@dataclass
class _Pairing:
    """The statement's trades beside those of the book."""

    both: list[tuple[StatementTrade, BookedTrade]]
    by_hand: list[tuple[list[StatementTrade], list[BookedTrade]]]
    """What a person's word stands for, by order."""
    only_statement: list[StatementTrade]
    only_book: list[BookedTrade]
    conversions: list[StatementTrade]
    strange: list[StatementTrade]
    """Of instruments that have no symbol of ours, and so are others' affair."""


def checked(
    statement: Statement, trades: Sequence[BookedTrade], events: Sequence[TaxEvent]
) -> Check:
    """Hold it against all trades of the book and the events of its parcels."""
    found: list[Difference] = []
    notes = [
        f"The statement has no section *{section}*: that is not checked."
        for section in Section
        if section not in statement.sections and section is not Section.RATES
    ]
    pairing = _paired(statement, trades)
    if Section.TRADES in statement.sections:
        found += _trades(statement, pairing)
        if {Section.BALANCES, Section.CASH_MOVEMENTS} <= statement.sections:
            found += _cash(statement, pairing)
    if pairing.strange:
        count = len(pairing.strange)
        notes.append(f"{count} trades of instruments without a symbol of ours: not checked.")
    if Section.POSITIONS in statement.sections:
        found += _positions(statement, events)
        strange = sorted({p.instrument for p in statement.positions if p.symbol is None})
        if strange:
            notes.append(f"Without a symbol of ours, so not checked: {', '.join(strange)}.")
    in_both = len(pairing.both) + sum(len(theirs) for theirs, _ in pairing.by_hand)
    return Check(tuple(found), in_both, len(pairing.conversions), tuple(notes))


def _paired(statement: Statement, trades: Sequence[BookedTrade]) -> _Pairing:
    by_key = {trade.key: trade for trade in trades}
    result = _Pairing([], [], [], [], [], [])
    matched: set[str] = set()
    for theirs in statement.trades:
        ours = by_key.get(theirs.execution_id) or by_key.get(theirs.execution_id.rpartition(".")[0])
        if ours is not None:
            matched.add(ours.key)
            result.both.append((theirs, ours))
        elif theirs.symbol is None:
            result.strange.append(theirs)
        elif theirs.symbol.is_currency_pair and not theirs.order:
            result.conversions.append(theirs)
        else:
            result.only_statement.append(theirs)
    rest = [trade for trade in trades if trade.key not in matched]
    _pair_words(result, [trade for trade in rest if trade.key.startswith(BY_HAND_KEY)])
    # A day at either end may be another day by the statement's own clock.
    within = [
        trade
        for trade in rest
        if statement.first + _DAY <= contract_date(trade.at) <= statement.last - _DAY
    ]
    words = {trade.key for _, ours in result.by_hand for trade in ours}
    result.only_book += [trade for trade in within if trade.key not in words]
    return result


def _pair_words(result: _Pairing, words: Sequence[BookedTrade]) -> None:
    """Where a person said what filled, the statement's executions of that order stand for it."""
    for order in dict.fromkeys(trade.order for trade in words):
        ours = [trade for trade in words if trade.order == order]
        theirs = [trade for trade in result.only_statement if trade.order == order]
        if theirs and _units(theirs) == sum((trade.quantity for trade in ours), _ZERO):
            result.by_hand.append((theirs, ours))
            result.only_statement = [t for t in result.only_statement if t not in theirs]


def _units(trades: Iterable[StatementTrade]) -> Decimal:
    return sum((trade.quantity for trade in trades), _ZERO)


# -- trades ----------------------------------------------------------------------------------------


def _trades(statement: Statement, pairing: _Pairing) -> Iterable[Difference]:
    for theirs in pairing.only_statement:
        yield Difference(
            DifferenceKind.TRADE_NOT_IN_BOOK, theirs.execution_id, _words_of(theirs), ""
        )
    for ours in pairing.only_book:
        yield Difference(DifferenceKind.TRADE_NOT_IN_STATEMENT, ours.key, "", _words(ours))
    for theirs, ours in pairing.both:
        same = (theirs.side, theirs.quantity, theirs.price) == (
            ours.side,
            ours.quantity,
            ours.price,
        )
        if not same or theirs.symbol not in (None, ours.symbol):
            yield Difference(
                DifferenceKind.TRADE_DIFFERS, theirs.execution_id, _words_of(theirs), _words(ours)
            )
        yield from _commission(theirs, ours)
    for told, said in pairing.by_hand:
        value = sum((trade.quantity * trade.price for trade in told), _ZERO)
        ours_value = sum((trade.quantity * trade.price for trade in said), _ZERO)
        if abs(value - ours_value) > _units(told) * _PRICE:
            yield Difference(
                DifferenceKind.TRADE_DIFFERS,
                said[0].order or "",
                f"{_units(told)} for {value} in all",
                f"{_units(told)} for {ours_value} in all, by a person's word",
            )


def _commission(theirs: StatementTrade, ours: BookedTrade) -> Iterable[Difference]:
    if theirs.commission is None:
        return
    told = f"{theirs.commission} {theirs.commission_currency}"
    if ours.commission is None:
        known = ""
    else:
        known = f"{ours.commission} {ours.commission_currency}"
        if (
            theirs.commission_currency == ours.commission_currency
            and abs(theirs.commission - ours.commission) < _CENT
        ):
            return
    yield Difference(DifferenceKind.COMMISSION_DIFFERS, theirs.execution_id, told, known)


def _words_of(trade: StatementTrade) -> str:
    name = trade.symbol or trade.instrument
    return f"{trade.side} {trade.quantity} {name} at {trade.price}"


def _words(trade: BookedTrade) -> str:
    return f"{trade.side} {trade.quantity} {trade.symbol} at {trade.price}"


# -- cash ------------------------------------------------------------------------------------------


def _cash(statement: Statement, pairing: _Pairing) -> Iterable[Difference]:
    """What there was, and what moved it by the book's own figures, against what there is.

    A trade that only the statement has is a line already, and is not told twice.
    """
    for balance in statement.balances:
        moved = sum(
            (row.amount for row in statement.cash if row.currency == balance.currency), _ZERO
        )
        for _, ours in pairing.both:
            moved += _booked(ours, balance.currency)
        for _, said in pairing.by_hand:
            moved += sum((_booked(ours, balance.currency) for ours in said), _ZERO)
        for theirs in (*pairing.only_statement, *pairing.conversions):
            moved += _told(theirs, balance.currency)
        for theirs in pairing.strange:
            if theirs.currency == balance.currency:
                moved += theirs.net_cash or _ZERO
        expected = balance.starting + moved
        if abs(expected - balance.ending) >= _CENT:
            yield Difference(
                DifferenceKind.CASH_DIFFERS,
                balance.currency,
                str(balance.ending),
                str(expected.quantize(_CENT)),
            )


def _booked(trade: BookedTrade, currency: str) -> Decimal:
    return _moved(
        trade.symbol,
        trade.side.sign * trade.quantity,
        trade.price,
        trade.commission,
        trade.commission_currency,
        currency,
    )


def _told(trade: StatementTrade, currency: str) -> Decimal:
    assert trade.symbol is not None, "what has none is reckoned by its net cash"
    return _moved(
        trade.symbol,
        trade.side.sign * trade.quantity,
        trade.price,
        trade.commission,
        trade.commission_currency,
        currency,
    )


def _moved(
    symbol: Symbol,
    signed: Decimal,
    price: Decimal,
    commission: Decimal | None,
    commission_currency: str | None,
    currency: str,
) -> Decimal:
    """What a trade does to the cash of a currency."""
    total = _ZERO
    if symbol.currency == currency:
        total -= signed * price
    if symbol.is_currency_pair and symbol.base == currency:
        total += signed
    if commission is not None and commission_currency == currency:
        total -= commission
    return total


# -- positions -------------------------------------------------------------------------------------


def _positions(statement: Statement, events: Sequence[TaxEvent]) -> Iterable[Difference]:
    """What was held at the end against the parcels, managed and external together."""
    held: dict[Symbol, Decimal] = {}
    for parcel in replayed(events, statement.last).parcels:
        held[parcel.symbol] = held.get(parcel.symbol, _ZERO) + parcel.quantity
    told = {
        position.symbol: position.quantity
        for position in statement.positions
        if position.symbol is not None and not position.symbol.is_currency_pair
    }
    for symbol in sorted({*held, *told}, key=str):
        theirs, ours = told.get(symbol, _ZERO), held.get(symbol, _ZERO)
        if theirs != ours:
            yield Difference(DifferenceKind.POSITION_DIFFERS, str(symbol), str(theirs), str(ours))
