"""From the start of the process to ready, and to ready again after SIGKILL.

Against a process that imports the same modules and connects bare. The gateway runs already, and
ready means that the hook's `/health/ready` answered 200: connected, synchronised, reconciled.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bare import CONNECTED
from benchmarks.processes import (
    ROOT,
    finished,
    free_port,
    gateway,
    running,
    tree_settings,
    wait_ready,
)
from benchmarks.report import Line, Result, table

_IMPORTS = "import supervisor; import benchmarks.bare as b; raise SystemExit(b.main({words!r}))"
_WITHIN_SECONDS = 1.5
_AT_MOST = 60.0


def measure(runs: int, folder: Path) -> Result:
    """Alternate the baseline, a first start and a start after SIGKILL, `runs` times.

    Raises:
        Failed: a program ended on its own, or was not ready in a minute.
    """
    samples: dict[str, list[float]] = {"imports": [], "first": [], "again": []}
    with gateway(folder / "gateway") as port:
        for turn in range(runs):
            samples["imports"].append(_imports(port, folder / f"bare{turn}"))
            home = folder / f"tree{turn}"
            samples["first"].append(_start(port, home))
            # The state that the kill left behind: an unclosed book, a stale lock.
            samples["again"].append(_start(port, home))
    middle = {name: statistics.median(values) for name, values in samples.items()}
    base = middle["imports"]
    note = f"median of {runs}; baseline: interpreter, imports, bare connectAsync"
    lines = []
    for name, measure in (("first", "start to ready"), ("again", "kill -9 to ready again")):
        met = middle[name] - base <= _WITHIN_SECONDS
        target = f"<= +{_WITHIN_SECONDS:g} s"
        lines.append(Line(measure, "s", base, middle[name], target, met, note))
        note = ""
    return Result("start", tuple(lines), dict(samples))


def _imports(port: int, folder: Path) -> float:
    program = _IMPORTS.format(words=["connect", "--port", str(port)])
    begun = time.monotonic()
    with running(["-c", program], folder) as process:
        finished(process, _AT_MOST, folder)
    # What the library complains of stands there too.
    words = [line.split() for line in (folder / "output.txt").read_text().splitlines()]
    [connected] = [line[1] for line in words if line[:1] == [CONNECTED]]
    # The machine's monotonic clock is the same in every process.
    return float(connected) - begun


def _start(port: int, folder: Path) -> float:
    """Start, wait for ready, kill."""
    hook_port = free_port()
    begun = time.monotonic()
    argv = [str(ROOT / "supervisor.py"), "run"]
    with running(argv, folder, **tree_settings(folder, port, hook_port)) as process:
        taken = wait_ready(process, hook_port) - begun
        process.kill()
        process.wait()
        return taken


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="start", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options.runs, Path(folder))
    print(table(result.lines))
    return 0 if all(line.met for line in result.lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
