"""Double entry: which accounts an event of money moves, in each currency that it touches.

Pure. A line is a debit of an account (or with a minus a credit); the lines of an entry sum to
zero in every currency, or nothing is written. On the disk an entry lies as postings, each of
which moves an amount from the account credited to the one debited: half of one cannot be written.

Cash, positions at cost and what is accrued are what there is; the others say where it came from.
A pair moves two currencies, and its trading account stands between them. What is wrong is never
rewritten: it is reversed, and what is right is entered behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from enum import StrEnum

from domain.exact import EXACT, plain
from domain.orders import Side
from domain.symbols import Symbol

_ZERO = Decimal(0)


class Account(StrEnum):
    """The accounts of a venue; each is kept by currency."""

    CASH = "cash"
    """As the venue should show it."""
    POSITION = "position"
    """What we manage, at cost, commissions left out."""
    REALISED = "realised"
    """Profit (a credit) and loss of what we have closed, commissions left out."""
    COMMISSION = "commission"
    """What our executions have cost, by the venue's reports."""
    ESTIMATED = "commission_estimated"
    """What they will cost by our estimate, while the venue has not reported it."""
    ACCRUED = "accrued"
    """The same, as what is owed to the venue."""
    TRADING = "trading"
    """Between the two currencies of a pair."""
    EXTERNAL = "external"
    """What others traded in the account, and what a person gave us of it or took back."""
    OPENING = "opening"
    """The cash that was there when it was first seen."""
    UNEXPLAINED = "unexplained"
    """Changes of the venue's cash that nothing in the book explains, until they are typed."""


class Event(StrEnum):
    """What a posting came from."""

    FILL = "fill"
    FOREIGN = "foreign"
    REVERSAL = "reversal"
    """What was entered is taken back, since it was corrected."""
    CORRECTION = "correction"
    """What is right in its place."""
    COMMISSION = "commission"
    ACCRUAL = "accrual"
    RELEASE = "release"
    """The venue has reported: the estimate has served."""
    ADOPTION = "adoption"
    CASH_SEEN = "cash_seen"
    CASH_CHANGED = "cash_changed"
    CASH_TYPED = "cash_typed"
    BROUGHT_FORWARD = "brought_forward"
    """From a book that was older than its ledger of money."""


@dataclass(frozen=True, slots=True)
class Line:
    """A debit of an account; negative is a credit."""

    account: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Posting:
    """So much of a currency from one account to another; the amount is above zero."""

    debit: str
    credit: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution, as far as it moves money."""

    symbol: Symbol
    side: Side
    quantity: Decimal
    price: Decimal
    converts: bool = False
    """Cash for cash: it leaves no position behind."""

    @property
    def value(self) -> Decimal:
        """What it cost in the currency of the price; negative for a sale."""
        with localcontext(EXACT):
            return self.side.sign * self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Change:
    """By how much an event made a managed position's cost and realised profit another."""

    cost: Decimal
    realised: Decimal
    adopted: bool = False
    """A holding that a person gave or took counts anew behind it, at another cost."""


class Unbalanced(ValueError):
    """The lines of an entry do not sum to zero in a currency."""


def postings(lines: Iterable[Line]) -> tuple[Posting, ...]:
    """An entry as what is written: each line that gives is paired with those that take.

    Raises:
        Unbalanced: in some currency the lines do not sum to zero.
    """
    by_currency: dict[str, list[Line]] = {}
    for line in lines:
        by_currency.setdefault(line.currency, []).append(line)
    written: list[Posting] = []
    with localcontext(EXACT):
        for currency, each in by_currency.items():
            written += _paired(currency, each)
    return tuple(written)


def filled(trade: Trade, change: Change) -> tuple[Line, ...]:
    """A fill of ours, and what it made of the position; a conversion makes nothing of it."""
    if trade.converts:
        return _cash(trade, 1)
    return (*_cash(trade, 1), *_position(trade.symbol, change, trade.value))


