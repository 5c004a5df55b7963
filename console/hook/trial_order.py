"""What a test order would be, over the hook; it is placed and taken back like any order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from actors.messages import GetTrialOrder
from config.modes import Mode
from console.hook.asking import Asking
from console.hook.order_in import ExactRoute, SymbolText, parsed
from console.hook.problems import Refused
from console.trial_schemas import ShutOut, TrialOrderOut
from domain.admission import Refusal
from domain.trial_order import TrialOrder

_WHERE = (Mode.DEMO, Mode.PAPER)


def routes(asking: Asking) -> APIRouter:
    """`/test-order`."""
    router = APIRouter(tags=["trading"], route_class=ExactRoute)

    @router.get("/test-order")
    async def trial_order(symbol: Annotated[SymbolText | None, Query()] = None) -> TrialOrderOut:
        """Give the smallest order that rests, to prove that orders work. Nothing is placed.

        In demo and paper alone. Without a symbol it is the first whose market is open.
        """
        mode = asking.options.mode
        if mode not in _WHERE:
            raise Refused.coded(409, "TEST_ORDER_NOT_HERE", mode=mode)
        found = await asking.ask(asking.options.desk, GetTrialOrder(parsed(symbol)))
        if isinstance(found, Refusal):
            raise Refused(409, found.code, found.sentence, found.cure)
        assert isinstance(found, TrialOrder)
        request = found.request
        assert request.limit_price is not None
        return TrialOrderOut(
            mode=mode,
            client_order_id=request.client_order_id,
            symbol=str(request.symbol),
            side=request.side,
            quantity=request.quantity,
            type=request.type,
            limit_price=request.limit_price,
            bid=found.bid,
            shut=[
                ShutOut(gate=each.gate, detail=each.sentence)
                for each in found.words
                if not each.open
            ],
        )

    return router
