"""`make simulate`: many seeded days of the whole process, and the report of what they showed.

Each seed is a child, forked from a parent that has everything imported: no run leaves anything
behind for the next. Exit status: 0 nothing was violated and every floor was reached, 1 otherwise,
2 wrongly called.
"""

from __future__ import annotations

import argparse
import gc
import os
import select
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
from loguru import logger

from rehearsal.report import Report
from rehearsal.world import Plan, World
from runtime.clocks import SystemClock

_CLOCK = SystemClock()
_LONGEST_SECONDS = 120.0
"""Of real time for one day; a seed that takes longer hangs."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the seeds, write the report, print it."""
    options = _parser().parse_args(argv)
    logger.remove()
    if options.seed is not None:
        return _replay(options)
    seeds = range(options.first, options.first + options.seeds)
    begun = _CLOCK.monotonic()
    report = Report(days=options.days, first=options.first)
    for outcome in _run_all(seeds, options.days, options.jobs):
        report.add(outcome)
        if outcome["violations"] or (report.seeds % 100 == 0 and sys.stdout.isatty()):
            print(report.line(outcome), flush=True)
    report.wall_seconds = _CLOCK.monotonic() - begun
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "report.json").write_bytes(report.as_json())
    (options.out / "report.txt").write_text(report.as_text(), encoding="utf-8")
    if options.report is not None:
        options.report.write_text(report.as_text(), encoding="utf-8")
    print(report.as_text())
    return 1 if report.shortfalls() else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make simulate", description="Live through seeded days of the whole process."
    )
    parser.add_argument("--seeds", type=int, default=300, help="how many (%(default)s)")
    parser.add_argument("--first", type=int, default=1, help="the first of them (%(default)s)")
    parser.add_argument("--days", type=int, default=1, help="days of each (%(default)s)")
    parser.add_argument("--seed", type=int, help="this one alone, with its story")
    parser.add_argument("--log", default="", help="with --seed: log lines of this level, too")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="side by side (%(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("build/simulate"), help="where the report goes"
    )
    parser.add_argument("--report", type=Path, help="a copy of its text, to be kept")
    return parser


def _replay(options: argparse.Namespace) -> int:
    if options.log:
        logger.add(sys.stderr, level=options.log, format="{message}")
    outcome = _live(options.seed, options.days)
    print("\n".join(outcome["story"]))
    print(f"trace {outcome['trace']}, {outcome['steps']} steps, {outcome['orders']} orders")
    for violation in outcome["violations"]:
        print(f"VIOLATED: {violation}")
    return 1 if outcome["violations"] else 0


def _live(seed: int, days: int) -> dict[str, Any]:
    """One seed, from an empty disk to its outcome."""
    folder = Path(tempfile.mkdtemp(prefix="kelpie-", dir=_quick_disk()))
    try:
        begun = _cpu_seconds()
        outcome = asdict(World(seed, folder, Plan(), days).run())
        return {**outcome, "cpu_seconds": _cpu_seconds() - begun}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system


def _quick_disk() -> str | None:
    """A disk in memory, where there is one: the day's transactions need no slow one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _run_all(seeds: Sequence[int], days: int, jobs: int) -> Iterator[dict[str, Any]]:
    """The outcomes in the order of the seeds, whichever child is done first."""
    import_module("adapters.ib.link")  # the tree loads it late, and each child would anew
    gc.collect()
    gc.freeze()
    running: dict[int, _Child] = {}
    waiting = list(reversed(seeds))
    done: dict[int, dict[str, Any]] = {}
    for wanted in seeds:
        while wanted not in done:
            while waiting and len(running) < jobs:
                seed = waiting.pop()
                running[seed] = _Child(seed, days)
            seed = min(running, key=lambda each: running[each].begun)
            ready = next((s for s, child in running.items() if child.is_done(0.0)), seed)
            if running[ready].is_done(0.05):
                done[ready] = running.pop(ready).outcome()
        yield done.pop(wanted)


class _Child:
    """A forked child that lives through one seed and writes what came of it to a file."""

    def __init__(self, seed: int, days: int) -> None:
        self.seed = seed
        self.begun = _CLOCK.monotonic()
        self._read, write = os.pipe()
        sys.stdout.flush()
        self._pid = os.fork()
        if self._pid == 0:
            self._be(days, write)
        os.close(write)
        self._text = b""
        self._ended = False

    def _be(self, days: int, write: int) -> None:
        code = 1
        try:
            gc.set_threshold(200_000, 50, 100)  # a day is short, and its memory goes with it
            with os.fdopen(write, "wb") as out:
                out.write(orjson.dumps(_live(self.seed, days)))
            code = 0
        except BaseException:
            traceback.print_exc()  # this process ends here: nobody above could tell it
        finally:
            os._exit(code)  # no clean-up of the parent's is run twice

    def is_done(self, seconds: float) -> bool:
        """Whether its outcome is there; waits at most so long."""
        end = _CLOCK.monotonic() + seconds
        while not self._ended:
            left = max(0.0, end - _CLOCK.monotonic())
            readable, _, _ = select.select([self._read], [], [], left)
            if readable:
                data = os.read(self._read, 1 << 20)
                self._text += data
                self._ended = not data
            elif _CLOCK.monotonic() - self.begun > _LONGEST_SECONDS:
                os.kill(self._pid, signal.SIGKILL)
            elif left == 0.0:
                break
        return self._ended

    def outcome(self) -> dict[str, Any]:
        """What it wrote; a child that died is a violation itself."""
        os.close(self._read)
        _, status = os.waitpid(self._pid, 0)
        if status == 0 and self._text:
            outcome: dict[str, Any] = orjson.loads(self._text)
            return outcome
        return {
            "seed": self.seed, "trace": "", "virtual_seconds": 0.0, "steps": 0, "orders": 0,
            "executions": 0, "frames": 0, "faults": {}, "starts": 0, "story": [],
            "ready_after": [], "cpu_seconds": 0.0,
            "violations": [f"the run itself failed (status {status})"],
        }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
