"""What the hook answers about bars."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from console.schemas import Answer
from domain.bars import Bar, What


class SpanOut(Answer):
    """From `start` up to `end`, without `end`."""

    start: datetime
    end: datetime


class BarsOut(Answer):
    """Bars that are kept, oldest first; the newest `limit` of those that begin in the span."""

    symbol: str
    timeframe: str = Field(description="In IB's words, as `5 mins`.")
    what: What
    liquid_hours: bool
    notes: list[str] = Field(description="What is given in place of what was asked for.")
    covered: list[SpanOut] = Field(
        description="Of these stretches all bars are here; of the rest nothing was fetched yet."
    )
    items: list[Bar] = Field(
        description="Each `[start, open, high, low, close, volume]`: UTC epoch seconds; "
        "the volume is null where there is none (currencies, mid prices)."
    )


class SeriesOut(Answer):
    """A series in the archive; `first` and `last` start a bar."""

    symbol: str
    timeframe: str
    what: What
    liquid_hours: bool
    bars: int
    first: datetime | None
    last: datetime | None


class SeriesListOut(Answer):
    """All series in the archives of the venues."""

    items: list[SeriesOut]
