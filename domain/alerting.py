"""Alerts as incidents: how urgent each is, when a person hears of it, and when again.

Pure. Hours are Sydney's, over both changes of summer time; moments are aware, in UTC. An incident
begins when somebody says it, is told once (WAKE: until it is answered), and its end is told to
whoever was told of its beginning. What each code means stands in `config/alerts.toml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

SYDNEY = ZoneInfo("Australia/Sydney")
DAY_BEGINS, DAY_ENDS = time(7), time(21)
"""Between them a TODAY may be delivered."""
MORNING = time(7, 30)
MORNING_LATEST = time(21)
"""A process that was down at 07:30 makes up for it until then."""
UNHEARD_AFTER = timedelta(hours=24)
"""So long without a delivery, and nothing is opened any more."""
REPEATS = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 15, 30, 60))
"""Between one telling of a WAKE and the next; the last goes on until it is answered."""
_MORNING_TAKES = timedelta(minutes=15)
_LONGER_DAY = timedelta(hours=1) + _MORNING_TAKES
KEPT = timedelta(days=30)
"""So long what is over is still shown."""
DOUBTED = timedelta(minutes=10)
"""So long after its seat began anew, and the venue was reconciled, what nobody says is over."""
_SAME_WITHIN = timedelta(days=1)
_LONGEST_NIGHT = timedelta(hours=12)
"""From 21:00 to 07:00, over a change of summer time, and what is waited for before."""
_SUBJECT = re.compile(r"\b[A-Z0-9]+(?:[./-][A-Z0-9]+)+\b")


class Level(StrEnum):
    """How urgent it is to the owner."""

    WAKE = "WAKE"
    """At once, by day and by night, and again until it is answered."""
    TODAY = "TODAY"
    """At once between 07:00 and 21:00 in Sydney, else at the next 07:00."""
    FYI = "FYI"
    """In the morning message alone."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A row of the table of alerts."""

    code: str
    level: Level
    title: str
    stands: str
    """What goes on, or is safe, without the owner."""
    if_nothing: str
    """What happens if the owner does nothing."""
    to_do: str
    """Where the alert itself says nothing of it."""
    lasts: bool
    """It stands until it is said to be over; else it is a thing that happened."""
    wait_seconds: int = 0
    """Told only if it still stands after so long."""
    renews: bool = False
    """That it concerns something more (a symbol, an order) is news, though it was answered."""
    own: bool = True
    """The row is of this code alone; else what is said tells whether it lasts."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that a person should hear of, from its beginning to its end."""

    number: int
    rule: AlertRule
    venue: str
    by: str
    sentence: str
    cure: str
    since: datetime
    due: datetime | None
    """When it is to be told next; None: not by a message of its own."""
    times: int = 1
    """How often it was said."""
    told: int = 0
    """How often it was delivered."""
    told_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: str = ""
    ended_at: datetime | None = None
    ended: str = ""
    end_due: datetime | None = None
    """When its end is to be told; None: not any more, or never."""
    doubted: datetime | None = None
    """Since when whoever said it may have forgotten it."""

    @property
    def id(self) -> str:
        """By which a person names it."""
        return f"A{self.number}"

    @property
    def code(self) -> str:
        """Its stable code."""
        return self.rule.code

    @property
    def level(self) -> Level:
        """Its urgency."""
        return self.rule.level

    @property
    def key(self) -> tuple[str, str, str]:
        """Whatever has the same key is the same incident, as long as it is open."""
        return self.venue, self.code, self.by

    @property
    def open(self) -> bool:
        """It is not over."""
        return self.ended_at is None

    @property
    def to_do(self) -> str:
        """What the owner can do."""
        return self.cure or self.rule.to_do


# -- an incident's life --------------------------------------------------------------------


def begun(
    number: int, rule: AlertRule, venue: str, by: str, sentence: str, cure: str, now: datetime
) -> Incident:
    """Somebody says it for the first time."""
    due = first_due(rule, now)
    return Incident(number, rule, venue, by, sentence, cure, now, due)


def said_again(incident: Incident, sentence: str, cure: str, now: datetime) -> Incident:
    """It is open, and is said once more: news only where it concerns something more."""
    again = replace(incident, sentence=sentence, cure=cure, times=incident.times + 1, doubted=None)
    more = _subjects(sentence) - _subjects(incident.sentence)
    if not (incident.rule.renews and more):
        return again
    due = first_due(incident.rule, now)
    if incident.due is not None and due is not None:
        due = min(due, incident.due)
    return replace(again, due=due, answered_at=None, answered_by="")


def is_same(incident: Incident, sentence: str, now: datetime) -> bool:
    """What is said belongs to this open incident of the same key."""
    if incident.rule.lasts:
        return True
    return incident.sentence == sentence and now - incident.since < _SAME_WITHIN


