"""The two probes. They need no token and tell nothing of money."""

from __future__ import annotations

from fastapi import APIRouter, Response

from actors.watch import pulses
from console.hook.asking import Asking
from console.hook.problems import Refused
from console.hook.shapes import venue_ready
from console.schemas import LiveOut, ReadyOut, VenueReadyOut, WedgedOut
from domain.views import DeskView


def routes(asking: Asking) -> APIRouter:
    """`/health/live` and `/health/ready`."""
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("/live", responses={503: {"model": LiveOut}})
    async def live(response: Response) -> LiveOut:
        """200 when every permanent actor is within its handler's budget, else 503."""
        now = asking.clock.monotonic()
        seen = pulses(asking.system, now)
        wedged = [
            WedgedOut(actor=each.seat, handling=each.handling, seconds=round(each.seconds, 3))
            for each in seen
            if not each.answers
        ]
        response.status_code = 503 if wedged else 200
        return LiveOut(live=not wedged, actors=len(seen), wedged=wedged)

    @router.get("/ready", responses={503: {"model": ReadyOut}})
    async def ready(response: Response) -> ReadyOut:
        """200 when each active venue is tradable, else 503 with the reason and the next try."""
        try:
            answer = _ready_by(asking, await asking.desk())
        except Refused as refused:
            answer = _not_ready(asking, str(refused.detail))
        response.status_code = 200 if answer.ready else 503
        return answer

    return router


def _ready_by(asking: Asking, view: DeskView) -> ReadyOut:
    known = {venue.venue: venue_ready(venue, view.at) for venue in view.venues}
    venues = [known.get(name) or _unheard(name) for name in asking.options.venues]
    reasons = [f"{each.venue}: {each.reason}" for each in venues if not each.tradable]
    return _answer(asking, ready=not reasons, reason="; ".join(reasons), venues=venues)


def _not_ready(asking: Asking, reason: str) -> ReadyOut:
    return _answer(asking, ready=False, reason=reason, venues=[])


def _unheard(name: str) -> VenueReadyOut:
    return VenueReadyOut(
        venue=name,
        tradable=False,
        reason="nothing heard of it yet",
        since=None,
        next_try=None,
        cause="VENUE_NOT_TRADABLE",
        health=None,
        expected_until=None,
    )


def _answer(asking: Asking, *, ready: bool, reason: str, venues: list[VenueReadyOut]) -> ReadyOut:
    options = asking.options
    return ReadyOut(
        ready=ready,
        mode=options.mode,
        version=options.version,
        started_at=options.started_at,
        reason=reason,
        venues=venues,
    )
