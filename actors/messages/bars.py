"""Bars: wanted, asked for, come, kept, and followed as they form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from adapters.venue import BarSeries, BarsQuery
from domain.bars import Bar, SeriesKey, Span, What
from domain.pacing import PacedRequest, Sent
from domain.symbols import Symbol


class Priority(IntEnum):
    """Who is served first; the lower one."""

    LIVE = 0
    """Something is decided by it now."""
    BACKFILL = 1


@dataclass(frozen=True, slots=True)
class WantBars(Command):
    """To `history`: all closed bars from `start` to `end` (None: to now), wherever they are.

    Answered to the seat `who` by `BarsReady` with this ticket. The deadline is that of the answer.
    """

    ticket: str
    who: str
    symbol: Symbol
    timeframe: str
    """`5 mins` or `5m`; clamped to the nearest size that the venue has, not above it."""
    start: datetime
    end: datetime | None = None
    what: What | None = None
    """None: trades, or the middle of bid and ask for a pair."""
    liquid_hours: bool = False
    priority: Priority = Priority.LIVE
    limit: int = 20_000
    """The answer carries at most so many, the newest; all of them are kept."""
    or_older: bool = False
    """The answer is filled up to the limit with bars from before `start` that are there."""


@dataclass(frozen=True, slots=True)
class BarsReady(Message):
    """To whoever wanted them: the bars, or the code and the sentence of what kept them away.

    With a code the bars are those that there are, with gaps.
    """

    ticket: str
    key: SeriesKey | None
    bars: tuple[Bar, ...]
    notes: tuple[str, ...] = ()
    """What was given in place of what was wanted, as sentences."""
    code: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class FollowBars(Message):
    """To `history`: tell `who` each bar when it has closed, from now on, over every link.

    `after` is the start of the last one that was told: what came since is made up for.
    """

    who: str
    symbol: Symbol
    timeframe: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class BarClosed(Message):
    """A bar that will not change any more: the next one has begun. Each is told once, in order."""

    key: SeriesKey
    bar: Bar


@dataclass(frozen=True, slots=True)
class BarsCame(Message):
    """To the readers of a venue's bars: the newest of an instrument, oldest first, all closed."""

    symbol: Symbol
    series: BarSeries


# -- history and the archive -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadPacing(Message):
    """To the archive: what was asked of the venue in the last minutes? `PacingLoaded`."""

    reply_to: str


@dataclass(frozen=True, slots=True)
class PacingLoaded(Message):
    """The requests that still count, by their tickets, on this process's monotonic clock."""

    sent: tuple[tuple[str, Sent], ...]
    unanswered: tuple[str, ...] = ()
    """Of these there was no answer when their link ended: the venue may count them yet."""


@dataclass(frozen=True, slots=True)
class FindCoverage(Message):
    """To the archive: which stretches of `wanted` are there? Answered by `CoverageFound`."""

    ticket: str
    key: SeriesKey
    wanted: Span


@dataclass(frozen=True, slots=True)
class CoverageFound(Message):
    """The stretches that were asked for and fully answered, earliest first."""

    ticket: str
    key: SeriesKey
    covered: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class KeepBars(Message):
    """To the archive: these are all the bars of `covered`."""

    key: SeriesKey
    bars: tuple[Bar, ...]
    covered: Span


@dataclass(frozen=True, slots=True)
class AnswerBars(Message):
    """To the archive: read the bars of `wanted` and send them to `who` as `BarsReady`."""

    ticket: str
    who: str
    key: SeriesKey
    wanted: Span
    limit: int
    notes: tuple[str, ...] = ()
    code: str = ""
    sentence: str = ""


# -- history and the wire --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskBars(Command):
    """To the archive, which writes it down for the pacing, and on to the connection.

    `follow` keeps the answer up to date. Answered by `BarsAnswered`.
    """

    ticket: str
    query: BarsQuery
    paced: PacedRequest
    epoch: int
    follow: bool = False


@dataclass(frozen=True, slots=True)
class BarsCounted(Message):
    """To the archive: a request is over, so the venue has counted it by `at` (monotonic)."""

    ticket: str
    paced: PacedRequest
    at: float


@dataclass(frozen=True, slots=True)
class BarsAnswered(Message):
    """The answer; `series` is None when there is none, with the code and the venue's text."""

    ticket: str
    series: BarSeries | None
    code: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class BarUpdated(Message):
    """From the wire: a bar that is followed, as it stands now."""

    venue: str
    key: SeriesKey
    bar: Bar


@dataclass(frozen=True, slots=True)
class BarsEnded(Message):
    """From the wire: a series is not kept up to date any more."""

    venue: str
    key: SeriesKey
    code: str
    sentence: str


# -- the console -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GetBars(Message):
    """To the archive, from the console. Answered with `BarsKept`. Asks nothing of the venue."""

    lane: ClassVar[Lane] = Lane.QUERY
    key: SeriesKey
    wanted: Span
    limit: int


@dataclass(frozen=True, slots=True)
class BarsKept:
    """What the archive has: the newest bars of a span, and what of the span is covered."""

    bars: tuple[Bar, ...]
    covered: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class GetSeries(Message):
    """To the archive, from the console. Answered with a tuple of `KeptSeries`."""

    lane: ClassVar[Lane] = Lane.QUERY
