"""`GET /see/live`: how far the way to real money is gone, and what limits it."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from config.limits import MONEY
from console.hook.asking import Asking
from console.hook.live import checklist_of
from console.hook.risk import risk_of
from console.hook.visitors import visitor_of
from console.owner.words import money, number
from console.pages.remembered import GATE, TRADING, oldest, warning_of
from console.pages.rendering import page
from console.risk_schemas import LimitOut

_HERE = "/see/live"
_LIST, _LIMITS = "checklist", "limits"


def routes(asking: Asking) -> APIRouter:
    """The page *Live*."""
    router = APIRouter(include_in_schema=False)
    asking.remembered.keep(_LIST, lambda: checklist_of(asking))
    asking.remembered.keep(_LIMITS, lambda: risk_of(asking))

    @router.get(_HERE)
    async def live(request: Request) -> Response:
        checklist, risk = await asyncio.gather(
            asking.remembered.ask(_LIST, GATE, lambda: checklist_of(asking)),
            asking.remembered.ask(_LIMITS, TRADING, lambda: risk_of(asking)),
        )
        base = "" if risk.value is None else risk.value.base_currency
        return page(
            "live.html",
            visitor_of(request),
            {
                "checklist": checklist.value,
                "risk": risk.value,
                "written": lambda limit, value: _written(limit, value, base),
            },
            asking=asking,
            title="Live",
            here=_HERE,
            as_of=oldest([checklist, risk]),
            warning=warning_of([checklist, risk]),
        )

    return router


def _written(limit: LimitOut, value: Decimal | None, base: str) -> str:
    """A limit or its use, with its unit."""
    if value is None:
        return "none"
    if limit.unit == MONEY:
        return money(value, base)
    return f"{number(value)} {limit.unit}".strip()
