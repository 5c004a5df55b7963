"""The library alone, timed in the same run: what any client needs to be back after a kill."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.bare import CONNECTED
from benchmarks.processes import ROOT
from rehearsal.crash.processes import Failed

_AT_MOST = 30.0


def connect_bare(port: int, folder: Path) -> float:
    """Seconds from the start of an interpreter until ib_insync's `connectAsync` has returned.

    It takes Kelpie's own client id, which must be free.

    Raises:
        Failed: it did not connect.
    """
    argv = [sys.executable, "-m", "benchmarks.bare", "connect", "--port", str(port)]
    begun = time.monotonic()
    try:
        run = subprocess.run(
            argv,
            cwd=folder,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=_AT_MOST,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"the bare library did not connect within {_AT_MOST:g} s") from None
    words = [line.split() for line in run.stdout.splitlines()]
    # The machine's monotonic clock is the same in every process.
    times = [float(line[1]) for line in words if line[:1] == [CONNECTED]]
    if not times:
        raise Failed(f"the bare library did not connect:\n{run.stderr[-2000:]}")
    return times[0] - begun
