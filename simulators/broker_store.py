"""Writes the broker's books: SQLite, durable before it returns, one process at a time."""

from __future__ import annotations

import fcntl
import sqlite3
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from simulators.account import Holding
from simulators.books import FILE_NAME, SCHEMA, UPGRADES, VERSION, Books, load_books
from simulators.market import Market
from simulators.model import BrokerOrder, Commission, Execution, Payment


class BrokerStoreError(RuntimeError):
    """The books cannot be opened; the sentence says why and what to do."""


class BrokerStore:
    """One folder's books. What is put is gathered, and written in one transaction by `commit`."""

    def __init__(self, directory: Path, account: str, cash: dict[str, Decimal], opened: datetime):
        self._file = directory / FILE_NAME
        self._writes: list[tuple[str, tuple[Any, ...]]] = []
        self._lock = _locked(directory)
        try:
            # One thread at a time uses it, though not always the one that opened it.
            self._connection = sqlite3.connect(
                self._file, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            self._lock.close()
            raise _unreadable(self._file, error) from error
        self._connection.row_factory = sqlite3.Row
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._prepare(account, cash, opened)
        except sqlite3.Error as error:
            self.close()
            raise _unreadable(self._file, error) from error
        except BrokerStoreError:
            self.close()
            raise

    @property
    def pending(self) -> bool:
        """Something was put that is not written yet."""
        return bool(self._writes)

    def books(self) -> Books:
        """Everything, as it is on disk.

        Raises:
            BrokerStoreError: a table holds what makes no sense.
        """
        try:
            return load_books(self._connection)
        except (sqlite3.Error, ArithmeticError, LookupError, ValueError) as error:
            raise _unreadable(self._file, error) from error

    def meta(self, key: str) -> str | None:
        """A counter or a mark."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else row["value"]

    def clients(self) -> dict[int, int]:
        """The highest order id of each client."""
        rows = self._connection.execute("SELECT * FROM clients")
        return {row["client_id"]: row["highest_order_id"] for row in rows}

    def working_state(self) -> dict[int, tuple[bool, datetime]]:
        """Of each open order: whether its stop was triggered, and the session it belongs to."""
        rows = self._connection.execute("SELECT * FROM orders WHERE completed_at IS NULL")
        return {
            row["perm_id"]: (
                bool(row["triggered"]),
                datetime.fromisoformat(row["session_opens"]),
            )
            for row in rows
        }

    def restore_market(self, con_id: int, market: Market) -> None:
        """Give a market the figures with which it stopped."""
        query = "SELECT * FROM markets WHERE con_id = ?"
        row = self._connection.execute(query, (con_id,)).fetchone()
        if row is not None:
            for name in ("last", "open", "high", "low", "previous_close"):
                price = row[name]
                units = None if price is None else market.steps.to_units(Decimal(price))
                setattr(market.tape, name, units)
            market.tape.last_size, market.tape.volume = row["last_size"], row["volume"]
        jumps = "SELECT * FROM jumps WHERE con_id = ? ORDER BY since"
        for row in self._connection.execute(jumps, (con_id,)):
            market.path.jumps.append((row["since"], row["factor"]))

    def put_meta(self, key: str, value: str) -> None:
        """Set a counter or a mark."""
        self._put("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)

    def put_client(self, client_id: int, highest_order_id: int) -> None:
        """Remember the highest order id that a client used."""
        self._put("INSERT OR REPLACE INTO clients VALUES (?, ?)", client_id, highest_order_id)

    def put_order(self, order: BrokerOrder, triggered: bool, session_opens: datetime) -> None:
        """A new order, or the new state of one."""
        asked, trail = order.request, order.request.trail
        self._put(
            f"INSERT OR REPLACE INTO orders VALUES ({','.join('?' * 34)})",
            order.perm_id, asked.client_id, asked.order_id, asked.order_ref, asked.account,
            asked.con_id, asked.exchange, asked.side.value, str(asked.quantity), asked.type.value,
            _text(asked.limit_price), _text(asked.stop_price), asked.tif.value, order.status,
            str(order.filled), str(order.average_price), str(order.last_fill_price),
            order.why_held, order.placed_at.isoformat(),
            order.completed_at.isoformat() if order.completed_at else None,
            order.completed_status, int(triggered), session_opens.isoformat(), asked.parent_id,
            int(asked.transmit), asked.oca_group, asked.oca_type, str(order.asleep),
            *((None,) * 4 if trail is None else (
                _text(trail.amount), _text(trail.percent), _text(trail.limit_offset),
                int(trail.anchored),
            )),
            int(asked.market_to_limit), int(asked.fill_or_kill),
        )  # fmt: skip

    def put_execution(self, execution: Execution) -> None:
        """A trade."""
        self._put(
            f"INSERT INTO executions VALUES (NULL,{','.join('?' * 9)})",
            execution.execution_id, execution.order.perm_id, execution.time.isoformat(),
            execution.exchange, str(execution.quantity), str(execution.price),
            str(execution.cumulative_quantity), str(execution.average_price), execution.liquidity,
        )  # fmt: skip

    def put_commission(self, commission: Commission) -> None:
        """What a trade cost."""
        self._put(
            "INSERT OR REPLACE INTO commissions VALUES (?, ?, ?, ?)",
            commission.execution_id,
            str(commission.amount),
            commission.currency,
            _text(commission.realised_pnl),
        )

    def put_cash(self, cash: dict[str, Decimal]) -> None:
        """Cash in every currency."""
        for currency, amount in cash.items():
            self._put("INSERT OR REPLACE INTO cash VALUES (?, ?)", currency, str(amount))

    def put_position(self, con_id: int, holding: Holding) -> None:
        """What is held of one instrument."""
        self._put(
            "INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)",
            con_id,
            str(holding.quantity),
            str(holding.cost),
            str(holding.realised_pnl),
        )

    def put_payment(self, payment: Payment) -> None:
        """Cash that came or went beside trades; its number is given by the books."""
        self._put(
            f"INSERT INTO payments VALUES (NULL,{','.join('?' * 7)})",
            payment.type, payment.currency, str(payment.amount), payment.at.isoformat(),
            payment.con_id, payment.ex_date and payment.ex_date.isoformat(), payment.description,
        )  # fmt: skip

    def put_markets(self, markets: dict[int, Market], now: datetime) -> None:
        """Where all markets stand, to go on from there."""
        for con_id, market in markets.items():
            top, tape = market.top(now), market.tape
            self._put(
                "INSERT OR REPLACE INTO markets VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                con_id,
                None if tape.last is None else str(market.steps.to_price(tape.last)),
                tape.last_size,
                tape.volume,
                *(_text(price) for price in (top.open, top.high, top.low, top.previous_close)),
            )
            self._put("DELETE FROM jumps WHERE con_id = ?", con_id)
            for since, factor in market.path.jumps:
                self._put("INSERT INTO jumps VALUES (?, ?, ?)", con_id, since, factor)

    def commit(self) -> None:
        """Write what was put, all or nothing; on disk when this returns."""
        if not self._writes:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for statement, values in self._writes:
                self._connection.execute(statement, values)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._writes.clear()

    def close(self) -> None:
        """Close the file and let another process have it."""
        self._connection.close()
        self._lock.close()

    def _put(self, statement: str, *values: Any) -> None:
        self._writes.append((statement, values))

    def _prepare(self, account: str, cash: dict[str, Decimal], opened: datetime) -> None:
        tables = self._connection.execute("SELECT name FROM sqlite_master").fetchall()
        if not tables:
            for statement in SCHEMA.strip().split(";\n"):
                self._put(statement)
            self._begin(account, cash, opened)
        health = self._connection.execute("PRAGMA quick_check").fetchone()[0]
        if health != "ok":
            raise sqlite3.DatabaseError(health)
        version = self.meta("version")
        while version in UPGRADES:
            for statement in UPGRADES[version].strip().split(";\n"):
                self._put(statement)
            version = str(int(version) + 1)
            self.put_meta("version", version)
            self.commit()
        if version != VERSION:
            raise BrokerStoreError(
                f"The broker's books in {self._file} are of version {version}; this program reads "
                f"version {VERSION}. Start with --fresh to forget them."
            )

    def _begin(self, account: str, cash: dict[str, Decimal], opened: datetime) -> None:
        self.put_meta("version", VERSION)
        self.put_meta("account", account)
        self.put_meta("opened", opened.isoformat())
        self.put_cash(cash)
        for currency, amount in cash.items():
            self.put_payment(
                Payment(
                    0, "Deposits/Withdrawals", currency, amount, opened, None, None, "Opening cash"
                )
            )
        self.commit()


def forget(directory: Path) -> tuple[int, int]:
    """Remove the books of a folder; returns the last permanent id and execution number given.

    Both go on from there, so that an id stays unique in the life of the account.

    Raises:
        BrokerStoreError: another process has them open.
    """
    file = directory / FILE_NAME
    if not file.exists():
        return 0, 0
    lock = _locked(directory)
    try:
        last = (0, 0)
        connection = sqlite3.connect(file)
        try:
            rows = dict(connection.execute("SELECT key, value FROM meta").fetchall())
            last = int(rows.get("last_perm_id", 0)), int(rows.get("last_execution", 0))
        except sqlite3.DatabaseError:
            pass  # they were to be forgotten anyway
        finally:
            connection.close()
        for suffix in ("-wal", "-shm", ""):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        return last
    finally:
        lock.close()


def _locked(directory: Path) -> IO[str]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "broker.lock").open("w")
    except OSError as error:
        raise BrokerStoreError(
            f"The folder {directory} cannot be used for the broker's books ({error}). "
            "Name one that can be written to."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise BrokerStoreError(
            f"Another process has the broker's books in {directory} open. "
            "Stop that one first, or use another folder."
        ) from error
    return lock


def _unreadable(file: Path, error: Exception) -> BrokerStoreError:
    return BrokerStoreError(
        f"The broker's books in {file} cannot be read ({error!r}). "
        "Put a good copy there, or start with --fresh to forget them."
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
