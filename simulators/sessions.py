"""When the simulated markets trade: round the clock for a demo, or by the real hours.

A timetable is a sequence of trading sessions, each a row of phases. Between two sessions the
market is closed, and what arrives then belongs to the next session. All times are in UTC;
the real hours are reckoned in Sydney and New York, so daylight saving comes out right.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulators.model import Phase, Session

SYDNEY = ZoneInfo("Australia/Sydney")
NEW_YORK = ZoneInfo("America/New_York")

#: ASX trading calendar, weekdays without trading (asx.com.au, trading calendar).
ASX_HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        "2026-01-01", "2026-01-26", "2026-04-03", "2026-04-06", "2026-06-08", "2026-12-25",
        "2026-12-28", "2027-01-01", "2027-01-26", "2027-03-26", "2027-03-29", "2027-06-14",
        "2027-12-27", "2027-12-28",
    )
)  # fmt: skip

#: NYSE holidays and early closings, weekdays (nyse.com, holidays and trading hours).
US_HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        "2026-01-01", "2026-01-19", "2026-02-16", "2026-04-03", "2026-05-25", "2026-06-19",
        "2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25", "2027-01-01", "2027-01-18",
        "2027-02-15", "2027-03-26", "2027-05-31", "2027-06-18", "2027-07-05", "2027-09-06",
        "2027-11-25", "2027-12-24",
    )
)  # fmt: skip
_US_HALF_DAYS = frozenset(
    date.fromisoformat(day) for day in ("2026-11-27", "2026-12-24", "2027-11-26")
)

#: The last trading days before Christmas and New Year: continuous trading ends at 14:10.
_HALF_DAYS = frozenset({(12, 24), (12, 31)})


@dataclass(frozen=True, slots=True)
class Span:
    """One phase of a market; `session` is the one it belongs to, or the next when closed."""

    phase: Phase
    starts: datetime
    ends: datetime
    session: Session


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One session with its phases in order; the last one ends at `ends`."""

    session: Session
    phases: tuple[tuple[Phase, datetime], ...]
    ends: datetime


class Timetable:
    """The sessions of a group of instruments. `days` gives those that begin on a date."""

    def __init__(self, zone: ZoneInfo, days: Callable[[date], Sequence[TradingDay]]) -> None:
        self._zone = zone
        self._days = days
        self._known: dict[date, Sequence[TradingDay]] = {}

    def span_at(self, moment: datetime) -> Span:
        """The phase at a moment."""
        before: TradingDay | None = None
        for trading in self._around(moment):
            if trading.ends <= moment:
                before = trading
                continue
            starts = [start for _, start in trading.phases]
            index = bisect_right(starts, moment) - 1
            if index < 0:
                closed_since = before.ends if before is not None else moment
                return Span(Phase.CLOSED, closed_since, starts[0], trading.session)
            ends = starts[index + 1] if index + 1 < len(starts) else trading.ends
            return Span(trading.phases[index][0], starts[index], ends, trading.session)
        raise LookupError(f"no trading session within a fortnight of {moment:%Y-%m-%d}")

    def next_open(self, moment: datetime) -> datetime:
        """When continuous trading begins next."""
        span = self.span_at(moment)
        while span.phase is not Phase.OPEN or span.starts <= moment:
            span = self.span_at(span.ends)
        return span.starts

    def sessions(self, first: datetime, last: datetime) -> list[Session]:
        """The sessions that touch the time from `first` up to `last`, in order."""
        found = []
        day = first.astimezone(self._zone).date() - timedelta(days=2)
        while day <= last.astimezone(self._zone).date():
            for trading in self._on(day):
                if trading.session.auction_ends > first and trading.session.opens < last:
                    found.append(trading.session)
            day += timedelta(days=1)
        return found

    def _around(self, moment: datetime) -> list[TradingDay]:
        today = moment.astimezone(self._zone).date()
        found: list[TradingDay] = []
        for offset in range(-4, 15):
            found.extend(self._on(today + timedelta(days=offset)))
            if offset >= 1 and found and found[-1].ends > moment:
                break
        return found

    def _on(self, day: date) -> Sequence[TradingDay]:
        if day not in self._known:
            if len(self._known) > 1000:
                self._known.clear()
            self._known[day] = self._days(day)
        return self._known[day]


def demo_shares(shift: timedelta = timedelta()) -> Timetable:
    """Sessions of two hours around the clock, each with both auctions; `shift` past even hours.

    Announced hours have no seconds, so the sessions are announced without a gap and the auctions
    lie inside them: the last ten seconds of one and the first eight of the next. Whenever a
    process starts, continuous trading is at most 18 seconds away.
    """
    return Timetable(
        ZoneInfo("UTC"), lambda day: [_demo_share(at + shift) for at in _two_hours(day)]
    )


