"""The anchor: how far the journal was known to reach, in a small file beside the book.

The newest row's number and hash are written there after each commit, without waiting for the
disk. So the anchor is never ahead of the book: after a loss of power it may lag behind, and
then proves less; but a book whose newest commits are gone (its write-ahead log was deleted, an
older copy was put in its place) no longer reaches it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from loguru import logger

from adapters.store import chain
from adapters.store.chain import Mark

_LENGTH = 20 + 1 + 64 + 1 + 16 + 1


class Anchor:
    """The file, open for as long as its book is."""

    def __init__(self, path: Path) -> None:
        """Open it, and make it where it is missing.

        Raises:
            OSError: it cannot be opened.
        """
        self.path = path
        self._kept: Mark | None = None
        self._complained = False
        self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def keep(self, mark: Mark) -> None:
        """Write how far the journal reaches. What the disk refuses is told once, and not raised."""
        if mark == self._kept or self._file is None:
            return
        try:
            os.pwrite(self._file, _line(mark), 0)
        except OSError as failure:
            if not self._complained:
                self._complained = True
                logger.warning("The book's anchor {} is not kept up: {}", self.path, failure)
            return
        self._kept = mark

    def close(self) -> None:
        """Close the file; harmless when it is closed."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def anchor_path(book: Path) -> Path:
    """Where the anchor of a book lies."""
    return book.with_suffix(".anchor")


def read_anchor(path: Path) -> Mark | None:
    """What it says; None where there is none, or what is there is no whole line."""
    with suppress(OSError, ValueError):
        raw = path.read_bytes()[:_LENGTH]
        number, text, _ = raw.decode("ascii").split(" ")
        mark = Mark(int(number), bytes.fromhex(text))
        if raw == _line(mark):
            return mark
    return None


def set_anchor(path: Path, mark: Mark) -> None:
    """Have it say this, and have that on the disk.

    Raises:
        OSError: it cannot be written.
    """
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(_line(mark))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def missing_since(anchored: Mark, link: sqlite3.Connection) -> str:
    """Why a book does not reach its anchor, as a sentence; empty when it does."""
    reached = chain.head(link)
    if reached.seq < anchored.seq:
        count = anchored.seq - reached.seq
        return (
            f"the last {count} of {anchored.seq} entries of its journal are gone (was its "
            "write-ahead log deleted, or an older copy put in its place? To go on without them, "
            "restore this very file)"
        )
    if chain.mark_at(link, anchored.seq) != anchored:
        return f"entry {anchored.seq} of its journal is another than the one that was written"
    return ""


def _line(mark: Mark) -> bytes:
    said = f"{mark.seq:020d} {mark.hash.hex()}"
    return f"{said} {hashlib.sha256(said.encode()).hexdigest()[:16]}\n".encode()
