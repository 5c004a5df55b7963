"""What comes next, as its owner wants to know it: at most one of each kind, the weightiest five.

Pure. Moments are UTC; what day a moment falls on is Sydney's affair. What nobody announced or
decided is not guessed: of a market of which nobody knows the hours nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, auto
from zoneinfo import ZoneInfo

from domain.away import Turn
from domain.calendar import ExchangeCalendar
from domain.day_end import LEAVE_BEFORE
from domain.maintenance import Schedule, Window, WindowKind
from domain.plan_terms import Overnight
from domain.plans import Plan
from domain.symbols import Symbol
from domain.views import InstrumentView

SYDNEY = ZoneInfo("Australia/Sydney")
WITHIN = timedelta(days=7)
MOST = 5
_DAY = timedelta(days=1)
_NEW_YORK = ZoneInfo("America/New_York")
#: IDEALPRO's week: to Friday 17:00, from Sunday 17:15 in New York (as in `domain.phases`).
_WEEK_ENDS, _WEEK_BEGINS = time(17, 0), time(17, 15)
_FRIDAY, _SUNDAY, _SATURDAY = 4, 6, 5
_PAIRS = "IDEALPRO"


class Kind(IntEnum):
    """What it is; where there are too many, those named first stay."""

    LOGIN = auto()
    AWAY = auto()
    DISARM = auto()
    DAY_END = auto()
    HOLIDAY = auto()
    HALF_DAY = auto()
    YEAR_END = auto()
    SUMMER_TIME = auto()
    OPEN = auto()
    CLOSE = auto()
    RESTART = auto()
    WEEKEND = auto()
    PAIRS_CLOSE = auto()
    PAIRS_OPEN = auto()
    DRILL = auto()
    RESET = auto()
    BACKUP = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that comes, with a sentence that does not say when."""

    at: datetime
    kind: Kind
    sentence: str


@dataclass(frozen=True, slots=True)
class Coming:
    """All that the future is known by; None: it is not known, or does not come."""

    instruments: Sequence[InstrumentView] = ()
    """With the next opening and close of each, as its venue announces them."""
    calendars: Mapping[str, ExchangeCalendar] = field(default_factory=dict)
    """By exchange: for half days and holidays."""
    schedules: Sequence[Schedule] = ()
    plans: Sequence[Plan] = ()
    """Those that hold something."""
    backup_at: datetime | None = None
    drill_at: datetime | None = None
    """When a restore of the newest back-up is tried next."""
    away: Sequence[Turn] = ()
    """What follows for each market from a login that nobody will make."""
    disarmed_at: datetime | None = None
    """Until when live trading is armed."""


def upcoming(coming: Coming, now: datetime) -> tuple[Event, ...]:
    """What begins after now and within seven days, by time: of each kind the next.

    Of more than five the weightiest stay: the login that needs a person is never crowded out by
    what comes every day.
    """
    found = [each for each in _all(coming, now) if now < each.at <= now + WITHIN]
    # Of each kind the next; markets that open and close apart are apart.
    nearest: dict[tuple[Kind, str], Event] = {}
    for event in sorted(found, key=lambda each: (each.at, each.sentence)):
        nearest.setdefault((event.kind, event.sentence), event)
    kept = sorted(nearest.values(), key=lambda each: (each.kind, each.at))[:MOST]
    return tuple(sorted(kept, key=lambda each: (each.at, each.kind)))


def _all(coming: Coming, now: datetime) -> Iterator[Event]:
    yield from _markets(coming, now)
    for schedule in coming.schedules:
        yield from map(_of_window, schedule.ahead(now, WITHIN))
    yield from _day_ends(coming)
    yield from _away(coming)
    yield from _clocks(now)
    year_end = _year_end(now)
    yield Event(year_end, Kind.YEAR_END, f"A new tax year begins ({_tax_year(year_end)}).")
    if coming.backup_at is not None:
        yield Event(coming.backup_at, Kind.BACKUP, "The book is backed up.")
    if coming.drill_at is not None:
        sentence = "A back-up is restored on trial, beside the book."
        yield Event(coming.drill_at, Kind.DRILL, sentence)
    if coming.disarmed_at is not None:
        sentence = "Live trading is disarmed: nothing new is bought until you arm it again."
        yield Event(coming.disarmed_at, Kind.DISARM, sentence)


# -- markets -------------------------------------------------------------------------------


def _markets(coming: Coming, now: datetime) -> Iterator[Event]:
    by_exchange: dict[str, list[InstrumentView]] = {}
    for instrument in coming.instruments:
        if instrument.exchange:
            by_exchange.setdefault(instrument.exchange, []).append(instrument)
    for exchange, instruments in by_exchange.items():
        if exchange == _PAIRS:
            yield from _pairs(instruments, now)
            continue
        calendar = coming.calendars.get(exchange)
        opens = min((i.next_open for i in instruments if i.next_open is not None), default=None)
        closes = min((i.next_close for i in instruments if i.next_close is not None), default=None)
        if opens is not None and opens == closes:
            continue  # a market round the clock: nothing is to be waited for
        if opens is not None:
            yield Event(opens, Kind.OPEN, f"{exchange} opens.")
        if closes is not None and (calendar is None or not _is_early(calendar, closes)):
            yield Event(closes, Kind.CLOSE, f"{exchange} closes.")
        if calendar is not None:
            yield from _odd_days(exchange, calendar, now)


