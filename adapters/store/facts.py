"""The book's tables as facts: what tells a row from others, and what in it is mere bookkeeping."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose every change is in the journal."""

    name: str
    key: tuple[str, ...]
    """The columns that tell a row from all others."""
    noise: tuple[str, ...] = ()
    """What a dump leaves out: numbers of rows, when Kelpie wrote, what follows from the rest."""
    follows: bool = False
    """It follows from the other tables, so that the journal does not restate it."""
    where: str = "1"
    """Which rows say anything."""
    steps: bool = False
    """How it came about, in the order in which it became known: a dump has what came of it."""

    @property
    def order(self) -> str:
        """The key as SQL orders by it."""
        return ", ".join(self.key)


_TRADE = ("venue", "execution_key")
AFTER = ("after_quantity", "after_cost", "after_realised", "after_opened_us")

TABLES = (
    Table("adoptions", ("adoption_id",), AFTER),
    Table("amendments", ("client_order_id", "amendment_id"), ("id",)),
    Table("audit", ("id",), ("id",)),
    Table("balances", ("venue", "account", "currency"), (), True, "amount != '0'"),
    Table("cash_differences", ("difference_id",)),
    Table("commission_words", ("id",), ("id", "booked_us")),
    Table("commissions", _TRADE, ("booked_us", "rate_us")),
    Table("equity", ("time_us", "venue")),
    Table("equity_marks", ("time_us", "venue", "symbol")),
    Table("equity_rates", ("time_us", "currency")),
    Table("estimates", ("client_order_id",)),
    Table("execution_words", (*_TRADE, "revision"), ("id", "booked_us")),
    Table("fills", _TRADE, (*AFTER, "rate_us")),
    Table("foreign_executions", _TRADE),
    Table("identity", ("id",), ("id", "created_us")),
    Table("orders", ("client_order_id",), ("id", "updated_us")),
    Table("outside_facts", ("fact_id",), ("time_us",)),
    Table("plans", ("plan_id", "version"), ("at_us", "newest")),
    Table("position_commissions", ("venue", "symbol", "currency"), (), True, "amount != '0'"),
    Table("positions", ("venue", "symbol"), (), True),
    Table("postings", ("id",), ("id", "booked_us"), steps=True),
    Table("previews", ("client_order_id",)),
    Table("settings", ("key",), ("changed_us",)),
    Table("splits", ("split_id",), AFTER),
)

#: The rest of the file: the journal itself, and the steps of the schema.
NO_FACTS = ("journal", "schema_history")


def tables_of(link: sqlite3.Connection) -> tuple[Table, ...]:
    """Those that are in a book: an older one may lack the newest."""
    names = {row[0] for row in link.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return tuple(table for table in TABLES if table.name in names)
