"""How reports look: a head, a table, sums and notes; and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from textwrap import wrap

from domain.tax_events import Aud

_WIDTH = 100
_CENT = Decimal("0.01")
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Section:
    """A table of its own beneath the lines."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What is printed. Amounts are text with two places; what is not known is `missing`."""

    title: str
    head: tuple[str, ...]
    """Sentences: what it is not, and the rules with their sources."""
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    sums: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]

    def facts(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "title": self.title,
            "head": list(self.head),
            "lines": _named(self.columns, self.lines),
            "sums": dict(self.sums),
            "sections": {
                section.title: [
                    dict(zip(section.columns, row, strict=True)) for row in section.rows
                ]
                for section in self.sections
            },
            "notes": list(self.notes),
        }


def page(report: Report) -> list[str]:
    """The report as lines of text."""
    said = [report.title, ""]
    for sentence in report.head:
        said += wrap(sentence, _WIDTH, subsequent_indent="  ")
    said += ["", *_table(report.columns, report.lines)]
    if report.sums:
        width = max(len(name) for name, _ in report.sums)
        amounts = max(len(amount) for _, amount in report.sums)
        said += ["", *(f"{name:<{width}}  {amount:>{amounts}}" for name, amount in report.sums)]
    for section in report.sections:
        said += ["", section.title, *_table(section.columns, section.rows)]
    if report.notes:
        said.append("")
        for note in report.notes:
            said += wrap(f"- {note}", _WIDTH, subsequent_indent="  ")
    return said


def money(amount: Aud) -> str:
    """To the cent; `missing` for what is not known."""
    if amount is None:
        return MISSING
    return str(amount.quantize(_CENT, ROUND_HALF_EVEN))


def units(quantity: Decimal) -> str:
    """A quantity without trailing zeros."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _named(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[dict[str, str]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    rows = list(rows)
    if not rows:
        return ["none"]
    widths = [max(len(text) for text in column) for column in zip(columns, *rows, strict=True)]
    right = [all(_is_figure(row[at]) for row in rows) for at in range(len(columns))]

    def line(row: Sequence[str]) -> str:
        cells = (
            f"{text:>{width}}" if figure else f"{text:<{width}}"
            for text, width, figure in zip(row, widths, right, strict=True)
        )
        return "  ".join(cells).rstrip()

    return [line(columns), *(line(row) for row in rows)]


def _is_figure(text: str) -> bool:
    return text == MISSING or text.lstrip("-").replace(".", "", 1).isdigit()
