"""What a person does to trading as a whole: pause, resume; and the metrics."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

from actors import names
from actors.messages import EndSafeMode, SetPaused
from console.hook.asking import Asking
from console.hook.metrics import scrape
from console.hook.moments import a_moment
from console.hook.order_in import ExactRoute
from console.hook.problems import Refused
from console.hook.shapes import holds_out
from console.schemas import PauseIn, ResumeIn, TradingOut
from domain.permits import Condition


class MetricsText(PlainTextResponse):
    """Prometheus' text format."""

    media_type = "text/plain; version=1.0.0"


def routes(asking: Asking) -> APIRouter:
    """`/trading/pause`, `/trading/resume`, `/metrics`."""
    router = APIRouter(tags=["operations"], route_class=ExactRoute)

    @router.post("/trading/pause")
    async def pause(body: PauseIn | None = None) -> TradingOut:
        """No new entries from now on; exits, stops and plans go on.

        With `cancel_entries` every order that could still open a position is taken back too.
        """
        wanted = body or PauseIn()
        return await set_paused(asking, True, wanted.reason, wanted.cancel_entries)

    @router.post("/trading/resume")
    async def resume(body: ResumeIn | None = None) -> TradingOut:
        """Entries again; `holds` says what else keeps them back.

        `end_safe_mode` says that what made Kelpie end uncleanly again and again is mended.
        """
        wanted = body or ResumeIn()
        if wanted.end_safe_mode and await _in_safe_mode(asking):
            await _end_safe_mode(asking, wanted.reason)
        return await set_paused(asking, False, wanted.reason)

    @router.get("/metrics", response_class=MetricsText)
    async def metrics() -> str:
        """Prometheus metrics, built from the seats at this moment."""
        return await scrape(asking)

    return router


async def _in_safe_mode(asking: Asking) -> bool:
    """To end it a second time is harmless."""
    safe = (Condition.SAFE_MODE_RECONCILED, Condition.SAFE_MODE_MISMATCH)
    return any(hold.condition in safe for hold in (await asking.desk()).holds)


async def _end_safe_mode(asking: Asking, reason: str) -> None:
    limit = asking.options.answer_seconds
    end = EndSafeMode(asking.clock.monotonic() + limit, asking.who(), reason)
    await asking.ask(names.STARTS, end)
    try:
        async with asyncio.timeout(limit):
            while await _in_safe_mode(asking):
                await a_moment()
    except TimeoutError:
        raise Refused(
            503,
            "NOT_CONFIRMED",
            "Safe mode has ended, and the desk has not heard of it yet.",
            "Ask again; it is harmless.",
        ) from None


async def set_paused(
    asking: Asking, paused: bool, reason: str, cancel_entries: bool = False
) -> TradingOut:
    """Throw the switch, and wait until it is on disk.

    Raises:
        Refused: `NOT_CONFIRMED`, or the desk does not answer: it may be thrown all the same.
    """
    # The ledger audits the switch itself, with who threw it and why.
    switch = SetPaused(paused, asking.who(), reason, cancel_entries)
    cancelled = await asking.ask(asking.options.desk, switch)
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
    return TradingOut(
        paused=view.paused,
        reason=view.paused_reason,
        holds=holds_out(view),
        cancelled=list(cancelled),
    )
