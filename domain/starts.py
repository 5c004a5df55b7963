"""The starts of the process, one after the other, and what their ends allow the next.

A start *dies early* when it ends, in whatever way but in order, before it has been reconciled
for a minute. Whoever keeps dying early would trade a little each time; so the one after five of
them trades nothing until a person has looked. Times are wall time in UTC: a clock that was set
back makes an older start look like a newer one, which counts it, never forgets it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

LIVES_AFTER = timedelta(seconds=60)
"""So long reconciled, and a start counts as one that lived."""
EARLY_DEATHS = 5
"""So many in a row, within `DEATHS_WITHIN`, and the next start is in safe mode; as usual."""
DEATHS_WITHIN = timedelta(minutes=30)
UNCLEAN_STARTS = 2
"""So many within `UNCLEAN_WITHIN`, and live trading is disarmed."""
UNCLEAN_WITHIN = timedelta(hours=1)
DELAYS_AFTER = 3
"""So many early deaths in a row, and the next start waits before it begins."""
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=5), timedelta(seconds=60)
KEPT = 100
"""Starts that are remembered."""


@dataclass(frozen=True, slots=True)
class Start:
    """One of them."""

    id: str
    at: datetime
    lived: bool = False
    clean: bool = False
    """It ended because it was asked to."""

    @property
    def died_early(self) -> bool:
        """True of one that runs, too, until it has lived: nobody says when it dies."""
        return not self.lived and not self.clean


@dataclass(frozen=True, slots=True)
class History:
    """The last starts, oldest first; the last of them is this one."""

    starts: tuple[Start, ...] = ()
    safe_since: datetime | None = None
    """Since when it is in safe mode; only a person ends it."""
    safe_cause: str = ""

    def begin(self, id: str, now: datetime, after_deaths: int = EARLY_DEATHS) -> History:
        """A start begins, in safe mode when so many before it died too early."""
        deaths = early_deaths(self.starts, now)
        kept = max(KEPT, after_deaths + 1)
        begun = replace(self, starts=(*self.starts, Start(id, now))[-kept:])
        if self.safe_since is not None or deaths < after_deaths:
            return begun
        minutes = DEATHS_WITHIN.total_seconds() / 60
        cause = (
            f"{deaths} starts within {minutes:.0f} minutes died before they had been reconciled "
            f"for {LIVES_AFTER.total_seconds():.0f} s"
        )
        return replace(begun, safe_since=now, safe_cause=cause)

    def lived(self, id: str) -> History:
        """That start has been reconciled for a minute."""
        return self._with(id, lived=True)

    def ended(self, id: str) -> History:
        """That start ended in order."""
        return self._with(id, clean=True)

    def safe_mode_ended(self) -> History:
        """A person has looked: what died before is not counted again."""
        return History(self.starts[-1:])

    def in_doubt(self, now: datetime, why: str) -> History:
        """What was before cannot be read: as if it had been the worst."""
        return replace(self, safe_since=now, safe_cause=why)

    def _with(self, id: str, *, lived: bool = False, clean: bool = False) -> History:
        changed = tuple(
            replace(each, lived=each.lived or lived, clean=each.clean or clean)
            if each.id == id
            else each
            for each in self.starts
        )
        return replace(self, starts=changed)


def early_deaths(starts: tuple[Start, ...], now: datetime) -> int:
    """How many of the last ones in a row died early, within half an hour of now."""
    row = 0
    for start in reversed(starts):
        if not start.died_early or now - start.at > DEATHS_WITHIN:
            break
        row += 1
    return row


def delay_of_start(starts: tuple[Start, ...], now: datetime) -> timedelta:
    """How long a start waits that whatever supervises the process makes after these.

    It doubles with each early death. Stops rest at the venue meanwhile; a service manager that
    would start again every two seconds for ever spares neither the disk nor the gateway.
    """
    beyond = early_deaths(starts, now) - DELAYS_AFTER
    if beyond < 0:
        return timedelta(0)
    return min(FIRST_DELAY * (1 << min(beyond, 10)), LONGEST_DELAY)


def unclean_starts(starts: tuple[Start, ...], now: datetime) -> int:
    """How many of the last hour's came after one that did not end in order, this one included."""
    return sum(
        1 for before, start in pairwise(starts) if _is_recent(start, now) and not before.clean
    )


def why_disarmed(history: History, now: datetime) -> str:
    """Why live trading is to be disarmed after this start; empty when it is not.

    One unclean start changes nothing; what ledger and venue disagree on disarms by itself.
    """
    unclean = unclean_starts(history.starts, now)
    return f"{unclean} unclean starts within an hour" if unclean >= UNCLEAN_STARTS else ""


def _is_recent(start: Start, now: datetime) -> bool:
    return now - start.at <= UNCLEAN_WITHIN
