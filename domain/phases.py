"""In which phase a market is, when it opens and closes next, and what each phase allows.

The venue's announced sessions are the truth for as far as they reach. Beyond them the baked
calendar (ASX) or the week of the currencies is the fall-back; where neither says anything the
phase is UNKNOWN, which is not CLOSED.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from domain.calendar import AFTER_CONTINUOUS, OPENING_AUCTION, ExchangeCalendar
from domain.venue import InstrumentDetails, TradingSession


class Phase(StrEnum):
    """What a market does at a moment."""

    CLOSED = "CLOSED"
    PRE_OPEN = "PRE_OPEN"
    """Orders are taken and nothing trades; of a US share, what comes before its liquid hours."""
    OPENING_AUCTION = "OPENING_AUCTION"
    """From 09:59:00; it ends at a random moment up to 10:00:00, so at 10:00:00 for us."""
    OPEN = "OPEN"
    """Continuous trading."""
    PRE_CLOSE = "PRE_CLOSE"
    CLOSING_AUCTION = "CLOSING_AUCTION"
    """For ten minutes after PRE_CLOSE began orders are taken; then it ends within a minute."""
    POST_CLOSE = "POST_CLOSE"
    """Trades at the closing price at most; of a US share, what follows its liquid hours."""
    HALTED = "HALTED"
    """The instrument is halted while its market is not closed."""
    UNKNOWN = "UNKNOWN"
    """Neither the venue nor a calendar says anything of this moment."""


class Action(StrEnum):
    """What may be wanted of a market."""

    ENTER = "ENTER"
    """A new order, whatever it is for."""
    AMEND = "AMEND"
    CANCEL = "CANCEL"


_ALL = frozenset(Action)
_CANCEL = frozenset({Action.CANCEL})

#: What the market takes in each phase. Source: ASX Trade, market phases since Service Release 15
#: (23 June 2025). Two brokers differ on new orders in POST_CLOSE, and nothing certain is known of
#: a halt: there the narrower holds. No phase forbids a cancel: the broker takes it at any hour.
ALLOWED: Mapping[Phase, frozenset[Action]] = MappingProxyType(
    {
        Phase.CLOSED: _CANCEL,
        Phase.PRE_OPEN: _ALL,
        Phase.OPENING_AUCTION: _CANCEL,
        Phase.OPEN: _ALL,
        Phase.PRE_CLOSE: _ALL,
        Phase.CLOSING_AUCTION: _CANCEL,
        Phase.POST_CLOSE: _CANCEL,
        Phase.HALTED: _CANCEL,
        Phase.UNKNOWN: _CANCEL,
    }
)

_ASX, _ASX_ZONE = "ASX", ZoneInfo("Australia/Sydney")
_ASX_PRE_OPEN, _ASX_OPEN = time(7, 0), time(10, 0)
_PRE_CLOSE = timedelta(minutes=10)
_POST_CLOSE = timedelta(minutes=10, seconds=30)

#: IDEALPRO: Sunday 17:15 to Friday 17:00 in New York, with a pause of a quarter of an hour a day.
_FX, _FX_ZONE = "IDEALPRO", ZoneInfo("America/New_York")
_FX_OPENS, _FX_CLOSES = time(17, 15), time(17, 0)
_FX_EVENINGS = frozenset({6, 0, 1, 2, 3})

#: How far the fall-backs look: no market that is traded here is closed for longer.
_AHEAD_DAYS = 14


@dataclass(frozen=True, slots=True)
class Span:
    """A phase with its first and its first later moment, in UTC."""

    phase: Phase
    starts: datetime
    ends: datetime


def phase_at(
    instrument: InstrumentDetails,
    calendar: ExchangeCalendar | None,
    now: datetime,
    *,
    halted: bool = False,
) -> Phase:
    """The phase of an instrument's market; `calendar` is its exchange's, where there is one."""
    later = False
    for span in spans(instrument, calendar, now):
        if span.ends <= now:
            continue
        later = True
        if span.starts <= now:
            return Phase.HALTED if halted and span.phase is not Phase.POST_CLOSE else span.phase
    if not later and calendar is not None and instrument.exchange == _ASX:
        later = calendar.covers(now.astimezone(_ASX_ZONE).date())  # the last of its days
    return Phase.CLOSED if later else Phase.UNKNOWN


def next_open(
    instrument: InstrumentDetails, calendar: ExchangeCalendar | None, now: datetime
) -> datetime | None:
    """When continuous trading begins next, after `now`; None where nobody knows."""
    starts = (span.starts for span in spans(instrument, calendar, now) if span.phase is Phase.OPEN)
    return min((start for start in starts if start > now), default=None)


def next_close(
    instrument: InstrumentDetails, calendar: ExchangeCalendar | None, now: datetime
) -> datetime | None:
    """When continuous trading ends next, after `now`: today's if it runs; None: nobody knows."""
    ends = (span.ends for span in spans(instrument, calendar, now) if span.phase is Phase.OPEN)
    return min((end for end in ends if end > now), default=None)


