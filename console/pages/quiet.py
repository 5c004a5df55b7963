"""`GET /see/quiet`: why nothing is opened: the first shut gate of each symbol in words."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from console.hook.asking import Asking
from console.hook.order_in import SymbolText
from console.hook.risk import why_not_of
from console.hook.visitors import visitor_of
from console.pages.remembered import TRADING, oldest, warning_of
from console.pages.rendering import page
from console.risk_schemas import WhyNotOut
from domain.permits import Condition, Hold
from domain.symbols import Symbol

_HERE = "/see/quiet"
_NAME = "why quiet"
_NO_ORDERS = (Condition.OBSERVE,)
"""What holds for good, and is no reason to wonder."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """All symbols, and what keeps entries back in every one of them."""

    holds: tuple[Hold, ...]
    symbols: tuple[WhyNotOut, ...]


def routes(asking: Asking) -> APIRouter:
    """The page *Why quiet*, and all gates of one symbol."""
    router = APIRouter(include_in_schema=False)
    asking.remembered.keep(_NAME, lambda: quiet_of(asking))

    @router.get(_HERE)
    async def quiet(request: Request) -> Response:
        part = await asking.remembered.ask(_NAME, TRADING, lambda: quiet_of(asking))
        return page(
            "quiet.html",
            visitor_of(request),
            {"quiet": part.value},
            asking=asking,
            title="Why quiet",
            here=_HERE,
            as_of=oldest([part]),
            warning=warning_of([part]),
        )

    @router.get(_HERE + "/{symbol}")
    async def gates(request: Request, symbol: SymbolText) -> Response:
        asked = Symbol.parse(symbol)
        part = await asking.remembered.ask(
            _NAME, TRADING, lambda: why_not_of(asking, asked), of=str(asked)
        )
        return page(
            "gates.html",
            visitor_of(request),
            {"symbol": str(asked), "why": part.value},
            asking=asking,
            title=f"Why quiet: {asked}",
            here=_HERE,
            as_of=oldest([part]),
            warning=warning_of([part]),
        )

    return router


async def quiet_of(asking: Asking) -> Quiet:
    """Ask the gates about every symbol that may be traded, for a usual purchase.

    Raises:
        Refused: the desk does not answer.
    """
    view = await asking.desk()
    symbols = [each.symbol for venue in view.venues for each in venue.instruments]
    return Quiet(
        tuple(hold for hold in view.holds if hold.condition not in _NO_ORDERS),
        # One after the other: the desk has other things to do in between.
        tuple([await why_not_of(asking, symbol) for symbol in symbols]),
    )
