"""A back-up put in the place of the book, while nobody has it; the book itself is kept aside."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain as joined
from itertools import count
from pathlib import Path

from adapters.book import AuditRow, BookError
from adapters.store import chain
from adapters.store.anchor import anchor_path, set_anchor
from adapters.store.backup import copy
from adapters.store.failures import book_error
from adapters.store.locks import StateLock, lock_state_dir, make_folder, settle
from adapters.store.opening import book_path, open_book, refuse_other_owner
from adapters.store.reading import reading
from adapters.store.verification import Verified
from runtime.interface import Clock


@dataclass(frozen=True, slots=True)
class Restored:
    """What stands in the book's place now, and what was there before."""

    path: Path
    verified: Verified
    aside: Path | None
    """The book that was there; None where there was none."""
    entries_not_in_it: int | None
    """How many more entries that one had; None where it could not be read."""


def restore(backup: Path, state_dir: Path, mode: str, account: str, clock: Clock) -> Restored:
    """Put a back-up in the place of the book of a mode and an account.

    Killed at any instant it leaves the old book, or the new one, or one that is refused at the
    next start, because its anchor says more than it has; then restoring is done again. That it
    was done stands in the audit of the book.

    Raises:
        BookError: `LOCKED` while Kelpie runs, `WRONG_BOOK` for a back-up of another mode or
            account, `DAMAGED`, `TOO_NEW`, `NO_BOOK`, `DISK_FULL`, `DISK`. The book is then as
            it was.
    """
    book = book_path(state_dir, mode, account)
    process = lock_state_dir(state_dir)
    try:
        make_folder(book.parent)
        lock = StateLock(book.with_name("ledger.lock"), f"the book {book}")
        try:
            done = _restore(backup, book, mode, account, clock.now())
        except OSError as failure:
            raise book_error(failure, book) from failure
        finally:
            lock.release()
        restored = open_book(state_dir, mode, account, clock)
        restored.record_audit(AuditRow(clock.now(), "kelpie restore", "restore", str(backup)))
        restored.close()
        return done
    finally:
        process.release()


def _restore(backup: Path, book: Path, mode: str, account: str, at: datetime) -> Restored:
    fresh = book.with_name(".ledger.db.restored")
    fresh.unlink(missing_ok=True)
    found = copy(backup, fresh)
    try:
        refuse_other_owner(backup, found.owner, mode, account)
        more = _entries_beyond(book, found)
        aside = _keep_aside(book, at)
        # The log goes first: read against another file it would be taken for that one's.
        for name in (f"{book.name}-wal", f"{book.name}-shm"):
            book.with_name(name).unlink(missing_ok=True)
        settle(book.parent)
        fresh.replace(book)
        settle(book.parent)
    finally:
        fresh.unlink(missing_ok=True)
    set_anchor(anchor_path(book), found.head)
    settle(book.parent)
    return Restored(book, found, aside, more)


def _entries_beyond(book: Path, found: Verified) -> int | None:
    try:
        with reading(book) as link:
            return max(0, chain.head(link).seq - found.head.seq)
    except BookError:
        return None


def _keep_aside(book: Path, at: datetime) -> Path | None:
    """Give the book, its log and its anchor a second name each; nothing is deleted for good."""
    if not book.exists():
        return None
    stem = f"ledger-replaced-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    names = joined([f"{stem}.db"], (f"{stem}-{number}.db" for number in count(2)))
    aside = next(path for name in names if not (path := book.with_name(name)).exists())
    places = {
        book: aside,
        book.with_name(f"{book.name}-wal"): aside.with_name(f"{aside.name}-wal"),
        anchor_path(book): anchor_path(aside),
    }
    for place, second in places.items():
        if place.exists():
            os.link(place, second)
    return aside
