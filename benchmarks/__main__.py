"""`make bench`: measure everything, or what is named, and write the table.

    python -m benchmarks [NAME ...] [--quick]

Baseline and tree alternate within one run; compare within one run alone. All samples are kept in
`build/benchmarks/NAME.json`, the table in `build/benchmarks/report.txt` and `report.json`.
`python -m benchmarks soak --ticks 5000000` sets the length of the soak.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import (
    backup,
    decode,
    history,
    ledger,
    memory,
    messages,
    orders,
    reconnect,
    report,
    soak,
    start,
)
from benchmarks.processes import Failed
from benchmarks.report import Line, Result


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    orders: int = 2000
    order_rounds: int = 4
    warm_up: int = 50
    decode_ticks: int = 200_000
    decode_runs: int = 5
    intents: int = 2000
    rows: int = 1_000_000
    entries: int = 40_000
    back_ups: int = 2
    bar_requests: int = 200
    bar_days: int = 20
    starts: int = 5
    reconnects: int = 10
    memory_seconds: float = 60.0
    soak_ticks: int = 5_000_000
    soak_every: float = 10.0
    soak_warm_up: float = 30.0


QUICK = Sizes(
    orders=200,
    order_rounds=1,
    warm_up=20,
    decode_ticks=20_000,
    decode_runs=2,
    intents=200,
    rows=20_000,
    entries=4_000,
    back_ups=1,
    bar_requests=130,
    bar_days=3,
    starts=1,
    reconnects=2,
    memory_seconds=5.0,
    soak_ticks=100_000,
    soak_every=0.5,
    soak_warm_up=1.0,
)


def _orders(sizes: Sizes, folder: Path) -> Result:
    return orders.measure(sizes.orders, sizes.order_rounds, warm_up=sizes.warm_up, folder=folder)


def _decode(sizes: Sizes, _: Path) -> Result:
    found = decode.measure(sizes.decode_ticks, sizes.decode_runs)
    tree, baseline, _ = found["median_per_second"].values()
    met = found["ratio"] >= found["target"]
    line = Line(
        "ticks taken in, to a conflated quote",
        "/s",
        baseline,
        tree,
        f">= {found['target']:g}x",
        met,
        "baseline: ib_insync decoding alone",
    )
    return Result("decode", (line,), found)


def _messages(sizes: Sizes, _: Path) -> Result:
    return messages.measure(sizes.decode_ticks // 50, sizes.decode_runs)


def _ledger(sizes: Sizes, folder: Path) -> Result:
    found = ledger.measure(folder, sizes.intents, sizes.rows)
    lines = [Line(m.name, m.unit, None, m.value, m.target, m.reached, m.detail) for m in found]
    return Result("ledger", tuple(lines), {m.name: m.samples for m in found})


def _backup(sizes: Sizes, folder: Path) -> Result:
    return backup.measure(sizes.entries, sizes.back_ups, folder)


def _history(sizes: Sizes, folder: Path) -> Result:
    return history.measure(sizes.bar_requests, sizes.bar_days, folder)


def _start(sizes: Sizes, folder: Path) -> Result:
    return start.measure(sizes.starts, folder)


def _reconnect(sizes: Sizes, folder: Path) -> Result:
    return reconnect.measure(sizes.reconnects, folder)


def _memory(sizes: Sizes, folder: Path) -> Result:
    return memory.measure(sizes.memory_seconds, folder)


def _soak(sizes: Sizes, folder: Path) -> Result:
    return soak.measure(sizes.soak_ticks, soak.RATE, sizes.soak_every, sizes.soak_warm_up, folder)


BENCHMARKS: Mapping[str, Callable[[Sizes, Path], Result]] = {
    "orders": _orders,
    "decode": _decode,
    "messages": _messages,
    "ledger": _ledger,
    "backup": _backup,
    "history": _history,
    "start": _start,
    "reconnect": _reconnect,
    "memory": _memory,
    "soak": _soak,
}


def run(
    names: Sequence[str], sizes: Sizes, *, folder: Path = report.FOLDER
) -> tuple[list[Result], str]:
    """Measure what is named, keep the samples and write the table; gives both.

    Raises:
        Failed: a program under measurement did not do what it should.
    """
    results = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="kelpie-bench-") as scratch:
            result = BENCHMARKS[name](sizes, Path(scratch))
        report.keep(result, folder)
        results.append(result)
    return results, report.write_report(results, folder)


def main(argv: Sequence[str]) -> int:
    """0 when all targets were met, 1 when one was missed, 2 when there is no figure."""
    if argv[:1] == ["soak"] and len(argv) > 1 and argv[1] != "--quick":
        return soak.main(argv[1:])
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="a small slice of each")
    options = parser.parse_args(argv)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    try:
        results, text = run(options.names or list(BENCHMARKS), QUICK if options.quick else Sizes())
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 2
    print(text)
    return 0 if all(line.met for result in results for line in result.lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
