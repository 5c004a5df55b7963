"""`GET /see/money`: worth and drawdown over time, what each day made, costs, cash, margin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from actors.messages import GetEquity, GetTrades
from console.hook.asking import Asking
from console.hook.shapes import accounts_out
from console.hook.visitors import visitor_of
from console.pages.charts import bars, curve
from console.pages.earnings import curve_points, daily_bars
from console.pages.first_look import first_look
from console.pages.remembered import BOOK, TRADING, oldest, warning_of
from console.pages.rendering import page
from console.schemas import AccountsOut
from domain.cost_report import totals
from domain.equity_curve import EquityPoint, Why
from domain.trades import Trade

Range = Literal["week", "month", "year"]
_DAYS: Mapping[Range, int] = {"week": 7, "month": 31, "year": 366}
_BAR_DAYS = 31
_POINTS = 1000
_TRADES = 100
"""Costs are held against their estimates over so many orders, the newest."""
_REFRESH_SECONDS = 120


def routes(asking: Asking) -> APIRouter:
    """The page *Money*."""
    router = APIRouter(include_in_schema=False)

    @router.get("/see/money")
    async def money(request: Request, span: Annotated[Range, Query()] = "month") -> Response:
        ask, now = asking.remembered.ask, asking.clock.now()
        bars_since = now - timedelta(days=_BAR_DAYS + 1)
        seen, accounts, points, ends, trades = await asyncio.gather(
            first_look(asking),
            ask("accounts", TRADING, lambda: _accounts(asking)),
            ask(f"curve of the {span}", BOOK, lambda: _curve(asking, span)),
            ask("days", BOOK, lambda: _points(asking, _BAR_DAYS + 1, Why.DAY)),
            ask("costs", BOOK, lambda: _trades(asking)),
        )
        figures = seen.overview.money
        today = None if figures is None else figures.today
        base = _base(None if figures is None else figures.base, accounts.value, points.value)
        days = daily_bars(ends.value or (), bars_since, today, now)
        title = f"Worth in the last {span}"
        parts = (seen.part, accounts, points, ends, trades)
        facts: dict[str, Any] = {
            "money": figures,
            "base": base,
            "accounts": accounts.value,
            "span": span,
            "spans": tuple(_DAYS),
            "curve": None
            if points.value is None
            else curve(curve_points(points.value), base, title),
            "days": days,
            "bars": bars(days, base, "What each day made"),
            "costs": None
            if trades.value is None
            else totals((each.cost for each in trades.value), by_month=True)[::-1],
            "most_trades": _TRADES,
        }
        return page(
            "money.html",
            visitor_of(request),
            facts,
            asking=asking,
            title="Money",
            here="/see/money",
            as_of=oldest(parts),
            warning=warning_of(parts),
            refresh=_REFRESH_SECONDS,
        )

    return router


def _base(
    told: str | None, accounts: AccountsOut | None, points: Sequence[EquityPoint] | None
) -> str:
    """The base currency, by whoever answers."""
    if told is not None:
        return told
    if accounts is not None:
        return accounts.base_currency
    return points[0].currency if points else ""


async def _accounts(asking: Asking) -> AccountsOut:
    return accounts_out(await asking.desk(), asking.options.mode)


async def _curve(asking: Asking, span: Range) -> Sequence[EquityPoint]:
    """Hour by hour; of a year the end of each day."""
    return await _points(asking, _DAYS[span], Why.DAY if span == "year" else None)


async def _points(asking: Asking, days: int, why: Why | None) -> Sequence[EquityPoint]:
    since = asking.clock.now() - timedelta(days=days)
    question = GetEquity(since, _POINTS, why=why)
    found: Sequence[EquityPoint] = await asking.ask(asking.options.ledger, question)
    return found


async def _trades(asking: Asking) -> Sequence[Trade]:
    found: Sequence[Trade] = await asking.ask(asking.options.ledger, GetTrades(_TRADES))
    return found
