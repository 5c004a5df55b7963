"""Opening a book: its place, its lock, its soundness, its schema, its owner."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from adapters.book import BookError
from adapters.store.book import SqliteBook
from adapters.store.connection import Connection
from adapters.store.failures import book_error, damaged
from adapters.store.locks import StateLock, make_folder, settle
from adapters.store.migrations import migrate
from adapters.store.tables import Identity
from runtime.interface import Clock

_MODE = re.compile(r"^[a-z]+$")


def book_path(state_dir: Path, mode: str, account: str) -> Path:
    """Where the book of a mode and an account lies; the account's number is not in it.

    Raises:
        ValueError: the mode is not one word of small letters.
    """
    if not _MODE.match(mode):
        raise ValueError(f"{mode!r} is no mode: write demo, observe, paper or live")
    return state_dir / f"{mode}-{_account_hash(account)[:8]}" / "ledger.db"


def open_book(state_dir: Path, mode: str, account: str, clock: Clock) -> SqliteBook:
    """Open the book of a mode and an account, which is made where there is none.

    The whole file is checked for damage first, and its schema is brought up to date. The clock
    gives the times of the schema's steps and of the making, nothing else.

    Raises:
        BookError: `LOCKED`, `WRONG_BOOK`, `DAMAGED`, `TOO_NEW`, `DISK_FULL` or `DISK`; its
            sentence says what to do. The file is then as it was, and closed.
    """
    path = book_path(state_dir, mode, account)
    make_folder(path.parent)
    lock = StateLock(path.with_name("ledger.lock"), f"the book {path}")
    try:
        _create(path)
        connection = Connection(path)
    except BaseException:
        lock.release()
        raise
    try:
        _check(connection)
        migrate(connection, clock.now())
        _own(connection, mode, account, clock)
    except BaseException:
        connection.close()
        lock.release()
        raise
    return SqliteBook(connection, lock)


def _create(path: Path) -> None:
    """Have a file that its owner alone may read; SQLite gives its log the same rights."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        settle(path.parent)
    except OSError as failure:
        raise book_error(failure, path) from failure


def _check(connection: Connection) -> None:
    findings = connection.rows("PRAGMA quick_check(1)")
    if findings != [("ok",)]:
        raise damaged(connection.path, "; ".join(str(row[0]) for row in findings))


def _own(connection: Connection, mode: str, account: str, clock: Clock) -> None:
    """Write whose book it is, the first time; afterwards hold the caller to it."""
    database = connection.database
    with connection.coded:
        owner = Identity.select().execute(database)
        known = next(iter(owner), None)
    if known is None:
        with connection.write(), connection.coded:
            Identity.insert(
                id=1,
                mode=mode,
                account_hash=_account_hash(account),
                account_masked=_masked(account),
                created=clock.now(),
            ).execute(database)
    elif (known.mode, known.account_hash) != (mode, _account_hash(account)):
        raise BookError(
            "WRONG_BOOK",
            f"The book {connection.path} belongs to mode {known.mode}, account "
            f"{known.account_masked}, for ever; it was opened for mode {mode}, account "
            f"{_masked(account)}. Set MODE and IB_ACCOUNT_ID as they were, or give this "
            "account a STATE_DIR of its own.",
        )


def _account_hash(account: str) -> str:
    return hashlib.sha256(account.encode()).hexdigest()


def _masked(account: str) -> str:
    """For people to tell accounts apart by: `DU*****67`."""
    if len(account) < 6:
        return "*" * len(account)
    return f"{account[:2]}{'*' * (len(account) - 4)}{account[-2:]}"
