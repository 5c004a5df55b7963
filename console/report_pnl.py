"""`kelpie report pnl`: profit and loss by day, session or month, from the book.

Fills, marks and commissions alone make it: a deposit or a withdrawal never changes it. Realised
counts on the day of the trade at the rate that stands beside the fill; unrealised is the change of
the last mark of a day from that of the day before. It is read beside a running Kelpie.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.store.profit import charged, marks, realised, refuse_without_money
from console.report_pages import Report, money
from domain.profit import Period, ProfitRow, in_all, profit_rows

_COLUMNS = (
    *("period", "venue", "symbol", "currency", "realised", "unrealised_change", "commissions"),
    *("net", "realised_base", "unrealised_change_base", "commissions_base", "net_base", "rates"),
)
_DAYS = "Days and months are Sydney's; a session is the trading day of the market itself."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which periods: by their names, as `2026-11-23` or `2026-11`; None is without an end."""

    period: Period
    since: str | None
    until: str | None

    def has(self, name: str) -> bool:
        """A period of this name is among them."""
        return (self.since is None or name >= self.since[: len(name)]) and (
            self.until is None or name <= self.until[: len(name)]
        )


def pnl_report(link: sqlite3.Connection, base: str, wanted: Wanted) -> Report:
    """The report, of one moment of the book.

    Raises:
        BookError: `TOO_OLD` for a book from before it kept money.
    """
    refuse_without_money(link)
    rows = profit_rows(wanted.period, realised(link, base), charged(link, base), marks(link, base))
    rows = [row for row in rows if wanted.has(row.period)]
    sums = in_all(rows)
    notes = []
    if any(total.base is None for total in sums.values()):
        notes.append(
            "Where a rate or a price was not known the figure is missing, and so is each sum with "
            "it; what nobody told is never counted as zero."
        )
    return Report(
        title=f"Profit and loss by {wanted.period}, in {base} at the rates of each row",
        head=(
            "From fills, marks and commissions; deposits and withdrawals have no part in it.",
            _DAYS,
        ),
        columns=_COLUMNS,
        lines=tuple(_line(row) for row in rows),
        sums=tuple((f"{name} ({base})", money(total.base)) for name, total in sums.items()),
        sections=(),
        notes=tuple(notes),
    )


def _line(row: ProfitRow) -> tuple[str, ...]:
    figures = (row.realised, row.unrealised_change, row.commissions, row.net)
    return (
        *(row.period, row.venue, str(row.symbol), row.currency),
        *(money(figure.own) for figure in figures),
        *(money(figure.base) for figure in figures),
        _rates(sorted(row.rates)),
    )


def _rates(rates: Sequence[Decimal]) -> str:
    """The rates used, smallest to largest."""
    texts = [f"{rate.normalize():f}"[:10] for rate in dict.fromkeys((*rates[:1], *rates[-1:]))]
    return " to ".join(texts) or "-"
