"""The ledger's speed as ratios within one run.

Durable intents against one plain row a transaction on raw sqlite3 (write-ahead log,
`synchronous=FULL`), in alternating rounds on the same disk; reads at 10^4 and 10^6 rows
against themselves. `python -m benchmarks.ledger --help` says how to run it.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

from adapters.store import SqliteBook, open_book
from adapters.store.columns import micros
from domain.orders import Order, OrderRequest, OrderState, OrderType, Side
from domain.symbols import Symbol
from domain.venue import CommissionReport, ExecutionReport

START = datetime(2026, 1, 5, tzinfo=UTC)
SYMBOLS = tuple(Symbol(f"S{number:02}", "AUD") for number in range(20))
_GROUP = 100

# Purchases of one share at 45, in turn over the symbols: what 10^6 bookings would have left.
_BULK_FILLS = f"""
WITH RECURSIVE n (i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :last)
INSERT INTO fills (execution_key, revision, execution_id, client_order_id, venue_order_id, venue,
symbol, side, quantity, price, time_us, exchange, liquidity, after_quantity, after_cost,
after_realised, after_opened_us)
SELECT printf('E%09d', i), 1, printf('E%09d.01', i), 'B-' || (i % {len(SYMBOLS)}), '9001', 'ib',
printf('S%02d/AUD', i % {len(SYMBOLS)}), 'BUY', '1', '45', :start + i * 1000000, 'ASX', 'added',
CAST(i / {len(SYMBOLS)} + 1 AS TEXT), CAST((i / {len(SYMBOLS)} + 1) * 45 AS TEXT), '0', :start
FROM n
"""
_BULK_COMMISSIONS = """
INSERT INTO commissions (venue, execution_key, revision, execution_id, amount, currency,
booked_us)
SELECT venue, execution_key, 1, execution_id, '0.10', 'AUD', time_us
FROM fills WHERE execution_key >= printf('E%09d', :first) AND execution_key < 'F'
"""
# What the newest fill of each symbol left: what comes by the front door moves on from there.
_BULK_POSITIONS = """
INSERT OR REPLACE INTO positions (venue, symbol, quantity, cost, realised_pnl, opened_us)
SELECT venue, symbol, after_quantity, after_cost, after_realised, after_opened_us
FROM (
SELECT *, row_number() OVER (
PARTITION BY venue, symbol ORDER BY time_us DESC, execution_key DESC) AS place FROM fills)
WHERE place = 1
"""
_RAW_TABLE = """
CREATE TABLE intents (id INTEGER PRIMARY KEY, client_order_id TEXT UNIQUE, symbol TEXT, side TEXT,
quantity TEXT, type TEXT, limit_price TEXT, tif TEXT, state TEXT, created_us INTEGER)
"""
_RAW_ROW = """
INSERT INTO intents (client_order_id, symbol, side, quantity, type, limit_price, tif, state,
created_us) VALUES (?, 'S00/AUD', 'BUY', '100', 'LIMIT', '45.10', 'DAY', 'INTENDED', ?)
"""


class StandingClock:
    """It shows the start, always."""

    def now(self) -> datetime:
        return START

    def monotonic(self) -> float:
        return 0.0


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table: a ratio (or milliseconds), what it is to reach, and the figures."""

    name: str
    value: float
    target: str
    reached: bool
    detail: str
    samples: dict[str, list[float]]
    """Seconds, by contender or by size."""

    @property
    def unit(self) -> str:
        """What the value is counted in."""
        return "ms" if self.name.endswith(", ms") else "ratio"


