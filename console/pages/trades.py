"""`GET /see/trades` and `/see/trades/{client_order_id}`: what traded, and the story of each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from actors.messages import GetTrades
from console.explain_schemas import ExplanationOut
from console.hook.asking import Asking
from console.hook.trading import explained
from console.hook.visitors import Visitor, visitor_of
from console.pages.remembered import BOOK, Part, warning_of
from console.pages.rendering import fitting, page
from domain.trades import Trade

_ON_A_PAGE = 25
_STEPS = (80, 30, 10)
"""So many steps of a story are told, the newest; fewer where the page would be too large.
`kelpie explain` has all."""

OrderId = Annotated[str, Path(max_length=64)]


def routes(asking: Asking) -> APIRouter:
    """The page *Trades*, and those of single trades."""
    router = APIRouter(include_in_schema=False)

    @router.get("/see/trades")
    async def trades(
        request: Request, before: Annotated[str | None, Query(max_length=64)] = None
    ) -> Response:
        async def newest() -> tuple[Trade, ...]:
            question = GetTrades(_ON_A_PAGE + 1, before)
            found: tuple[Trade, ...] = await asking.ask(asking.options.ledger, question)
            return found

        part = await asking.remembered.ask("trades before", BOOK, newest, of=before or "")
        found = part.value
        more = found is not None and len(found) > _ON_A_PAGE
        return page(
            "trades.html",
            visitor_of(request),
            {"trades": found and found[:_ON_A_PAGE], "more": more, "before": before},
            asking=asking,
            title="Trades",
            here="/see/trades",
            as_of=part.at,
            warning=warning_of([part]),
            refresh=60 if before is None else None,
        )

    @router.get("/see/trades/{client_order_id}")
    async def trade(request: Request, client_order_id: OrderId) -> Response:
        async def told() -> ExplanationOut | None:
            return await explained(asking, client_order_id)

        part = await asking.remembered.ask("story", BOOK, told, of=client_order_id)
        return story_page(asking, visitor_of(request), client_order_id, part)

    return router


def story_page(
    asking: Asking, visitor: Visitor, client_order_id: str, part: Part[ExplanationOut | None]
) -> Response:
    """How an order came about, as far as it is known; 404 where there is none of this id."""
    unknown = part.value is None and part.silent is None
    return fitting(
        page(
            "trade.html",
            visitor,
            {"id": client_order_id, "story": part.value, "unknown": unknown, "most": most},
            asking=asking,
            title="A trade",
            here="/see/trades",
            as_of=part.at,
            warning=warning_of([part]),
            refresh=None,
            status=404 if unknown else 200,
        )
        for most in _STEPS
    )