def spans(
    instrument: InstrumentDetails, calendar: ExchangeCalendar | None, now: datetime
) -> Iterator[Span]:
    """The phases of the announced sessions, and after the last of them those of the fall-back.

    Moments in none of them are CLOSED, up to the end of the last.
    """
    known_until = datetime.min.replace(tzinfo=UTC)
    for session in instrument.sessions:
        for span in _of_session(instrument, session):
            known_until = max(known_until, span.ends)
            yield span
    since = max(known_until, now - timedelta(days=1))
    for span in _expected(instrument, calendar, since):
        if span.starts >= known_until:
            yield span


def _of_session(instrument: InstrumentDetails, session: TradingSession) -> Iterator[Span]:
    opens = session.liquid_opens or session.opens
    closes = session.liquid_closes or session.closes
    if instrument.exchange == _ASX and _begins_with_auction(opens):
        if session.liquid_closes is None:
            closes = session.closes - AFTER_CONTINUOUS
        yield from _asx_day(opens.astimezone(_ASX_ZONE).date(), closes)
        return
    if session.opens < opens:
        yield Span(Phase.PRE_OPEN, session.opens, opens)
    yield Span(Phase.OPEN, opens, closes)
    if closes < session.closes:
        yield Span(Phase.POST_CLOSE, closes, session.closes)


def _begins_with_auction(opens: datetime) -> bool:
    """IB announces 09:59, which counts the auction in.

    Any other beginning is no ordinary day (a late start, a simulated market): it is taken as it
    was announced.
    """
    begins = opens.astimezone(_ASX_ZONE)
    nominal = datetime.combine(begins.date(), _ASX_OPEN, _ASX_ZONE)
    return nominal - OPENING_AUCTION <= begins <= nominal


@lru_cache(maxsize=256)  # asked of the same few days all day long
def _asx_day(day: date, closes: datetime) -> tuple[Span, ...]:
    """The phases of a day, given when its continuous trading ends."""
    pre_open = datetime.combine(day, _ASX_PRE_OPEN, _ASX_ZONE).astimezone(UTC)
    opens = datetime.combine(day, _ASX_OPEN, _ASX_ZONE).astimezone(UTC)
    auction, over = closes + _PRE_CLOSE, closes + AFTER_CONTINUOUS
    return (
        Span(Phase.PRE_OPEN, pre_open, opens - OPENING_AUCTION),
        Span(Phase.OPENING_AUCTION, opens - OPENING_AUCTION, opens),
        Span(Phase.OPEN, opens, closes),
        Span(Phase.PRE_CLOSE, closes, auction),
        Span(Phase.CLOSING_AUCTION, auction, over),
        Span(Phase.POST_CLOSE, over, over + _POST_CLOSE),
    )


def _expected(
    instrument: InstrumentDetails, calendar: ExchangeCalendar | None, since: datetime
) -> Iterator[Span]:
    """What the fall-back expects of the days from `since` on, each in the market's own zone."""
    if instrument.exchange == _FX:
        for day in _days(since, _FX_ZONE):
            if day.weekday() in _FX_EVENINGS:
                opens = datetime.combine(day, _FX_OPENS, _FX_ZONE)
                closes = datetime.combine(day + timedelta(days=1), _FX_CLOSES, _FX_ZONE)
                yield Span(Phase.OPEN, opens.astimezone(UTC), closes.astimezone(UTC))
    elif instrument.exchange == _ASX and calendar is not None:
        for day in _days(since, _ASX_ZONE):
            continuous = calendar.continuous(day) if calendar.covers(day) else None
            if continuous is not None:
                yield from _asx_day(day, continuous[1])


def _days(since: datetime, zone: ZoneInfo) -> Iterator[date]:
    """Dates, not steps of 24 hours: those would leap over a day when the clocks change."""
    first = since.astimezone(zone).date()
    return (first + timedelta(days=number) for number in range(_AHEAD_DAYS + 1))
