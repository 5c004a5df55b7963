"""What the tree takes of its machine once it runs steadily: the hook up, the rules trading.

The baseline is a figure: NautilusTrader 1.221.0 with its IB adapter took 243 MB on the same work.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import psutil

from benchmarks.footprint import footprint, loaded
from benchmarks.processes import (
    ROOT,
    Failed,
    free_port,
    gateway,
    running,
    tree_settings,
    wait_ready,
)
from benchmarks.report import Line, Result, table

_NAUTILUS_MB = 243.0
_MOST_MB = 110.0


def measure(seconds: float, folder: Path) -> Result:
    """Let the tree trade for `seconds` after it is ready, and look at it each second.

    The figure is the median of the last third.

    Raises:
        Failed: it ended, or has loaded pandas.
    """
    hook_port = free_port()
    argv = [str(ROOT / "supervisor.py"), "run"]
    with (
        gateway(folder / "gateway") as port,
        running(argv, folder, **tree_settings(folder, port, hook_port)) as process,
    ):
        begun = wait_ready(process, hook_port)
        seen = psutil.Process(process.pid)
        looks = [footprint(seen, begun)]
        while time.monotonic() - begun < seconds:
            time.sleep(min(1.0, seconds))
            looks.append(footprint(seen, begun))
        if loaded(process.pid, "pandas"):
            raise Failed("the tree has imported pandas")
    steady = looks[-max(1, len(looks) // 3) :]
    rss = statistics.median(look.rss for look in steady) / 1e6
    last = steady[-1]
    note = f"after {seconds:.0f} s; {last.threads} threads, {last.handles} handles, no pandas"
    line = Line("memory, tree with hook", "MB", _NAUTILUS_MB, rss, "< 110 MB", rss < _MOST_MB, note)
    return Result("memory", (line,), {"looks": [asdict(look) for look in looks]})


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 when the target was missed."""
    parser = argparse.ArgumentParser(prog="memory", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options.seconds, Path(folder))
    print(table(result.lines))
    return 0 if all(line.met for line in result.lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
