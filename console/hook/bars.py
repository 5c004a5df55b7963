"""The bars that are kept, and how much of a span is. Nothing is asked of a venue for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from actors import names
from actors.messages import BarsKept, GetBars, GetSeries
from adapters.bars import KeptSeries
from console.bar_schemas import BarsOut, SeriesListOut, SeriesOut, SpanOut
from console.hook.asking import Asking
from console.hook.order_in import SymbolText
from console.hook.problems import Refused
from domain.bars import BAR_SIZES, SeriesKey, Span, TimeframeError, What, clamp, what_for
from domain.symbols import Symbol

Limit = Annotated[int, Query(ge=1, le=20_000)]
_LOOK_BACK = timedelta(days=7)


def routes(asking: Asking) -> APIRouter:
    """`/bars`, `/bars/{symbol}`."""
    router = APIRouter(tags=["market"])

    @router.get("/bars")
    async def series() -> SeriesListOut:
        """What the archives have; how a fetch goes on is in `/actors/ib.history`."""
        found = await asyncio.gather(
            *(asking.ask(names.bars(venue), GetSeries()) for venue in asking.options.venues)
        )
        return SeriesListOut(items=[_series_out(kept) for rows in found for kept in rows])

    @router.get("/bars/{symbol}")
    async def bars(
        symbol: SymbolText,
        timeframe: Annotated[str, Query(max_length=20)] = "5 mins",
        what: What | None = None,
        liquid_hours: bool = False,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: Limit = 1000,
    ) -> BarsOut:
        """The bars of the last seven days, or from `start` to `end` (UTC where no zone is said)."""
        instrument = Symbol.parse(symbol)
        try:
            seconds, clamped = clamp(timeframe)
        except TimeframeError:
            raise Refused.coded(422, "TIMEFRAME_NOT_KNOWN", timeframe=timeframe) from None
        kind, replaced = what_for(instrument, what)
        key = SeriesKey(instrument, kind, seconds, liquid_hours)
        until = _utc(end) or asking.clock.now()
        since = _utc(start) or until - _LOOK_BACK
        question = GetBars(key, Span(since.timestamp(), until.timestamp()), limit)
        kept = BarsKept((), ())
        for venue in asking.options.venues:
            kept = await asking.ask(names.bars(venue), question)
            if kept.bars or kept.covered:
                break
        return BarsOut(
            symbol=symbol,
            timeframe=BAR_SIZES[seconds],
            what=kind,
            liquid_hours=liquid_hours,
            notes=[note for note in (clamped, replaced) if note],
            covered=[
                SpanOut(start=_moment(span.start), end=_moment(span.end)) for span in kept.covered
            ],
            items=list(kept.bars),
        )

    return router


def _series_out(kept: KeptSeries) -> SeriesOut:
    return SeriesOut(
        symbol=str(kept.key.symbol),
        timeframe=BAR_SIZES[kept.key.bar_seconds],
        what=kept.key.what,
        liquid_hours=kept.key.liquid_hours,
        bars=kept.bars,
        first=None if kept.first is None else _moment(kept.first),
        last=None if kept.last is None else _moment(kept.last),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
