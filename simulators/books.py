"""The broker's books on disk, read: by the broker when it opens, and by tests as its own truth.

`read_books` may run in another process while the broker writes.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from domain.orders import OrderType, Side, Tif
from simulators.account import Holding
from simulators.model import BrokerOrder, Commission, Execution, NewOrder, Payment, Trail

FILE_NAME = "broker.db"

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE clients (client_id INTEGER PRIMARY KEY, highest_order_id INTEGER NOT NULL);
CREATE TABLE orders (
    perm_id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL, order_id INTEGER NOT NULL,
    order_ref TEXT NOT NULL, account TEXT NOT NULL, con_id INTEGER NOT NULL,
    exchange TEXT NOT NULL, side TEXT NOT NULL, quantity TEXT NOT NULL, type TEXT NOT NULL,
    limit_price TEXT, stop_price TEXT, tif TEXT NOT NULL, status TEXT NOT NULL,
    filled TEXT NOT NULL, average_price TEXT NOT NULL, last_fill_price TEXT NOT NULL,
    why_held TEXT NOT NULL, placed_at TEXT NOT NULL, completed_at TEXT,
    completed_status TEXT NOT NULL, triggered INTEGER NOT NULL, session_opens TEXT NOT NULL,
    parent_id INTEGER NOT NULL DEFAULT 0, transmit INTEGER NOT NULL DEFAULT 1,
    oca_group TEXT NOT NULL DEFAULT '', oca_type INTEGER NOT NULL DEFAULT 3,
    asleep TEXT NOT NULL DEFAULT '0', trail_amount TEXT, trail_percent TEXT,
    trail_offset TEXT, trail_anchored INTEGER, market_to_limit INTEGER NOT NULL DEFAULT 0,
    fill_or_kill INTEGER NOT NULL DEFAULT 0);
CREATE TABLE executions (
    number INTEGER PRIMARY KEY, execution_id TEXT NOT NULL UNIQUE,
    perm_id INTEGER NOT NULL REFERENCES orders, time TEXT NOT NULL, exchange TEXT NOT NULL,
    quantity TEXT NOT NULL, price TEXT NOT NULL, cumulative_quantity TEXT NOT NULL,
    average_price TEXT NOT NULL, liquidity INTEGER NOT NULL);
CREATE TABLE commissions (
    execution_id TEXT PRIMARY KEY, amount TEXT NOT NULL, currency TEXT NOT NULL,
    realised_pnl TEXT) WITHOUT ROWID;
CREATE TABLE cash (currency TEXT PRIMARY KEY, amount TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE positions (
    con_id INTEGER PRIMARY KEY, quantity TEXT NOT NULL, cost TEXT NOT NULL,
    realised_pnl TEXT NOT NULL);
CREATE TABLE markets (
    con_id INTEGER PRIMARY KEY, last TEXT, last_size INTEGER NOT NULL, volume INTEGER NOT NULL,
    open TEXT, high TEXT, low TEXT, previous_close TEXT);
CREATE TABLE jumps (con_id INTEGER NOT NULL, since REAL NOT NULL, factor REAL NOT NULL);
CREATE TABLE payments (
    number INTEGER PRIMARY KEY, type TEXT NOT NULL, currency TEXT NOT NULL, amount TEXT NOT NULL,
    at TEXT NOT NULL, con_id INTEGER, ex_date TEXT, description TEXT NOT NULL);
"""

VERSION = "3"

#: What makes books of an older version those of the next one.
UPGRADES = {
    "1": """
ALTER TABLE orders ADD COLUMN parent_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN transmit INTEGER NOT NULL DEFAULT 1;
ALTER TABLE orders ADD COLUMN oca_group TEXT NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN oca_type INTEGER NOT NULL DEFAULT 3;
ALTER TABLE orders ADD COLUMN asleep TEXT NOT NULL DEFAULT '0';
ALTER TABLE orders ADD COLUMN trail_amount TEXT;
ALTER TABLE orders ADD COLUMN trail_percent TEXT;
ALTER TABLE orders ADD COLUMN trail_offset TEXT;
ALTER TABLE orders ADD COLUMN trail_anchored INTEGER;
ALTER TABLE orders ADD COLUMN market_to_limit INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN fill_or_kill INTEGER NOT NULL DEFAULT 0
""",
    "2": """
CREATE TABLE payments (
    number INTEGER PRIMARY KEY, type TEXT NOT NULL, currency TEXT NOT NULL, amount TEXT NOT NULL,
    at TEXT NOT NULL, con_id INTEGER, ex_date TEXT, description TEXT NOT NULL)
""",
}


@dataclass(frozen=True, slots=True)
class Books:
    """All that the broker knows of its account."""

    account: str
    orders: tuple[BrokerOrder, ...]
    """Oldest first, open and completed."""
    executions: tuple[Execution, ...]
    """Oldest first."""
    commissions: dict[str, Commission]
    """By execution id."""
    positions: dict[int, Holding]
    """By contract id."""
    cash: dict[str, Decimal]
    """By currency."""
    payments: tuple[Payment, ...] = ()
    """Oldest first."""


