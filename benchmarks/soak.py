"""Millions of ticks over the wire: does the tree still take what it took at the beginning?

Memory, threads and handles are looked at every so often; the median of the last third may be no
more than 3 % above that of the first, warm-up left out. The link must hold throughout, and every
tick must have gone out. `python -m benchmarks soak --ticks 5000000` takes about five minutes.
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

from benchmarks.footprint import Footprint, footprint
from benchmarks.processes import (
    CLIENT_ID,
    ROOT,
    Failed,
    free_port,
    gateway,
    running,
    tree_settings,
    wait_ready,
)
from benchmarks.report import Line, Result, table
from simulators.tws.protocol import TICKS
from simulators.tws.wire_history import read_wire_log

SYMBOLS = ("BHP/AUD", "CBA/AUD", "VAS/AUD", "AUD/USD")
RATE = 20_000.0
_GROWTH = 1.03


def measure(ticks: int, rate: float, every: float, warm_up: float, folder: Path) -> Result:
    """Send `ticks` at `rate` a second to a trading tree; a look every `every` seconds.

    Looks in the first `warm_up` seconds do not count.

    Raises:
        Failed: the tree ended, lost its link, or was not sent all ticks; too few looks.
    """
    each = -(-ticks // len(SYMBOLS))
    flood = ["--flood", str(each), "--ticks-per-second", str(rate / len(SYMBOLS))]
    hook_port = free_port()
    wire_log = folder / "gateway" / "wire.jsonl"
    with gateway(folder / "gateway", *flood) as port:
        settings = tree_settings(folder, port, hook_port, ALLOWED_SYMBOLS=",".join(SYMBOLS))
        with running([str(ROOT / "supervisor.py"), "run"], folder, **settings) as process:
            begun = wait_ready(process, hook_port)
            looks = _watch(psutil.Process(process.pid), begun, ticks / rate, every)
            if process.poll() is not None:
                raise Failed(f"the tree ended with {process.returncode}")
    history = read_wire_log(wire_log)
    sent = sum(history.counts(incoming=False)[tick] for tick in TICKS)
    if history.connects(CLIENT_ID) != 1:
        raise Failed(f"the tree connected {history.connects(CLIENT_ID)} times")
    if sent < ticks:
        raise Failed(f"{sent:,} ticks have gone out, not {ticks:,}")
    settled = [look for look in looks if look.seconds >= warm_up]
    if len(settled) < 3:
        raise Failed(f"{len(looks)} looks are too few")
    samples = {"ticks_sent": sent, "looks": [asdict(look) for look in looks]}
    return Result("soak", tuple(_lines(settled, sent)), samples)


def _watch(process: psutil.Process, begun: float, seconds: float, every: float) -> list[Footprint]:
    """Look at it until all ticks are due, and once more."""
    looks = []
    while True:
        try:
            looks.append(footprint(process, begun))
        except psutil.NoSuchProcess:
            raise Failed("the tree has ended") from None
        if looks[-1].seconds > seconds:
            return looks
        time.sleep(every)


def _lines(looks: Sequence[Footprint], sent: int) -> list[Line]:
    third = len(looks) // 3
    note = f"{sent:,} ticks in {looks[-1].seconds:.0f} s, {len(looks)} looks; first and last third"
    lines = []
    for measure, unit, values in (
        ("soak, memory", "MB", [look.rss / 1e6 for look in looks]),
        ("soak, threads", "", [float(look.threads) for look in looks]),
        ("soak, handles", "", [float(look.handles) for look in looks]),
    ):
        first, last = statistics.median(values[:third]), statistics.median(values[-third:])
        met = last <= first * _GROWTH
        lines.append(Line(measure, unit, first, last, f"<= {_GROWTH:g}x", met, note))
        note = ""
    return lines


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 when it grew."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--ticks", type=int, default=5_000_000)
    parser.add_argument("--rate", type=float, default=RATE, help="ticks a second")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between looks")
    parser.add_argument("--warm-up", type=float, default=30.0, help="seconds that do not count")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options.ticks, options.rate, options.every, options.warm_up, Path(folder))
    print(table(result.lines))
    return 0 if all(line.met for line in result.lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
