"""What an error code of TWS means: the one table, and the answer for codes not in it.

The table is `config/ib_errors.toml`. A code that is not there is quarantined: it changes no
order, but somebody is told and the truth is asked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from domain.farms import FarmKind, FarmState, farms_of
from domain.symbols import Symbol
from domain.venue import NoticeEffect, VenueNotice

#: Codes of our own, for what the adapter itself has to say. TWS's codes are positive.
UNREADABLE = -1
NOT_WRITTEN = -2


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One row. `scope` is order, request, data, link or farm."""

    code: int
    scope: str
    severity: str
    """`info`, `warning` or `error`."""
    effect: NoticeEffect
    retry: str
    """`never`, `later` (as it is), `changed` (after a correction)."""
    alert: bool
    meaning: str
    known: bool = True
    farm: tuple[FarmKind, FarmState] | None = None
    """Of a farm alone: what it serves, and how it is now."""

    @property
    def ends_request(self) -> bool:
        """A request that it answers will get no other answer."""
        return self.effect not in (
            NoticeEffect.NONE,
            NoticeEffect.UP,
            NoticeEffect.DOWN,
            NoticeEffect.RESUBSCRIBE,
            NoticeEffect.ACCOUNT,
        )


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
            code,
            "order",
            "warning",
            NoticeEffect.QUERY,
            "never",
            True,
            "a code not in the table",
            False,
        )

    def notice(
        self,
        code: int,
        text: str,
        *,
        client_order_id: str | None = None,
        symbol: Symbol | None = None,
    ) -> VenueNotice:
        """A code and its text, with what they mean."""
        rule = self.rule(code)
        farms = farms_of(*rule.farm, text) if rule.farm is not None else ()
        return VenueNotice(
            code,
            text,
            client_order_id,
            symbol,
            rule.effect,
            rule.alert,
            rule.retry,
            farms,
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
                    effect=NoticeEffect(row["effect"]),
                    retry=row["retry"],
                    alert=bool(row["alert"]),
                    meaning=row["meaning"],
                    farm=_farm_of(row),
                )
            except KeyError as missing:
                raise ValueError(f"code {key} says nothing of {missing}") from None
            if (
                rule.scope not in _SCOPES
                or rule.severity not in _SEVERITIES
                or rule.retry not in _RETRIES
                or (rule.scope == "farm") is (rule.farm is None)
            ):
                raise ValueError(f"code {key} has a word that no row may have: {row}")
            rules[rule.code] = rule
        return cls(rules)


def _farm_of(row: Mapping[str, str]) -> tuple[FarmKind, FarmState] | None:
    if "farm" not in row:
        return None
    return FarmKind(row["farm"]), FarmState(row["state"])


@cache
def error_table() -> ErrorTable:
    """The table of the installation, read once."""
    return ErrorTable.parse(files("config").joinpath("ib_errors.toml").read_text("utf-8"))
