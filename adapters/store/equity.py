"""The equity curve on the disk: points, the marks behind them, and the rates that were used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from adapters.store.columns import micros, moment, optional_decimal, optional_decimal_text
from adapters.store.connection import Connection, Row
from adapters.store.journal import Journal
from adapters.store.rates import rate_columns
from domain.equity_curve import CurveRow, EquityPoint, Mark, Why, peak_with
from domain.used_rates import UsedRate

POINT_COLUMNS = (
    *("time_us", "venue", "why", "day", "currency", "equity", "cash", "holdings", "realised"),
    *("unrealised", "commissions", "profit", "peak", "drawdown", "stale"),
)
MARK_COLUMNS = (
    *("time_us", "venue", "symbol", "held", "managed", "average_price", "price"),
    *("price_age_us", "stale", "unrealised"),
)
RATE_COLUMNS = ("time_us", "currency", "rate", "rate_source", "rate_us")
TABLES = {"equity": POINT_COLUMNS, "equity_marks": MARK_COLUMNS, "equity_rates": RATE_COLUMNS}
_PEAK = "SELECT peak FROM equity WHERE venue = ? ORDER BY time_us DESC LIMIT 1"
_SINCE = f"""
SELECT {", ".join(POINT_COLUMNS)} FROM equity WHERE venue = ?1 AND time_us >= ?2
AND (?4 IS NULL OR why = ?4) ORDER BY time_us DESC LIMIT ?3
"""


class Equity:
    """The tables of the curve. Nothing here begins a transaction of its own."""

    def __init__(self, connection: Connection, journal: Journal) -> None:
        self._connection = connection
        self._journal = journal

    def add(self, row: CurveRow) -> tuple[EquityPoint, ...]:
        """Write the points of a moment with the peak until then; what was written before stands."""
        at = row.points[0].at
        points = tuple(replace(each, peak=self._peak(each)) for each in row.points)
        written: dict[str, list[list[Any]]] = {
            "equity": [_point_row(each) for each in points],
            "equity_marks": [_mark_row(at, each) for each in row.marks],
            "equity_rates": [_rate_row(at, *each) for each in row.rates],
        }
        for table, rows in written.items():
            marks = ", ".join("?" * len(TABLES[table]))
            for each in rows:
                self._connection.execute(f"INSERT INTO {table} VALUES ({marks})", each)
        self._journal.append(at, "equity", points[0].why, written)
        return points

    def since(
        self, venue: str, at: datetime, limit: int, why: Why | None = None
    ) -> Sequence[EquityPoint]:
        """The points of a venue (`*`: of all together) from then on, newest first."""
        given = (venue, micros(at), limit, None if why is None else why.value)
        return [_point(row) for row in self._connection.rows(_SINCE, given)]

    def _peak(self, point: EquityPoint) -> Decimal | None:
        row = self._connection.row(_PEAK, (point.venue,))
        return peak_with(None if row is None else optional_decimal(row[0]), point.profit)


def _point_row(each: EquityPoint) -> list[Any]:
    amounts = (each.equity, each.cash, each.holdings, each.realised, each.unrealised)
    earned = (each.commissions, each.profit, each.peak, each.drawdown)
    return [
        *(micros(each.at), each.venue, each.why.value, each.day.isoformat(), each.currency),
        *(optional_decimal_text(amount) for amount in (*amounts, *earned)),
        int(each.stale),
    ]


def _mark_row(at: datetime, each: Mark) -> list[Any]:
    age = None if each.price_age is None else round(each.price_age.total_seconds() * 1_000_000)
    return [
        *(micros(at), each.venue, str(each.symbol), str(each.held), str(each.managed)),
        *(optional_decimal_text(price) for price in (each.average_price, each.price)),
        *(age, int(each.stale), optional_decimal_text(each.unrealised)),
    ]


def _rate_row(at: datetime, currency: str, rate: UsedRate | None) -> list[Any]:
    return [micros(at), currency, *rate_columns(rate).values()]


def _point(row: Row) -> EquityPoint:
    return EquityPoint(
        at=moment(row[0]),
        venue=row[1],
        why=Why(row[2]),
        day=date.fromisoformat(row[3]),
        currency=row[4],
        equity=optional_decimal(row[5]),
        cash=optional_decimal(row[6]),
        holdings=optional_decimal(row[7]),
        realised=optional_decimal(row[8]),
        unrealised=optional_decimal(row[9]),
        commissions=optional_decimal(row[10]),
        peak=optional_decimal(row[12]),
        stale=bool(row[14]),
    )