def was_told(incident: Incident, now: datetime) -> Incident:
    """A message that names it was delivered."""
    told = replace(incident, told=incident.told + 1, told_at=now, due=None)
    if incident.level is Level.WAKE and incident.answered_at is None:
        step = min(incident.told, len(REPEATS) - 1)
        return replace(told, due=now + REPEATS[step])
    if not incident.rule.lasts:
        return replace(told, ended_at=now, ended="It was told.")
    return told


def answered(incident: Incident, who: str, now: datetime) -> Incident:
    """A person knows: it is not repeated any more. What merely happened is over with that."""
    known = replace(incident, answered_at=now, answered_by=who, due=None)
    if incident.rule.lasts or not incident.open:
        return known
    return replace(known, ended_at=now, ended=f"Answered by {who}.")


def over(incident: Incident, sentence: str, now: datetime) -> Incident:
    """It is over. Its end is told to whom its beginning was told."""
    end_due = None
    if incident.told and incident.level is not Level.FYI:
        end_due = now if incident.level is Level.WAKE else next_daytime(now)
    return replace(incident, ended_at=now, ended=sentence, due=None, end_due=end_due)


def brought_back(incident: Incident, now: datetime) -> Incident:
    """A clock that was ahead, and was set back, has nothing wait for a time that is far off."""
    latest = now + (2 * REPEATS[-1] if incident.level is Level.WAKE else _LONGEST_NIGHT)
    due, end_due = incident.due, incident.end_due
    if due is not None and due > latest:
        due = first_due(incident.rule, now)
    if end_due is not None and end_due > latest:
        end_due = now
    return replace(incident, due=due, end_due=end_due)


def forgotten(incident: Incident, reconciled_at: datetime | None, now: datetime) -> bool:
    """Its seat has begun anew, could have said it again, and has not."""
    doubted = incident.doubted
    if doubted is None or reconciled_at is None or not incident.open:
        return False
    return reconciled_at > doubted and now - max(doubted, reconciled_at) >= DOUBTED


def _subjects(sentence: str) -> frozenset[str]:
    return frozenset(_SUBJECT.findall(sentence))


# -- hours ---------------------------------------------------------------------------------


def first_due(rule: AlertRule, now: datetime) -> datetime | None:
    """When something that begins now is to be told."""
    due = now + timedelta(seconds=rule.wait_seconds)
    match rule.level:
        case Level.WAKE:
            return due
        case Level.TODAY:
            return next_daytime(due)
        case Level.FYI:
            return None


def is_daytime(moment: datetime) -> bool:
    """It lies between 07:00 and 21:00 in Sydney."""
    return DAY_BEGINS <= moment.astimezone(SYDNEY).time() < DAY_ENDS


def next_daytime(moment: datetime) -> datetime:
    """That moment if it lies between 07:00 and 21:00 in Sydney, else the next 07:00 there."""
    if is_daytime(moment):
        return moment
    local = moment.astimezone(SYDNEY)
    days = 0 if local.time() < DAY_BEGINS else 1
    return _at(local.date() + timedelta(days=days), DAY_BEGINS)


def morning_due(last: date | None, now: datetime) -> date | None:
    """The Sydney day whose morning message is to be sent now; None: none is.

    `last` is the day of the newest one. A clock that was set back sends none twice.
    """
    local = now.astimezone(SYDNEY)
    today = local.date()
    if last is not None and last >= today:
        return None
    return today if MORNING <= local.time() < MORNING_LATEST else None


def next_morning(last: date | None, now: datetime) -> datetime:
    """When the next morning message is due."""
    local = now.astimezone(SYDNEY)
    day = local.date()
    if last is not None and last >= day:
        day = last + timedelta(days=1)
    elif local.time() >= MORNING_LATEST:
        day += timedelta(days=1)
    return max(_at(day, MORNING), now)


def day_before_first_morning(now: datetime) -> date:
    """With which the count begins: an installation at noon greets on the next morning."""
    local = now.astimezone(SYDNEY)
    return local.date() - timedelta(days=int(local.time() < MORNING))


def unheard(since: datetime, delivered_at: datetime | None, now: datetime) -> bool:
    """Nothing was delivered for a day; `since` is when there was a way to deliver at all.

    Where a morning message is due about when the day is over, it is waited for: on the morning on
    which summer time ends, it comes 25 hours after the one before.
    """
    last = since if delivered_at is None else max(since, delivered_at)
    over_at = last + UNHEARD_AFTER
    morning = _at(over_at.astimezone(SYDNEY).date(), MORNING) + _MORNING_TAKES
    if over_at < morning <= over_at + _LONGER_DAY:
        over_at = morning
    return now >= over_at


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, SYDNEY).astimezone(UTC)
