"""The owner's word on when a share goes ex dividend, over the hook."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from actors import names
from actors.messages import DividendTold, TellDividend
from console.action_schemas import DividendOut
from console.hook.asking import Asking
from console.hook.order_in import Exact, ExactRoute, SymbolText
from console.hook.problems import Refused
from domain.ex_dividends import ExDividend
from domain.symbols import Symbol


class DividendIn(BaseModel):
    """When, in the zone of its exchange, and how much for one share, in its currency."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    ex_date: date
    amount: Exact


def routes(asking: Asking) -> APIRouter:
    """`/positions/{symbol}/dividend`."""
    router = APIRouter(prefix="/positions", tags=["trading"], route_class=ExactRoute)

    @router.post("/{symbol}/dividend")
    async def tell(symbol: SymbolText, body: DividendIn) -> DividendOut:
        """The purge of its orders before that day is expected from now on."""
        if body.amount <= 0:
            raise Refused.coded(422, "PRICE_NOT_POSITIVE")
        deadline = asking.clock.monotonic() + asking.options.answer_seconds
        dividend = ExDividend(body.ex_date, body.amount)
        message = TellDividend(deadline, Symbol.parse(symbol), dividend, asking.who())
        answer = await asking.ask(names.PROTECTION, message)
        assert isinstance(answer, DividendTold)
        if answer.code:
            raise Refused(409, answer.code, answer.sentence)
        return DividendOut(symbol=symbol, ex_date=body.ex_date, amount=body.amount)

    return router