def demo_currencies(shift: timedelta = timedelta()) -> Timetable:
    """As the shares, without auctions: closed for three seconds every two hours."""
    return Timetable(
        ZoneInfo("UTC"), lambda day: [_demo_pair(at + shift) for at in _two_hours(day)]
    )


def asx_shares(seed: int, *, post_close: bool = False) -> Timetable:
    """The hours of the ASX since June 2025, with its random auction ends drawn from `seed`.

    `post_close`: with the phase after the closing auction, until 16:21:30 (two sources differ).
    """
    return Timetable(SYDNEY, lambda day: _asx_day(day, seed, post_close))


def currency_week() -> Timetable:
    """IDEALPRO: from 17:15 to 17:00 New York, Sunday evening to Friday."""
    return Timetable(NEW_YORK, _currency_day)


def us_shares() -> Timetable:
    """New York: 09:30 to 16:00; trades outside those hours are announced and not simulated."""
    return Timetable(NEW_YORK, _us_day)


def _two_hours(day: date) -> list[datetime]:
    midnight = datetime.combine(day, time(), UTC)
    return [midnight + timedelta(hours=hour) for hour in range(0, 24, 2)]


def _demo_share(opens: datetime) -> TradingDay:
    ends = opens + timedelta(hours=2)
    phases = (
        (Phase.PRE_OPEN, opens),
        (Phase.OPENING_AUCTION, opens + timedelta(seconds=4)),
        (Phase.OPEN, opens + timedelta(seconds=8)),
        (Phase.PRE_CLOSE, ends - timedelta(seconds=10)),
        (Phase.CLOSING_AUCTION, ends - timedelta(seconds=6)),
    )
    return TradingDay(Session(opens, ends, ends), phases, ends - timedelta(seconds=3))


def _demo_pair(opens: datetime) -> TradingDay:
    ends = opens + timedelta(hours=2)
    return TradingDay(
        Session(opens, ends, ends), ((Phase.OPEN, opens),), ends - timedelta(seconds=3)
    )


def _asx_day(day: date, seed: int, post_close: bool) -> list[TradingDay]:
    if day.weekday() >= 5 or day in ASX_HOLIDAYS:
        return []
    chance = random.Random(f"{seed}:asx:{day}")
    half = (day.month, day.day) in _HALF_DAYS
    close = time(14, 10) if half else time(16, 0)

    def at(local: time, seconds: float = 0.0) -> datetime:
        moment = datetime.combine(day, local, SYDNEY).astimezone(UTC)
        return moment + timedelta(seconds=round(seconds, 3))

    auction = at(close) + timedelta(minutes=10)
    phases = (
        (Phase.PRE_OPEN, at(time(7, 0))),
        (Phase.OPENING_AUCTION, at(time(9, 59), chance.uniform(0, 15))),
        (Phase.OPEN, at(time(9, 59, 45), chance.uniform(0, 15))),
        (Phase.PRE_CLOSE, at(close)),
        (Phase.CLOSING_AUCTION, auction),
    )
    session = Session(at(time(9, 59)), at(close), auction + timedelta(minutes=1))
    auction_over = auction + timedelta(seconds=round(chance.uniform(30, 60), 3))
    if not post_close:
        return [TradingDay(session, phases, auction_over)]
    ends = auction + timedelta(minutes=11, seconds=30)
    return [TradingDay(session, (*phases, (Phase.POST_CLOSE, auction_over)), ends)]


def _currency_day(day: date) -> list[TradingDay]:
    if day.weekday() in (4, 5):  # nothing begins on a Friday or a Saturday evening
        return []
    opens = datetime.combine(day, time(17, 15), NEW_YORK).astimezone(UTC)
    closes = datetime.combine(day + timedelta(days=1), time(17, 0), NEW_YORK).astimezone(UTC)
    return [TradingDay(Session(opens, closes, closes), ((Phase.OPEN, opens),), closes)]


def _us_day(day: date) -> list[TradingDay]:
    if day.weekday() >= 5 or day in US_HOLIDAYS:
        return []
    half = day in _US_HALF_DAYS

    def at(hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), NEW_YORK).astimezone(UTC)

    opens, closes = at(9, 30), at(13 if half else 16)
    session = Session(opens, closes, closes, (at(4), at(17 if half else 20)))
    return [TradingDay(session, ((Phase.OPEN, opens),), closes)]
