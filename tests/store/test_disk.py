"""The disk fills up, another holds it, the process is killed: nothing acknowledged is lost."""

from __future__ import annotations

import errno
import sqlite3
import subprocess
import sys
from pathlib import Path

import peewee
import pytest

from adapters.book import BookError
from adapters.store import SqliteBook, book_path, open_book
from adapters.store.failures import book_error
from domain.orders import OrderState
from tests.store.material import ACCOUNT, NOON, StandingClock, commission, execution, intent

ROOT = Path(__file__).parents[2]

WRITE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from adapters.store import open_book
from tests.store.material import ACCOUNT, NOON, StandingClock, execution, intent
book = open_book(Path(sys.argv[1]), "demo", ACCOUNT, StandingClock())
for number in itertools.count():
    with book.group():
        book.record_intent(intent(f"K-{number}"), "c")
        book.book_fill("ib", execution(f"E-{number}", order=f"K-{number}", quantity="1"), NOON)
    print(number, flush=True)
"""


def fill_the_disk(book: SqliteBook) -> None:
    """Let the file grow no further, as on a full disk."""
    (pages,) = book.connection.rows("PRAGMA page_count")[0]
    book.connection.rows(f"PRAGMA max_page_count = {pages}")


def make_room(book: SqliteBook) -> None:
    book.connection.rows("PRAGMA max_page_count = 1000000")


def write_until_full(book: SqliteBook) -> tuple[int, BookError]:
    for number in range(100_000):
        try:
            book.record_intent(intent(f"K-{number}"), "c")
        except BookError as error:
            return number, error
    raise AssertionError("the disk never filled")


def test_a_full_disk_is_told_and_heals(book: SqliteBook) -> None:
    fill_the_disk(book)
    written, error = write_until_full(book)
    assert error.code == "DISK_FULL"
    assert "Free space" in str(error)
    assert "disk is full" in str(error)
    assert "rollback" not in str(error.__cause__)  # the first failure, not one of cleaning up
    assert error.__context__ is error.__cause__
    assert len(book.orders(limit=100_000)) == written  # reads go on
    with pytest.raises(BookError, match="disk is full"):
        book.record_intent(intent("again", quantity="1" * 9000), "c")
    make_room(book)
    book.record_intent(intent("healed"), "c")
    assert len(book.orders(limit=100_000)) == written + 1
    assert book.connection.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_group_on_a_full_disk_leaves_nothing(book: SqliteBook) -> None:
    fill_the_disk(book)
    with pytest.raises(BookError) as caught, book.group():
        for number in range(1000):
            book.record_intent(intent(f"K-{number}"), "c")
    assert caught.value.code == "DISK_FULL"
    assert book.orders() == []
    make_room(book)
    book.record_intent(intent("K-0"), "c")


def test_a_full_disk_that_was_caught_still_fails_its_group(book: SqliteBook) -> None:
    fill_the_disk(book)
    with pytest.raises(BookError) as caught, book.group():
        write_until_full(book)
        make_room(book)
        # SQLite has rolled the transaction back by itself: a write now would stand alone.
        with pytest.raises(BookError):
            book.record_setting("paused", "yes", NOON)
    assert caught.value.code == "DISK_FULL"
    assert (book.orders(), book.settings()) == ([], {})


def test_the_true_cause_is_found_down_the_chain() -> None:
    try:
        try:
            raise _sqlite(sqlite3.SQLITE_FULL, "database or disk is full")
        except sqlite3.Error:
            # As peewee does it: without a cause, the true failure in the context alone.
            raise peewee.OperationalError("cannot rollback")  # noqa: B904
    except peewee.OperationalError as failure:
        error = book_error(failure, Path("ledger.db"))
    assert error.code == "DISK_FULL"
    assert "disk is full" in str(error)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "DISK_FULL"),
        (OSError(errno.EACCES, "Permission denied"), "DISK_FAILED"),
        (peewee.OperationalError("strange"), "DISK"),
    ],
)
def test_other_failures_have_codes(failure: Exception, code: str) -> None:
    assert book_error(failure, Path("ledger.db")).code == code


def _sqlite(code: int, text: str) -> sqlite3.Error:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def test_another_writer_on_the_file_is_told_as_locked(book: SqliteBook, tmp_path: Path) -> None:
    other = sqlite3.connect(book_path(tmp_path, "demo", ACCOUNT), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BookError) as caught:
        book.record_intent(intent(), "c")
    assert caught.value.code == "LOCKED"
    other.execute("ROLLBACK")
    other.close()
    book.record_intent(intent(), "c")


def test_a_reader_does_not_hold_up_the_writer(book: SqliteBook, tmp_path: Path) -> None:
    book.record_intent(intent("K-1"), "c")
    reader = sqlite3.connect(book_path(tmp_path, "demo", ACCOUNT), isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM orders").fetchone() == (1,)
    book.record_intent(intent("K-2"), "c")
    assert reader.execute("SELECT count(*) FROM orders").fetchone() == (1,)
    reader.close()


def test_every_write_is_as_durable_as_sqlite_can_make_it(book: SqliteBook) -> None:
    settings = [
        book.connection.rows(f"PRAGMA {name}")[0][0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    ]
    assert settings == ["wal", 2, 1, 0]


def test_every_write_begins_immediate(book: SqliteBook) -> None:
    seen: list[str] = []
    link: sqlite3.Connection = book.connection.database.connection()  # type: ignore[no-untyped-call]
    link.set_trace_callback(seen.append)
    book.record_intent(intent(), "c")
    book.record_state("K-1", OrderState.SENT, NOON)
    book.book_fill("ib", execution(), NOON)
    book.book_commission("ib", commission(), NOON)
    book.record_setting("paused", "yes", NOON)
    link.set_trace_callback(None)
    begun = [statement for statement in seen if statement.startswith("BEGIN")]
    assert begun == ["BEGIN IMMEDIATE"] * 5
    assert not any("CURRENT_" in statement or "datetime(" in statement for statement in seen)


@pytest.mark.parametrize("acknowledged", [1, 57, 200])
def test_killed_at_any_moment_what_was_acknowledged_is_there(
    tmp_path: Path, acknowledged: int
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(acknowledged)]
        assert lines == [f"{number}\n" for number in range(acknowledged)]
    finally:
        child.kill()
        child.wait(timeout=30)
    # From the same reader: it may have read ahead of the lines taken so far.
    told = len(lines) + child.stdout.read().count("\n")
    child.stdout.close()
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    orders = book.orders(limit=1_000_000)
    fills = book.fills(limit=1_000_000)
    assert told <= len(orders) <= told + 1
    assert {fill.client_order_id for fill in fills} == {order.client_order_id for order in orders}
    assert [position.quantity for position in book.positions()] == [len(fills)]
    assert book.connection.rows("PRAGMA integrity_check") == [("ok",)]
    book.close()
