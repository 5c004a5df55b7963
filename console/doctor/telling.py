"""How a finding is told: with its cure for each place where it may have to be applied."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from console.doctor.findings import Finding, Severity

#: Where a cure may have to be applied, by the names of the table of cures.
PLACES = ("gateway", "tws", "container")

_TITLES = {"gateway": "Gateway", "tws": "TWS", "container": "Container"}
_MARKS = {
    Severity.WELL: "ok  ",
    Severity.WARNING: "WARN",
    Severity.FAULT: "BAD ",
    Severity.NOT_CHECKED: "--  ",
}
_WIDTH = 92


def places(one: str | None) -> tuple[str, ...]:
    """That one alone, or all of them."""
    return PLACES if one is None else (one,)


def lines_of(finding: Finding, where: Sequence[str] = PLACES) -> list[str]:
    """The finding and its cures, as they are printed."""
    code = f" [{finding.code}]" if finding.code else ""
    head = f"{_MARKS[finding.severity]} {finding.check:<11} "
    lines = _wrapped(head, finding.sentence + code)
    if finding.cure is not None:
        for place in where:
            lines += _wrapped(f"     {_TITLES[place] + ':':<11} ", getattr(finding.cure, place))
    return lines


def as_json(finding: Finding) -> dict[str, object]:
    """The finding and all its cures, for programs."""
    cure = finding.cure
    told = None if cure is None else {place: getattr(cure, place) for place in PLACES}
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "code": finding.code,
        "sentence": finding.sentence,
        "facts": dict(finding.facts),
        "cure": told,
    }


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False
    )
