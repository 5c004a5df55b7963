"""The postings of the ledger of money, and what they add up to by account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from adapters.store.columns import micros
from adapters.store.connection import Connection
from domain.exact import EXACT, plain
from domain.postings import Event, Line, postings

COLUMNS = (
    *("event", "venue", "subject", "symbol", "debit", "credit", "currency", "amount"),
    "time_us",
)
_INSERT = f"""
INSERT INTO postings ({", ".join(COLUMNS)}, booked_us) VALUES ({", ".join("?" * 10)})
"""
_BALANCE = "SELECT amount FROM balances WHERE venue = ? AND account = ? AND currency = ?"
_BALANCES = "SELECT venue, account, currency, amount FROM balances ORDER BY 1, 2, 3"
_ACCRUED = """
SELECT event, currency, amount FROM postings
WHERE venue = ? AND subject = ? AND event IN ('accrual', 'release')
"""


@dataclass(frozen=True, slots=True)
class Source:
    """Where postings come from: the venue, what it was about, when it was and was booked (UTC)."""

    venue: str
    subject: str
    symbol: str | None
    time: datetime
    booked_at: datetime


class Postings:
    """The tables of postings and balances. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # What a posting adds to the balances, its table sees to; SQLite's own sums are floats.
        connection.link.create_function("decimal_sum", 2, decimal_sum, deterministic=True)

    def write(self, event: Event, lines: Iterable[Line], source: Source) -> list[list[object]]:
        """Write an entry; gives its rows as the journal tells them, in the order of `COLUMNS`.

        Raises:
            Unbalanced: its lines do not sum to zero in a currency.
        """
        told: list[list[object]] = []
        head: list[object] = [event.value, source.venue, source.subject, source.symbol]
        time_us, booked_us = micros(source.time), micros(source.booked_at)
        for each in postings(lines):
            amount = str(each.amount)
            debit, credit = str(each.debit), str(each.credit)
            row: list[object] = [*head, debit, credit, each.currency, amount, time_us]
            self._connection.execute(_INSERT, (*row, booked_us))
            told.append(row)
        return told

    def balance(self, venue: str, account: str, currency: str) -> Decimal:
        """What an account holds; zero for one that nothing was ever posted to."""
        row = self._connection.row(_BALANCE, (venue, account, currency))
        return Decimal(row[0]) if row is not None else Decimal(0)

    def balances(self) -> Sequence[tuple[str, str, str, Decimal]]:
        """All that were ever moved: venue, account, currency, amount."""
        rows = self._connection.rows(_BALANCES)
        return [(row[0], row[1], row[2], Decimal(row[3])) for row in rows]

    def accrued(self, venue: str, subject: str) -> Mapping[str, Decimal]:
        """What is still accrued for an order, by currency."""
        sums: dict[str, Decimal] = {}
        with localcontext(EXACT):
            for event, currency, amount in self._connection.rows(_ACCRUED, (venue, subject)):
                sign = 1 if event == Event.ACCRUAL else -1
                sums[currency] = sums.get(currency, Decimal(0)) + sign * Decimal(amount)
        return {currency: amount for currency, amount in sums.items() if amount}


def decimal_sum(one: str, other: str) -> str:
    """The exact sum of two amounts as they are stored."""
    with localcontext(EXACT):
        return str(plain(Decimal(one) + Decimal(other)))
