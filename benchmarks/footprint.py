"""What a process takes of its machine: memory, threads, handles."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Footprint:
    """One look at a process. `seconds` since the first look; `rss` in bytes."""

    seconds: float
    rss: int
    threads: int
    handles: int


def footprint(process: psutil.Process, since: float) -> Footprint:
    """How much it takes now; `since` is a monotonic time."""
    with process.oneshot():
        return Footprint(
            time.monotonic() - since,
            process.memory_info().rss,
            process.num_threads(),
            process.num_fds(),
        )


def loaded(process_id: int, library: str) -> bool:
    """Whether a process has mapped a file of that library (any with compiled parts has)."""
    maps = Path(f"/proc/{process_id}/maps").read_text(encoding="utf-8")
    return f"/{library}/" in maps
