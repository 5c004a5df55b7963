"""Gains and losses on foreign currency by Division 775: a report of its own, never in CGT.

Pure. Each trade of a pair moves lots of foreign currency, first in first out, in A$; what is owed
is a lot too, with a minus. No discount belongs here, however long a lot was held, and no gain of a
share does. Only what Kelpie ordered counts: conversions that IB makes by itself in a cash account
are neither (facts: australia.md, *Currencies*, *Account type*).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, localcontext

from domain.apportioning import Rest, added, subtracted
from domain.exact import EXACT
from domain.orders import Purpose, Side
from domain.symbols import Symbol
from domain.tax_events import Aud
from domain.tax_year import TaxYear, contract_date

BASE = "AUD"
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PairTrade:
    """An execution of ours in a currency pair.

    `fee` in A$, None where it is not known; `base_value` what the quantity was worth in A$ that
    day: itself where the base is AUD, else by the day's rate, None without one.
    """

    at: datetime
    ref: str
    symbol: Symbol
    side: Side
    purpose: Purpose
    quantity: Decimal
    price: Decimal
    fee: Aud
    base_value: Aud


@dataclass(frozen=True, slots=True)
class CurrencyLot:
    """Foreign currency that is held, or with a minus owed; `worth` in A$ when it came or went."""

    currency: str
    ref: str
    opened: date
    amount: Decimal
    worth: Aud


@dataclass(frozen=True, slots=True)
class ForexLine:
    """A lot, or a part of one, that ended. In A$; negative is a loss."""

    currency: str
    amount: Decimal
    opened: date
    closed: date
    opened_by: str
    closed_by: str
    purpose: Purpose
    """Of the order that ended it: TRADE (an exit, …) or CONVERT."""
    was_worth: Aud
    is_worth: Aud
    short: bool
    """It was owed: worth less when it was paid back is a gain."""

    @property
    def gain(self) -> Aud:
        """None where a rate is missing."""
        gain = subtracted(self.is_worth, self.was_worth)
        return gain if gain is None or not self.short else -gain


@dataclass(frozen=True, slots=True)
class ForexBook:
    """What the trades of pairs leave."""

    lines: tuple[ForexLine, ...]
    lots: tuple[CurrencyLot, ...]
    fees: tuple[tuple[date, Aud], ...]
    """What each trade cost, in A$; shown apart, in no gain."""


def forex_of(trades: Iterable[PairTrade]) -> ForexBook:
    """Add up the trades, in whatever order they are given."""
    lots = _Lots()
    fees = []
    with localcontext(EXACT):
        for trade in sorted(trades, key=lambda trade: (trade.at, trade.ref)):
            symbol, sign = trade.symbol, trade.side.sign
            foreign_value = trade.quantity * trade.price
            aud = foreign_value if symbol.currency == BASE else trade.base_value
            lots.move(trade, symbol.base, trade.quantity * sign, aud)
            lots.move(trade, symbol.currency, -foreign_value * sign, aud)
            fees.append((contract_date(trade.at), trade.fee))
    still = (lot for currency in sorted(lots.open) for lot in lots.open[currency])
    return ForexBook(tuple(lots.lines), tuple(still), tuple(fees))


def of_year(book: ForexBook, year: TaxYear) -> tuple[ForexLine, ...]:
    """The lines of what ended in the year."""
    return tuple(line for line in book.lines if line.closed in year)


def sums(lines: Iterable[ForexLine]) -> tuple[Decimal, Decimal, int]:
    """Gains, losses (above zero) and how many lines have no figure."""
    gains, losses, not_known = _ZERO, _ZERO, 0
    for line in lines:
        gain = line.gain
        if gain is None:
            not_known += 1
        elif gain < 0:
            losses -= gain
        else:
            gains += gain
    return gains, losses, not_known


def fees_of(book: ForexBook, year: TaxYear) -> Aud:
    """What the year's trades of pairs have cost; None where one of them is not known."""
    total: Aud = _ZERO
    for day, fee in book.fees:
        if day in year:
            total = added(total, fee)
    return total


@dataclass
class _Lots:
    """Lots by currency, oldest first; all of one currency have one sign."""

    open: dict[str, list[CurrencyLot]] = field(default_factory=dict)
    lines: list[ForexLine] = field(default_factory=list)

    def move(self, trade: PairTrade, currency: str, amount: Decimal, worth: Aud) -> None:
        """So much came (or went, with a minus), worth so many A$ without a sign."""
        if currency == BASE or not amount:
            return
        lots, rest, left = self.open.setdefault(currency, []), Rest(abs(amount), worth), abs(amount)
        while left and lots and lots[0].amount * amount < 0:
            oldest = lots.pop(0)
            part = min(left, abs(oldest.amount))
            was = Rest(abs(oldest.amount), oldest.worth)
            self._end(trade, oldest, part, was.share(part), rest.share(part))
            over = abs(oldest.amount) - part
            if over:
                sign = 1 if oldest.amount > 0 else -1
                lots.insert(0, replace(oldest, amount=over * sign, worth=was.share(over)))
            left -= part
        if left:
            sign = 1 if amount > 0 else -1
            day = contract_date(trade.at)
            lots.append(CurrencyLot(currency, trade.ref, day, left * sign, rest.share(left)))

    def _end(self, trade: PairTrade, lot: CurrencyLot, amount: Decimal, was: Aud, now: Aud) -> None:
        self.lines.append(
            ForexLine(
                lot.currency,
                amount,
                lot.opened,
                contract_date(trade.at),
                lot.ref,
                trade.ref,
                trade.purpose,
                was,
                now,
                short=lot.amount < 0,
            )
        )
