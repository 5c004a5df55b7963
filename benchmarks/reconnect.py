"""From the gateway's return to ready again, against a bare ib_insync that connects anew.

The gateway is stopped and started on its port, again and again. It is back when it listens (its
own `started` note). The tree is ready when the desk says so (its log) and its quotes flow again
(the gateway's wire log): connected, synchronised, reconciled, subscribed. The bare client is
ready when its `connectAsync` returns. Both try every 10 ms, so the wait between two tries is
hardly in it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from benchmarks.bare import CONNECTED
from benchmarks.numbering import PREFIX
from benchmarks.processes import (
    Failed,
    free_port,
    gateway,
    running,
    tree_settings,
)
from benchmarks.report import Line, Result, table
from simulators.tws.protocol import Reply
from simulators.tws.wire_history import WireHistory, read_wire_log

_WITHIN_MS = 50.0
_AT_MOST = 30.0
_RECONCILED = "Reconciled with ib"


def measure(times: int, folder: Path) -> Result:
    """Take the gateway away `times` times from the bare client, then as often from the tree.

    Raises:
        Failed: one of the two did not come back within half a minute.
    """
    samples = {"ib_insync": _bare(times, folder / "bare"), "tree": _tree(times, folder / "tree")}
    bare, tree = (statistics.median(seconds) * 1e3 for seconds in samples.values())
    line = Line(
        "gateway back to ready",
        "ms",
        bare,
        tree,
        f"<= +{_WITHIN_MS:g} ms",
        tree - bare <= _WITHIN_MS,
        f"median of {times}; baseline: connectAsync alone; both try every 10 ms",
    )
    return Result("reconnect", (line,), dict(samples))


def _bare(times: int, folder: Path) -> list[float]:
    port = free_port()
    argv = ["-m", "benchmarks.bare", "reconnect", "--port", str(port)]
    printed = folder / "output.txt"

    def connects() -> list[str]:
        words = (line.split() for line in printed.read_text().splitlines())
        return [line[1] for line in words if line[:1] == [CONNECTED]]

    with running(argv, folder) as process:
        for turn in range(1 + times):

            def is_back(count: int = turn) -> bool:
                return len(connects()) > count

            with gateway(folder / "gateway", "--port", str(port), numbered=True):
                _until(is_back, process)
    back = _back(read_wire_log(folder / "gateway" / "wire.jsonl"))
    ready = [datetime.fromtimestamp(float(text), UTC) for text in connects()]
    return _seconds(back, ready)


def _tree(times: int, folder: Path) -> list[float]:
    port = free_port()
    settings = tree_settings(
        folder, port, free_port(), ALLOWED_SYMBOLS="BHP/AUD", CLIENT_ORDER_PREFIX=PREFIX
    )
    argv = ["-m", "benchmarks.tree", "--orders", "0", "--try-every", "0.01"]
    wire_log = folder / "gateway" / "wire.jsonl"
    with running(argv, folder, **settings) as process:
        for turn in range(1 + times):

            def is_back(count: int = turn) -> bool:
                quotes = _first_quotes(read_wire_log(wire_log))
                return min(len(_reconciled(folder)), len(quotes)) > count

            with gateway(folder / "gateway", "--port", str(port), numbered=True):
                _until(is_back, process)
    history = read_wire_log(wire_log)
    ready = [max(both) for both in zip(_reconciled(folder), _first_quotes(history), strict=True)]
    return _seconds(_back(history), ready)


def _until(done: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _AT_MOST
    while not done():
        if process.poll() is not None:
            raise Failed(f"it ended with {process.returncode}")
        if time.monotonic() > until:
            raise Failed(f"it did not come back within {_AT_MOST:.0f} s")
        time.sleep(0.005)


def _back(history: WireHistory) -> list[datetime]:
    """When each gateway listened."""
    return [note.time for note in history.notes if note.event == "started"]


def _first_quotes(history: WireHistory) -> list[datetime]:
    """When each gateway sent its first price."""
    first: dict[int, datetime] = {}
    for message in history.messages:
        if not message.incoming and message.message_id == Reply.TICK_PRICE:
            first.setdefault(message.run, message.time)
    return list(first.values())


def _reconciled(folder: Path) -> list[datetime]:
    """When the tree had compared its ledger with the venue."""
    log = folder / "logs" / "telemetry.log"
    lines = [orjson.loads(line) for line in log.read_bytes().splitlines()] if log.exists() else []
    return [
        datetime.fromisoformat(line["ts"])
        for line in lines
        if line.get("text", "").startswith(_RECONCILED)
    ]


def _seconds(back: Sequence[datetime], ready: Sequence[datetime]) -> list[float]:
    """From each return to the readiness after it; the first start is none."""
    if len(back) != len(ready):
        raise Failed(f"{len(back)} starts of the gateway, {len(ready)} times ready")
    pairs = list(zip(back, ready, strict=True))[1:]
    return [(later - earlier).total_seconds() for earlier, later in pairs]


def main(argv: Sequence[str]) -> int:
    """Print the table; 1 when the target was missed."""
    parser = argparse.ArgumentParser(prog="reconnect", description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options.times, Path(folder))
    print(table(result.lines))
    return 0 if all(line.met for line in result.lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
