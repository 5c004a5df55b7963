"""What went wrong on the disk, told from the whole chain of exceptions.

A full disk comes out of peewee as "cannot rollback - no transaction is active" when its
rollback fails after SQLite's own; the true cause then stands in the context alone.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from adapters.book import BookError

#: SQLite's primary result codes, worst first: what to look for in the chain.
#: https://www.sqlite.org/rescode.html
_CODES = {
    sqlite3.SQLITE_CORRUPT: "DAMAGED",
    sqlite3.SQLITE_NOTADB: "DAMAGED",
    sqlite3.SQLITE_FULL: "DISK_FULL",
    sqlite3.SQLITE_BUSY: "LOCKED",
    sqlite3.SQLITE_LOCKED: "LOCKED",
    sqlite3.SQLITE_PROTOCOL: "LOCKED",
    sqlite3.SQLITE_IOERR: "DISK_FAILED",
    sqlite3.SQLITE_READONLY: "DISK_FAILED",
    sqlite3.SQLITE_CANTOPEN: "DISK_FAILED",
    sqlite3.SQLITE_PERM: "DISK_FAILED",
}

_ADVICE = {
    "DAMAGED": "Nothing is traded on it. Put the last good backup in its place with `kelpie "
    "restore FILE` (it keeps this one aside for the inquiry), then start again.",
    "DISK_FULL": "Free space on that disk; writing goes on by itself as soon as there is some.",
    "LOCKED": "Another program holds it: close what has it open and try again.",
    "DISK_FAILED": "See that the disk is there, healthy and writable by Kelpie's user; "
    "writing goes on by itself as soon as it is.",
    "DISK": "See that the disk is there, healthy and writable by Kelpie's user, then start again.",
}


def book_error(failure: BaseException, path: Path) -> BookError:
    """The coded error for a failure of SQLite's or of the file system's."""
    found = {_code(link) for link in _chain(failure)} - {None}
    code = next((code for code in _ADVICE if code in found), "DISK")
    return BookError(code, f"The book {path} failed: {_words(failure)}. {_ADVICE[code]}")


def damaged(path: Path, finding: str) -> BookError:
    """The book is readable as a file, but its content is not sound."""
    return BookError("DAMAGED", f"The book {path} is damaged: {finding}. {_ADVICE['DAMAGED']}")


def _chain(failure: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    ahead: list[BaseException | None] = [failure]
    while ahead:
        link = ahead.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        # peewee also carries the driver's exception as its first argument.
        first = link.args[0] if link.args else None
        ahead += [
            link.__cause__,
            link.__context__,
            first if isinstance(first, BaseException) else None,
        ]


def _code(link: BaseException) -> str | None:
    if isinstance(link, sqlite3.Error):
        extended = getattr(link, "sqlite_errorcode", None)
        return None if extended is None else _CODES.get(extended & 0xFF)
    if isinstance(link, OSError):
        return "DISK_FULL" if link.errno in (errno.ENOSPC, errno.EDQUOT) else "DISK_FAILED"
    return None


def _words(failure: BaseException) -> str:
    """The plainest words in the chain: the driver's where it spoke."""
    for link in _chain(failure):
        if isinstance(link, sqlite3.Error | OSError) and _code(link) is not None:
            return str(link)
    return str(failure)
