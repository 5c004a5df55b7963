"""The part of the book that keeps money: rates, cash held against the venue's, the equity curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from adapters.store.cash import CashDifferences
from adapters.store.columns import micros
from adapters.store.connection import Connection
from adapters.store.equity import Equity
from adapters.store.journal import Journal
from adapters.store.money import Money
from adapters.store.rates import fill_in
from adapters.store.trade_reading import trades
from domain.cash_differences import OPENING, CashDifference
from domain.cash_types import CashType
from domain.equity_curve import CurveRow, EquityPoint, Why
from domain.postings import Account
from domain.trades import Trade
from domain.used_rates import RateBook, UsedRate

_UNREPORTED = """
SELECT 1 FROM fills AS f
LEFT JOIN commissions AS c ON c.venue = f.venue AND c.execution_key = f.execution_key
WHERE f.venue = ? AND f.time_us > ? AND f.quantity <> '0' AND c.venue IS NULL LIMIT 1
"""
#: A commission that is missing for longer than this will not come by itself.
_REPORTED_WITHIN = timedelta(hours=24)


class MoneyBook:
    """Every method may raise `BookError`; what it was about to write is then not in the book."""

    def __init__(self, connection: Connection, journal: Journal, base_currency: str) -> None:
        self.connection = connection
        self._journal = journal
        self._rates = RateBook(base_currency)
        self._money = Money(connection)
        self._differences = CashDifferences(connection, journal, self._money.postings)
        self._equity = Equity(connection, journal)

    def take_rates(self, rates: Mapping[str, UsedRate], at: datetime) -> int:
        """Rows are written by these from now on; gives how many that had none have one now."""
        self._rates.take(rates)
        with self.connection.write():
            return fill_in(self.connection, self._journal, self._rates, at)

    def balances(self) -> Sequence[tuple[str, str, str, Decimal]]:
        """Venue, account, currency and amount of every account that was ever posted to."""
        return self._money.postings.balances()

    def cash(self, venue: str, currency: str) -> Decimal:
        """The cash that our rows explain."""
        return self._money.postings.balance(venue, Account.CASH, currency)

    def cash_is_seen(self, venue: str) -> bool:
        """The venue's cash was written once: a change since then has to be explained."""
        return self._differences.is_seen(venue)

    def awaits_commissions(self, venue: str, at: datetime) -> bool:
        """Something traded there within a day, and its commission is not told yet."""
        since = micros(at - _REPORTED_WITHIN)
        return self.connection.row(_UNREPORTED, (venue, since)) is not None

    def record_cash_seen(self, differences: Sequence[CashDifference]) -> None:
        """Write the cash that was there when a venue's was first seen, by currency."""
        with self.connection.write():
            for each in differences:
                assert each.type == OPENING, f"{each} is no opening"
                self._differences.add(each)

    def record_cash_difference(self, difference: CashDifference) -> None:
        """Write a change of the venue's cash that nothing here explains."""
        with self.connection.write():
            self._differences.add(difference)

    def type_cash_difference(
        self, difference_id: str, type: CashType, at: datetime, who: str, note: str
    ) -> CashDifference:
        """Write what a difference was.

        Raises:
            LookupError: there is none of this id that could be typed.
        """
        known = self._differences.one(difference_id)
        if known is None or known.type == OPENING:
            raise LookupError(f"no change of cash {difference_id} waits to be explained")
        with self.connection.write():
            return self._differences.set_type(known, type, at, who, note)

    def cash_difference(self, difference_id: str) -> CashDifference | None:
        """The difference of this id."""
        return self._differences.one(difference_id)

    def cash_differences(
        self, *, limit: int = 100, untyped: bool = False
    ) -> Sequence[CashDifference]:
        """Newest first; `untyped`: those that nobody has explained yet."""
        return self._differences.newest(limit, untyped=untyped)

    def record_equity(self, row: CurveRow) -> tuple[EquityPoint, ...]:
        """Write a moment of the equity curve; gives its points with their peaks."""
        with self.connection.write():
            return self._equity.add(row)

    def equity(
        self, venue: str, since: datetime, *, limit: int = 1000, why: Why | None = None
    ) -> Sequence[EquityPoint]:
        """The curve of a venue (`*`: of all together), newest first; of one kind, or of all."""
        return self._equity.since(venue, since, limit, why)

    def trades(self, *, limit: int = 100, before: str | None = None) -> Sequence[Trade]:
        """Orders that have traded, by their newest fill, newest first, after the one `before`."""
        with self.connection.coded:
            return trades(self.connection.link, limit, before)
