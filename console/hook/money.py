"""Money over the hook: cash that nothing explains, the accounts of the ledger, the equity curve."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from actors.messages import (
    GetBalances,
    GetCashDifference,
    GetCashDifferences,
    GetEquity,
    TypeCash,
)
from console.hook.asking import Asking
from console.hook.market import Limit
from console.hook.problems import Refused
from console.money_schemas import (
    BalanceOut,
    BalancesOut,
    CashDifferenceOut,
    CashDifferencesOut,
    EquityHistoryOut,
    EquityPointOut,
)
from domain.cash_differences import OPENING, CashDifference
from domain.cash_types import CashType
from domain.equity_curve import ALL, EquityPoint

_POINTS = 1000


class CashTypeIn(BaseModel):
    """What a change of cash was."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: CashType
    note: str = Field(default="asked for over the hook", max_length=400)


def routes(asking: Asking) -> APIRouter:
    """`/money/unexplained`, `/money/cash`, `/money/accounts`, `/equity/history`."""
    router = APIRouter(tags=["money"])

    @router.get("/money/unexplained")
    async def unexplained(limit: Limit = 100) -> CashDifferencesOut:
        """Changes of the venues' cash that nothing explains and nobody has typed yet."""
        return await _differences(asking, limit, untyped=True)

    @router.get("/money/cash")
    async def cash(limit: Limit = 100) -> CashDifferencesOut:
        """All that ever was not explained, typed or not, and what was there at first."""
        return await _differences(asking, limit, untyped=False)

    @router.post("/money/unexplained/{difference_id}", status_code=200)
    async def type_cash(difference_id: str, body: CashTypeIn) -> CashDifferenceOut:
        """Say what a change of cash was; said again, the new word takes the place of the old."""
        found = await _one(asking, difference_id)
        if found is None or found.type == OPENING:
            raise Refused.coded(404, "CASH_DIFFERENCE_NOT_KNOWN", difference_id=difference_id[:80])
        told = TypeCash(difference_id, body.type, asking.who(), body.note)
        asking.tell(asking.options.ledger, told)
        # Questions are answered behind the facts: by now it is on disk.
        typed = await _one(asking, difference_id)
        if typed is None or typed.type != body.type:
            raise Refused.coded(503, "CASH_NOT_TYPED", difference_id=difference_id[:80])
        return _difference_out(typed)

    @router.get("/money/accounts")
    async def accounts() -> BalancesOut:
        """What each account of the ledger of money holds."""
        rows = await asking.ask(asking.options.ledger, GetBalances())
        names = ("venue", "account", "currency", "amount")
        return BalancesOut(
            items=[BalanceOut(**dict(zip(names, row, strict=True))) for row in rows if row[3]]
        )

    @router.get("/equity/history")
    async def history(
        hours: Annotated[float, Query(gt=0, le=24 * 366)] = 24.0,
        venue: Annotated[str, Query(max_length=20)] = ALL,
        limit: Annotated[int, Query(ge=1, le=_POINTS)] = _POINTS,
    ) -> EquityHistoryOut:
        """The equity curve: one point each hour, at each close and at the end of each day."""
        since = asking.clock.now() - timedelta(hours=hours)
        points = await asking.ask(asking.options.ledger, GetEquity(since, limit, venue))
        return EquityHistoryOut(items=[point_out(each) for each in points])

    return router


def point_out(point: EquityPoint) -> EquityPointOut:
    """A point of the curve."""
    figures = asdict(point)
    currency = figures.pop("currency")
    return EquityPointOut(
        **figures, base_currency=currency, profit=point.profit, drawdown=point.drawdown
    )


async def _differences(asking: Asking, limit: int, *, untyped: bool) -> CashDifferencesOut:
    rows = await asking.ask(asking.options.ledger, GetCashDifferences(limit, untyped))
    return CashDifferencesOut(items=[_difference_out(each) for each in rows])


async def _one(asking: Asking, difference_id: str) -> CashDifference | None:
    found = await asking.ask(asking.options.ledger, GetCashDifference(difference_id))
    assert found is None or isinstance(found, CashDifference)
    return found


def _difference_out(difference: CashDifference) -> CashDifferenceOut:
    return CashDifferenceOut(**asdict(difference))
