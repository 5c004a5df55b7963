"""How the venues stood in the last days, by the hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from actors import names
from actors.messages import GetUptime
from console.hook.asking import Asking
from console.uptime_schemas import UpEventOut, UpHourOut, UpReasonOut, UptimeOut, UpVenueOut
from domain.uptime import KEPT, Hour, UpState, UptimeView, hour_of, hours_of

DAYS = 30


def routes(asking: Asking) -> APIRouter:
    """`/history/health`."""
    router = APIRouter(prefix="/history", tags=["health"])

    @router.get("/health")
    async def health(days: Annotated[int, Query(ge=1, le=KEPT.days)] = DAYS) -> UptimeOut:
        """How each venue stood in each hour of the last days, with reasons, and what started."""
        return uptime_out(await uptime(asking, days), asking.options.venues)

    return router


async def uptime(asking: Asking, days: int = DAYS) -> UptimeView:
    """What is remembered of so many days.

    Raises:
        Refused: nobody remembers, or not in time.
    """
    since = hour_of(asking.clock.now() - timedelta(days=days))
    view = await asking.ask(names.UPTIME, GetUptime(since))
    assert isinstance(view, UptimeView)
    return view


def uptime_out(view: UptimeView, venues: tuple[str, ...]) -> UptimeOut:
    """As the hook says it."""
    return UptimeOut(
        since=view.since,
        until=view.at,
        remembered_since=view.began,
        trouble=view.trouble,
        items=[
            UpVenueOut(venue=venue, hours=[_hour_out(each) for each in hours_of(view, venue)])
            for venue in venues
        ],
        events=[
            UpEventOut(at=each.at, seat=each.seat, sentence=each.sentence) for each in view.events
        ],
    )


def _hour_out(hour: Hour) -> UpHourOut:
    seconds = {state: round(hour.seconds.get(state, 0.0), 1) for state in UpState}
    return UpHourOut(
        hour=hour.start,
        shown=hour.shown,
        ready_seconds=seconds[UpState.READY],
        on_hold_expected_seconds=seconds[UpState.EXPECTED],
        on_hold_not_expected_seconds=seconds[UpState.UNEXPECTED],
        not_running_seconds=seconds[UpState.NOT_RUNNING],
        reasons=[
            UpReasonOut(
                state=stood.state,
                cause=stood.cause,
                sentence=stood.sentence,
                seconds=round(lasted, 1),
            )
            for stood, lasted in hour.reasons
        ],
    )
