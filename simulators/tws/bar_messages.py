"""Bars on the wire: a block of them, an update of the last one, and those of five seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulators.model import Bar, Instrument
from simulators.tws.encode_orders import local_time
from simulators.tws.fields import number, size
from simulators.tws.protocol import Reply

_NONE = Decimal(-1)


def block(
    req_id: int,
    instrument: Instrument,
    bars: Sequence[Bar],
    begin: datetime,
    end: datetime,
    format_date: int,
    version: int,
) -> list[str]:
    """All bars of a request, oldest first (message 17)."""
    zone = ZoneInfo(instrument.time_zone_id)
    fields = [
        str(Reply.HISTORICAL_DATA.value),
        str(req_id),
        f"{begin.astimezone(zone):%Y%m%d  %H:%M:%S}",
        f"{end.astimezone(zone):%Y%m%d  %H:%M:%S}",
        str(len(bars)),
    ]
    for bar in bars:
        fields += [
            date_text(bar, instrument, format_date),
            number(bar.open),
            number(bar.high),
            number(bar.low),
            number(bar.close),
            *_volume_average_count(bar, version),
        ]
    return fields


def update(
    req_id: int, instrument: Instrument, bar: Bar, format_date: int, version: int
) -> list[str]:
    """The last bar as it stands now (message 90): count first, close before high."""
    volume, average, count = _volume_average_count(bar, version)
    return [
        str(Reply.HISTORICAL_DATA_UPDATE.value),
        str(req_id),
        count,
        date_text(bar, instrument, format_date),
        number(bar.open),
        number(bar.close),
        number(bar.high),
        number(bar.low),
        average,
        volume,
    ]


def five_seconds(req_id: int, bar: Bar, version: int) -> list[str]:
    """A real-time bar (message 50)."""
    return [
        str(Reply.REAL_TIME_BAR.value),
        "3",
        str(req_id),
        str(int(bar.start.timestamp())),
        number(bar.open),
        number(bar.high),
        number(bar.low),
        number(bar.close),
        *_volume_average_count(bar, version),
    ]


def date_text(bar: Bar, instrument: Instrument, format_date: int) -> str:
    """When a bar begins: a date for days and more, else epoch seconds (2) or local time (1)."""
    if bar.day is not None:
        return f"{bar.day:%Y%m%d}"
    if format_date == 2:
        return str(int(bar.start.timestamp()))
    return local_time(bar.start, instrument.time_zone_id)


def _volume_average_count(bar: Bar, version: int) -> tuple[str, str, str]:
    """What bars without trades have none of is -1."""
    return (
        size(_NONE if bar.volume is None else bar.volume, version),
        number(_NONE if bar.average is None else bar.average),
        str(-1 if bar.count is None else bar.count),
    )
