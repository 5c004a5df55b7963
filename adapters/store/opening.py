"""Opening a book: its place, its lock, its soundness, its schema, its owner."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from adapters.book import BookError
from adapters.store import chain
from adapters.store.anchor import Anchor, anchor_path, missing_since, read_anchor
from adapters.store.book import SqliteBook
from adapters.store.connection import Connection
from adapters.store.failures import book_error, damaged
from adapters.store.journal import Journal
from adapters.store.locks import StateLock, make_folder, settle
from adapters.store.migrations import CHAINED, applied, migrate
from adapters.store.tables import Identity
from adapters.store.verification import Owner
from runtime.interface import Clock

#: How much of the journal is checked at each opening: the newest so many rows. The whole of it
#: is checked by each back-up, and by `kelpie ledger verify`.
CHECKED_ROWS = 25_000

_MODE = re.compile(r"^[a-z]+$")


def book_path(state_dir: Path, mode: str, account: str) -> Path:
    """Where the book of a mode and an account lies; the account's number is not in it.

    Raises:
        ValueError: the mode is not one word of small letters.
    """
    if not _MODE.match(mode):
        raise ValueError(f"{mode!r} is no mode: write demo, observe, paper or live")
    return state_dir / f"{mode}-{_account_hash(account)[:8]}" / "ledger.db"


def open_book(
    state_dir: Path, mode: str, account: str, clock: Clock, base_currency: str = "AUD"
) -> SqliteBook:
    """Open the book of a mode and an account, which is made where there is none.

    The whole file is checked for damage first, then that its journal is the one that was written
    and reaches its anchor; then its schema is brought up to date. The clock gives the times of
    the schema's steps and of the making, nothing else. Rates are of the base currency.

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
        _check_journal(connection)
        migrate(connection, clock.now())
        journal = Journal(connection)
        _own(connection, journal, mode, account, clock)
        anchor = _anchored(connection)
    except BaseException:
        connection.close()
        lock.release()
        raise
    return SqliteBook(connection, lock, journal, anchor, base_currency)


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


def _check_journal(connection: Connection) -> None:
    """Walk the newest of the chain, and hold its head against the anchor."""
    if applied(connection) < CHAINED:
        return
    link = connection.link
    with connection.coded:
        first = max(0, chain.head(link).seq - CHECKED_ROWS)
        start = chain.mark_at(link, first)
        try:
            if start is None:
                raise chain.ChainBroken(first, f"entry {first} of the journal is missing")
            chain.check(link, start)
        except chain.ChainBroken as broken:
            raise damaged(connection.path, str(broken)) from broken
        anchored = read_anchor(anchor_path(connection.path))
        if anchored is not None and (finding := missing_since(anchored, link)):
            raise damaged(connection.path, finding)


def _anchored(connection: Connection) -> Anchor:
    try:
        anchor = Anchor(anchor_path(connection.path))
    except OSError as failure:
        raise book_error(failure, connection.path) from failure
    with connection.coded:
        anchor.keep(chain.head(connection.link))
    return anchor


def _own(connection: Connection, journal: Journal, mode: str, account: str, clock: Clock) -> None:
    """Write whose book it is, the first time; afterwards hold the caller to it."""
    database = connection.database
    with connection.coded:
        owner = Identity.select().execute(database)
        known = next(iter(owner), None)
    if known is None:
        now = clock.now()
        whose = {
            "mode": mode,
            "account_hash": _account_hash(account),
            "account_masked": _masked(account),
        }
        with connection.write(), connection.coded:
            Identity.insert(id=1, created=now, **whose).execute(database)
            journal.append(now, "identity", "book", whose)
    else:
        owner = Owner(known.mode, known.account_hash, known.account_masked)
        refuse_other_owner(connection.path, owner, mode, account)


def refuse_other_owner(path: Path, owner: Owner, mode: str, account: str) -> None:
    """Hold whoever wants a book to the mode and the account that it belongs to.

    Raises:
        BookError: `WRONG_BOOK`, with both named.
    """
    if (owner.mode, owner.account_hash) != (mode, _account_hash(account)):
        raise BookError(
            "WRONG_BOOK",
            f"The book {path} belongs to mode {owner.mode}, account {owner.account_masked}, for "
            f"ever; it was opened for mode {mode}, account {_masked(account)}. Set MODE and "
            "IB_ACCOUNT_ID as they were, or give this account a STATE_DIR of its own.",
        )


def _account_hash(account: str) -> str:
    return hashlib.sha256(account.encode()).hexdigest()


def _masked(account: str) -> str:
    """For people to tell accounts apart by: `DU*****67`."""
    if len(account) < 6:
        return "*" * len(account)
    return f"{account[:2]}{'*' * (len(account) - 4)}{account[-2:]}"
