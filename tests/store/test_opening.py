"""Whose book it is, who holds it, how old it is: each refusal with its code and its advice."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.book import BookError
from adapters.store import StateLock, book_path, lock_state_dir, open_book
from adapters.store.connection import Connection
from adapters.store.migrations import MIGRATIONS, Migration, applied, migrate
from adapters.store.tables import TABLES
from tests.store.material import ACCOUNT, NOON, StandingClock, intent

ROOT = Path(__file__).parents[2]
NEWEST = MIGRATIONS[-1].number
_SQL_TYPES = {"AUTO": "INTEGER", "INT": "INTEGER"}

HOLD_STATE = """
import sys
from pathlib import Path
from adapters.store import lock_state_dir
lock = lock_state_dir(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""

HOLD_BOOK = """
import sys
from pathlib import Path
from adapters.store import open_book
from tests.store.material import ACCOUNT, StandingClock
book = open_book(Path(sys.argv[1]), "demo", ACCOUNT, StandingClock())
print("held", flush=True)
sys.stdin.read()
"""

DIE_MIGRATING = """
import os, signal, sys
from pathlib import Path
from adapters.store.connection import Connection
from adapters.store.migrations import MIGRATIONS, Migration, migrate
from tests.store.material import NOON
step = Migration(MIGRATIONS[-1].number + 1, "broken_off", ("CREATE TABLE half (x)", "SELECT die()"))
connection = Connection(Path(sys.argv[1]))
link = connection.database.connection()
link.create_function("die", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
migrate(connection, NOON, (*MIGRATIONS, step))
"""


@contextmanager
def holding(program: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has what the program takes."""
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
    finally:
        child.kill()
        child.communicate(timeout=30)


def refusal(folder: Path, mode: str = "demo", account: str = ACCOUNT) -> BookError:
    with pytest.raises(BookError) as caught:
        open_book(folder, mode, account, StandingClock())
    return caught.value


def test_a_second_process_on_the_state_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with holding(HOLD_STATE, folder) as child:
        with pytest.raises(BookError) as caught:
            lock_state_dir(folder)
        assert caught.value.code == "LOCKED"
        assert f"Process {child.pid} has had the state folder {folder} since 2" in str(caught.value)
        assert "STATE_DIR" in str(caught.value)
    lock = lock_state_dir(folder)  # the kernel let it go with its holder
    assert (folder / "lock").read_text() == f"{os.getpid()}\n"
    lock.release()
    lock.release()
    lock_state_dir(folder).release()


def test_a_second_process_on_the_book_is_refused(tmp_path: Path) -> None:
    with holding(HOLD_BOOK, tmp_path) as child:
        error = refusal(tmp_path)
        assert error.code == "LOCKED"
        assert str(child.pid) in str(error)
    open_book(tmp_path, "demo", ACCOUNT, StandingClock()).close()


def test_the_account_is_in_no_path_and_not_in_the_file(tmp_path: Path) -> None:
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    book.record_intent(intent(), "c")
    book.close()
    path = book_path(tmp_path, "demo", ACCOUNT)
    assert path.is_file()
    for file in tmp_path.rglob("*"):
        assert ACCOUNT not in str(file.relative_to(tmp_path))
        assert file.is_dir() or ACCOUNT.encode() not in file.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_modes_and_accounts_have_books_of_their_own(tmp_path: Path) -> None:
    places = {
        book_path(tmp_path, mode, account)
        for mode in ("demo", "paper")
        for account in (ACCOUNT, "DU7654321")
    }
    assert len(places) == 4
    with pytest.raises(ValueError, match="no mode"):
        book_path(tmp_path, "../live", ACCOUNT)


@pytest.mark.parametrize(("mode", "account"), [("paper", ACCOUNT), ("demo", "DU7654399")])
def test_a_book_of_another_is_refused_with_both_named(
    tmp_path: Path, mode: str, account: str
) -> None:
    open_book(tmp_path, "demo", ACCOUNT, StandingClock()).close()
    other = book_path(tmp_path, mode, account)
    other.parent.mkdir()
    book_path(tmp_path, "demo", ACCOUNT).rename(other)
    error = refusal(tmp_path, mode, account)
    assert error.code == "WRONG_BOOK"
    assert "belongs to mode demo, account DU*****67" in str(error)
    assert f"opened for mode {mode}, account DU*****{account[-2:]}" in str(error)


def test_a_newer_book_is_refused(tmp_path: Path) -> None:
    open_book(tmp_path, "demo", ACCOUNT, StandingClock()).close()
    connection = Connection(book_path(tmp_path, "demo", ACCOUNT))
    newer = Migration(NEWEST + 1, "newer", ("CREATE TABLE newer (x)",))
    migrate(connection, NOON, (*MIGRATIONS, newer))
    connection.close()
    error = refusal(tmp_path)
    assert error.code == "TOO_NEW"
    assert f"schema {NEWEST + 1}" in str(error)
    assert refusal(tmp_path).code == "TOO_NEW"  # the lock went with the refusal


def test_the_schema_is_written_down_once(tmp_path: Path) -> None:
    open_book(tmp_path, "demo", ACCOUNT, StandingClock()).close()
    later = StandingClock(NOON + timedelta(days=1))
    book = open_book(tmp_path, "demo", ACCOUNT, later)
    rows = book.connection.rows("SELECT number, name, applied_us FROM schema_history")
    book.close()
    assert rows == [(step.number, step.name, 1795395600000000) for step in MIGRATIONS]


def test_killed_in_a_migration_the_book_is_as_it_was(tmp_path: Path) -> None:
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    book.record_intent(intent(), "c")
    book.close()
    path = book_path(tmp_path, "demo", ACCOUNT)
    killed = subprocess.run(
        [sys.executable, "-c", DIE_MIGRATING, str(path)], cwd=ROOT, timeout=30, check=False
    )
    assert killed.returncode == -9
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    assert applied(book.connection) == NEWEST
    assert not book.connection.rows("SELECT 1 FROM sqlite_master WHERE name = 'half'")
    assert book.order("K-1") == intent()
    book.close()


def test_killed_at_the_first_start_the_book_is_made_anew(tmp_path: Path) -> None:
    path = book_path(tmp_path, "demo", ACCOUNT)
    path.parent.mkdir()
    killed = subprocess.run(
        [sys.executable, "-c", DIE_MIGRATING, str(path)], cwd=ROOT, timeout=30, check=False
    )
    assert killed.returncode == -9
    open_book(tmp_path, "demo", ACCOUNT, StandingClock()).close()


def test_the_models_have_the_columns_of_their_tables(tmp_path: Path) -> None:
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    for model in TABLES:
        meta = model._meta
        columns = book.connection.rows(f"PRAGMA table_info({meta.table_name})")
        assert {row[1]: row[2] for row in columns} == {
            field.column_name: "INTEGER"
            if field.field_type in ("AUTO", "INT")
            else field.field_type
            for field in meta.sorted_fields
        }
    book.close()


def test_a_damaged_page_is_refused(tmp_path: Path) -> None:
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    with book.group():
        for number in range(500):
            book.record_intent(intent(f"K-{number}"), "c")
    (root,) = book.connection.rows("SELECT rootpage FROM sqlite_master WHERE name = 'orders'")[0]
    (size,) = book.connection.rows("PRAGMA page_size")[0]
    book.close()
    path = book_path(tmp_path, "demo", ACCOUNT)
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)
    before = path.read_bytes()
    error = refusal(tmp_path)
    assert error.code == "DAMAGED"
    assert "backup" in str(error)
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = book_path(tmp_path, "demo", ACCOUNT)
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)
    assert refusal(tmp_path).code == "DAMAGED"


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = book_path(tmp_path, "demo", ACCOUNT)
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (x)")
    other.commit()
    other.close()
    error = refusal(tmp_path)
    assert error.code == "DAMAGED"
    assert "no book of Kelpie's" in str(error)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    blocked = tmp_path / "state"
    blocked.write_text("a file stands here")
    with pytest.raises(BookError) as caught:
        lock_state_dir(blocked)
    assert caught.value.code == "DISK_FAILED"
    assert refusal(blocked).code == "DISK_FAILED"


def test_a_lock_holds_though_a_full_disk_does_not_take_its_signature() -> None:
    lock = StateLock(Path("/dev/full"), "a full disk")
    other = os.open("/dev/full", os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    lock.release()
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)


def test_a_transaction_whose_file_is_closed_does_not_open_it_again(tmp_path: Path) -> None:
    connection = Connection(tmp_path / "any.db")
    with pytest.raises(ValueError, match="what went wrong"), connection.group():
        connection.execute("CREATE TABLE lost (x)")
        connection.close()
        raise ValueError("what went wrong")
    assert connection.database.is_closed()
    again = Connection(tmp_path / "any.db")
    assert again.rows("SELECT name FROM sqlite_master") == []
    again.close()
