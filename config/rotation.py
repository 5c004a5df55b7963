"""A log file that is rotated by size, kept small, and outlives a full disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from config.compression import SUFFIX, Compressor


class RotatedFile:
    """Appends lines; at `max_bytes` the file becomes `name.1`, and `name.<keep>` is dropped.

    What was rotated is compressed (`name.1.gz`) by a thread of its own. All of them together are
    never larger than about `max_bytes` times `keep` + 1, even where nothing can be compressed.

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
        self._shifting = threading.Lock()
        self._compressor = Compressor(self._shifting, self._not_compressed)

    def write(self, line: bytes) -> None:
        """Append a line that ends in a newline. Never raises for the disk's sake."""
        try:
            self._append(line)
        except OSError as error:
            if self._lost == 0:
                self._report(f"{self._path} cannot be written ({error.strerror}); logging goes on")
            self._lost += 1
            self._let_go()
            return
        if self._lost:
            self._report(f"{self._path} can be written again; {self._lost} lines are not in it")
            self._lost = 0

    def close(self) -> None:
        """Close the file; a later write opens it again."""
        self._let_go()
        self._compressor.close()

    def _let_go(self) -> None:
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
        self._let_go()
        with self._shifting:
            for suffix in ("", SUFFIX):
                self._numbered(self._keep, suffix).unlink(missing_ok=True)
            for number in range(self._keep - 1, 0, -1):
                for suffix in ("", SUFFIX):
                    older = self._numbered(number, suffix)
                    if older.exists():
                        older.replace(self._numbered(number + 1, suffix))
            self._path.replace(self._numbered(1))
        self._torn = False
        self._open()
        self._compressor.begin()

    def _not_compressed(self) -> list[Path]:
        """The oldest first: it has waited longest."""
        numbers = range(self._keep, 0, -1)
        return [path for path in map(self._numbered, numbers) if path.exists()]

    def _numbered(self, number: int, suffix: str = "") -> Path:
        return self._path.with_name(f"{self._path.name}.{number}{suffix}")
