"""Orders: looked at, proposed, taken back. Nothing goes past the desk."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query

from actors.messages import Propose, ProposeCancel, Verdict
from console.hook.asking import Asking
from console.hook.market import Limit
from console.hook.order_in import ExactRoute, OrderIn, SymbolText, parsed
from console.hook.problems import Refused
from console.hook.shapes import order_out
from console.schemas import OrderOut, OrdersOut
from domain.orders import Order, OrderRequest, OrderState

_NEVER = frozenset(
    {
        "SYMBOL_NOT_ALLOWED",
        "QUANTITY_NOT_POSITIVE",
        "QUANTITY_NOT_IN_LOTS",
        "PRICE_MISSING",
        "PRICE_NOT_WANTED",
        "PRICE_NOT_POSITIVE",
        "PRICE_BETWEEN_STEPS",
        "ORDER_TOO_LARGE",
    }
)
"""The order itself is wrong, so it is refused tomorrow too: 422. For how things stand: 409."""


def routes(asking: Asking) -> APIRouter:
    """`/orders` and `/orders/{client_order_id}`."""
    router = APIRouter(prefix="/orders", tags=["trading"], route_class=ExactRoute)
    proposing = _Proposing(asking)

    @router.get("")
    async def orders(
        symbol: Annotated[SymbolText | None, Query()] = None,
        state: OrderState | None = None,
        limit: Limit = 100,
    ) -> OrdersOut:
        """Orders, newest first."""
        rows = await asking.orders(limit, parsed(symbol), state)
        return OrdersOut(items=[order_out(order) for order in rows])

    @router.get("/{client_order_id}")
    async def order(client_order_id: str) -> OrderOut:
        """One order."""
        return order_out(await _known(asking, client_order_id))

    @router.post("", status_code=202)
    async def place(body: OrderIn) -> OrderOut:
        """Propose an order to the desk. The same body with the same id again is harmless."""
        return order_out(await proposing.propose(body))

    @router.delete("/{client_order_id}", status_code=202)
    async def cancel(client_order_id: str) -> OrderOut:
        """Ask for an order to be taken back; its state changes when the venue says so."""
        await _known(asking, client_order_id)
        deadline = asking.clock.monotonic() + asking.options.answer_seconds
        verdict = await asking.ask(
            asking.options.desk, ProposeCancel(deadline, client_order_id, "hook")
        )
        _admitted(asking, verdict, client_order_id)
        return order_out(await _known(asking, client_order_id))

    return router


class _Proposing:
    """Proposals, one at a time for each client order id."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._busy: dict[str, asyncio.Lock] = {}
        self._at_it: Counter[str] = Counter()

    async def propose(self, body: OrderIn) -> Order:
        """Have the order admitted and on disk, or say why not.

        Raises:
            Refused: with the desk's code, or `ORDER_ID_TAKEN` where the id has another order.
        """
        asking = self._asking
        given = body.client_order_id
        if given is None:
            fresh = f"{asking.options.order_prefix}-{asking.system.runtime.new_id()}"
            return await self._put(body.request(fresh))
        request = body.request(given)
        lock = self._busy.setdefault(given, asyncio.Lock())
        self._at_it[given] += 1
        try:
            async with lock:
                existing = await asking.order(given)
                return await self._put(request) if existing is None else _same(existing, request)
        finally:
            self._at_it[given] -= 1
            if not self._at_it[given]:
                del self._at_it[given], self._busy[given]

    async def _put(self, request: OrderRequest) -> Order:
        asking = self._asking
        id = request.client_order_id
        asking.audit(f"propose {id}", _words(request))
        deadline = asking.clock.monotonic() + asking.options.answer_seconds
        propose = Propose(deadline, request, "hook", "asked for over the hook")
        try:
            verdict = await asking.ask(asking.options.desk, propose)
        except Refused as refused:
            raise _in_doubt(refused, id) from refused
        if isinstance(verdict, Verdict) and verdict.code == "ORDER_ID_TAKEN":
            # Somebody else came in between, with this order or with another under its id.
            existing = await asking.order(id)
            if existing is not None:
                return _same(existing, request)
        _admitted(asking, verdict, id)
        try:
            order = await asking.order(id)
        except Refused as refused:
            raise _in_doubt(refused, id) from refused
        if order is None:
            raise Refused(
                503,
                "ORDER_NOT_RECORDED",
                "The desk took the order, and the ledger does not have it yet.",
                "Send the same body with this client order id again: it is harmless.",
                client_order_id=id,
            )
        return _same(order, request)


def _in_doubt(refused: Refused, client_order_id: str) -> Refused:
    return Refused(
        refused.status_code,
        refused.code,
        f"{refused.detail} Whether the order was taken is not known.",
        "Send the same body with this client order id again: it is harmless.",
        client_order_id=client_order_id,
        headers=refused.headers,
    )


def _admitted(asking: Asking, verdict: object, client_order_id: str) -> None:
    if not isinstance(verdict, Verdict):
        raise Refused(
            503,
            "SEAT_SLOW",
            f"The seat {asking.options.desk} came to it too late, and did not do it.",
            "Try again.",
            client_order_id=client_order_id,
        )
    if not verdict.admitted:
        raise Refused(
            422 if verdict.code in _NEVER else 409,
            verdict.code,
            verdict.sentence,
            verdict.cure,
            client_order_id=client_order_id,
        )


def _same(existing: Order, request: OrderRequest) -> Order:
    if _terms(existing.request) != _terms(request):
        raise Refused(
            409,
            "ORDER_ID_TAKEN",
            f"The client order id {request.client_order_id} was used for another order.",
            "Send the same order again, or leave the id out to have a new one made.",
            client_order_id=request.client_order_id,
        )
    return existing


def _terms(request: OrderRequest) -> tuple[object, ...]:
    return (
        request.symbol,
        request.side,
        request.quantity,
        request.type,
        request.limit_price,
        request.stop_price,
        request.tif,
    )


def _words(request: OrderRequest) -> str:
    price = request.limit_price if request.limit_price is not None else request.stop_price
    at = f" at {price}" if price is not None else ""
    return f"{request.side} {request.quantity} {request.symbol} {request.type}{at} {request.tif}"


async def _known(asking: Asking, client_order_id: str) -> Order:
    order = await asking.order(client_order_id)
    if order is None:
        raise Refused.coded(404, "ORDER_NOT_KNOWN", client_order_id=client_order_id[:80])
    return order
