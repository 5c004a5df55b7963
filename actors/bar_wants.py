"""What a want for bars comes to: which series, and from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from actors.bar_queue import Work
from actors.messages import FollowBars, WantBars
from domain.bars import SeriesKey, Span, aligned, clamp, joined, settled, what_for
from domain.venue import InstrumentDetails, TradingSession

#: IB keeps no shorter bars up to date.
_SHORTEST_FOLLOWED = 5
#: Around a session trades may still be reported.
_MARGIN_SECONDS = 900.0


def work_of(message: WantBars, details: InstrumentDetails, now: datetime) -> Work:
    """The series and the span of a want: whole bars, and only those that will not change.

    Raises:
        TimeframeError: its timeframe is none.
    """
    seconds, clamped = clamp(message.timeframe)
    what, replaced = what_for(message.symbol, message.what)
    zone = _zone(details)
    end = (message.end or now).timestamp()
    span = aligned(Span(message.start.timestamp(), end), seconds, zone)
    end = min(span.end, settled(now.timestamp(), seconds, zone))
    return Work(
        message,
        SeriesKey(message.symbol, what, seconds, message.liquid_hours),
        Span(min(span.start, end), end),
        tuple(note for note in (clamped, replaced) if note),
    )


def followed_key(message: FollowBars) -> SeriesKey:
    """The series that is followed.

    Raises:
        TimeframeError: its timeframe is none.
    """
    seconds, _ = clamp(message.timeframe)
    what, _ = what_for(message.symbol, None)
    return SeriesKey(message.symbol, what, max(seconds, _SHORTEST_FOLLOWED))


def shut(sessions: Sequence[TradingSession]) -> tuple[Span, ...]:
    """Where nothing trades, by the sessions that are announced, with a margin on both sides."""
    spans = [
        Span(before.closes.timestamp() + _MARGIN_SECONDS, after.opens.timestamp() - _MARGIN_SECONDS)
        for before, after in pairwise(sorted(sessions, key=lambda session: session.opens))
    ]
    return joined(spans)


def _zone(details: InstrumentDetails) -> tzinfo:
    try:
        return ZoneInfo(details.time_zone)
    except (ValueError, ZoneInfoNotFoundError):
        return UTC
