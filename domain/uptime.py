"""How a venue stood, hour by hour: what is remembered of it, and how it is shown by the day.

Hours are kept in UTC, so that none is lost or counted twice when Sydney turns its clocks; a day
in Sydney has 23, 24 or 25 of them. What nobody wrote down is time in which Kelpie did not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from domain.maintenance import Window
from domain.outage import NEEDS_PERSON
from domain.permits import Condition, Hold

HOUR = timedelta(hours=1)
KEPT = timedelta(days=40)
"""So long hours are remembered."""
BLIP = 60.0
"""Seconds: a state that lasted no longer in an hour does not colour it (see `domain.outage`)."""
_UNWRITTEN = 30.0
"""Seconds that may be missing from an hour and mean nothing: it is written down every so often."""


class UpState(StrEnum):
    """How a venue stood."""

    READY = "ready"
    """It could be traded, whether its market was open or not."""
    EXPECTED = "on_hold_expected"
    """Nothing new was opened, by what was announced or by a person's wish."""
    UNEXPECTED = "on_hold_not_expected"
    NOT_RUNNING = "not_running"


_WORST_FIRST = (UpState.UNEXPECTED, UpState.NOT_RUNNING, UpState.EXPECTED, UpState.READY)
_BY_PERSON = (Condition.PAUSED, Condition.DISARMED)
_NOT_EXPECTED = (
    Condition.SAFE_MODE_MISMATCH,
    Condition.SAFE_MODE_RECONCILED,
    Condition.FALLING_BEHIND,
    Condition.STANDING_NOT_KNOWN,
    Condition.UNHEARD,
)


@dataclass(frozen=True, slots=True)
class Stood:
    """How a venue stands at a moment: `cause` a stable code, both texts empty when it is ready."""

    state: UpState
    cause: str = ""
    sentence: str = ""


READY = Stood(UpState.READY)
NOT_TOLD = Stood(
    UpState.UNEXPECTED, "NO_ANSWER", "The trading part did not say how the venue stands."
)


@dataclass(frozen=True, slots=True)
class HourPart:
    """So many seconds of an hour (its start, UTC) a venue stood so, for that cause."""

    venue: str
    hour: datetime
    stood: Stood
    seconds: float


@dataclass(frozen=True, slots=True)
class UptimeEvent:
    """Kelpie was started (`seat` is empty), or an actor was, after it had crashed."""

    at: datetime
    seat: str
    sentence: str


@dataclass(frozen=True, slots=True)
class UptimeView:
    """All that is remembered since a moment, and when it was asked for; times are UTC."""

    at: datetime
    since: datetime
    began: datetime | None
    """When the first of all that is remembered was written; None before anything was."""
    parts: tuple[HourPart, ...]
    events: tuple[UptimeEvent, ...]
    """Newest first."""
    trouble: str
    """Why nothing can be written or read; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a venue; what is missing from its length counts as not running."""

    start: datetime
    seconds: Mapping[UpState, float]
    reasons: tuple[tuple[Stood, float], ...]
    """With their seconds, the longest first."""

    @property
    def shown(self) -> UpState:
        """The worst state that lasted for more than a blip."""
        for state in _WORST_FIRST:
            if self.seconds.get(state, 0.0) > BLIP:
                return state
        return max(_WORST_FIRST, key=lambda state: self.seconds.get(state, 0.0))


def standing(
    reason: str,
    cause: str,
    *,
    window: Window | None,
    held_open: bool,
    announced: str,
    holds: Sequence[Hold],
) -> Stood:
    """Judge a moment.

    `reason` and `cause` say why the venue is not tradable, `window` is the announced one that is
    on, `held_open` its circuit by a person, `announced` the sentence of a hold for a window, and
    `holds` what keeps entries back everywhere.
    """
    if reason:
        if window is not None and cause not in NEEDS_PERSON:
            return Stood(UpState.EXPECTED, window.kind.value.upper(), _sentence(window.reason))
        state = UpState.EXPECTED if held_open else UpState.UNEXPECTED
        return Stood(state, cause, _sentence(reason))
    for state, conditions in ((UpState.UNEXPECTED, _NOT_EXPECTED), (UpState.EXPECTED, _BY_PERSON)):
        for hold in holds:
            if hold.condition in conditions:
                return Stood(state, hold.code, hold.sentence)
    if announced:
        return Stood(UpState.EXPECTED, "ANNOUNCED", _sentence(announced))
    return READY


def split(starts: datetime, ends: datetime) -> list[tuple[datetime, float]]:
    """The hours (their starts) that a stretch touches, each with the seconds within it."""
    found = []
    while starts < ends:
        hour = hour_of(starts)
        until = min(hour + HOUR, ends)
        found.append((hour, (until - starts).total_seconds()))
        starts = until
    return found


def hour_of(moment: datetime) -> datetime:
    """The start of its hour, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def hours_of(view: UptimeView, venue: str) -> tuple[Hour, ...]:
    """Each hour of a venue from the first that is remembered until now, oldest first."""
    by_hour: dict[datetime, list[HourPart]] = {}
    for part in view.parts:
        if part.venue == venue:
            by_hour.setdefault(part.hour, []).append(part)
    if view.began is None:
        return ()
    starts = max(view.began, view.since)
    found = []
    hour = hour_of(starts)
    while hour < view.at:
        length = (min(hour + HOUR, view.at) - max(hour, starts)).total_seconds()
        found.append(_hour(hour, length, by_hour.get(hour, ())))
        hour += HOUR
    return tuple(found)


def _hour(start: datetime, length: float, parts: Iterable[HourPart]) -> Hour:
    told = {part.stood: part.seconds for part in parts}
    total = sum(told.values())
    # A clock that was set back lets an hour come twice: it is not longer for that.
    share = length / total if total > length else 1.0
    seconds: dict[UpState, float] = {}
    for stood, lasted in told.items():
        seconds[stood.state] = seconds.get(stood.state, 0.0) + lasted * share
    missing = length - total
    if missing > _UNWRITTEN:
        seconds[UpState.NOT_RUNNING] = missing
    elif missing > 0 and seconds:
        longest = max(seconds, key=lambda state: seconds[state])
        seconds[longest] += missing
    reasons = sorted(
        ((stood, lasted * share) for stood, lasted in told.items() if stood.cause),
        key=lambda each: -each[1],
    )
    return Hour(start, seconds, tuple(reasons))


def days_of(
    hours: Iterable[Hour], zone: tzinfo
) -> tuple[tuple[date, tuple[tuple[int, Hour], ...]], ...]:
    """Days of that zone, newest first; each hour with what the clock on the wall shows.

    When summer time ends one number comes twice, and when it begins one is missing.
    """
    days: dict[date, list[tuple[int, Hour]]] = {}
    for hour in hours:
        local = hour.start.astimezone(zone)
        days.setdefault(local.date(), []).append((local.hour, hour))
    return tuple((day, tuple(days[day])) for day in sorted(days, reverse=True))


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""
