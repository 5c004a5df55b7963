"""Each benchmark runs at a tiny size, checks itself, and reports. No time is asserted here."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import orjson
import pydantic_core
import pytest

from adapters.store import open_book
from benchmarks.__main__ import BENCHMARKS, QUICK, main, run
from benchmarks.footprint import loaded
from benchmarks.numbering import FIRST, order_name, tick_of, tick_of_name
from benchmarks.orders import _compare_with_ledger, _latencies
from benchmarks.processes import Failed
from benchmarks.report import Line, percentile, table
from domain.orders import Order, OrderRequest, OrderType, Side
from domain.symbols import Symbol
from runtime.clocks import SystemClock
from simulators.broker import ACCOUNT
from simulators.tws.wire_history import read_wire_log

TINY = replace(
    QUICK,
    orders=20,
    warm_up=5,
    decode_ticks=2_000,
    decode_runs=1,
    rows=200,
    memory_seconds=1.0,
)
FIELDS = {"measure", "unit", "baseline", "tree", "target", "met", "note", "ratio"}


# Several processes are started one after the other, each with a minute of its own.
@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name != "soak"])
def test_a_benchmark_runs_and_keeps_its_samples(name: str, tmp_path: Path) -> None:
    results, text = run([name], TINY, folder=tmp_path)
    [result] = results
    assert result.lines and result.samples
    kept = orjson.loads((tmp_path / f"{name}.json").read_bytes())
    assert kept["samples"]
    report = orjson.loads((tmp_path / "report.json").read_bytes())
    assert all(set(line) == FIELDS for line in report["lines"])
    assert (tmp_path / "report.txt").read_text().strip() == text
    for line in result.lines:
        assert line.measure in text


def test_every_order_is_timed_by_its_own_tick(tmp_path: Path) -> None:
    log = tmp_path / "wire.jsonl"
    rows = [
        _tick(FIRST, 1.0),
        _tick(FIRST + 1, 2.0),
        _order(FIRST, 2.5),
        _order(FIRST + 1, 2.6),
    ]
    log.write_bytes(b"\n".join(rows))
    assert _latencies(read_wire_log(log), 2) == pytest.approx([1.5, 0.6])
    with pytest.raises(Failed, match="not 3"):
        _latencies(read_wire_log(log), 3)
    log.write_bytes(b"\n".join([*rows, _order(FIRST, 3.0)]))
    with pytest.raises(Failed, match="two orders"):
        _latencies(read_wire_log(log), 3)


def test_an_order_without_an_intent_is_no_measurement(tmp_path: Path) -> None:
    log = tmp_path / "wire.jsonl"
    with closing(open_book(tmp_path, "paper", ACCOUNT, SystemClock())) as book:
        request = OrderRequest(
            order_name(FIRST), Symbol("BHP", "AUD"), Side.BUY, Decimal(1), OrderType.MARKET
        )
        book.record_intent(Order.intended(request, "ib", SystemClock().now()), "test")
    log.write_bytes(_order(FIRST, 1.0))
    _compare_with_ledger(read_wire_log(log), tmp_path, 1)
    log.write_bytes(_order(FIRST, 1.0) + b"\n" + _order(FIRST + 1, 2.0))
    with pytest.raises(Failed, match="1 intents, 2 placed"):
        _compare_with_ledger(read_wire_log(log), tmp_path, 2)
    log.write_bytes(b"")
    with pytest.raises(Failed, match="1 intents, 0 placed"):
        _compare_with_ledger(read_wire_log(log), tmp_path, 1)


def _line(direction: str, message: int, fields: list[str], at: float) -> bytes:
    return orjson.dumps(
        {
            "t": "2026-01-05T00:00:00+00:00",
            "m": at,
            "s": 1,
            "c": 17,
            "d": direction,
            "id": message,
            "f": fields,
        }
    )


def _tick(number: int, at: float) -> bytes:
    return _line("out", 1, ["1", "6", "9", "1", "45.1", str(number), "1"], at)


def _order(tick: int, at: float) -> bytes:
    fields = ["3", "1", *[""] * 24, order_name(tick), *[""] * 20]
    return _line("in", 3, fields, at)


def test_an_order_names_its_tick() -> None:
    assert tick_of_name(order_name(FIRST + 7)) == FIRST + 7
    assert tick_of(float(FIRST)) == FIRST
    assert tick_of(500.0) is None
    assert tick_of(None) is None


def test_a_library_that_is_loaded_is_seen() -> None:
    assert pydantic_core.__version__
    assert loaded(os.getpid(), "pydantic_core")
    assert not loaded(os.getpid(), "a_library_that_nobody_has")


def test_the_table_names_what_was_missed() -> None:
    text = table(
        [Line("a", "ms", 1.0, 4.0, "<= 3x", False), Line("b", "MB", None, 80.0, "<", True)]
    )
    first, second = text.splitlines()[1:]
    assert "NO" in first and "4" in first
    assert "yes" in second and "–" in second
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([1.0], 99.9) == 1.0


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nothing"])
    assert "no such benchmark: nothing" in capsys.readouterr().err
