"""The table of alerts, read from `alerts.toml`: how urgent each is, and what it means."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from domain.alerting import AlertRule, Level

OF_THE_VENUE = "IB_SAYS"
"""The row of all that IB says of an order or of data: its codes are `IB` and a number."""
UNKNOWN = "OTHER"
"""The row of a code that the table does not have: it is told all the same."""
_BY_NUMBER = re.compile(r"IB\d+")


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level
    title: str = Field(min_length=3, max_length=48)
    stands: str = Field(min_length=10, max_length=200)
    if_nothing: str = Field(min_length=10, max_length=200)
    to_do: str = Field(min_length=10, max_length=200)
    lasts: bool
    wait_seconds: int = Field(default=0, ge=0, le=3600)
    renews: bool = False


@cache
def alert_table() -> Mapping[str, AlertRule]:
    """Read the table, once; by code, in the order of the file.

    Raises:
        pydantic.ValidationError: a row is none; the file belongs to the program.
    """
    text = files("config").joinpath("alerts.toml").read_text(encoding="utf-8")
    rows = {code: _Row.model_validate(row) for code, row in tomllib.loads(text).items()}
    rules = {code: AlertRule(code=code, **row.model_dump()) for code, row in rows.items()}
    return MappingProxyType(rules)


def rule_of(code: str) -> AlertRule:
    """The row of a code, under the code itself; of one that is in no row that of `OTHER`."""
    table = alert_table()
    found = table.get(code)
    if found is not None:
        return found
    row = table[OF_THE_VENUE if _BY_NUMBER.fullmatch(code) else UNKNOWN]
    return replace(row, code=code, own=False)