def corrected(old: Trade, new: Trade, change: Change) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """What takes the old fill back, and what enters the new one."""
    if old.converts:
        return _cash(old, -1), _cash(new, 1)
    currency = old.symbol.currency
    reversal = (*_cash(old, -1), Line(Account.POSITION, currency, -old.value))
    with localcontext(EXACT):
        rest = Change(change.cost + old.value, change.realised, change.adopted)
    return reversal, (*_cash(new, 1), *_position(new.symbol, rest, new.value))


def adopted(symbol: Symbol, change: Change) -> tuple[Line, ...]:
    """What a person gave into our management, or took out of it; no cash moves."""
    return _position(symbol, Change(change.cost, change.realised, adopted=True), _ZERO)


def foreign(trade: Trade, sign: int = 1) -> tuple[Line, ...]:
    """A trade of somebody else's in the account; -1 takes it back."""
    value = Line(Account.EXTERNAL, trade.symbol.currency, sign * trade.value)
    return (*_cash(trade, sign), value)


def charged(currency: str, amount: Decimal, account: Account) -> tuple[Line, ...]:
    """What an execution cost, on the account of whoever traded; negative takes it back."""
    return (Line(account, currency, amount), Line(Account.CASH, currency, -amount))


def passed_on(currency: str, amount: Decimal, *, giver: str, taker: str) -> tuple[Line, ...]:
    """From one account to another."""
    return (Line(taker, currency, amount), Line(giver, currency, -amount))


def cash_came(currency: str, amount: Decimal, account: str) -> tuple[Line, ...]:
    """Cash came (or with a minus went), and this account says from where."""
    return passed_on(currency, amount, giver=account, taker=Account.CASH)


def _cash(trade: Trade, sign: int) -> tuple[Line, ...]:
    """The currencies that a trade moves; those of a pair meet in its trading account."""
    symbol = trade.symbol
    paid = Line(Account.CASH, symbol.currency, -sign * trade.value)
    if not symbol.is_currency_pair:
        return (paid,)
    moved = sign * trade.side.sign * trade.quantity
    return (
        Line(Account.CASH, symbol.base, moved),
        Line(Account.TRADING, symbol.base, -moved),
        paid,
        *_converted(trade, sign),
    )


def _converted(trade: Trade, sign: int) -> tuple[Line, ...]:
    """Both ends of a conversion meet in the trading account; a trade's value is its position."""
    if not trade.converts:
        return ()
    return (Line(Account.TRADING, trade.symbol.currency, sign * trade.value),)


def _position(symbol: Symbol, change: Change, value: Decimal) -> tuple[Line, ...]:
    """What it did to the position; what was adopted at its cost takes up what that leaves over."""
    currency = symbol.currency
    lines = (
        Line(Account.POSITION, currency, change.cost),
        Line(Account.REALISED, currency, -change.realised),
    )
    if not change.adopted:
        return lines
    with localcontext(EXACT):
        left = value - change.cost + change.realised
    return (*lines, Line(Account.EXTERNAL, currency, left))


def _paired(currency: str, lines: list[Line]) -> Iterable[Posting]:
    if sum((line.amount for line in lines), _ZERO) != 0:
        told = ", ".join(f"{line.account} {line.amount}" for line in lines)
        raise Unbalanced(f"an entry in {currency} does not sum to zero: {told}")
    takers = [line for line in lines if line.amount > 0]
    givers = [line for line in lines if line.amount < 0]
    while takers:
        taker, giver = takers.pop(0), givers.pop(0)
        amount = min(taker.amount, -giver.amount)
        if taker.account != giver.account:
            yield Posting(taker.account, giver.account, currency, plain(amount))
        if taker.amount > amount:
            takers.insert(0, replace(taker, amount=taker.amount - amount))
        if -giver.amount > amount:
            givers.insert(0, replace(giver, amount=giver.amount + amount))
