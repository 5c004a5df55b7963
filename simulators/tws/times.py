"""Times as clients write them in requests, and the days of the gateway."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: Sent with a request whose time names no zone; the request is served all the same.
ZONE_MISSING = (
    2174,
    "Warning: You submitted request with date-time attributes without explicit time zone. "
    "Please switch to use yyyymmdd-hh:mm:ss in UTC or use instrument time zone, like US/Eastern. "
    "Implied time zone functionality will be removed in the next API release",
)

#: The text of error 10314.
BAD_TIME = (
    "{what}: The date, time, or time-zone entered is invalid. The correct format is yyyymmdd "
    "hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional. E.g.: 20031126 15:59:00 US/Eastern"
)

#: Years that a request can sensibly mean.
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 2100

_UTC_FORM = re.compile(r"^(\d{8})-(\d{2}:\d{2}:\d{2})$")
_ZONE_FORM = re.compile(r"^(\d{8}) {1,2}(\d{2}:\d{2}(?::\d{2})?)(?: (\S+))?$")


class BadTime(ValueError):
    """A time in none of the accepted spellings (error 10314)."""


def parse_time(text: str, default_zone: str) -> tuple[datetime, bool]:
    """Read `20260909-10:00:00` (UTC), `20260909 10:00:00 Zone` or the same without a zone.

    Gives the time in UTC and whether it named its zone.

    Raises:
        BadTime: it is none of these, or the zone is unknown.
    """
    match = _UTC_FORM.match(text)
    if match:
        return _make(match.group(1), match.group(2), UTC), True
    match = _ZONE_FORM.match(text)
    if match is None:
        raise BadTime(text)
    day, time, zone = match.groups()
    try:
        where = ZoneInfo(zone or default_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadTime(text) from None
    return _make(day, time, where), zone is not None


def _make(day: str, time: str, zone: tzinfo) -> datetime:
    shape = "%Y%m%d %H:%M:%S" if time.count(":") == 2 else "%Y%m%d %H:%M"
    try:
        local = datetime.strptime(f"{day} {time}", shape)
    except ValueError:
        raise BadTime(f"{day} {time}") from None
    if not _EARLIEST_YEAR <= local.year <= _LATEST_YEAR:
        raise BadTime(f"{day} {time}")
    return local.replace(tzinfo=zone).astimezone(UTC)


def midnight(now: datetime, zone: str) -> datetime:
    """The last midnight in this zone, in UTC."""
    local = now.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
