"""The checks of this machine, which need no gateway: the disk and the folder of the state."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from console.doctor.findings import Finding, fault, well

#: Below the first it is said, below the second nothing more can be written safely.
LOW_BYTES, FULL_BYTES = 1 << 30, 100 << 20


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def disk(state_dir: Path, free_bytes: Callable[[Path], int] = _free) -> Finding:
    """Room and right to write where the book is kept."""
    folder = next((each for each in (state_dir, *state_dir.parents) if each.exists()), Path.cwd())
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return fault("disk", "NOT_WRITABLE", f"Nothing can be written in {folder}: {error}.")
    free = free_bytes(folder)
    sentence = f"{free / (1 << 30):.1f} GiB are free where STATE_DIR is."
    if free < FULL_BYTES:
        return fault("disk", "DISK_FULL", sentence, free_bytes=free)
    if free < LOW_BYTES:
        return fault("disk", "DISK_LOW", sentence, free_bytes=free)
    return well("disk", sentence, free_bytes=free)
