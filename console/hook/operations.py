"""What a person does to trading as a whole: pause, resume, reconcile; and the metrics."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

from actors import names
from actors.messages import ReconcileNow, SetPaused
from console.hook.asking import Asking
from console.hook.metrics import scrape
from console.hook.moments import a_moment
from console.hook.order_in import ExactRoute
from console.hook.problems import Refused
from console.schemas import ReasonIn, ReconcileOut, TradingOut


class MetricsText(PlainTextResponse):
    """Prometheus' text format."""

    media_type = "text/plain; version=1.0.0"


def routes(asking: Asking) -> APIRouter:
    """`/trading/pause`, `/trading/resume`, `/reconcile`, `/metrics`."""
    router = APIRouter(tags=["operations"], route_class=ExactRoute)

    @router.post("/trading/pause")
    async def pause(body: ReasonIn | None = None) -> TradingOut:
        """No new entries from now on; exits, stops and plans go on."""
        return await _set_paused(asking, True, (body or ReasonIn()).reason)

    @router.post("/trading/resume")
    async def resume(body: ReasonIn | None = None) -> TradingOut:
        """Entries again."""
        return await _set_paused(asking, False, (body or ReasonIn()).reason)

    @router.post("/reconcile", status_code=202)
    async def reconcile(body: ReasonIn | None = None) -> ReconcileOut:
        """Hold the ledger against each venue's truth now; `/venues` shows the outcome."""
        asked = [names.resync(venue) for venue in asking.options.venues]
        asking.audit("reconcile", (body or ReasonIn()).reason)
        for name in asked:
            asking.tell(name, ReconcileNow(asking.who()))
        return ReconcileOut(asked=asked)

    @router.get("/metrics", response_class=MetricsText)
    async def metrics() -> str:
        """Prometheus metrics, built from the seats at this moment."""
        return await scrape(asking)

    return router


async def _set_paused(asking: Asking, paused: bool, reason: str) -> TradingOut:
    # The ledger audits the switch itself, with who threw it and why.
    asking.tell(asking.options.desk, SetPaused(paused, asking.who(), reason))
    try:
        async with asyncio.timeout(asking.options.answer_seconds):
            view = await asking.desk()
            while view.paused is not paused:
                await a_moment()
                view = await asking.desk()
            # Questions are answered behind the facts: once this one is, the switch is on disk.
            await asking.order("")
    except TimeoutError:
        raise Refused(
            503,
            "NOT_CONFIRMED",
            f"The desk has not said yet that trading is {'paused' if paused else 'resumed'}.",
            "Look at GET /account, and ask again.",
        ) from None
    return TradingOut(paused=view.paused, reason=view.paused_reason)
