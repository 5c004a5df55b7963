"""What the book promises about money: rates, cash held against the venue's, the equity curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from domain.cash_differences import CashDifference
from domain.cash_types import CashType
from domain.equity_curve import CurveRow, EquityPoint, Why
from domain.trades import Trade
from domain.used_rates import UsedRate


class MoneyKeeping(Protocol):
    """The part of a book that keeps money; what writes is durable as `adapters.book` says."""

    def take_rates(self, rates: Mapping[str, UsedRate], at: datetime) -> int:
        """Rows are written by these from now on; gives how many that had none have one now."""
        ...

    def balances(self) -> Sequence[tuple[str, str, str, Decimal]]:
        """Venue, account, currency and amount of every account that was ever posted to."""
        ...

    def cash(self, venue: str, currency: str) -> Decimal:
        """The cash that our rows explain."""
        ...

    def cash_is_seen(self, venue: str) -> bool:
        """The venue's cash was written once: a change since then has to be explained."""
        ...

    def awaits_commissions(self, venue: str, at: datetime) -> bool:
        """Something traded there within a day, and its commission is not told yet."""
        ...

    def record_cash_seen(self, differences: Sequence[CashDifference]) -> None:
        """Write the cash that was there when a venue's was first seen, by currency."""
        ...

    def record_cash_difference(self, difference: CashDifference) -> None:
        """Write a change of the venue's cash that nothing here explains."""
        ...

    def type_cash_difference(
        self, difference_id: str, type: CashType, at: datetime, who: str, note: str
    ) -> CashDifference:
        """Write what a difference was.

        Raises:
            LookupError: there is none of this id that could be typed.
        """
        ...

    def cash_difference(self, difference_id: str) -> CashDifference | None: ...

    def cash_differences(
        self, *, limit: int = 100, untyped: bool = False
    ) -> Sequence[CashDifference]:
        """Newest first; `untyped`: those that nobody has explained yet."""
        ...

    def record_equity(self, row: CurveRow) -> tuple[EquityPoint, ...]:
        """Write a moment of the equity curve; gives its points with their peaks."""
        ...

    def equity(
        self, venue: str, since: datetime, *, limit: int = 1000, why: Why | None = None
    ) -> Sequence[EquityPoint]:
        """The curve of a venue (`*`: of all together), newest first; of one kind, or of all."""
        ...

    def trades(self, *, limit: int = 100, before: str | None = None) -> Sequence[Trade]:
        """Orders that have traded, by their newest fill, newest first.

        Those that come after the order `before`; none where that one has never traded.
        """
        ...
