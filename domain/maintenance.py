"""Windows that Interactive Brokers and the gateway announce: known ahead, right in summer time.

Sources: IBKR's system status page, the version with six data centres (APAC resets Sunday to
Friday 04:45-06:05 and 20:15-21:15 Hong Kong; weekend Friday 23:00 to Saturday 03:00 New York);
IBKR's guide to the gateway's auto-restart (the login ends each Sunday 01:00 New York); the
gateway's own restart, by default 23:45 in its own zone. Hours are kept in the zone of their
source and turned into UTC day by day, so summer time counts on both sides of the equator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

_SUNDAY_TO_FRIDAY = (6, 0, 1, 2, 3, 4)
_EVERY_DAY = tuple(range(7))
_DAY = timedelta(days=1)
_LOOK_AHEAD = timedelta(days=8)
_RESTART_TAKES = timedelta(minutes=5)


class WindowKind(StrEnum):
    """What is announced."""

    RESTART = "restart"
    """The gateway restarts itself, each night."""
    RESET = "reset"
    """IB resets its servers for Asia and the Pacific, twice a day."""
    WEEKEND = "weekend"
    """IB is down everywhere."""
    LOGIN = "login"
    """The gateway's login ends; its next start needs a person."""


_REASONS = {
    WindowKind.RESTART: "the gateway restarts, as it does every night",
    WindowKind.RESET: "IB resets its servers for Asia and the Pacific",
    WindowKind.WEEKEND: "IB is down for its weekly maintenance",
    WindowKind.LOGIN: "IB ends the gateway's weekly login: at its next start a person has to log "
    "in and approve it with IB Key",
}


@dataclass(frozen=True, slots=True)
class Window:
    """One announced stretch, in UTC; `ends` is no longer in it."""

    kind: WindowKind
    starts: datetime
    ends: datetime

    @property
    def reason(self) -> str:
        """Why, as the end of a sentence."""
        return _REASONS[self.kind]

    @property
    def needs_person(self) -> bool:
        """Nothing comes back by itself afterwards."""
        return self.kind is WindowKind.LOGIN

    def holds(self, now: datetime) -> bool:
        """It is on."""
        return self.starts <= now < self.ends


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Hours that come again on these weekdays (Monday is 0) of a zone.

    Hours that end no later than they begin end on the next day.
    """

    kind: WindowKind
    begins: time
    ends: time
    zone: tzinfo
    weekdays: tuple[int, ...] = _EVERY_DAY

    def windows(self, since: datetime, until: datetime) -> Iterable[Window]:
        """Those that touch the stretch from `since` to `until`, oldest first."""
        day = since.astimezone(self.zone).date() - _DAY
        last = until.astimezone(self.zone).date()
        over_midnight = _DAY if self.ends <= self.begins else timedelta(0)
        while day <= last:
            if day.weekday() in self.weekdays:
                starts = datetime.combine(day, self.begins, self.zone).astimezone(UTC)
                ends = datetime.combine(day + over_midnight, self.ends, self.zone).astimezone(UTC)
                if starts < until and ends > since:
                    yield Window(self.kind, starts, ends)
            day += _DAY


def of_ib(kinds: Sequence[WindowKind]) -> tuple[Recurrence, ...]:
    """IB's own windows of these kinds, as a member in Asia and the Pacific meets them."""
    hong_kong, new_york = ZoneInfo("Asia/Hong_Kong"), ZoneInfo("America/New_York")
    all_of_them = (
        Recurrence(WindowKind.RESET, time(4, 45), time(6, 5), hong_kong, _SUNDAY_TO_FRIDAY),
        Recurrence(WindowKind.RESET, time(20, 15), time(21, 15), hong_kong, _SUNDAY_TO_FRIDAY),
        Recurrence(WindowKind.WEEKEND, time(23, 0), time(3, 0), new_york, (4,)),
        Recurrence(WindowKind.LOGIN, time(1, 0), time(1, 15), new_york, (6,)),
    )
    return tuple(each for each in all_of_them if each.kind in kinds)


def nightly_restart(at: time, zone: tzinfo) -> Recurrence:
    """The gateway's own restart, at this hour of its zone."""
    ends = (datetime.combine(datetime(2000, 1, 1), at) + _RESTART_TAKES).time()
    return Recurrence(WindowKind.RESTART, at, ends, zone)


def announced(
    kinds: Sequence[WindowKind], restart_at: time, zone: tzinfo, lead: timedelta
) -> Schedule:
    """All windows of these kinds, for a gateway in `zone` that restarts at this hour of it."""
    own = (nightly_restart(restart_at, zone),) if WindowKind.RESTART in kinds else ()
    return Schedule((*of_ib(kinds), *own), ZoneInfo("Australia/Sydney"), lead)


@dataclass(frozen=True, slots=True)
class Schedule:
    """All that is announced of a venue. Without recurrences nothing is."""

    recurrences: tuple[Recurrence, ...] = ()
    zone: tzinfo = UTC
    """In which the owner reads times."""
    lead: timedelta = timedelta(0)
    """So long before a window no new positions are opened."""

    def ahead(self, now: datetime, within: timedelta = _LOOK_AHEAD) -> tuple[Window, ...]:
        """Those that are on, or begin within this time, by their start."""
        found = (w for each in self.recurrences for w in each.windows(now, now + within))
        return tuple(sorted(found, key=lambda window: (window.starts, window.ends)))

    def next_window(self, now: datetime) -> Window | None:
        """The next that begins after now."""
        return next((each for each in self.ahead(now) if each.starts > now), None)

    def in_window(self, now: datetime) -> Window | None:
        """The one that is on; of several the one that ends last."""
        return _last_to_end(each for each in self.ahead(now, _DAY) if each.holds(now))

    def hold(self, now: datetime) -> Window | None:
        """The window for which no new positions are opened now; of several the last to end."""
        ahead = self.ahead(now, self.lead + timedelta(seconds=1))
        return _last_to_end(each for each in ahead if each.starts - self.lead <= now < each.ends)

    def hold_sentence(self, now: datetime) -> str:
        """`on hold until Sun 23:50, because …`; empty when nothing holds."""
        window = self.hold(now)
        if window is None:
            return ""
        return f"on hold until {self.local(window.ends)}, because {window.reason}"

    def local(self, moment: datetime) -> str:
        """Day and time as the owner reads them."""
        return f"{moment.astimezone(self.zone):%a %H:%M}"


def _last_to_end(windows: Iterable[Window]) -> Window | None:
    return max(windows, key=lambda window: window.ends, default=None)
