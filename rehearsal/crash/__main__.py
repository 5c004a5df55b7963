"""`make crash`: kill real processes, start them again, and let the broker's own file judge.

    python -m rehearsal.crash --kills 1000 [--seed N] [--lanes N] [--only HOUSE] [--report FILE]

First every named point in turn (`runtime/crash_points.py`), then at random under load. The
report goes to `build/crash/`; the folders of a house in which something was wrong are kept there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from rehearsal.crash.checker import Fault, Violation
from rehearsal.crash.house import Keeper, Outcome
from rehearsal.crash.plan import House, by_number, plan
from rehearsal.crash.report import Report

FOLDER = Path("build/crash")
READY_SECONDS = 10.0


def rehearse(
    houses: Sequence[House], lanes: int, folder: Path, ready_seconds: float
) -> list[Outcome]:
    """Run the houses, so many side by side; their folders stay where something was wrong."""
    outcomes = []
    over = threading.Event()
    with ThreadPoolExecutor(lanes) as pool:
        running = [pool.submit(_keep, house, folder, ready_seconds, over) for house in houses]
        for done in _each(running, over):
            outcome = done.result()
            outcomes.append(outcome)
            word = f"{len(outcome.violations)} violations" if outcome.violations else "agreed"
            lines = [
                f"house {outcome.number}: {sum(outcome.kills.values())} kills, "
                f"{outcome.orders} orders, {outcome.fills} fills, {outcome.seconds:.0f} s: {word}",
                *(f"  {violation}" for violation in outcome.violations),
            ]
            print("\n".join(lines), file=sys.stderr, flush=True)
    return outcomes


def _each(running: Sequence[Future[Outcome]], over: threading.Event) -> Iterator[Future[Outcome]]:
    """As they come; interrupted, what runs ends with its kill in hand and leaves nothing behind."""
    try:
        yield from as_completed(running)
    except KeyboardInterrupt:
        over.set()
        raise


def _keep(house: House, folder: Path, ready_seconds: float, over: threading.Event) -> Outcome:
    if over.is_set():
        return Outcome(house.number)
    place = folder / f"house-{house.number:03d}"
    shutil.rmtree(place, ignore_errors=True)
    keeper = Keeper(house, place, ready_seconds, over)
    try:
        keeper.run()
    except Exception as failure:
        broken = Violation(Fault.ENDED, "the rehearsal", f"{type(failure).__name__}: {failure}")
        keeper.outcome.violations.append(broken)
    if not keeper.outcome.violations:
        shutil.rmtree(place, ignore_errors=True)
    return keeper.outcome


def main(argv: Sequence[str]) -> int:
    """0 when all agreed, 1 when anything was wrong."""
    parser = argparse.ArgumentParser(prog="crash", description="Kill Kelpie and see what is left.")
    parser.add_argument("--kills", type=int, default=200, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, help="decides which, when and under what load")
    parser.add_argument(
        "--lanes", type=int, default=os.cpu_count() or 1, help="side by side (%(default)s)"
    )
    parser.add_argument(
        "--only", type=int, action="append", default=[], metavar="HOUSE", help="one house again"
    )
    parser.add_argument(
        "--ready-seconds",
        type=float,
        default=READY_SECONDS,
        help="the longest that a start may take until it may trade (%(default)s)",
    )
    parser.add_argument("--report", type=Path, action="append", default=[], help="one more copy")
    options = parser.parse_args(argv)
    if options.kills < 1 or options.lanes < 1:
        parser.error("--kills and --lanes must be 1 or more")
    seed = options.seed if options.seed is not None else int(time.time())
    houses = by_number(plan(options.kills, seed), options.only)
    begun = time.monotonic()
    outcomes = rehearse(houses, options.lanes, FOLDER.resolve(), options.ready_seconds)
    report = Report(seed, options.kills, outcomes, time.monotonic() - begun)
    report.write(FOLDER, *options.report)
    print(report.text())
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
