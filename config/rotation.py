"""A log file that is rotated by size and outlives a full disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


class RotatedFile:
    """Appends lines; at `max_bytes` the file becomes `name.1`, and `name.<keep>` is dropped.

    One thread at a time (the logger holds a lock around each sink). A write that fails is told
    to `report` once, until one succeeds again: then the number of lines lost is told.
    """

    def __init__(
        self, path: Path, *, max_bytes: int, keep: int, report: Callable[[str], None]
    ) -> None:
        """Open nothing yet: a folder that cannot be written is a failed write, not a crash."""
        self._path = path
        self._max_bytes = max_bytes
        self._keep = keep
        self._report = report
        self._file: int | None = None
        self._size = 0
        self._torn = False
        self._lost = 0

    def write(self, line: bytes) -> None:
        """Append a line that ends in a newline. Never raises for the disk's sake."""
        try:
            self._append(line)
        except OSError as error:
            if self._lost == 0:
                self._report(f"{self._path} cannot be written ({error.strerror}); logging goes on")
            self._lost += 1
            self.close()
            return
        if self._lost:
            self._report(f"{self._path} can be written again; {self._lost} lines are not in it")
            self._lost = 0

    def close(self) -> None:
        """Close the file; a later write opens it again."""
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def _append(self, line: bytes) -> None:
        if self._file is None:
            self._open()
        if self._size and self._size + len(line) > self._max_bytes:
            self._rotate()
        if self._torn:
            line = b"\n" + line
        file = self._file
        assert file is not None
        while line:
            written = os.write(file, line)
            self._size += written
            line = line[written:]
            self._torn = bool(line)

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = os.fstat(self._file).st_size

    def _rotate(self) -> None:
        self.close()
        for number in range(self._keep - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))
        self._torn = False
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
