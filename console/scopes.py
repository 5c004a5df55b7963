"""What one who looks in may do, and the three grades in which a device is given it."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One thing that may be done. None of them holds another: each is given by itself."""

    LOOK = "look"
    """Read whatever is shown."""
    PAUSE = "pause"
    """Hold back new entries and let them go again, and answer alerts."""
    TRADE = "trade"
    """Whatever opens, changes or ends a position or an order."""


class Grade(StrEnum):
    """What a device is paired for."""

    LOOK = "look"
    PAUSE = "pause"
    TRADE = "trade"

    @property
    def scopes(self) -> frozenset[Scope]:
        """All that it may do: its own scope and those before it."""
        upto = list(Scope).index(Scope(self.value))
        return frozenset(list(Scope)[: upto + 1])

    @property
    def sentence(self) -> str:
        """What it may do, as the owner is told."""
        return {
            Grade.LOOK: "look",
            Grade.PAUSE: "look, pause and resume new trades, and answer alerts",
            Grade.TRADE: "look, pause and resume new trades, answer alerts, and close everything",
        }[self]
