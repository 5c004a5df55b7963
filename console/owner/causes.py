"""What a cause of a verdict is: one thing that is not as it is on a quiet day."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Whether a person is needed."""

    WELL = "WELL"
    NEEDS_YOU = "NEEDS_YOU"
    NOT_TRADING_EXPECTED = "NOT_TRADING_EXPECTED"
    """Nothing is bought, as announced or as a person wanted it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """With what happens if nobody does anything, and what can be done, a sentence each."""

    level: Level
    code: str
    sentence: str
    if_nothing: str
    to_do: tuple[str, ...] = ()
    symbol: str | None = None
