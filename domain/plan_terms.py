"""What guards a position from its entry on: the terms of a plan. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum


class Overnight(StrEnum):
    """What becomes of a position at the end of its market's day."""

    HOLD = "HOLD"
    """It stays, under its stop at the venue."""
    CLOSE = "CLOSE"
    """It is left before the close (day end)."""


@dataclass(frozen=True, slots=True)
class Trail:
    """How the stop follows a gain; it moves in the position's favour alone."""

    break_even_after: Decimal
    """A gain of so many times the first distance to the stop moves it to the entry's price."""
    distance: Decimal
    """How far behind the best price it follows, in the currency of the symbol."""


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """Prices in the currency of the symbol, on the side of the position's own entry."""

    stop: Decimal
    target: Decimal | None = None
    trail: Trail | None = None
    latest_age: timedelta | None = None
    """Left at this age; None keeps it for as long as its stop stands."""
    overnight: Overnight = Overnight.HOLD