def main(argv: Sequence[str]) -> int:
    """Print the table, or with `--json` the figures; 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="ledger", description=__doc__)
    parser.add_argument("--intents", type=int, default=2000, help="of each kind, in rounds of 200")
    parser.add_argument("--rows", type=int, default=1_000_000, help="fills of the large book")
    parser.add_argument("--folder", type=Path, help="on a real disk, for the books")
    parser.add_argument("--json", action="store_true", help="print figures alone")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measures = measure(Path(folder), options.intents, options.rows)
    if options.json:
        print(json.dumps([asdict(one) for one in measures], indent=2))
    else:
        for one in measures:
            verdict = "reached" if one.reached else "MISSED"
            print(f"{one.name:<34} {one.value:8.2f}  {one.target:<10} {verdict:<8} {one.detail}")
    return 0 if all(one.reached for one in measures) else 1


def measure(folder: Path, intents: int, rows: int) -> list[Measure]:
    """Write and read books in that folder; `intents` of each kind, `rows` fills in the large."""
    return [
        *_writes(folder, max(1, intents // 200)),
        *_reads(folder, min(10_000, rows), rows),
    ]


def _writes(folder: Path, rounds: int) -> list[Measure]:
    raw: list[float] = []
    single: list[float] = []
    grouped: list[float] = []
    with _book(folder / "writes") as book, _raw(folder / "raw.db") as plain:
        for turn in range(rounds):
            raw += _each(200, f"R{turn}", partial(_raw_row, plain))
            single += _each(200, f"S{turn}", partial(intent, book))
            grouped += _each(2, f"G{turn}", partial(_group, book))
        assert len(book.open_orders()) == rounds * (200 + 2 * _GROUP)
    base = 1 / statistics.fmean(raw)
    one, many = 1 / statistics.fmean(single), _GROUP / statistics.fmean(grouped)
    detail = f"{one:,.0f}/s of {base:,.0f}/s; p50 {_p(single, 50)} of {_p(raw, 50)}"
    writes = {"raw": raw, "single": single}
    return [
        Measure("durable intents, single", one / base, ">= 0.5", one >= base * 0.5, detail, writes),
        Measure(
            f"durable intents, group of {_GROUP}",
            many / base,
            ">= 5",
            many >= base * 5,
            f"{many:,.0f}/s of {base:,.0f}/s",
            {"group": grouped},
        ),
    ]


def _reads(folder: Path, small: int, large: int) -> list[Measure]:
    reads: dict[str, Callable[[SqliteBook], object]] = {
        "last positions": lambda book: book.positions(),
        "last 100 fills of a symbol": lambda book: book.fills(symbol=SYMBOLS[7], limit=100),
    }
    samples: dict[str, dict[str, list[float]]] = {name: {} for name in reads}
    with _book(folder / "reads") as book:
        for symbol_number, symbol in enumerate(SYMBOLS):
            book.record_intent(order(f"B-{symbol_number}", symbol), "bench")
        done = 0
        for size in (small, large):
            _grow(book, done, size)
            done = size
            for name, read in reads.items():
                samples[name][f"{size:,} rows"] = _each(300, name, _on(read, book))
    measures = []
    for name, taken in samples.items():
        sizes = [statistics.median(seconds) for seconds in taken.values()]
        few, many = sizes[0], sizes[-1]
        detail = f"{few * 1e3:.3f} ms at {small:,}, {many * 1e3:.3f} ms at {large:,}"
        flat, fast = many <= few * 1.5, many < 0.002
        measures += [
            Measure(f"{name}, ratio", many / few, "<= 1.5", flat, detail, taken),
            Measure(f"{name}, ms", many * 1e3, "< 2", fast, detail, taken),
        ]
    return measures


def _on(read: Callable[[SqliteBook], object], book: SqliteBook) -> Callable[[str], object]:
    return lambda _: read(book)


def _grow(book: SqliteBook, first: int, last: int) -> None:
    """Add fills in bulk, then one to each symbol by the front door, which sets its position."""
    values = {"first": first, "last": last, "start": micros(START)}
    if last > first:
        with book.connection.write():
            # Named parameters are for a mapping; the tree's own statements take positions.
            link: sqlite3.Connection = book.connection.database.connection()  # type: ignore[no-untyped-call]
            link.execute(_BULK_FILLS, values)
            link.execute(_BULK_COMMISSIONS, {"first": first})
            link.execute(_BULK_POSITIONS)
    for number, symbol in enumerate(SYMBOLS):
        book.book_fill("ib", trade(f"F{last}-{number}", number, symbol, last), START)
        book.book_commission("ib", cost(f"F{last}-{number}"), START)


def _each(count: int, prefix: str, call: Callable[[str], object]) -> list[float]:
    """Seconds of each of `count` calls, each with a name of its own."""
    taken = []
    for number in range(count):
        name = f"{prefix}-{number}"
        begun = time.perf_counter()
        call(name)
        taken.append(time.perf_counter() - begun)
    return taken


def _p(seconds: list[float], percent: int) -> str:
    return f"{statistics.quantiles(seconds, n=100)[percent - 1] * 1e6:.0f} us"


@contextmanager
def _book(folder: Path) -> Iterator[SqliteBook]:
    book = open_book(folder, "demo", "DU0000000", StandingClock())
    try:
        yield book
    finally:
        book.close()


@contextmanager
def _raw(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = full")
        connection.execute(_RAW_TABLE)
        yield connection
    finally:
        connection.close()


def _raw_row(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_RAW_ROW, (name, micros(START)))
    connection.execute("COMMIT")


def intent(book: SqliteBook, name: str) -> None:
    """Write one durable intent."""
    book.record_intent(order(name, SYMBOLS[0]), "bench")


def _group(book: SqliteBook, name: str) -> None:
    with book.group():
        for number in range(_GROUP):
            intent(book, f"{name}-{number}")


def order(name: str, symbol: Symbol) -> Order:
    """An order that nobody has sent."""
    request = OrderRequest(
        name, symbol, Side.BUY, Decimal(100), OrderType.LIMIT, limit_price=Decimal("45.10")
    )
    return Order(request, "ib", OrderState.INTENDED, START)


def trade(key: str, number: int, symbol: Symbol, second: int) -> ExecutionReport:
    """One share of the order `B-<number>`, so many seconds after the start."""
    return ExecutionReport(
        execution_id=f"{key}.01",
        execution_key=key,
        revision=1,
        client_order_id=f"B-{number}",
        venue_order_id="9001",
        symbol=symbol,
        side=Side.BUY,
        quantity=Decimal(1),
        price=Decimal(45),
        time=START + timedelta(seconds=second),
        exchange="ASX",
        liquidity="added",
        account="DU0000000",
    )


def cost(key: str) -> CommissionReport:
    """What that cost."""
    return CommissionReport(f"{key}.01", key, 1, Decimal("0.10"), "AUD", None)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
