"""Back-ups of a book that is being written: a sound copy under its final name, or nothing.

The copy is made by SQLite's own means from a connection that only reads, and sees one moment of
the book: whoever writes is never waited for and never kept waiting. It is meant for a process of
its own (`kelpie backup`), so that neither the copying nor the checking takes a turn from trading.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.book import BookError
from adapters.store import chain
from adapters.store.connection import Coded
from adapters.store.failures import book_error, damaged
from adapters.store.locks import StateLock, make_folder, settle
from adapters.store.reading import reading
from adapters.store.verification import Verified, counts, verified
from runtime.crash_points import CrashPoint, reached

#: The newest so many are kept, and the newest of each of so many days and months (UTC).
NEWEST_KEPT, DAYS_KEPT, MONTHS_KEPT = 24, 30, 12
#: What a back-up leaves free on the disk at the least, in bytes: the book must go on growing.
LEFT_FREE = 64 * 1024 * 1024
#: The longest journal that is replayed at each back-up; a longer one is by `ledger verify` alone.
REPLAYED = 100_000

_NAME = re.compile(r"ledger-(\d{8}T\d{6}Z)\.db")
_TIME = "%Y%m%dT%H%M%SZ"
#: Pages copied before they are brought to the disk: small parts, since a book's own commit
#: waits behind whatever the disk has been given before it.
_STEP = 64


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A back-up that has been opened and found sound."""

    path: Path
    at: datetime
    verified: Verified


def back_up(book: Path, at: datetime) -> BackedUp:
    """Copy a book, check the copy from end to end, and put it among the back-ups.

    Raises:
        BookError: `LOCKED` when another back-up is being made, `DISK_FULL` when there is not
            room for it, `DAMAGED` when the book is not sound; or as `reading` does. The
            back-ups that were there are then untouched.
    """
    folder = backups_of(book)
    make_folder(folder)
    lock = StateLock(folder / "lock", f"the back-ups in {folder}")
    final = folder / f"ledger-{at.astimezone(UTC):{_TIME}}.db"
    fresh = final.with_name(f".{final.name}.part")
    try:
        for left in folder.glob(".ledger-*.part*"):  # of one that was killed
            left.unlink()
        found = copy(book, fresh, replayed_up_to=REPLAYED)
        reached(CrashPoint.BACKUP_CHECKED)
        with Coded(book):
            fresh.replace(final)
            settle(folder)
            reached(CrashPoint.BACKUP_NAMED)
            for name in to_delete([path.name for path in folder.iterdir()], at):
                (folder / name).unlink()
        return BackedUp(final, at, found)
    except OSError as failure:
        raise book_error(failure, book) from failure
    finally:
        fresh.unlink(missing_ok=True)
        lock.release()


def copy(book: Path, fresh: Path, *, replayed_up_to: int | None = None) -> Verified:
    """Make a sound copy of one moment of a book, on the disk, which only its owner may read.

    It is one file, without a write-ahead log. On any failure there is none.

    Raises:
        BookError: as `back_up`, but for `LOCKED`.
    """
    try:
        with reading(book) as source, Coded(book):
            _refuse_without_room(book, source, fresh.parent)
            os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            _copy(source, fresh)
            return _compared(book, source, fresh, replayed_up_to)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def backups_of(book: Path) -> Path:
    """The folder of a book's back-ups."""
    return book.with_name("backups")


def newest_backup(book: Path) -> datetime | None:
    """When the newest was made (UTC); None where there is none."""
    folder = backups_of(book)
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return max((at for name in names if (at := _time_of(name)) is not None), default=None)


def to_delete(names: Sequence[str], now: datetime) -> list[str]:
    """Which back-ups have had their time; what is none of ours is never among them."""
    dated = sorted((at, name) for name in names if (at := _time_of(name)) is not None)
    kept = {name for _, name in dated[-NEWEST_KEPT:]}
    of_days = {at.date(): name for at, name in dated if now - at < timedelta(days=DAYS_KEPT)}
    kept.update(of_days.values())
    of_months = {
        (at.year, at.month): name for at, name in dated if _months_ago(at, now) < MONTHS_KEPT
    }
    kept.update(of_months.values())
    return [name for _, name in dated if name not in kept]


def _months_ago(at: datetime, now: datetime) -> int:
    return (now.year - at.year) * 12 + now.month - at.month


def _time_of(name: str) -> datetime | None:
    matched = _NAME.fullmatch(name)
    return matched and datetime.strptime(matched[1], _TIME).replace(tzinfo=UTC)


def _refuse_without_room(book: Path, source: sqlite3.Connection, folder: Path) -> None:
    pages, size = (
        source.execute(f"PRAGMA page_{name}").fetchone()[0] for name in ("count", "size")
    )
    needed = pages * size + LEFT_FREE
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BookError(
            "DISK_FULL",
            f"A copy of the book {book} needs {needed >> 20} MiB in {folder}, and {free >> 20} MiB "
            "are free. Free space on that disk; the book itself goes on.",
        )


def _copy(source: sqlite3.Connection, fresh: Path) -> None:
    with fresh.open("r+b") as file:

        def bring_to_disk(*_: int) -> None:
            os.fdatasync(file.fileno())
            reached(CrashPoint.BACKUP_COPYING)

        with closing(sqlite3.connect(fresh, isolation_level=None)) as target:
            # SQLite need not wait for the disk: the file counts only once all of it is there.
            target.execute("PRAGMA synchronous = OFF")
            source.backup(target, pages=_STEP, progress=bring_to_disk)
            target.execute("PRAGMA journal_mode = DELETE")
        os.fsync(file.fileno())


def _compared(
    book: Path, source: sqlite3.Connection, fresh: Path, replayed_up_to: int | None
) -> Verified:
    with reading(fresh) as link:
        found = verified(link, book, replayed_up_to=replayed_up_to)
        if found.head != chain.head(source) or found.rows != counts(source):
            raise damaged(book, "its copy has not all that it has")
    return found
