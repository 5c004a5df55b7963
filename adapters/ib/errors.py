"""What an error code of TWS means: the one table, and the answer for codes not in it.

The table is `config/ib_errors.toml`. A code that is not there is quarantined: it changes no
order, but somebody is told and the truth is asked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

#: Codes of our own, for what the adapter itself has to say. TWS's codes are positive.
UNREADABLE = -1
NOT_WRITTEN = -2


class Effect(StrEnum):
    """What a code says about whatever it was sent for."""

    NONE = "none"
    """Nothing: it informs."""
    REJECT = "reject"
    """A claim that an order or request was refused; a query has to confirm it of an order."""
    CANCELLED = "cancelled"
    """A claim that an order was cancelled; the order messages say whether it was."""
    QUERY = "query"
    """Ours and the venue's idea of an order differ: ask."""
    NO_DATA = "no_data"
    """A subscription or data request brings nothing."""
    RESUBSCRIBE = "resubscribe"
    """Subscriptions were dropped and have to be asked for again."""
    DOWN = "down"
    """The venue cannot be reached though the link stands."""
    UP = "up"
    """The venue can be reached again; what happened meanwhile has to be asked for."""
    LINK = "link"
    """The link ends, or has to be made anew."""
    PACING = "pacing"
    """Too much was asked too fast."""


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One row. `scope` is order, request, data, link or farm."""

    code: int
    scope: str
    severity: str
    """`info`, `warning` or `error`."""
    effect: Effect
    retry: str
    """`never`, `later` (as it is), `changed` (after a correction)."""
    alert: bool
    meaning: str
    known: bool = True

    @property
    def ends_request(self) -> bool:
        """A request that it answers will get no other answer."""
        return self.effect not in (Effect.NONE, Effect.UP, Effect.DOWN, Effect.RESUBSCRIBE)


_SCOPES = {"order", "request", "data", "link", "farm"}
_SEVERITIES = {"info", "warning", "error"}
_RETRIES = {"never", "later", "changed"}


class ErrorTable:
    """The rules by code."""

    def __init__(self, rules: Mapping[int, ErrorRule]) -> None:
        self._rules = dict(rules)

    def __iter__(self) -> Iterator[ErrorRule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)

    def rule(self, code: int) -> ErrorRule:
        """The row of a code; for one that is not in the table, a quarantine."""
        known = self._rules.get(code)
        if known is not None:
            return known
        return ErrorRule(
            code, "order", "warning", Effect.QUERY, "never", True, "a code not in the table", False
        )

    @classmethod
    def parse(cls, text: str) -> ErrorTable:
        """Read the table.

        Raises:
            ValueError: a row that is incomplete or says what no row can say.
        """
        rules: dict[int, ErrorRule] = {}
        for key, row in tomllib.loads(text).items():
            try:
                rule = ErrorRule(
                    code=int(key),
                    scope=row["scope"],
                    severity=row["severity"],
                    effect=Effect(row["effect"]),
                    retry=row["retry"],
                    alert=bool(row["alert"]),
                    meaning=row["meaning"],
                )
            except KeyError as missing:
                raise ValueError(f"code {key} says nothing of {missing}") from None
            if (
                rule.scope not in _SCOPES
                or rule.severity not in _SEVERITIES
                or rule.retry not in _RETRIES
            ):
                raise ValueError(f"code {key} has a word that no row may have: {row}")
            rules[rule.code] = rule
        return cls(rules)


@cache
def error_table() -> ErrorTable:
    """The table of the installation, read once."""
    return ErrorTable.parse(files("config").joinpath("ib_errors.toml").read_text("utf-8"))