def read_books(directory: Path) -> Books:
    """The books as they are on disk at this moment.

    Raises:
        sqlite3.Error: there are none, or they cannot be read.
    """
    uri = (directory / FILE_NAME).resolve().as_uri() + "?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")  # one consistent view over all tables
        return load_books(connection)
    finally:
        connection.close()


def load_books(connection: sqlite3.Connection) -> Books:
    """The books from an open connection, whose rows are `sqlite3.Row`."""
    orders = {
        row["perm_id"]: order_from(row)
        for row in connection.execute("SELECT * FROM orders ORDER BY perm_id")
    }
    executions = tuple(
        _execution_from(row, orders[row["perm_id"]])
        for row in connection.execute("SELECT * FROM executions ORDER BY number")
    )
    commissions = {
        row["execution_id"]: Commission(
            row["execution_id"],
            Decimal(row["amount"]),
            row["currency"],
            _decimal(row["realised_pnl"]),
        )
        for row in connection.execute("SELECT * FROM commissions")
    }
    positions = {
        row["con_id"]: Holding(
            Decimal(row["quantity"]), Decimal(row["cost"]), Decimal(row["realised_pnl"])
        )
        for row in connection.execute("SELECT * FROM positions ORDER BY con_id")
    }
    cash = {
        row["currency"]: Decimal(row["amount"])
        for row in connection.execute("SELECT * FROM cash ORDER BY currency")
    }
    account = connection.execute("SELECT value FROM meta WHERE key = 'account'").fetchone()
    payments = tuple(
        _payment_from(row) for row in connection.execute("SELECT * FROM payments ORDER BY number")
    )
    return Books(
        account["value"],
        tuple(orders.values()),
        executions,
        commissions,
        positions,
        cash,
        payments,
    )


def order_from(row: sqlite3.Row) -> BrokerOrder:
    """One row of `orders` as a value."""
    request = NewOrder(
        client_id=row["client_id"],
        order_id=row["order_id"],
        order_ref=row["order_ref"],
        account=row["account"],
        con_id=row["con_id"],
        exchange=row["exchange"],
        side=Side(row["side"]),
        quantity=Decimal(row["quantity"]),
        type=OrderType(row["type"]),
        limit_price=_decimal(row["limit_price"]),
        stop_price=_decimal(row["stop_price"]),
        tif=Tif(row["tif"]),
        parent_id=row["parent_id"],
        transmit=bool(row["transmit"]),
        oca_group=row["oca_group"],
        oca_type=row["oca_type"],
        trail=_trail_from(row),
        market_to_limit=bool(row["market_to_limit"]),
        fill_or_kill=bool(row["fill_or_kill"]),
    )
    return BrokerOrder(
        request=request,
        perm_id=row["perm_id"],
        status=row["status"],
        filled=Decimal(row["filled"]),
        average_price=Decimal(row["average_price"]),
        last_fill_price=Decimal(row["last_fill_price"]),
        why_held=row["why_held"],
        placed_at=_time(row["placed_at"]),
        completed_at=_time(row["completed_at"]) if row["completed_at"] else None,
        completed_status=row["completed_status"],
        asleep=Decimal(row["asleep"]),
    )


def _trail_from(row: sqlite3.Row) -> Trail | None:
    if row["trail_anchored"] is None:
        return None
    return Trail(
        _decimal(row["trail_amount"]),
        _decimal(row["trail_percent"]),
        _decimal(row["trail_offset"]),
        bool(row["trail_anchored"]),
    )


def _execution_from(row: sqlite3.Row, order: BrokerOrder) -> Execution:
    filled, price = Decimal(row["cumulative_quantity"]), Decimal(row["price"])
    complete = filled >= order.request.quantity
    then = replace(
        order,
        status="Filled" if complete else "Submitted",
        filled=filled,
        average_price=Decimal(row["average_price"]),
        last_fill_price=price,
        why_held="",
        completed_at=_time(row["time"]) if complete else None,
        completed_status=f"Filled Size: {filled}" if complete else "",
    )
    return Execution(
        execution_id=row["execution_id"],
        order=then,
        time=_time(row["time"]),
        exchange=row["exchange"],
        quantity=Decimal(row["quantity"]),
        price=price,
        cumulative_quantity=filled,
        average_price=Decimal(row["average_price"]),
        liquidity=row["liquidity"],
    )


def _payment_from(row: sqlite3.Row) -> Payment:
    return Payment(
        number=row["number"],
        type=row["type"],
        currency=row["currency"],
        amount=Decimal(row["amount"]),
        at=_time(row["at"]),
        con_id=row["con_id"],
        ex_date=None if row["ex_date"] is None else date.fromisoformat(row["ex_date"]),
        description=row["description"],
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
