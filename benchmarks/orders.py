"""Tick to order on the wire, through the whole tree, against a bare ib_insync callback.

Both ends are read from the gateway's own wire log (its monotonic clock, its process): a tick is
stamped before it is sent, a placeOrder when it has come. An order names its tick, so none is
taken for another's. The tree is the whole process: gates, reservation, durable intent
(`synchronous=FULL`), hook. Both contenders see each order acknowledged and filled.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from adapters.store import open_book
from benchmarks.numbering import FIRST, PREFIX, tick_of_name
from benchmarks.processes import (
    Failed,
    finished,
    free_port,
    gateway,
    running,
    tree_settings,
)
from benchmarks.report import Line, Result, percentile, table
from runtime.clocks import SystemClock
from simulators.broker import ACCOUNT
from simulators.tws.protocol import Reply, Request
from simulators.tws.quote_stream import BID
from simulators.tws.wire_history import WireHistory, read_wire_log

TICKS_PER_SECOND = 100.0
_ORDER_REF = 26
_AT_MOST = 120.0

#: What is to be reached, as multiples of the bare client's.
_TARGETS = (("p50", 50.0, 3.0), ("p99", 99.0, 4.0))
_TAIL_SECONDS = 0.005


def measure(orders: int, rounds: int, *, warm_up: int, folder: Path) -> Result:
    """Alternate bare client and tree, `rounds` times; `orders` of each in all.

    The first `warm_up` orders of each round are placed and not counted.

    Raises:
        Failed: a program failed, or an order is in the log and not in the ledger, or twice.
    """
    each = -(-orders // rounds) + warm_up
    samples: dict[str, list[list[float]]] = {"ib_insync": [], "tree": []}
    for turn in range(rounds):
        samples["ib_insync"].append(_bare(each, folder / f"bare{turn}")[warm_up:])
        samples["tree"].append(_tree(each, folder / f"tree{turn}")[warm_up:])
    bare, tree = ([s for turn in samples[name] for s in turn] for name in samples)
    lines = []
    for name, percent, most in _TARGETS:
        base, ours = percentile(bare, percent) * 1e3, percentile(tree, percent) * 1e3
        met = ours <= base * most
        note = _spread(samples, percent)
        lines.append(Line(f"tick to order, {name}", "ms", base, ours, f"<= {most:g}x", met, note))
    base, ours = percentile(bare, 99.9) * 1e3, percentile(tree, 99.9) * 1e3
    met = ours < _TAIL_SECONDS * 1e3
    note = f"{len(tree)} orders, {TICKS_PER_SECOND:.0f}/s, limits on messages off at both ends"
    lines.append(Line("tick to order, p99.9", "ms", base, ours, "< 5 ms", met, note))
    return Result("orders", tuple(lines), dict(samples))


def _spread(samples: dict[str, list[list[float]]], percent: float) -> str:
    """The rounds apart: a neighbour on the machine shows as one round that is unlike the others."""
    words = []
    for name, turns in samples.items():
        figures = sorted(percentile(turn, percent) * 1e3 for turn in turns)
        words.append(f"{name} {figures[0]:.3g} to {figures[-1]:.3g}")
    return "by round: " + ", ".join(words)


def _bare(orders: int, folder: Path) -> list[float]:
    with gateway(folder / "gateway", numbered=True) as port:
        argv = ["-m", "benchmarks.bare", "orders", "--port", str(port), "--orders", str(orders)]
        with running(argv, folder) as process:
            finished(process, _AT_MOST, folder)
    return _latencies(read_wire_log(folder / "gateway" / "wire.jsonl"), orders)


def _tree(orders: int, folder: Path) -> list[float]:
    with gateway(folder / "gateway", numbered=True) as port:
        settings = tree_settings(
            folder, port, free_port(), ALLOWED_SYMBOLS="BHP/AUD", CLIENT_ORDER_PREFIX=PREFIX
        )
        argv = ["-m", "benchmarks.tree", "--orders", str(orders)]
        with running(argv, folder, **settings) as process:
            finished(process, _AT_MOST, folder)
    history = read_wire_log(folder / "gateway" / "wire.jsonl")
    _compare_with_ledger(history, folder / "state", orders)
    return _latencies(history, orders)


def _latencies(history: WireHistory, orders: int) -> list[float]:
    """Seconds from each tick that was answered to the order that names it, in their order."""
    sent: dict[int, float] = {}
    found: dict[int, float] = {}
    for message in history.messages:
        fields = message.fields
        if message.incoming and message.message_id == Request.PLACE_ORDER:
            tick = tick_of_name(fields[_ORDER_REF])
            if tick in found:
                raise Failed(f"two orders for tick {tick}")
            found[tick] = message.monotonic - sent[tick]
        elif message.message_id == Reply.TICK_PRICE and fields[3] == str(BID):
            number = int(fields[5])
            if number >= FIRST:
                sent[number] = message.monotonic
    if len(found) != orders:
        raise Failed(f"{len(found)} orders on the wire, not {orders}")
    return [found[tick] for tick in sorted(found)]


def _compare_with_ledger(history: WireHistory, state: Path, orders: int) -> None:
    book = open_book(state, "paper", ACCOUNT, SystemClock())
    try:
        intents = sorted(order.client_order_id for order in book.orders(limit=orders * 2))
    finally:
        book.close()
    placed = sorted(history.orders_per_ref().elements())
    if intents != placed:
        odd = sorted(set(intents) ^ set(placed))[:5]
        raise Failed(f"{len(intents)} intents, {len(placed)} placed; for one {odd}")


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="orders", description=__doc__)
    parser.add_argument("--orders", type=int, default=2000, help="of each, over all rounds")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--warm-up", type=int, default=50, help="orders of a round not counted")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(
            options.orders, options.rounds, warm_up=options.warm_up, folder=Path(folder)
        )
    print(table(result.lines))
    return 0 if all(line.met for line in result.lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
