"""What the desk tells the ledger of rates, cash and worth, and what the console asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from actors.lanes import Lane, Message
from domain.cash_types import CashType
from domain.equity_curve import ALL, CurveRow, Why
from domain.used_rates import UsedRate


@dataclass(frozen=True, slots=True)
class RatesTold(Message):
    """From the desk to the ledger: what a unit of each currency is worth, as of now.

    A currency that is not among them has no rate that is fresh.
    """

    rates: tuple[tuple[str, UsedRate], ...]


@dataclass(frozen=True, slots=True)
class CashTold(Message):
    """From the desk to the ledger: the cash that a venue showed in a complete round of lists."""

    venue: str
    at: datetime
    cash: tuple[tuple[str, Decimal], ...]
    """By currency; one that is missing is not known."""


@dataclass(frozen=True, slots=True)
class RecordEquity(Message):
    """From the desk to the ledger: a moment of the equity curve."""

    row: CurveRow


@dataclass(frozen=True, slots=True)
class TypeCash(Message):
    """To the ledger, from a person or a statement: what an unexplained change of cash was."""

    lane: ClassVar[Lane] = Lane.FACT
    difference_id: str
    type: CashType
    who: str
    note: str


@dataclass(frozen=True, slots=True)
class GetCashDifferences(Message):
    """To the ledger. Answered with a tuple of `CashDifference`, newest first."""

    lane: ClassVar[Lane] = Lane.QUERY
    limit: int = 100
    untyped: bool = False


@dataclass(frozen=True, slots=True)
class GetCashDifference(Message):
    """To the ledger. Answered with a `CashDifference` or None."""

    lane: ClassVar[Lane] = Lane.QUERY
    difference_id: str


@dataclass(frozen=True, slots=True)
class GetEquity(Message):
    """To the ledger: the curve since then. Answered with a tuple of `EquityPoint`, newest first.

    `why` asks for the points of one kind alone, as of the end of each day.
    """

    lane: ClassVar[Lane] = Lane.QUERY
    since: datetime
    limit: int = 1000
    venue: str = ALL
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class GetBalances(Message):
    """To the ledger. Answered with a tuple of (venue, account, currency, amount)."""

    lane: ClassVar[Lane] = Lane.QUERY


@dataclass(frozen=True, slots=True)
class GetTrades(Message):
    """To the ledger: orders that have traded, by their newest fill, after the one `before`.

    Answered with a tuple of `domain.trades.Trade`, newest first.
    """

    lane: ClassVar[Lane] = Lane.QUERY
    limit: int = 100
    before: str | None = None
