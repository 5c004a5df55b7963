"""The Sydney day as the desk keeps it: what it began with, its worst, and the best of all days.

A part of the desk, changed by its thread alone.
"""

from __future__ import annotations

from decimal import Decimal

from domain.results import Day, Result, after, as_text, day_of, figures_of, from_text, has_moved
from domain.results import shifted as shifted_by
from domain.risk_figures import ResultFigures
from runtime.interface import Clock

#: What the extremes may be off after a crash, in the base currency: more is written at once.
_STEP = Decimal(5)
_LAST_EVERY = 600.0
"""Seconds. The last figure goes up and down with every price; it is asked for only when Kelpie
was not there as a day began."""


class DeskResults:
    """Follows the result through the day."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._day: Day | None = None
        self._kept: Day | None = None
        self._kept_at = clock.monotonic()

    def figures(self, result: Result) -> ResultFigures:
        """As the gates look at it. What was not known of the day yet is, from now on."""
        self.see(result)
        return figures_of(self._day, result)

    def see(self, result: Result) -> None:
        """Follow it: the extremes, and the turn of the day."""
        if result.total is not None and result.fees is not None:
            today = day_of(self._clock.now())
            self._day = after(self._day, today, result.total, result.fees)

    def shift(self, by: Decimal) -> None:
        """Something that is neither profit nor loss has moved the total."""
        if self._day is not None:
            self._day = shifted_by(self._day, by)

    def take_up(self, text: str) -> None:
        """What the book has of it."""
        self._day = self._kept = from_text(text)

    def to_keep(self) -> str:
        """What the book should have of it now; empty while what it has is near enough."""
        day, kept, now = self._day, self._kept, self._clock.monotonic()
        if day is None or day == kept:
            return ""
        if not has_moved(day, kept, _STEP) and now - self._kept_at < _LAST_EVERY:
            return ""
        self._kept, self._kept_at = day, now
        return as_text(day)
