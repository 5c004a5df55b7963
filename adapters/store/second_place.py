"""A second copy of each back-up, on another disk: one that dies takes not everything with it."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path

from adapters.book import BookError
from adapters.store.backup import BackedUp, to_delete
from adapters.store.locks import make_folder, settle

_PART = 1024 * 1024


def copy_to(made: BackedUp, book: Path, place: Path, now: datetime) -> Path:
    """Put a back-up into `place/<folder of the book>`, and read back what was written.

    As many are kept there as beside the book. `place` itself is not made: where a disk is not
    mounted, an empty folder of that name would take the copies, and lose them with the first.

    Raises:
        BookError: `SECOND_PLACE`; the back-up beside the book is sound all the same.
    """
    if not place.is_dir():
        raise _failure(f"There is no folder {place}.", "Mount the disk, or make the folder.")
    folder = place / book.parent.name
    final = folder / made.path.name
    fresh = final.with_name(f".{final.name}.part")
    try:
        make_folder(folder)
        fresh.unlink(missing_ok=True)
        written = _copy(made.path, fresh)
        if _hash(fresh) != written:
            raise _failure(f"What was written to {fresh} reads otherwise.", "Look at that disk.")
        fresh.replace(final)
        settle(folder)
        for name in to_delete([path.name for path in folder.iterdir()], now):
            (folder / name).unlink()
    except OSError as failure:
        raise _failure(f"{folder}: {failure.strerror or failure}.", "Look at that disk.") from None
    finally:
        _forget(fresh)
    return final


def _copy(source: Path, fresh: Path) -> bytes:
    """Its SHA-256; on the disk when it returns."""
    seen = hashlib.sha256()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as reading, os.fdopen(descriptor, "wb") as writing:
        while part := reading.read(_PART):
            seen.update(part)
            writing.write(part)
        writing.flush()
        os.fsync(writing.fileno())
        # Else the check below would be told what is in memory still.
        os.posix_fadvise(writing.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return seen.digest()


def _hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the disk is gone, and the file with it


def _failure(sentence: str, cure: str) -> BookError:
    said = f"The back-up was made, but not copied to the second place. {sentence}"
    return BookError("SECOND_PLACE", f"{said} {cure}")
