"""The table of what was measured, and where the figures are kept."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).parents[1] / "build" / "benchmarks"


@dataclass(frozen=True, slots=True)
class Line:
    """One measure: the baseline's figure, the tree's, and what is to be reached.

    `baseline` is None where the target is an absolute one; both are in `unit`.
    """

    measure: str
    unit: str
    baseline: float | None
    tree: float
    target: str
    met: bool
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The tree's figure over the baseline's."""
        return self.tree / self.baseline if self.baseline else None


@dataclass(frozen=True, slots=True)
class Result:
    """The lines of one benchmark and every sample behind them."""

    name: str
    lines: tuple[Line, ...]
    samples: dict[str, Any]


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that so many percent of them do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def keep(result: Result, folder: Path = FOLDER) -> None:
    """Write the samples of one benchmark, as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {"name": result.name, "lines": _rows(result.lines), "samples": result.samples}
    _write(folder / f"{result.name}.json", rows)


def write_report(results: Iterable[Result], folder: Path = FOLDER) -> str:
    """Write `report.txt` and `report.json`; gives the text."""
    lines = [line for result in results for line in result.lines]
    text = table(lines)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.txt").write_text(text + "\n", encoding="utf-8")
    machine = {"python": platform.python_version(), "machine": platform.platform()}
    _write(folder / "report.json", {"on": machine, "lines": _rows(lines)})
    return text


def table(lines: Sequence[Line]) -> str:
    """One row a measure, in columns."""
    head = ("measure", "unit", "baseline", "tree", "ratio", "target", "met?", "note")
    rows = [head]
    for line in lines:
        rows.append(
            (
                line.measure,
                line.unit,
                _figure(line.baseline),
                _figure(line.tree),
                _figure(line.ratio),
                line.target,
                "yes" if line.met else "NO",
                line.note,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    right = {2, 3, 4}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [{**asdict(line), "ratio": line.ratio} for line in lines]


def _write(path: Path, rows: dict[str, Any]) -> None:
    path.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2) + b"\n")
