"""What TWS writes, read into values: numbers, times, trading hours, statuses, execution ids.

TWS has no way to say *nothing*: it writes the largest double, the largest integer or an empty
text. Here all of these become None, and only here. (The layouts and spellings are those of the
TWS API at server versions 157 to 176.)
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from adapters.venue import decimal_of
from domain.orders import OrderType, Side, Tif
from domain.venue import TradingSession, VenueStatus

#: From here on a number of the wire says *unset*: TWS writes the largest double, or 2**127 - 1
#: for a decimal, and gateways spell either with fewer digits.
UNSET_FROM = 1e30
UNSET_INT = 2147483647

_STATUS = {
    "ApiPending": VenueStatus.PENDING,
    "PendingSubmit": VenueStatus.PENDING,
    "PreSubmitted": VenueStatus.HELD,
    "Submitted": VenueStatus.WORKING,
    "PendingCancel": VenueStatus.PENDING_CANCEL,
    "ApiCancelled": VenueStatus.CANCELLED,
    "Cancelled": VenueStatus.CANCELLED,
    "Filled": VenueStatus.FILLED,
    "Inactive": VenueStatus.INACTIVE,
    "Expired": VenueStatus.EXPIRED,
}
_SIDE = {
    "BOT": Side.BUY,
    "BUY": Side.BUY,
    "SLD": Side.SELL,
    "SELL": Side.SELL,
    "SSHORT": Side.SELL,
}
_TYPE = {
    "LMT": OrderType.LIMIT,
    "MKT": OrderType.MARKET,
    "STP": OrderType.STOP,
    "STP LMT": OrderType.STOP_LIMIT,
}
_TIF = {"DAY": Tif.DAY, "GTC": Tif.GTC, "IOC": Tif.IOC}
_LIQUIDITY = {1: "added", 2: "removed", 3: "routed"}

#: How TWS spells a type of order of ours.
TYPE_NAMES = {ours: theirs for theirs, ours in _TYPE.items()}

#: Zones that older gateways name in a way that the tz database does not know.
_ZONE_NAMES = {
    "EST": "US/Eastern",
    "EDT": "US/Eastern",
    "CST": "US/Central",
    "JST": "Asia/Tokyo",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
    "AET": "Australia/Sydney",
    "HKT": "Asia/Hong_Kong",
    "GMT": "UTC",
    "BST": "Europe/London",
    "British Summer Time": "Europe/London",
    "Greenwich Mean Time": "Europe/London",
    "Central European Standard Time": "Europe/Berlin",
    "Central European Summer Time": "Europe/Berlin",
    "Australian Eastern Standard Time": "Australia/Sydney",
    "Australian Eastern Daylight Time": "Australia/Sydney",
    "Eastern Standard Time": "US/Eastern",
    "Eastern Daylight Time": "US/Eastern",
}


def number(value: float) -> Decimal | None:
    """The exact decimal of a float of the wire; None for *unset* and what is no number."""
    if not math.isfinite(value) or abs(value) >= UNSET_FROM:
        return None
    if value.is_integer() and abs(value) < 1e15:
        return Decimal(int(value))
    return decimal_of(value)


def number_of_text(text: str) -> Decimal | None:
    """The decimal that the wire spells; None for an empty text and *unset*."""
    return number(float(text)) if text else None


def quantity(value: float) -> Decimal:
    """A quantity that must be there; nothing is zero."""
    return number(value) or Decimal(0)


def price_or_none(value: float) -> Decimal | None:
    """A price of an order: 0 and *unset* say that there is none."""
    return number(value) or None


def venue_id(value: int) -> str | None:
    """A permanent id as text; TWS writes 0 while there is none yet."""
    return str(value) if 0 < value < UNSET_INT or value > UNSET_INT else None


def status_of(text: str) -> VenueStatus | None:
    """A TWS status in our words; None for one that is not known."""
    return _STATUS.get(text)


def side_of(text: str) -> Side:
    """`BOT` or `BUY`; `SLD`, `SELL` or (short, marked as such) `SSHORT`.

    Raises:
        ValueError: none of these.
    """
    side = _SIDE.get(text)
    if side is None:
        raise ValueError(f"{text!r} is no side of an order")
    return side


def type_of(text: str) -> OrderType | None:
    """A type of order of ours; None for one that we never place."""
    return _TYPE.get(text)


def tif_of(text: str) -> Tif | None:
    """A time in force of ours; None for one that we never use."""
    return _TIF.get(text)


def liquidity_of(code: int) -> str:
    """`added`, `removed`, `routed` or `unknown`."""
    return _LIQUIDITY.get(code, "unknown")


def split_execution_id(execution_id: str) -> tuple[str, int]:
    """The key and the revision: `0000e0d5.67fe667b.01.02` is revision 2 of `…01`."""
    key, dot, revision = execution_id.rpartition(".")
    if not dot or not revision.isdigit():
        return execution_id, 0
    return key, int(revision)


def zone_of(name: str) -> tzinfo | None:
    """The zone that TWS names; None when nobody knows it."""
    name = _ZONE_NAMES.get(name.strip(), name.strip()).split(" (")[0]
    name = _ZONE_NAMES.get(name, name)
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def zone_in(text: str) -> tzinfo | None:
    """The zone that a moment of the wire is written in; None where it names none we know."""
    _, _, rest = text.strip().partition(" ")
    return zone_of(rest.strip().partition(" ")[2])


def time_of(text: str, default_zone: tzinfo) -> datetime:
    """A moment of the wire, in UTC.

    Known spellings: `20260909 10:00:00 Australia/NSW`, `20230224  12:04:56` (no zone: the
    gateway's, `default_zone`), `20260909-10:00:00` (a dash says UTC), seconds since the epoch.

    Raises:
        ValueError: none of these, or a zone that nobody knows.
    """
    text = text.strip()
    if text.isdigit() and len(text) > 8:
        return datetime.fromtimestamp(int(text), UTC)
    if len(text) > 8 and text[8] == "-":
        return datetime.strptime(text, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    day, _, rest = text.partition(" ")
    clock, _, zone_name = rest.strip().partition(" ")
    zone = zone_of(zone_name) if zone_name else default_zone
    if zone is None:
        raise ValueError(f"{text!r} names a time zone that is not known")
    local = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S")
    return local.replace(tzinfo=zone).astimezone(UTC)


def bar_start(text: str, zone: tzinfo) -> float:
    """When a bar begins, in UTC epoch seconds; a day's bar at midnight of `zone`."""
    if len(text) == 8:
        day = datetime.strptime(text, "%Y%m%d")
        return day.replace(tzinfo=zone).timestamp()
    return time_of(text, zone).timestamp()


def sessions_of(trading: str, liquid: str, zone_name: str) -> tuple[TradingSession, ...]:
    """Trading and liquid hours of a contract, in UTC, earliest first.

    Shape: `20260909:0959-20260909:1611;20260912:CLOSED`, several windows of a day with commas.

    Raises:
        ValueError: a window of another shape, or a zone that nobody knows.
    """
    zone = zone_of(zone_name)
    if zone is None:
        raise ValueError(f"the hours are in a time zone that is not known: {zone_name!r}")
    liquid_windows = _windows(liquid, zone)
    sessions = []
    for opens, closes in _windows(trading, zone):
        inside = [w for w in liquid_windows if w[0] < closes and w[1] > opens]
        sessions.append(
            TradingSession(
                opens=opens,
                closes=closes,
                liquid_opens=min((w[0] for w in inside), default=None),
                liquid_closes=max((w[1] for w in inside), default=None),
            )
        )
    return tuple(sorted(sessions, key=lambda session: session.opens))


def _windows(text: str, zone: tzinfo) -> list[tuple[datetime, datetime]]:
    windows = []
    for part in text.replace(",", ";").split(";"):
        part = part.strip()
        if not part or part.endswith(":CLOSED"):
            continue
        start, dash, end = part.partition("-")
        if not dash:
            raise ValueError(f"{part!r} is no window of trading hours")
        opens = _minute(start, None)
        closes = _minute(end, opens.date())
        if closes <= opens and ":" not in end:
            closes += timedelta(days=1)
        windows.append(
            (
                opens.replace(tzinfo=zone).astimezone(UTC),
                closes.replace(tzinfo=zone).astimezone(UTC),
            )
        )
    return windows


def _minute(text: str, day: date | None) -> datetime:
    """`20260909:0959`, or `0959` on a day that is known."""
    if ":" in text:
        return datetime.strptime(text, "%Y%m%d:%H%M")
    if day is None:
        raise ValueError(f"{text!r} is no minute of a day")
    return datetime.combine(day, time(int(text[:2]), int(text[2:])))
