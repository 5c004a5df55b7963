"""Proposals over HTTP: put to the desk once, whatever is sent again.

The same body with the same id is harmless; an order that the desk has not decided on yet,
because it asks the venue what it would cost, is waited for.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from actors.messages import GetVerdict, Propose, Verdict
from adapters.book import OrderDetail
from console.hook.asking import Asking
from console.hook.moments import a_moment
from console.hook.problems import Refused
from domain.order_groups import OrderGroup
from domain.orders import OrderRequest, OrderType, Purpose, Tif
from domain.plan_terms import PlanTerms
from domain.terms import Terms

_DECIDED_WITHIN = 5.0
"""Seconds; the venue is asked for at most 2 s what an order would cost."""
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
        "BRACKET_CROSSED",
        "PLAN_CROSSED",
        "PLAN_NOT_AN_ENTRY",
        "BRACKET_EMPTY",
        "GROUP_MIXED",
        "GROUP_SIZE",
        "ODD_LOT",
        "COST_TOO_HIGH",
        "CONVERT_NOT_A_PAIR",
        "CONVERT_TAKES_NO_PLAN",
        "AMENDED_BELOW_FILLED",
        "RESOLVED_ABOVE_QUANTITY",
        "RESOLVED_BELOW_FILLED",
    }
)
"""The order itself is wrong, so it is refused tomorrow too: 422. For how things stand: 409."""


class Proposing:
    """Proposals, one at a time for each client order id."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._busy: dict[str, asyncio.Lock] = {}
        self._at_it: Counter[str] = Counter()

    async def propose(
        self, group: OrderGroup, *, given: bool, plan: PlanTerms | None = None
    ) -> OrderDetail:
        """Have the order, and those that leave with it, admitted and on disk, or say why not.

        `given` says that the client chose the id, and may have sent the same before; `plan` is
        what guards the position that an entry opens.

        Raises:
            Refused: with the desk's code, or `ORDER_ID_TAKEN` where the id has another order.
        """
        if not given:
            return await self._put(group, plan)
        name = group.first.client_order_id
        lock = self._busy.setdefault(name, asyncio.Lock())
        self._at_it[name] += 1
        try:
            async with lock:
                existing = await self._asking.detail(name)
                return (
                    await self._put(group, plan)
                    if existing is None
                    else await self._same(existing, group)
                )
        finally:
            self._at_it[name] -= 1
            if not self._at_it[name]:
                del self._at_it[name], self._busy[name]

    async def preview(self, group: OrderGroup) -> Verdict:
        """Only ask what it would cost.

        Raises:
            Refused: the gates refuse it as it stands.
        """
        verdict = await self._verdict(group, None, preview_only=True)
        if verdict.preview is None:
            admitted(self._asking, verdict, group.first.client_order_id)
        return verdict

    async def _put(self, group: OrderGroup, plan: PlanTerms | None) -> OrderDetail:
        asking = self._asking
        name = group.first.client_order_id
        asking.audit(f"propose {name}", "; ".join(map(_words, group.members)))
        try:
            verdict = await self._verdict(group, plan, preview_only=False)
        except Refused as refused:
            raise _in_doubt(refused, name) from refused
        if verdict.code == "ORDER_ID_TAKEN":
            # Somebody else came in between, with this order or with another under its id.
            existing = await asking.detail(name)
            if existing is not None:
                return await self._same(existing, group)
        admitted(asking, verdict, name)
        try:
            detail = await asking.detail(name)
        except Refused as refused:
            raise _in_doubt(refused, name) from refused
        if detail is None:
            raise Refused(
                503,
                "ORDER_NOT_RECORDED",
                "The desk took the order, and the ledger does not have it yet.",
                "Send the same body with this client order id again: it is harmless.",
                client_order_id=name,
            )
        return await self._same(detail, group)

    async def _same(self, existing: OrderDetail, group: OrderGroup) -> OrderDetail:
        """What is in the book, where it is what was asked for.

        Raises:
            Refused: `ORDER_ID_TAKEN`.
        """
        same = _original(existing) == _asked(group.first)
        wanted = {request.client_order_id for request in group.attached}
        if group.first.oca_group is None:
            # The desk attaches the stop and the target that an entry does not bring.
            same = same and wanted <= {
                order.client_order_id
                for order in existing.related
                if order.request.parent == group.first.client_order_id
            }
        for request in group.attached:
            detail = await self._asking.detail(request.client_order_id)
            same = same and detail is not None and _original(detail) == _asked(request)
        if same:
            return existing
        name = group.first.client_order_id
        raise Refused(
            409,
            "ORDER_ID_TAKEN",
            f"The client order id {name} was used for another order.",
            "Send the same order again, or leave the id out to have a new one made.",
            client_order_id=name,
        )

    async def _verdict(
        self, group: OrderGroup, plan: PlanTerms | None, *, preview_only: bool
    ) -> Verdict:
        asking = self._asking
        first = group.first
        propose = Propose(
            asking.clock.monotonic() + _DECIDED_WITHIN,
            first,
            asking.who(),
            "asked for over the hook",
            group.attached,
            preview_only,
            plan,
        )
        verdict = await asking.ask(asking.options.desk, propose)
        if isinstance(verdict, Verdict) and verdict.pending:
            verdict = await self._decided(first.client_order_id)
        return verdict_of(asking, verdict, first.client_order_id)

    async def _decided(self, client_order_id: str) -> Verdict:
        asking = self._asking
        try:
            async with asyncio.timeout(_DECIDED_WITHIN):
                while True:
                    verdict = await asking.ask(asking.options.desk, GetVerdict(client_order_id))
                    if isinstance(verdict, Verdict):
                        return verdict
                    await a_moment()
        except TimeoutError:
            raise Refused(
                503,
                "NOT_CONFIRMED",
                "The desk has not decided yet: it asks the venue what the order would cost.",
                "Look at the order by its id, and ask again.",
                client_order_id=client_order_id,
            ) from None


