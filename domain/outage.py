"""How a venue that cannot be traded is judged, and how often a person hears of it.

Green: tradable. Amber: not, but for a moment only, or within a window that was announced.
Red: not, and nothing announced excuses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.maintenance import Window

RED_AFTER = timedelta(seconds=60)
"""An outage that is shorter is a blip: links are renewed within seconds."""

ANOTHER_PROGRAM_AFTER = timedelta(minutes=5)
"""A gateway lets go of a dead connection within minutes; after that somebody lives."""

REPEATS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))
"""Between one alert and the next; the last goes on for as long as it stands."""

NEEDS_PERSON = frozenset({"WRONG_ACCOUNT", "WRONG_MODE", "ACCOUNT_OF_NO_KIND"})
"""Causes that no waiting mends, and that no announced window excuses."""


class Health(StrEnum):
    """The colour of a venue."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


def health(
    tradable: bool, cause: str, since: datetime, now: datetime, excuse: Window | None
) -> Health:
    """The colour; `since` is when it stopped being tradable, `excuse` the window that is on."""
    if tradable:
        return Health.GREEN
    if cause in NEEDS_PERSON:
        return Health.RED
    if excuse is not None or now - since < RED_AFTER:
        return Health.AMBER
    return Health.RED


def outage_sentence(
    cause: str, sentence: str, since: datetime, now: datetime, ended: Iterable[Window]
) -> str:
    """The sentence of an outage, with what its length adds to it.

    `ended` are the announced windows since it began: a weekly login among them is the likeliest
    reason.
    """
    if cause == "CLIENT_ID_IN_USE" and now - since >= ANOTHER_PROGRAM_AFTER:
        minutes = int((now - since) / timedelta(minutes=1))
        sentence += (
            f" It has been so for {minutes} minutes: another program holds the id, and will not "
            "let go of it by itself."
        )
    if any(window.needs_person for window in ended):
        sentence += (
            " The weekly login has ended meanwhile: log the gateway in and approve it with IB Key."
        )
    return sentence


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that stands: since when, how often it was told, and when it is told again."""

    since: datetime
    told: int
    due: datetime

    @classmethod
    def begun(cls, now: datetime) -> Standing:
        """Told for the first time, now."""
        return cls(now, 1, now + REPEATS[0])

    def again(self, now: datetime) -> Standing:
        """Told once more, now."""
        return Standing(self.since, self.told + 1, now + REPEATS[min(self.told, len(REPEATS) - 1)])
