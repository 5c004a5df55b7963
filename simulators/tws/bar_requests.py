"""What a request for bars may ask: sizes, durations, and which of them go together.

Sources: IB's API documentation, *historical bar sizes*, *duration* and the table of their
combinations; *historical data limitations* for what is too old.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from simulators.model import Instrument
from simulators.tws.requests import HistoryQuery
from simulators.tws.times import BAD_TIME, BadTime, parse_time

#: Bar sizes in IB's exact spelling, in seconds.
BAR_SECONDS = {
    "1 secs": 1,
    "5 secs": 5,
    "10 secs": 10,
    "15 secs": 15,
    "30 secs": 30,
    "1 min": 60,
    "2 mins": 120,
    "3 mins": 180,
    "5 mins": 300,
    "10 mins": 600,
    "15 mins": 900,
    "20 mins": 1200,
    "30 mins": 1800,
    "1 hour": 3600,
    "2 hours": 7200,
    "3 hours": 10800,
    "4 hours": 14400,
    "8 hours": 28800,
    "1 day": 86400,
    "1 week": 604800,
    "1 month": 2592000,
}
DAY = 86400
_WEEK, _MONTH = 7 * DAY, 30 * DAY
_UNIT_SECONDS = {"S": 1, "D": DAY, "W": _WEEK, "M": _MONTH, "Y": 365 * DAY}
_DURATION = re.compile(r"^(\d{1,6}) ([SDWMY])$")
KINDS = frozenset({"TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK"})

#: Up to this duration, bars from this size to that (all in seconds); longer ones as a year.
_STEPS = (
    (60, 1, 60),
    (120, 1, 120),
    (1800, 1, 1800),
    (3600, 5, 3600),
    (14400, 10, 10800),
    (28800, 30, 28800),
    (DAY, 60, DAY),
    (2 * DAY, 120, DAY),
    (_WEEK, 180, _WEEK),
    (_MONTH + DAY, 1800, _MONTH),
)
_LONGEST_STEPS = (DAY, _MONTH)

#: Bars of 30 seconds and less are not kept longer than six months.
_SHORT_BAR, _SHORT_BARS_KEPT = 30, timedelta(days=183)

#: The shortest bars that are kept up to date.
_SHORTEST_KEPT = 5

#: Above this many bars a request is refused as too long.
MAX_BARS = 20_000

HMDS = "Historical Market Data Service error message:"
_INVALID = "Error validating request.-'bI' : cause - "


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def bar_and_duration(query: HistoryQuery, instrument: Instrument) -> tuple[int, int]:
    """The bar size and the duration in seconds, of a request that makes sense.

    Raises:
        Refused: with the error of TWS.
    """
    bar_seconds = BAR_SECONDS.get(query.bar_size)
    if bar_seconds is None:
        legal = ", ".join(BAR_SECONDS)
        raise Refused(
            321, f"{_INVALID}Historical data bar size setting is invalid. Legal ones are: {legal}"
        )
    duration = _duration(query.duration)
    if query.keep_up_to_date and query.end:
        raise Refused(321, f"{_INVALID}Historical data end date is not empty for live updates")
    if query.keep_up_to_date and bar_seconds < _SHORTEST_KEPT:
        raise Refused(321, f"{_INVALID}Historical data kept up to date have bars of 5 secs or more")
    check_kind(query.what, instrument, f"Last {bar_seconds}")
    _check_step(bar_seconds, duration)
    return bar_seconds, duration


def check_kind(what: str, instrument: Instrument, detail: str) -> None:
    """Refuse kinds of data that there are not: any but five, and trades of currencies.

    Raises:
        Refused: with the error of TWS.
    """
    if what not in KINDS:
        raise Refused(321, f"{_INVALID}Historical data type {what} is not available here")
    if instrument.sec_type == "CASH" and what == "TRADES":
        raise Refused(
            162,
            f"{HMDS}No historical market data for {instrument.symbol.base}/CASH@FXSUBPIP {detail}",
        )


def end_of(query: HistoryQuery, instrument: Instrument, now: datetime) -> tuple[datetime, bool]:
    """When the request ends, and whether it named the zone of that.

    Raises:
        Refused: it is no time.
    """
    if not query.end:
        return now, True
    try:
        return parse_time(query.end, instrument.time_zone_id)
    except BadTime:
        raise Refused(10314, BAD_TIME.format(what="End Date/Time")) from None


def is_too_old(bar_seconds: int, end: datetime, now: datetime) -> bool:
    """Short bars of so long ago are not kept."""
    return bar_seconds <= _SHORT_BAR and now - end > _SHORT_BARS_KEPT


def _duration(text: str) -> int:
    match = _DURATION.match(text)
    count = int(match.group(1)) if match else 0
    if match is None or not count:
        raise Refused(
            321,
            f"{_INVALID}Historical data query duration format is invalid. "
            "Format should be 'integer{SPACE}unit (S|D|W|M|Y)'",
        )
    unit = match.group(2)
    if unit == "S" and count > DAY:
        raise Refused(321, f"{_INVALID}Historical data requests longer than a day are in days")
    if unit == "D" and count > 365:
        raise Refused(
            321,
            f"{_INVALID}Historical data requests for durations longer than 365 days must be "
            "made in years.",
        )
    return count * _UNIT_SECONDS[unit]


def _check_step(bar_seconds: int, duration: int) -> None:
    shortest, longest = next(
        ((low, high) for top, low, high in _STEPS if duration <= top), _LONGEST_STEPS
    )
    if not shortest <= bar_seconds <= longest or bar_seconds > duration:
        raise Refused(162, f"{HMDS}invalid step: {bar_seconds}")
    if duration // bar_seconds > MAX_BARS:
        raise Refused(162, f"{HMDS}Time length exceed max.")
