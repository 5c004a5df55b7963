"""Rotated log files made small, by a thread that works when nothing else does."""

from __future__ import annotations

import gzip
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

SUFFIX = ".gz"
_NICENESS = 10
_CLOSE_SECONDS = 3.0


class Compressor:
    """Makes `name.1`, `name.2`, … into `name.1.gz`, … while lines go on being written.

    Files may be shifted to other numbers meanwhile: whoever does it holds `lock`, and a file that
    is not where it was found is left for the next time. So is what a crash left half done.
    """

    def __init__(self, lock: threading.Lock, files: Callable[[], list[Path]]) -> None:
        """Take the lock under which files change their names, and what gives them as they are."""
        self._lock = lock
        self._files = files
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Compress what is there to compress, unless that is being done; returns at once."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="log compressor", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait for the file in hand, a few seconds at most."""
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        with suppress(OSError, AttributeError):  # of this thread alone, and on Linux alone
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        for path in self._files():
            with suppress(OSError):  # a disk that is full: they stay as large as they are
                self._compress(path)

    def _compress(self, path: Path) -> None:
        draft = path.with_name(f".{path.name}{SUFFIX}.new")
        try:
            with path.open("rb") as large:
                found = os.fstat(large.fileno())
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "wb") as raw, gzip.open(raw, "wb", 6) as small:
                    shutil.copyfileobj(large, small, 1 << 16)
            with self._lock:
                if os.path.samestat(path.stat(), found):
                    draft.replace(path.with_name(path.name + SUFFIX))
                    path.unlink()
        finally:
            draft.unlink(missing_ok=True)
