"""An exchange's calendar as it was known when Kelpie was built: cross-check and fall-back.

What the venue announces is the truth. The calendar says what to expect where the venue has
announced nothing, and whether what it has announced is to be believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.venue import InstrumentDetails, TradingSession

#: The venue counts an auction's minutes in or out: opening from 09:59, closing to eleven minutes
#: after the continuous market (ASX Trade, phases since June 2025; IB's hours as measured).
OPENING_AUCTION = timedelta(minutes=1)
AFTER_CONTINUOUS = timedelta(minutes=11)


@dataclass(frozen=True, slots=True)
class ExchangeCalendar:
    """Continuous trading on each weekday from `first` to `last`, but for the exceptions.

    Times are the exchange's own, in `zone`; auctions are not in it.
    """

    name: str
    zone: str
    opens: time
    closes: time
    first: date
    last: date
    holidays: frozenset[date]
    early_closes: Mapping[date, time]

    def covers(self, day: date) -> bool:
        """The calendar knows this day; of any other it says nothing."""
        return self.first <= day <= self.last

    def continuous(self, day: date) -> tuple[datetime, datetime] | None:
        """When continuous trading opens and closes on a day, in UTC; None: no session.

        Raises:
            LookupError: the day is outside the calendar, which is not the same as no session.
        """
        if not self.covers(day):
            raise LookupError(f"the calendar {self.name} does not reach to {day}")
        if day.weekday() >= 5 or day in self.holidays:
            return None
        zone = ZoneInfo(self.zone)
        closes = self.early_closes.get(day, self.closes)
        return (
            datetime.combine(day, self.opens, zone).astimezone(UTC),
            datetime.combine(day, closes, zone).astimezone(UTC),
        )


def differences(instrument: InstrumentDetails, calendar: ExchangeCalendar) -> tuple[str, ...]:
    """Where the sessions that the venue announces are others than the calendar's, a sentence each.

    Auctions apart: whether their minutes are counted in is a matter of taste. Only the days from
    the first to the last announced session are compared; about others the venue has said nothing.
    """
    zone = ZoneInfo(calendar.zone)
    announced: dict[date, list[TradingSession]] = {}
    for session in instrument.sessions:
        announced.setdefault(session.opens.astimezone(zone).date(), []).append(session)
    if not announced:
        return ()
    found: list[str] = []
    day, last = min(announced), max(announced)
    while day <= last:
        if not calendar.covers(day):
            found.append(
                f"The calendar {calendar.name} knows {calendar.first} to {calendar.last} alone: "
                "nothing checks the venue's hours beyond. Install a newer Kelpie."
            )
            break
        found += _of_day(day, announced.get(day, []), calendar, zone)
        day += timedelta(days=1)
    return tuple(found)


def _of_day(
    day: date, announced: list[TradingSession], calendar: ExchangeCalendar, zone: ZoneInfo
) -> list[str]:
    expected = calendar.continuous(day)
    name = f"{day:%a} {day.day} {day:%B %Y}"
    if expected is None:
        sentence = f"The venue announces a session on {name}, when {calendar.name} is closed."
        return [sentence] if announced else []
    if not announced:
        return [f"The venue announces no session on {name}, when {calendar.name} is open."]
    opens = min(each.liquid_opens or each.opens for each in announced)
    closes = max(each.liquid_closes or each.closes for each in announced)
    found = []
    if not expected[0] - OPENING_AUCTION <= opens <= expected[0]:
        found.append(
            f"The venue opens at {opens.astimezone(zone):%H:%M} on {name}, "
            f"{calendar.name} at {expected[0].astimezone(zone):%H:%M}."
        )
    liquid = any(each.liquid_closes for each in announced)
    latest = expected[1] if liquid else expected[1] + AFTER_CONTINUOUS
    if not expected[1] <= closes <= latest:
        found.append(
            f"The venue closes at {closes.astimezone(zone):%H:%M} on {name}, "
            f"{calendar.name} at {expected[1].astimezone(zone):%H:%M}."
        )
    return found
