"""`GET /`: is all well, what is held, is it protected, what needs the owner."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from actors.messages import GetTrades
from console.hook.asking import Asking
from console.hook.overview import ALERTS
from console.hook.visitors import Visitor, visitor_of
from console.overview_schemas import AlertLineOut, HoldingLineOut, OverviewOut
from console.pages.first_look import FirstLook, first_look, keep
from console.pages.looked import look
from console.pages.pausing import Pause, known_pause
from console.pages.remembered import BOOK, Part, warning_of
from console.pages.rendering import fitting, page
from domain.trades import Trade

_TRADES = 20
"""So many of the newest trades are looked at for what happened since the last look."""
_SHOWN = ((40, 10), (25, 5), (12, 3), (4, 1))
"""So many holdings and alerts are shown, fewer where they have much to say; the rest is counted."""
_WORST_FIRST = ("UNPROTECTED", "NOT_KNOWN", "CHANGING")


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since the device was last looked at."""

    at: datetime
    trades: tuple[Trade, ...] | None
    """None where the book does not say: what it said before knows nothing of what came since."""
    more: bool
    """There may be more trades than these."""
    alerts: tuple[AlertLineOut, ...] | None
    """Those that began since and stand still; None where nobody says."""
    started: datetime | None
    """When Kelpie was started again; None where it was not."""


def routes(asking: Asking) -> APIRouter:
    """The page *Now*."""
    router = APIRouter(include_in_schema=False)
    keep(asking)

    @router.get("/")
    async def now(request: Request) -> Response:
        visitor = visitor_of(request)
        seen, trades, (pause, _) = await asyncio.gather(
            first_look(asking),
            asking.remembered.ask("trades", BOOK, newest_trades),
            known_pause(asking, visitor),
        )
        looks = look(request, asking.clock.now())
        answer = now_page(asking, visitor, seen, trades, pause, looks.before)
        if trades.silent is None:
            # What could not be told now is news at the next look still.
            looks.keep(answer)
        return answer

    async def newest_trades() -> tuple[Trade, ...]:
        found: tuple[Trade, ...] = await asking.ask(asking.options.ledger, GetTrades(_TRADES))
        return found

    return router


def now_page(
    asking: Asking,
    visitor: Visitor,
    seen: FirstLook,
    trades: Part[tuple[Trade, ...]],
    pause: Pause | None,
    before: datetime | None,
) -> Response:
    """The page, for a device that last looked then."""
    overview = seen.overview
    holdings = overview.holdings
    facts: dict[str, Any] = {
        "seen": overview,
        "holdings": None if holdings is None else sorted(holdings, key=_severity),
        "since": None if before is None else _since(before, overview, trades),
        "pause": pause,
    }
    return fitting(
        page(
            "now.html",
            visitor,
            {**facts, "most_holdings": most_holdings, "most_alerts": most_alerts},
            asking=asking,
            title="Now",
            here="/",
            as_of=seen.as_of,
            warning=warning_of((seen.part, trades)),
        )
        for most_holdings, most_alerts in _SHOWN
    )


def _since(at: datetime, overview: OverviewOut, trades: Part[tuple[Trade, ...]]) -> Since:
    found = alerts = None
    if trades.value is not None and trades.silent is None:
        # By when it was learned: what traded during an outage is news after it.
        found = tuple(each for each in trades.value if each.known >= at)
    if overview.alerts is not None and all(each.part != ALERTS for each in overview.unanswered):
        alerts = tuple(each for each in overview.alerts if each.since > at)
    return Since(
        at=at,
        trades=found,
        more=found is not None and len(found) == _TRADES,
        alerts=alerts,
        started=overview.started_at if overview.started_at > at else None,
    )


def _severity(holding: HoldingLineOut) -> tuple[int, str]:
    """What needs a person first."""
    if holding.agrees is False:
        return 0, holding.symbol
    word = holding.protection
    place = _WORST_FIRST.index(word) if word in _WORST_FIRST else len(_WORST_FIRST)
    return place + 1, holding.symbol
