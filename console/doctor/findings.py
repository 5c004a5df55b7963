"""What the doctor finds, and the cure for each fault in the words of whoever has to apply it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Severity(StrEnum):
    """How bad it is."""

    WELL = "well"
    WARNING = "warning"
    """It can trade, but you should know."""
    FAULT = "fault"
    """It cannot trade, or not safely."""
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Cure:
    """What to do, by the place where it is done."""

    severity: Severity
    ib_codes: tuple[int, ...]
    """By these codes IB says that it is so."""
    gateway: str
    tws: str
    container: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and what came of it. `code` names a fault and its cure; empty when well."""

    check: str
    severity: Severity
    sentence: str
    code: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def cure(self) -> Cure | None:
        """What to do; None when nothing is."""
        return cures().get(self.code)


def well(check: str, sentence: str, **facts: object) -> Finding:
    """It is as it should be."""
    return Finding(check, Severity.WELL, sentence, facts=facts)


def not_checked(check: str, why: str) -> Finding:
    """It could not be looked at."""
    return Finding(check, Severity.NOT_CHECKED, why)


def fault(check: str, code: str, sentence: str, **facts: object) -> Finding:
    """A fault or warning, as bad as the table says."""
    return Finding(check, cures()[code].severity, sentence, code, facts)


def code_of(ib_code: int) -> str | None:
    """The fault that a code of IB's tells of, if it is one that the doctor knows."""
    return next((code for code, cure in cures().items() if ib_code in cure.ib_codes), None)


@cache
def cures() -> Mapping[str, Cure]:
    """The table of cures of the installation.

    Raises:
        ValueError: a row is incomplete.
    """
    text = files("config").joinpath("doctor_cures.toml").read_text("utf-8")
    table = {}
    for code, row in tomllib.loads(text).items():
        try:
            table[code] = Cure(
                Severity(row["severity"]),
                tuple(row.get("ib_codes", ())),
                row["gateway"],
                row["tws"],
                row["container"],
            )
        except KeyError as missing:
            raise ValueError(f"the cure of {code} says nothing of {missing}") from None
    return table
