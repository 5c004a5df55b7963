"""A fire drill: the newest back-up restored into a folder of its own, as it would be in need.

A back-up that was never restored is a hope. What stands in the book's place is not touched.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson

from adapters.book import BookError
from adapters.store.backup import backups_of, newest_backup
from adapters.store.opening import book_path
from adapters.store.restoring import restore
from adapters.store.verification import Verified, verify
from runtime.interface import Clock

_RECORD = "drill.json"


@dataclass(frozen=True, slots=True)
class LastDrill:
    """How the last one went, for whoever looks. `at` is UTC."""

    at: datetime
    good: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Drilled:
    """What came of it."""

    backup: Path
    at: datetime
    """When the back-up was made, UTC."""
    verified: Verified
    """Of the book that was made of it."""


def drill(state_dir: Path, mode: str, account: str, clock: Clock) -> Drilled:
    """Restore the newest back-up of a book beside it, open what comes of it, and check it whole.

    Raises:
        BookError: `NO_BOOK` where there is no back-up, `DAMAGED` where what was restored is not
            what was backed up; or as `restore` does.
    """
    folder = backups_of(book_path(state_dir, mode, account))
    at = newest_backup(book_path(state_dir, mode, account))
    if at is None:
        raise BookError("NO_BOOK", f"There is no back-up in {folder} to restore.")
    backup = folder / f"ledger-{at:%Y%m%dT%H%M%SZ}.db"
    with tempfile.TemporaryDirectory(prefix=".drill-", dir=folder) as place:
        done = restore(backup, Path(place), mode, account, clock)
        found = verify(done.path)
        # The restoring itself is written into its audit.
        if found.head.seq <= done.verified.head.seq or not _same(done.verified, found):
            raise BookError("DAMAGED", f"What was restored of {backup} is not what it has.")
    return Drilled(backup, at, found)


def remember_drill(book: Path, last: LastDrill) -> None:
    """Write down how it went, beside the back-ups.

    Raises:
        OSError: the disk does not let it be.
    """
    record = backups_of(book) / _RECORD
    fresh = record.with_suffix(".part")
    fresh.write_bytes(orjson.dumps(asdict(last)))
    fresh.replace(record)


def last_drill(book: Path) -> LastDrill | None:
    """The last one of a book's back-ups; None where there was none, or nobody can tell."""
    try:
        found = orjson.loads((backups_of(book) / _RECORD).read_bytes())
        at = datetime.fromisoformat(found["at"])
        return LastDrill(at, bool(found["good"]), str(found["sentence"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _same(backed_up: Verified, restored: Verified) -> bool:
    """Row by row as many; a back-up that was made before an upgrade has only grown by its steps."""
    before, after = dict(backed_up.rows), dict(restored.rows)
    before["audit"] = before.get("audit", 0) + 1
    if backed_up.schema < restored.schema:
        return all(after.get(table, 0) >= count for table, count in before.items())
    return before == after
