"""The shapes of money over the hook: cash that nothing explains, accounts, the equity curve."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from console.schemas import Answer, Plain


class CashDifferenceOut(Answer):
    """A change of a venue's cash that nothing in the book explained; `type` once somebody has."""

    difference_id: str
    venue: str
    currency: str
    amount: Plain = Field(description="What came; negative is what went.")
    theirs: Plain
    ours: Plain
    at: datetime
    type: str | None
    typed_at: datetime | None
    who: str | None
    note: str | None


class CashDifferencesOut(Answer):
    """Newest first."""

    items: list[CashDifferenceOut]


class BalanceOut(Answer):
    """What an account of the ledger of money holds; debits are above zero."""

    venue: str
    account: str
    currency: str
    amount: Plain


class BalancesOut(Answer):
    """By venue, account and currency; they sum to zero in each currency."""

    items: list[BalanceOut]


class EquityPointOut(Answer):
    """A moment of the equity curve, in the base currency; null where a part was not known.

    `profit` is all that was earned since the book began, and `drawdown` how far it lies below its
    highest: a deposit or a withdrawal changes neither.
    """

    at: datetime
    venue: str = Field(description="`*` for all together.")
    why: str = Field(description="HOUR, CLOSE (of a market) or DAY (the end of one in Sydney).")
    day: date
    base_currency: str
    equity: Plain | None
    cash: Plain | None
    holdings: Plain | None
    realised: Plain | None
    unrealised: Plain | None
    commissions: Plain | None
    profit: Plain | None
    peak: Plain | None
    drawdown: Plain | None
    stale: bool


class EquityHistoryOut(Answer):
    """Newest first."""

    items: list[EquityPointOut]
