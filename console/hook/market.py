"""What the venues say: how they stand, quotes, holdings, fills, the account."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from console.fill_schemas import FillsOut, ForeignFillsOut
from console.hook.asking import Asking
from console.hook.order_in import SymbolText, parsed
from console.hook.shapes import (
    accounts_out,
    fill_out,
    foreign_fill_out,
    position_out,
    quote_out,
    venue_out,
)
from console.schemas import AccountsOut, PositionsOut, QuotesOut, VenuesOut

Limit = Annotated[int, Query(ge=1, le=1000)]


def routes(asking: Asking) -> APIRouter:
    """`/venues`, `/quotes`, `/positions`, `/fills`, `/fills/foreign`, `/account`."""
    router = APIRouter(tags=["market"])

    @router.get("/venues")
    async def venues() -> VenuesOut:
        """How each venue stands, with the reason where it is not tradable."""
        view = await asking.desk()
        return VenuesOut(items=[venue_out(venue, view.at) for venue in view.venues])

    @router.get("/quotes")
    async def quotes() -> QuotesOut:
        """The newest quote of each instrument."""
        by_venue = await asyncio.gather(*map(asking.quotes, asking.options.venues))
        now = asking.clock.monotonic()
        return QuotesOut(
            items=[quote_out(quote, stale, now) for rows in by_venue for quote, stale in rows]
        )

    @router.get("/positions")
    async def positions() -> PositionsOut:
        """What is held, and how much of it is ours to manage."""
        view = await asking.desk()
        return PositionsOut(items=[position_out(position) for position in view.positions])

    @router.get("/fills")
    async def fills(
        symbol: Annotated[SymbolText | None, Query()] = None,
        client_order_id: Annotated[str | None, Query(max_length=64)] = None,
        limit: Limit = 100,
    ) -> FillsOut:
        """Fills, newest first."""
        rows = await asking.fills(limit, parsed(symbol), client_order_id)
        return FillsOut(items=[fill_out(fill) for fill in rows])

    @router.get("/fills/foreign")
    async def foreign_fills(
        symbol: Annotated[SymbolText | None, Query()] = None, limit: Limit = 100
    ) -> ForeignFillsOut:
        """What others traded in the account (by hand, by other clients), newest first."""
        rows = await asking.foreign_fills(limit, parsed(symbol))
        return ForeignFillsOut(items=[foreign_fill_out(fill) for fill in rows])

    @router.get("/account")
    async def account() -> AccountsOut:
        """The accounts, whether trading is paused, and what is reserved."""
        return accounts_out(await asking.desk(), asking.options.mode)

    return router
