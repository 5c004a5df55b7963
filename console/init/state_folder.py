"""The folder of the state, as far as init has to do with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.book import BookError
from adapters.store import lock_state_dir


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Have the folder for oneself.

    Raises:
        BookError: `LOCKED` where Kelpie works on it, `DISK` where it cannot be had, or belongs to
            another user, for whom nothing may be made there.
    """
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    if there.stat().st_uid != os.geteuid():
        raise BookError("DISK", f"{there} belongs to another user.")
    lock = lock_state_dir(folder)
    try:
        yield
    finally:
        lock.release()


def is_worked_on(folder: Path) -> bool:
    """Kelpie runs on it."""
    if not folder.exists():
        return False
    try:
        with locked(folder):
            return False
    except BookError as error:
        return error.code == "LOCKED"
