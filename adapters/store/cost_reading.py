"""What a book has of the costs of its orders, read on a connection of one's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

from adapters.store.columns import moment
from adapters.store.estimates import COLUMNS, read
from adapters.store.facts import tables_of
from domain.cost_report import OrderCost
from domain.costs import CostEstimate
from domain.exact import EXACT
from domain.orders import Side
from domain.symbols import Symbol

_FILLS = """
SELECT f.client_order_id, f.venue, f.symbol, o.side, f.quantity, f.price, f.time_us, c.currency,
c.amount FROM fills AS f
JOIN orders AS o ON o.client_order_id = f.client_order_id
LEFT JOIN commissions AS c ON c.venue = f.venue AND c.execution_key = f.execution_key
"""
_IN_TIME = "ORDER BY f.time_us, f.venue, f.execution_key"
_ESTIMATES = f"SELECT client_order_id, {', '.join(COLUMNS)} FROM estimates"


@dataclass(slots=True)
class _Sum:
    """Of the fills of one order."""

    venue: str
    symbol: str
    side: str
    first_us: int
    filled: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    charged: dict[str, Decimal] = field(default_factory=dict)
    missing: int = 0


def order_costs(
    link: sqlite3.Connection, names: Sequence[str] | None = None
) -> Sequence[OrderCost]:
    """Every order that has traded, or those of these names, by the time of its first fill.

    A book from before estimates were kept has none of them.
    """
    sums: dict[str, _Sum] = {}
    where, given = _of_these("f.client_order_id", names)
    with localcontext(EXACT):
        for name, venue, symbol, side, quantity, price, time, currency, amount in link.execute(
            f"{_FILLS} {where} {_IN_TIME}", given
        ):
            of = sums.setdefault(name, _Sum(venue, symbol, side, time))
            of.filled += Decimal(quantity)
            of.value += Decimal(quantity) * Decimal(price)
            if currency is not None:
                of.charged[currency] = of.charged.get(currency, Decimal(0)) + Decimal(amount)
            elif Decimal(quantity):
                of.missing += 1
    estimates = _estimates(link, names)
    return [
        OrderCost(
            client_order_id=name,
            venue=of.venue,
            symbol=Symbol.parse(of.symbol),
            side=Side(of.side),
            filled=of.filled,
            value=of.value,
            at=moment(of.first_us),
            estimate=estimates.get(name),
            charged=tuple(sorted(of.charged.items())),
            missing=of.missing,
        )
        for name, of in sums.items()
    ]


def _estimates(link: sqlite3.Connection, names: Sequence[str] | None) -> dict[str, CostEstimate]:
    if not any(table.name == "estimates" for table in tables_of(link)):
        return {}
    where, given = _of_these("client_order_id", names)
    return {row[0]: read(row[1:]) for row in link.execute(f"{_ESTIMATES} {where}", given)}


def _of_these(column: str, names: Sequence[str] | None) -> tuple[str, Sequence[str]]:
    """The condition that a column is one of these names, and what is put into it."""
    if names is None:
        return "", ()
    return f"WHERE {column} IN ({', '.join('?' * len(names))})", names
