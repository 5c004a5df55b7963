"""Both sides of the truth, as they lie on disk: the broker's own files, and Kelpie's book.

Both are read while their processes write or after these were killed; nothing is changed.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import orjson

from simulators.books import read_books
from simulators.tws.program import WIRE_LOG_NAME
from simulators.tws.wire_history import read_wire_log

_TAIL_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Trade:
    """One execution."""

    order_ref: str
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """What one execution cost."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """One order in the broker's file. `transmitted`: it was ever sent to the market."""

    order_ref: str
    con_id: int
    status: str
    filled: Decimal
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    transmitted: bool = True


@dataclass(frozen=True, slots=True)
class BrokerRecord:
    """The broker's file, and the gateway's record of the wire."""

    orders: tuple[BrokerOrder, ...]
    trades: Mapping[str, Trade]
    """By execution id."""
    costs: Mapping[str, Cost]
    """By execution id."""
    positions: Mapping[int, Decimal]
    """By contract id."""
    placed: Mapping[str, int]
    """How many orders, changes left out, came over the wire under each `orderRef`."""


@dataclass(frozen=True, slots=True)
class LedgerOrder:
    """One order in Kelpie's book."""

    symbol: str
    side: str
    state: str
    filled: Decimal
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    pending_change: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """Kelpie's book."""

    orders: Mapping[str, LedgerOrder]
    """By client order id."""
    trades: Mapping[str, Trade]
    """By execution id."""
    costs: Mapping[str, Cost]
    """By execution id."""
    positions: Mapping[str, Decimal]
    """By symbol."""


NOTHING = LedgerRecord({}, {}, {}, {})
"""The book of a process that was killed before it had made one."""


def read_broker(folder: Path) -> BrokerRecord:
    """What the broker has on file at this moment.

    Raises:
        sqlite3.Error: there is no such file, or it cannot be read.
    """
    books = read_books(folder)
    wire = read_wire_log(folder / WIRE_LOG_NAME)
    return BrokerRecord(
        orders=tuple(
            BrokerOrder(
                order.request.order_ref,
                order.request.con_id,
                order.status,
                order.filled,
                order.request.quantity,
                order.request.limit_price,
                order.request.stop_price,
                order.request.transmit,
            )
            for order in books.orders
        ),
        trades={
            each.execution_id: Trade(each.order.request.order_ref, each.quantity, each.price)
            for each in books.executions
        },
        costs={id: Cost(each.amount, each.currency) for id, each in books.commissions.items()},
        positions={con_id: holding.quantity for con_id, holding in books.positions.items()},
        placed=Counter(wire.orders_per_ref()),
    )


def wire_is_quiet(folder: Path) -> bool:
    """The gateway has noted the end of the last connection, and so read all of its bytes."""
    path = folder / WIRE_LOG_NAME
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        lines = file.read().split(b"\n")
    for line in reversed(lines):
        if b'"event":"' in line:
            note = orjson.loads(line)
            if note["event"] in ("accepted", "connected", "disconnected", "started"):
                return note["event"] in ("disconnected", "started")
    return False


def read_ledger(path: Path) -> LedgerRecord:
    """What the book has at this moment; `NOTHING` where there is none, or none with orders yet.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    if not path.exists() or not path.stat().st_size:
        return NOTHING
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")  # one consistent view over all tables
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'fills'").fetchall():
            return NOTHING
        return _ledger_from(connection)
    finally:
        connection.close()


def _ledger_from(connection: sqlite3.Connection) -> LedgerRecord:
    orders = {
        row["client_order_id"]: LedgerOrder(
            symbol=row["symbol"],
            side=row["side"],
            state=row["state"],
            filled=Decimal(row["filled"]),
            quantity=Decimal(row["quantity"]),
            limit_price=_decimal(row["limit_price"]),
            stop_price=_decimal(row["stop_price"]),
            pending_change=row["pending_change"],
        )
        for row in connection.execute("SELECT * FROM orders")
    }
    trades = {
        id: Trade(name, Decimal(quantity), Decimal(price))
        for id, name, quantity, price in connection.execute(
            "SELECT execution_id, client_order_id, quantity, price FROM fills"
        )
    }
    costs = {
        id: Cost(Decimal(amount), currency)
        for id, amount, currency in connection.execute(
            "SELECT execution_id, amount, currency FROM commissions"
        )
    }
    positions = {
        symbol: Decimal(quantity)
        for symbol, quantity in connection.execute("SELECT symbol, quantity FROM positions")
    }
    return LedgerRecord(orders, trades, costs, positions)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
