"""Kelpie's own refusals: a stable code, one sentence, what to do.

The table is `config/error_codes.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A row of the table. `exit` is the process's exit status where it ends for this."""

    code: str
    sentence: str
    cure: str
    exit: int | None = None

    @property
    def facts(self) -> frozenset[str]:
        """The names that the sentence and the cure want filled in."""
        return frozenset(re.findall(r"{(\w+)}", self.sentence + self.cure))


class CodedError(Exception):
    """Something is refused or has failed, with its code, sentence, cure and facts."""

    def __init__(self, code: str, **facts: object) -> None:
        """Look the code up and fill its words in.

        Raises:
            KeyError: the table has no such code, or a fact that its words need is not given.
        """
        row = error_codes()[code]
        self.code = code
        self.sentence = row.sentence.format_map(facts)
        self.cure = row.cure.format_map(facts)
        self.exit = row.exit
        self.facts = MappingProxyType(dict(facts))
        super().__init__(f"{self.sentence} {self.cure} [{code}]")


@cache
def error_codes() -> Mapping[str, ErrorCode]:
    """Read the table, once; in the order of the file."""
    text = files("config").joinpath("error_codes.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    return MappingProxyType({code: ErrorCode(code=code, **row) for code, row in rows.items()})
