"""One seed, one story: in other processes, under other hashes, zones and folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
SEED = 4


def trace(folder: Path, seed: int = SEED, **environ: str) -> str:
    """The last line that a replay prints: hash, steps, orders."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal.simulate", "--seed", str(seed)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HOUSE), **environ},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    [line] = [line for line in done.stdout.splitlines() if line.startswith("trace ")]
    return line


@pytest.mark.timeout(240)
def test_the_same_seed_has_the_same_trace_wherever_it_runs(tmp_path: Path) -> None:
    here = trace(tmp_path / "one", PYTHONHASHSEED="1", TZ="Australia/Sydney")
    there = trace(tmp_path / "two" / "deeper", PYTHONHASHSEED="2", TZ="America/New_York")
    assert here == there
    assert here != trace(tmp_path / "three", SEED + 1)
