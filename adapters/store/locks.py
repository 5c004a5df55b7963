"""One process, one writer: locks on files that the kernel lets go when their holder dies."""

from __future__ import annotations

import errno
import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

from adapters.book import BookError
from adapters.store.failures import book_error


class StateLock:
    """An exclusive lock on a file, held until `release` or the end of the process.

    The file holds the holder's process id; its modification time is when the lock was taken.
    It stays when the lock goes: to remove it would let two processes lock two files of one name.
    """

    def __init__(self, path: Path, what: str) -> None:
        """Take the lock at once or not at all.

        Raises:
            BookError: `LOCKED`, naming the holder; `DISK` or `DISK_FULL` where the file
                cannot be made or locked.
        """
        self.path = path
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as failure:
            raise book_error(failure, path) from failure
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _sign(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            raise BookError("LOCKED", _held_by(path, what)) from None
        except OSError as failure:
            os.close(descriptor)
            raise book_error(failure, path) from failure
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let it go; harmless when it has been."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def lock_state_dir(state_dir: Path) -> StateLock:
    """Make this process the only one on `state_dir`, which is made where it is missing.

    Raises:
        BookError: `LOCKED` when another process has it (named by its id), `DISK` or
            `DISK_FULL` when the folder or its lock cannot be made.
    """
    make_folder(state_dir)
    return StateLock(state_dir / "lock", f"the state folder {state_dir}")


def make_folder(folder: Path) -> None:
    """Make a folder that its owner alone may enter, and have its name on the disk.

    Raises:
        BookError: `DISK` or `DISK_FULL`.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        settle(folder.parent)
    except OSError as failure:
        raise book_error(failure, folder) from failure


def settle(folder: Path) -> None:
    """Have the names in a folder outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sign(descriptor: int) -> None:
    """Say who holds it. In place: on a full disk a block that was given up is not had again."""
    signature = f"{os.getpid()}\n".encode()
    try:
        os.pwrite(descriptor, signature, 0)
        os.ftruncate(descriptor, len(signature))
    except OSError as failure:
        # The lock is the kernel's, and holds without its signature.
        if failure.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise


def _held_by(path: Path, what: str) -> str:
    holder = path.read_text(encoding="ascii", errors="replace").strip() or "unknown"
    since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return (
        f"Process {holder} has had {what} since {since:%Y-%m-%d %H:%M:%S} UTC. "
        "Stop that process, or give this one a STATE_DIR of its own."
    )
