"""The life of one subscription, and what is done when it falls silent while its market is open.

First it is asked for again; silent still, the link is to blame, or a person has to look. What
the venue has refused is asked for again as well, slowly: no storm of requests, whatever happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain.hours import open_session
from domain.symbols import Symbol
from domain.venue import TradingSession

REFUSED_FIRST = 60.0
REFUSED_LONGEST = 600.0
REFUSED_FOR_GOOD = 3600.0
"""Seconds between two tries of what the venue refuses: at first, at most, and where only a person
can change it."""
SILENT_LONGEST = 600.0


class Step(Enum):
    """What is to be done about a subscription now."""

    NONE = "none"
    ASK = "ask"
    """Ask for it again."""
    ASK_AND_REPORT = "ask and report"
    """Ask for it again, and say that asking has not helped."""


@dataclass(slots=True)
class Life:
    """One subscription. Times are monotonic seconds; `patience` is how long it may be silent."""

    symbol: Symbol
    patience: float
    sessions: Sequence[TradingSession] = ()
    heard_at: float | None = None
    """When anything came last."""
    quiet_from: float | None = None
    """From when silence counts: the request, or the opening of the market."""
    rung: int = 0
    """How often it was asked for again in this silence."""
    refused: str = ""
    """The venue's words, while it refuses this subscription."""
    refused_at: float = 0.0
    tries: int = 0
    next_try: float = 0.0
    halted: bool = False
    """A halted instrument is silent by right."""

    def asked(self, now: float) -> None:
        """A request has gone out."""
        self.quiet_from = now

    def heard(self, now: float) -> bool:
        """Something came; True when that ends a silence or a refusal."""
        self.heard_at = now
        if not self.rung and not self.refused:
            return False
        self.rung, self.refused, self.tries = 0, "", 0
        return True

    def refuse(self, text: str, now: float, *, for_good: bool) -> bool:
        """The venue ended it; True when that is news."""
        news = not self.refused
        self.refused, self.refused_at = text, now
        wait = min(REFUSED_FIRST * 2.0**self.tries, REFUSED_LONGEST)
        self.tries = min(self.tries + 1, 10)
        self.next_try = now + (REFUSED_FOR_GOOD if for_good else wait)
        return news

    def is_before_refusal(self, received: float) -> bool:
        """What was received then says nothing against the venue's refusal."""
        return bool(self.refused) and received <= self.refused_at

    def is_open(self, now: datetime) -> bool:
        """Its market trades; where the venue announced no hours, silence proves nothing."""
        return not self.halted and open_session(self.sessions, now) is not None

    def look(self, now: float, wall: datetime) -> Step:
        """What is to be done, and counted as done."""
        if self.refused:
            if now < self.next_try:
                return Step.NONE
            self.next_try = now + REFUSED_LONGEST
            return Step.ASK
        if not self.is_open(wall):
            self.quiet_from, self.rung = None, 0
            return Step.NONE
        if self.quiet_from is None:
            self.quiet_from = now
        silent = now - max(self.quiet_from, self.heard_at or self.quiet_from)
        patience = self.patience * 2.0 ** max(min(self.rung, 10) - 1, 0)
        if silent < min(patience, max(self.patience, SILENT_LONGEST)):
            return Step.NONE
        self.rung += 1
        return Step.ASK if self.rung == 1 else Step.ASK_AND_REPORT