def _is_early(calendar: ExchangeCalendar, closes: datetime) -> bool:
    return closes.astimezone(ZoneInfo(calendar.zone)).date() in calendar.early_closes


def _odd_days(exchange: str, calendar: ExchangeCalendar, now: datetime) -> Iterator[Event]:
    """Half days, and weekdays without a session, each at the hour at which it shows."""
    zone = ZoneInfo(calendar.zone)
    for day in _days(now, zone):
        if not calendar.covers(day) or day.weekday() >= _SATURDAY:
            continue
        session = calendar.continuous(day)
        if session is None:
            at = datetime.combine(day, calendar.opens, zone).astimezone(UTC)
            yield Event(at, Kind.HOLIDAY, f"{exchange} stays closed all day: a holiday.")
        elif day in calendar.early_closes:
            yield Event(session[1], Kind.HALF_DAY, f"{exchange} closes early: a half day.")


def _pairs(instruments: Sequence[InstrumentView], now: datetime) -> Iterator[Event]:
    """The week of the currencies; its daily pause of a quarter of an hour is no event.

    Only where what the venue announces next is of that week: a simulated market has its own.
    """
    announced = {i.next_close for i in instruments} | {i.next_open for i in instruments}
    clock = {moment.astimezone(_NEW_YORK).time() for moment in announced if moment is not None}
    if not clock & {_WEEK_ENDS, _WEEK_BEGINS}:
        return
    for day in _days(now, _NEW_YORK):
        if day.weekday() == _FRIDAY:
            at = datetime.combine(day, _WEEK_ENDS, _NEW_YORK).astimezone(UTC)
            yield Event(at, Kind.PAIRS_CLOSE, "Currencies close for the weekend.")
        elif day.weekday() == _SUNDAY:
            at = datetime.combine(day, _WEEK_BEGINS, _NEW_YORK).astimezone(UTC)
            yield Event(at, Kind.PAIRS_OPEN, "Currencies open for the week.")


def _days(now: datetime, zone: ZoneInfo) -> Iterable[date]:
    """Dates of a zone: steps of 24 hours would leap over a day when the clocks change."""
    first = now.astimezone(zone).date()
    return (first + timedelta(days=number) for number in range(WITHIN.days + 1))


# -- what is announced and decided ---------------------------------------------------------

_WINDOWS = {
    WindowKind.LOGIN: (Kind.LOGIN, "IB ends the weekly login: log in anew and approve it."),
    WindowKind.RESTART: (Kind.RESTART, "The gateway restarts, as every night."),
    WindowKind.RESET: (Kind.RESET, "IB resets its servers for Asia and the Pacific."),
    WindowKind.WEEKEND: (Kind.WEEKEND, "IB is down for its weekly maintenance."),
}


def _of_window(window: Window) -> Event:
    kind, sentence = _WINDOWS[window.kind]
    return Event(window.starts, kind, sentence)


def _day_ends(coming: Coming) -> Iterator[Event]:
    """When Kelpie leaves what is not to be held over the night."""
    closes = {each.symbol: each.next_close for each in coming.instruments}
    leaving: dict[datetime, list[Symbol]] = {}
    for plan in coming.plans:
        close = closes.get(plan.symbol)
        if plan.is_open and plan.terms.overnight is Overnight.CLOSE and close is not None:
            leaving.setdefault(close - LEAVE_BEFORE, []).append(plan.symbol)
    for at, symbols in leaving.items():
        named = ", ".join(map(str, dict.fromkeys(symbols)))
        yield Event(at, Kind.DAY_END, f"Kelpie leaves what is not held overnight: {named}.")


def _away(coming: Coming) -> Iterator[Event]:
    """The first moment at which something is held back for it, and when something is left."""
    held = [turn.held_from for turn in coming.away if turn.held_from is not None]
    if held:
        sentence = "You are away: nothing new is bought, market by market from here."
        yield Event(min(held), Kind.AWAY, sentence)
    left = [turn.leaves_from for turn in coming.away if turn.leaves_from is not None]
    if left:
        yield Event(min(left), Kind.AWAY, "You are away: what is held is left from here.")


# -- clocks and years ----------------------------------------------------------------------


def _clocks(now: datetime) -> Iterator[Event]:
    """When Sydney's summer time begins or ends, to the minute."""
    offset = now.astimezone(SYDNEY).utcoffset()
    low, high = now, now + WITHIN
    if high.astimezone(SYDNEY).utcoffset() == offset:
        return
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        if middle.astimezone(SYDNEY).utcoffset() == offset:
            low = middle
        else:
            high = middle
    at = high.replace(second=0, microsecond=0)
    later, before = at.astimezone(SYDNEY).utcoffset(), offset
    assert later is not None and before is not None
    begins = later > before
    word = "begins: clocks go forward" if begins else "ends: clocks go back"
    yield Event(at, Kind.SUMMER_TIME, f"Summer time {word} an hour.")


def _year_end(now: datetime) -> datetime:
    """The next midnight at which a 30 June ends."""
    today = now.astimezone(SYDNEY).date()
    first = date(today.year, 7, 1)
    if today >= first:
        first = date(today.year + 1, 7, 1)
    return datetime.combine(first, time(0), SYDNEY).astimezone(UTC)


def _tax_year(begins: datetime) -> str:
    year = begins.astimezone(SYDNEY).year
    return f"{year}-{(year + 1) % 100:02}"
