"""An outage of the book's disk: what it is, when it is told, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.book import BookError

_PATIENCE = 1.0
"""Seconds for which a lock is nobody's business: others lock the file for a moment."""
_FIRST = {"LOCKED": 0.002, "DISK_FULL": 0.1, "DISK_FAILED": 0.1}
_LONGEST = {"LOCKED": 0.25, "DISK_FULL": 2.0, "DISK_FAILED": 2.0}


@dataclass(slots=True)
class Outage:
    """The book cannot be written, since `began` (UTC)."""

    code: str
    sentence: str
    began: datetime
    since: float
    """Monotonic seconds."""
    tries: int = 0
    told: bool = False
    """It is no matter of a moment: entries stop, and exits leave on the emergency file."""
    trying: bool = False
    """What waited is being written again."""

    def failed(self, error: BookError, now: float) -> bool:
        """Another try has failed (`now`: monotonic seconds); True when it is to be told now."""
        self.code, self.sentence = error.code, str(error)
        self.tries += 1
        self.trying = False
        was, self.told = self.told, self.told or not self._is_young(now)
        return self.told and not was

    def _is_young(self, now: float) -> bool:
        return self.code == "LOCKED" and now - self.since < _PATIENCE

    @property
    def delay(self) -> float:
        """Seconds until the next try: at once for a lock of a moment, within seconds for all."""
        return min(_LONGEST[self.code], _FIRST[self.code] * 2.0 ** min(self.tries - 1, 30))
