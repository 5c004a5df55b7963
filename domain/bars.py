"""Bars: their sizes, the spans of time that they cover, and how a long span is asked for.

A span is half-open, in UTC epoch seconds. A bar is named by its start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from domain.symbols import Symbol

Bar = tuple[float, float, float, float, float, float | None]
"""`(start, open, high, low, close, volume)`; the volume is None where the venue has none."""

DAY = 86_400

#: IB's bar sizes in its exact spelling, by their seconds; a month counts 30 days.
BAR_SIZES = {
    1: "1 secs",
    5: "5 secs",
    10: "10 secs",
    15: "15 secs",
    30: "30 secs",
    60: "1 min",
    120: "2 mins",
    180: "3 mins",
    300: "5 mins",
    600: "10 mins",
    900: "15 mins",
    1200: "20 mins",
    1800: "30 mins",
    3600: "1 hour",
    7200: "2 hours",
    10800: "3 hours",
    14400: "4 hours",
    28800: "8 hours",
    DAY: "1 day",
    7 * DAY: "1 week",
    30 * DAY: "1 month",
}

_TIMEFRAME = re.compile(
    r"^(\d{1,6})\s*(s|sec|secs|m|min|mins|h|hour|hours|d|day|days|w|week|weeks|mo|month|months)$"
)
#: A bar is closed for good so long after its end: our clock and the venue's may differ by as much.
SETTLED_SECONDS = 60.0

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY, "mo": 30 * DAY}


class TimeframeError(ValueError):
    """A text is no timeframe; the sentence says what one looks like."""


class What(StrEnum):
    """What the prices of a bar are."""

    TRADES = "TRADES"
    MIDPOINT = "MIDPOINT"
    BID = "BID"
    ASK = "ASK"
    BID_ASK = "BID_ASK"
    """Open the average bid, high the highest ask, low the lowest bid, close the average ask."""


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """One row of bars: what is kept together and asked for together."""

    symbol: Symbol
    what: What
    bar_seconds: int
    liquid_hours: bool = False
    """Only within the liquid (regular) hours."""

    def __str__(self) -> str:
        hours = ", liquid hours" if self.liquid_hours else ""
        return f"{self.symbol} {self.what} {BAR_SIZES[self.bar_seconds]}{hours}"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` up to `end`, without `end`; UTC epoch seconds."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Piece:
    """What one request asks for: all bars of `span`, by its end and IB's word for its length."""

    span: Span
    duration: str


def clamp(timeframe: str) -> tuple[int, str]:
    """The seconds of the nearest bar size not above `timeframe`, and a sentence if it differs.

    Read are `5 mins` as IB spells it and `5m`, `1h`, `1d`, `1w`, `1mo` as others do.

    Raises:
        TimeframeError: it is neither, or nothing.
    """
    text = timeframe.strip()
    # 1M is a month to many and 1m a minute to all.
    match = _TIMEFRAME.match("1mo" if text == "1M" else text.lower())
    if match is None or int(match[1]) == 0:
        raise TimeframeError(f"{timeframe!r} is no timeframe: write 1m, 5m, 1h, 1d or as IB does")
    unit = "mo" if match[2].startswith("mo") else match[2][0]
    wanted = int(match[1]) * _UNITS[unit]
    size = max((size for size in BAR_SIZES if size <= wanted), default=1)
    if size == wanted:
        return size, ""
    return size, f"There are no bars of {text}; these are of {BAR_SIZES[size]}."


def what_for(symbol: Symbol, wanted: What | None) -> tuple[What, str]:
    """What can be had of an instrument, and a sentence if it differs from what was wanted.

    Pairs have no trades (IB answers 162): there the middle of bid and ask stands for them.
    """
    usual = What.MIDPOINT if symbol.is_currency_pair else What.TRADES
    if wanted is None:
        return usual, ""
    if wanted is What.TRADES and symbol.is_currency_pair:
        return usual, f"{symbol} is a currency pair and has no trades; these are mid prices."
    return wanted, ""


