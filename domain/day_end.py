"""The end of a market's day, for positions that are not to be held over it.

A quarter of an hour before the close they leave by a limit through the quote, two minutes before it
what remains is priced anew, and from the close on a limit at the bound waits for the closing
auction. After that nothing is sent: a person is told, and the stop at the venue stands. All times
are offsets from the instrument's own close, half days included (ASX: 15:45, 15:58, 16:00).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.calendar import ExchangeCalendar
from domain.phases import Phase, spans
from domain.venue import InstrumentDetails

LEAVE_BEFORE = timedelta(minutes=15)
REPRICE_BEFORE = timedelta(minutes=2)
_REMEMBERED = timedelta(days=7)


class DayPart(StrEnum):
    """What of the day it is."""

    DAY = "DAY"
    LEAVING = "LEAVING"
    """From 15 minutes before the close."""
    LAST_CALL = "LAST_CALL"
    """From 2 minutes before it."""
    AUCTION = "AUCTION"
    """Orders for the closing auction are taken."""
    OVER = "OVER"
    """After the auction, up to the next opening."""


@dataclass(frozen=True, slots=True)
class DayEnd:
    """Where the day of a market stands; `last_close` is the last one that has been, if known."""

    part: DayPart
    last_close: datetime | None


def day_end(
    instrument: InstrumentDetails, calendar: ExchangeCalendar | None, now: datetime
) -> DayEnd:
    """Where the day of this instrument's market stands now."""
    last_close, part = None, DayPart.OVER
    for span in spans(instrument, calendar, now):
        if span.starts > now + _REMEMBERED:
            break
        if span.phase is Phase.OPEN and now - _REMEMBERED < span.ends <= now:
            last_close = span.ends if last_close is None else max(last_close, span.ends)
        if span.starts <= now < span.ends:
            part = _part(span.phase, span.ends - now)
    return DayEnd(part, last_close)


def _part(phase: Phase, left: timedelta) -> DayPart:
    if phase is Phase.OPEN:
        if left <= REPRICE_BEFORE:
            return DayPart.LAST_CALL
        return DayPart.LEAVING if left <= LEAVE_BEFORE else DayPart.DAY
    if phase is Phase.PRE_CLOSE:
        return DayPart.AUCTION
    return DayPart.DAY if phase in (Phase.PRE_OPEN, Phase.OPENING_AUCTION) else DayPart.OVER
