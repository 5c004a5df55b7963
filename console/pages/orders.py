"""`GET /see/orders`: what is in doubt first, what works, of others, and what is over."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from console.hook.asking import Asking
from console.hook.shapes import order_out
from console.hook.truth_shapes import foreign_order_out
from console.hook.visitors import Visitor, visitor_of
from console.overview_schemas import OrderLineOut
from console.pages.first_look import FirstLook, first_look
from console.pages.remembered import BOOK, TRADING, Part, oldest, warning_of
from console.pages.rendering import page
from console.schemas import OrderOut
from console.truth_schemas import ForeignOrderOut
from domain.orders import OrderState

_NEWEST = 60
"""Among so many of the newest orders those that are over are looked for."""
_IN_DOUBT, _OPEN, _FOREIGN, _OVER = 12, 40, 20, 15
"""So many of each kind are shown: a page stays small, whatever there is."""


def routes(asking: Asking) -> APIRouter:
    """The page *Orders*."""
    router = APIRouter(include_in_schema=False)

    @router.get("/see/orders")
    async def orders(request: Request) -> Response:
        ask = asking.remembered.ask
        seen, newest, foreign = await asyncio.gather(
            first_look(asking),
            ask("newest orders", BOOK, lambda: _newest(asking)),
            ask("orders of others", TRADING, lambda: _foreign(asking)),
        )
        return orders_page(asking, visitor_of(request), seen, newest, foreign)

    return router


def orders_page(
    asking: Asking,
    visitor: Visitor,
    seen: FirstLook,
    newest: Part[list[OrderOut]],
    foreign: Part[list[ForeignOrderOut]],
) -> Response:
    """The page; `newest` are those that are over."""
    open_ones = seen.overview.orders
    parts = (seen.part, newest, foreign)
    return page(
        "orders.html",
        visitor,
        {
            "unknown": _of(open_ones, in_doubt=True),
            "working": _of(open_ones, in_doubt=False),
            "over": None if newest.value is None else newest.value[:_OVER],
            "foreign": foreign.value,
            "most_unknown": _IN_DOUBT,
            "most_open": _OPEN,
            "most_foreign": _FOREIGN,
        },
        asking=asking,
        title="Orders",
        here="/see/orders",
        as_of=oldest(parts),
        warning=warning_of(parts),
    )


def _of(orders: list[OrderLineOut] | None, *, in_doubt: bool) -> list[OrderLineOut] | None:
    if orders is None:
        return None
    return [each for each in orders if (each.state is OrderState.UNKNOWN) is in_doubt]


async def _newest(asking: Asking) -> list[OrderOut]:
    found = await asking.orders(_NEWEST, None, None)
    return [order_out(each) for each in found if each.state.is_final]


async def _foreign(asking: Asking) -> list[ForeignOrderOut]:
    view = await asking.desk()
    return [foreign_order_out(venue, order) for venue, order in view.foreign]