# -- spans -----------------------------------------------------------------------------------


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same stretches, earliest first, without overlaps, touching ones in one."""
    result: list[Span] = []
    for span in sorted(spans):
        if span.end <= span.start:
            continue
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return tuple(result)


def gaps(wanted: Span, covered: Iterable[Span]) -> tuple[Span, ...]:
    """What of `wanted` is not covered, earliest first."""
    result: list[Span] = []
    at = wanted.start
    for span in joined(covered):
        if span.end <= at:
            continue
        if span.start >= wanted.end:
            break
        if span.start > at:
            result.append(Span(at, span.start))
        at = span.end
    if at < wanted.end:
        result.append(Span(at, wanted.end))
    return tuple(result)


def aligned(span: Span, bar_seconds: int, zone: tzinfo) -> Span:
    """Widened to whole bars: round times, and from a day on midnights of the instrument's zone."""
    start, end = _floor(span.start, bar_seconds, zone), _floor(span.end, bar_seconds, zone)
    return Span(start, end if end == span.end else _next(end, bar_seconds, zone))


def settled(now: float, bar_seconds: int, zone: tzinfo) -> float:
    """Up to where bars do not change any more, at `now` (epoch seconds)."""
    return _floor(now - SETTLED_SECONDS, bar_seconds, zone)


def _floor(at: float, bar_seconds: int, zone: tzinfo) -> float:
    if bar_seconds < DAY:
        return at // bar_seconds * bar_seconds
    local = datetime.fromtimestamp(at, zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _next(at: float, bar_seconds: int, zone: tzinfo) -> float:
    if bar_seconds < DAY:
        return at + bar_seconds
    return _floor(at + 1.5 * DAY, bar_seconds, zone)


# -- one request for a span ------------------------------------------------------------------

#: IB's table of durations and bar sizes (*historical data limitations*): the longest span that a
#: request is used for, the smallest and the largest bar with it, and its word; without a word it
#: is said in seconds. Seconds are counted in trading time and so reach back at least as far as
#: the clock does; a day is one day with trading, which may be less, so its row ends before it.
#: A week, a month and a year are used for a little less than they are.
_DURATIONS = (
    (60, 1, 60, ""),
    (120, 1, 120, ""),
    (1800, 1, 1800, ""),
    (3600, 5, 3600, ""),
    (14400, 10, 10800, ""),
    (28800, 30, 28800, ""),
    (82800, 60, 28800, ""),
    (6 * DAY, 180, 7 * DAY, "1 W"),
    (27 * DAY, 1800, 30 * DAY, "1 M"),
    (364 * DAY, DAY, 30 * DAY, "1 Y"),
)


def last_piece(gap: Span, bar_seconds: int) -> Piece:
    """One request for as much of the end of a gap as IB's table allows."""
    rows = [row for row in _DURATIONS if row[1] <= bar_seconds <= row[2]]
    span = gap.end - gap.start
    reach, _, _, word = next((row for row in rows if row[0] >= span), rows[-1])
    start = max(gap.start, gap.end - reach)
    if not word:
        whole = -(-(gap.end - start) // bar_seconds) * bar_seconds
        word = f"{int(min(max(whole, bar_seconds), reach))} S"
    return Piece(Span(start, gap.end), word)


# -- what an answer proves -------------------------------------------------------------------


def proven(bars: tuple[Bar, ...], piece: Span, bar_seconds: int) -> tuple[tuple[Bar, ...], Span]:
    """Of an answer, the whole bars, and the span of which they are all there are.

    The piece must end where bars were settled when it was asked for. An answer reaches back at
    least as far as it was asked to, and between its first bar and its end there is no other.
    A bar of a day or more that reaches beyond the end may be a part of one, and is left out.
    """
    # A day of summer time's change has an hour less.
    reach = bar_seconds - 3600 if bar_seconds >= DAY else 0
    whole = tuple(bar for bar in bars if bar[0] < piece.end and bar[0] + reach <= piece.end)
    start = min(piece.start, whole[0][0]) if whole else piece.start
    return whole, Span(start, piece.end)
