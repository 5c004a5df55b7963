"""The owner is away: what holds around a weekly login that nobody will make.

IB ends the gateway's login each Sunday; the gateway goes on until its next restart, and then a
person has to log it in. While nobody does, Kelpie cannot trade at all, and only what is at the
venue (stops, good till cancelled) works on. So whatever is to be in order by then is put in order
in the last session that a market has before the login: from its beginning no new positions, and
by wish all that is held is left in its last two hours.

Pure: the absence, the logins, when the link was last made, and the hours of a market in; what
holds out. Times are UTC.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.calendar import ExchangeCalendar
from domain.maintenance import Recurrence, Schedule, Window, WindowKind
from domain.phases import Phase, spans
from domain.symbols import Symbol
from domain.venue import InstrumentDetails

LEAVE_BEFORE = timedelta(hours=2)
"""So long before the end of its last session a position is left: enough to try again and again."""
LONGEST = timedelta(days=366)
_REACH = timedelta(days=5)
"""A last session is at most so long before its login: over Easter and Christmas three to four days.
Where no session is known at all, it is held from here on."""
_A_WEEK = timedelta(days=8)
_TRADES = (Phase.OPEN, Phase.PRE_CLOSE, Phase.CLOSING_AUCTION)


class Then(StrEnum):
    """What is to happen if a login is missed."""

    EXITS_ONLY = "exits-only"
    """No new positions; those that are held stay under their stops at the venue."""
    WIND_DOWN = "wind-down"
    """No new positions, and what is held is left before."""
    NOTHING = "nothing"
    """Go on as always, up to the moment at which the link is gone."""


class AwayError(ValueError):
    """An absence that is none. `code` is stable."""

    def __init__(self, sentence: str, cure: str) -> None:
        super().__init__(sentence)
        self.code, self.cure = "AWAY_NOT_A_TIME", cure


@dataclass(frozen=True, slots=True)
class Away:
    """An absence, as a person told it: from `since` up to `until`."""

    since: datetime
    until: datetime
    then: Then
    who: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class Login:
    """A weekly login that falls into an absence."""

    window: Window
    shown_from: datetime
    """A link that is made from here on shows that somebody has logged in: before its next restart
    the gateway still lives on the old login."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a missed login makes of one market."""

    symbol: Symbol
    held: bool
    """No new positions now."""
    leaves: bool
    """What is held is to be left now."""
    held_from: datetime | None
    """From when on there are no new positions; None: nobody knows yet, or it has begun."""
    leaves_from: datetime | None
    """From when on it is left; None where it is not, or nobody knows yet."""
    over: bool = False
    """Its last session is over, with the closing auction: what is not left by now stays."""


def check(away: Away, now: datetime) -> None:
    """Refuse what is no absence.

    Raises:
        AwayError: it ends before it begins, is over already, or is longer than a year.
    """
    if away.until <= away.since:
        raise AwayError("It would end before it begins.", "Name the beginning first, then the end.")
    if away.until <= now:
        raise AwayError("It would be over already.", "Give a time that is still to come.")
    if away.until - away.since > LONGEST:
        raise AwayError(
            "It would last for more than a year.", "Give a shorter one, or stop Kelpie instead."
        )


def logins_in(away: Away, logins: Sequence[Recurrence], schedule: Schedule) -> tuple[Login, ...]:
    """The weekly logins that come due while the owner is away, oldest first."""
    windows = sorted(
        (
            window
            for each in logins
            for window in each.windows(away.since, away.until)
            if away.since <= window.starts
        ),
        key=lambda window: window.starts,
    )
    return tuple(Login(window, _restart_after(window.ends, schedule)) for window in windows)


def _restart_after(moment: datetime, schedule: Schedule) -> datetime:
    ahead = schedule.ahead(moment, _A_WEEK)
    restarts = (w.starts for w in ahead if w.kind is WindowKind.RESTART and w.starts >= moment)
    return next(restarts, moment)


def next_missed(
    away: Away, logins: Sequence[Login], linked_at: datetime | None, now: datetime
) -> Login | None:
    """The first login of the absence that nobody has made; None where nothing follows from it.

    `linked_at` is when the link was last made, as far as this process knows.
    """
    if away.then is Then.NOTHING or now >= away.until:
        return None
    return next((each for each in logins if linked_at is None or linked_at < each.shown_from), None)


def turn_of(
    away: Away,
    login: Login,
    instrument: InstrumentDetails,
    calendar: ExchangeCalendar | None,
    now: datetime,
) -> Turn:
    """What a login that nobody makes means for a market now.

    Held once no session begins any more before the login, so that a session which has ended and
    is told no longer counts all the same.
    """
    due = login.window.starts
    symbol = instrument.symbol
    ahead = [
        span
        for span in spans(instrument, calendar, now)
        if span.phase in _TRADES and span.ends > now and due - _REACH <= span.starts < due
    ]
    sessions = (span for span in ahead if span.phase is Phase.OPEN)
    last = max(sessions, key=lambda span: span.starts, default=None)
    near = now >= due - _REACH
    if last is None:
        return Turn(symbol, near, False, None, None, over=near and not ahead)
    ends = min(last.ends, due)
    leaves_from = max(last.starts, ends - LEAVE_BEFORE)
    if away.then is not Then.WIND_DOWN:
        return Turn(symbol, now >= last.starts, False, last.starts, None)
    leaves = leaves_from <= now < ends
    return Turn(symbol, now >= last.starts, leaves, last.starts, leaves_from)


@dataclass(frozen=True, slots=True)
class AwayView:
    """What is known of the owner's absence; `away` is None where nobody is."""

    away: Away | None
    logins: tuple[Login, ...]
    missed: Login | None
    """The next one that nobody has made, as far as anything follows from it."""
    turns: tuple[Turn, ...]
    logins_known: bool
    """This gateway has a weekly login at all."""


def written(away: Away) -> str:
    """As the book keeps it."""
    return json.dumps(
        {
            "since": away.since.isoformat(),
            "until": away.until.isoformat(),
            "then": away.then.value,
            "who": away.who,
            "said_at": away.said_at.isoformat(),
        }
    )


def read_away(text: str) -> Away:
    """What `written` wrote."""
    said = json.loads(text)
    times = (datetime.fromisoformat(said[name]) for name in ("since", "until", "said_at"))
    since, until, said_at = times
    return Away(since, until, Then(said["then"]), said["who"], said_at)
