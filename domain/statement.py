"""A statement of an account as values: what the broker's own books say of a span of days.

Whoever reads one says which sections it had: what is not in a statement is not known, and an empty
section is a statement that there was nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.cash_types import CashType
from domain.orders import Side
from domain.symbols import Symbol


class Section(StrEnum):
    """What a statement may tell."""

    TRADES = "trades"
    CASH_MOVEMENTS = "cash transactions"
    BALANCES = "cash report"
    POSITIONS = "open positions"
    RATES = "conversion rates"


class StatementError(ValueError):
    """A file is no statement that can be read; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class StatementTrade:
    """One execution. `commission` is what it cost, above zero."""

    execution_id: str
    """With its last part (the revision) or, as statements mostly have it, without."""
    order: str | None
    """The reference that the order was sent with; None where there is none."""
    instrument: str
    """As the statement names it."""
    symbol: Symbol | None
    """None for what has no symbol of ours."""
    side: Side
    quantity: Decimal
    price: Decimal
    commission: Decimal | None
    commission_currency: str | None
    day: date
    currency: str = ""
    """In which it was traded."""
    net_cash: Decimal | None = None
    """What it moved in that currency, commission included, where the statement says so."""

    def is_execution(self, key: str) -> bool:
        """It is the execution of this key (an id without its revision)."""
        return self.execution_id == key or self.execution_id.rpartition(".")[0] == key


@dataclass(frozen=True, slots=True)
class StatementCash:
    """One movement of cash; negative left the account."""

    id: str
    """The statement's own number for it; empty where it has none."""
    type: CashType
    word: str
    """The statement's own word for the type."""
    currency: str
    amount: Decimal
    day: date
    ex_date: date | None
    symbol: Symbol | None
    description: str


@dataclass(frozen=True, slots=True)
class StatementPosition:
    """What was held at the end of the last day; short is negative."""

    instrument: str
    symbol: Symbol | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class StatementBalance:
    """The cash of a currency before the first day and after the last one."""

    currency: str
    starting: Decimal
    ending: Decimal


@dataclass(frozen=True, slots=True)
class StatementRate:
    """What a unit of a currency was worth in the account's base currency that day."""

    currency: str
    day: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """One account's statement of the days from `first` to `last`, both within."""

    account: str
    first: date
    last: date
    generated: date | None
    """The day on which it was made; None where it does not say."""
    base_currency: str | None
    sections: frozenset[Section]
    trades: tuple[StatementTrade, ...]
    cash: tuple[StatementCash, ...]
    positions: tuple[StatementPosition, ...]
    balances: tuple[StatementBalance, ...]
    rates: tuple[StatementRate, ...]
