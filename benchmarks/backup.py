"""What a back-up costs those who trade meanwhile: the p99 of durable intents beside it and without.

A book of many entries is written by its own front door, so that the back-up finds it sound. Then
intents are written one by one: while nothing else happens, and while `kelpie backup` copies and
checks that book in a process of its own, in turn. Also how long such a book takes to open.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from adapters.store import SqliteBook, open_book
from benchmarks.ledger import START, SYMBOLS, StandingClock, cost, intent, order, trade
from benchmarks.processes import Failed
from benchmarks.report import Line, Result, percentile

_ROOT = Path(__file__).resolve().parents[1]
_GROUP = 250
_ENTRIES_OF_ONE = 4  # a fill and a commission, each as the venue's word and as what stands
_ROUND = 200
_OPEN_SECONDS = 0.5
_PATIENCE = 300.0


def measure(entries: int, rounds: int, folder: Path) -> Result:
    """Fill a book with about so many entries of the journal, and back it up so many times.

    Raises:
        Failed: a back-up failed.
    """
    _fill(folder, entries)
    openings = [_opened_in(folder) for _ in range(5)]
    book = _book(folder)
    idle: list[float] = []
    busy: list[float] = []
    lasted: list[float] = []
    for number in range(rounds):
        lasted.append(_beside_a_back_up(book, f"B{number}", busy))
        # As many without, so that neither sees more of the machine's moods than the other.
        while len(idle) < len(busy):
            idle += _written(book, f"I{number}-{len(idle)}")
    book.close()
    without, beside = percentile(idle, 99) * 1e6, percentile(busy, 99) * 1e6
    opening = sorted(openings)[len(openings) // 2]
    lines = (
        Line(
            "durable intent beside a back-up, p99",
            "us",
            without,
            beside,
            "<= 2x",
            beside <= 2 * without,
            f"{len(busy)} intents, a back-up of {entries:,} entries took {max(lasted):.1f} s",
        ),
        Line(
            f"opening a book of {entries:,} entries",
            "ms",
            None,
            opening * 1e3,
            f"< {_OPEN_SECONDS * 1e3:.0f}",
            opening < _OPEN_SECONDS,
        ),
    )
    samples = {"idle": idle, "beside": busy, "openings": openings, "back-ups": lasted}
    return Result("backup", lines, samples)


def _fill(folder: Path, entries: int) -> None:
    book = _book(folder)
    for number, symbol in enumerate(SYMBOLS):
        book.record_intent(order(f"B-{number}", symbol), "bench")
    for first in range(0, entries // _ENTRIES_OF_ONE, _GROUP):
        with book.group():
            for second in range(first, first + _GROUP):
                number = second % len(SYMBOLS)
                key = f"E{second:09}"
                book.book_fill("ib", trade(key, number, SYMBOLS[number], second), START)
                book.book_commission("ib", cost(key), START)
    book.close()


def _opened_in(folder: Path) -> float:
    begun = time.perf_counter()
    book = _book(folder)
    seconds = time.perf_counter() - begun
    book.close()
    return seconds


def _book(folder: Path) -> SqliteBook:
    return open_book(folder, "demo", "DU0000000", StandingClock())


def _beside_a_back_up(book: SqliteBook, prefix: str, into: list[float]) -> float:
    """Write intents for as long as a back-up lasts; gives its seconds, start included."""
    path = str(book.connection.path)
    begun = time.perf_counter()
    command = [sys.executable, str(_ROOT / "supervisor.py"), "backup", "--book", path]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        while child.poll() is None and time.perf_counter() - begun < _PATIENCE:
            into += _written(book, f"{prefix}-{len(into)}")
        said = child.communicate(timeout=10)[0]
    if child.returncode:
        raise Failed(f"the back-up failed ({child.returncode}): {said}")
    return time.perf_counter() - begun


def _written(book: SqliteBook, prefix: str) -> list[float]:
    taken = []
    write = partial(intent, book)
    for number in range(_ROUND):
        begun = time.perf_counter()
        write(f"{prefix}-{number}")
        taken.append(time.perf_counter() - begun)
    return taken