def verdict_of(asking: Asking, answer: object, client_order_id: str) -> Verdict:
    """The desk's verdict.

    Raises:
        Refused: `SEAT_SLOW` where there is none.
    """
    if isinstance(answer, Verdict):
        return answer
    raise Refused(
        503,
        "SEAT_SLOW",
        f"The seat {asking.options.desk} came to it too late, and did not do it.",
        "Try again.",
        client_order_id=client_order_id,
    )


def admitted(asking: Asking, answer: object, client_order_id: str) -> None:
    """See to it that the desk has admitted it.

    Raises:
        Refused: with the desk's own words.
    """
    verdict = verdict_of(asking, answer, client_order_id)
    if not verdict.admitted:
        raise Refused(
            422 if verdict.code in _NEVER else 409,
            verdict.code,
            verdict.sentence,
            verdict.cure,
            client_order_id=client_order_id,
        )


def _in_doubt(refused: Refused, client_order_id: str) -> Refused:
    return Refused(
        refused.status_code,
        refused.code,
        f"{refused.detail} Whether the order was taken is not known.",
        "Send the same body with this client order id again: it is harmless.",
        client_order_id=client_order_id,
        headers=refused.headers,
    )


def _original(detail: OrderDetail) -> tuple[object, ...]:
    """The order as it was first asked for, whatever became of its terms since."""
    request = detail.order.request
    if detail.amendments:
        request = request.amended(detail.amendments[0].was)
    return _asked(request)


def _asked(request: OrderRequest) -> tuple[object, ...]:
    """The order before the desk priced it.

    How much of a group's exit there is the venue changes with each fill of another, so that is
    left out.
    """
    kind, terms, tif = request.type, request.terms, request.tif
    if request.market_tif is not None:
        kind, terms, tif = OrderType.MARKET, Terms(request.quantity), request.market_tif
    quantity = terms.quantity if request.oca_group is None else None
    prices = (terms.limit_price, terms.stop_price)
    converts = request.purpose is Purpose.CONVERT
    return (request.symbol, request.side, kind, quantity, prices, tif, converts)


def _words(request: OrderRequest) -> str:
    price = request.limit_price if request.limit_price is not None else request.stop_price
    at = f" at {price}" if price is not None else ""
    tif: Tif = request.tif
    converts = " converting cash" if request.purpose is Purpose.CONVERT else ""
    return f"{request.side} {request.quantity} {request.symbol} {request.type}{at} {tif}{converts}"
