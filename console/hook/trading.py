"""Orders: looked at, proposed, changed, taken back. Nothing goes past the desk."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from actors.messages import ProposeAmend, ProposeCancel
from adapters.book import OrderDetail
from console.explain_schemas import ExplanationOut
from console.hook.asking import Asking
from console.hook.market import Limit
from console.hook.order_in import AmendIn, ExactRoute, GroupIn, OrderIn, SymbolText, parsed
from console.hook.order_shapes import detail_out, preview_out
from console.hook.problems import Refused
from console.hook.proposing import Proposing, admitted, verdict_of
from console.hook.shapes import order_out
from console.order_schemas import OrderDetailOut, PreviewedOut
from console.schemas import OrderOut, OrdersOut
from console.story import story_of, story_of_refusal
from domain.orders import OrderState


def routes(asking: Asking) -> APIRouter:
    """`/orders` and what is below it."""
    router = APIRouter(prefix="/orders", tags=["trading"], route_class=ExactRoute)
    proposing = Proposing(asking)

    def fresh() -> str:
        return f"{asking.options.order_prefix}-{asking.system.runtime.new_id()}"

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
    async def order(client_order_id: str) -> OrderDetailOut:
        """One order, with its changes, its relations and what was foretold of it."""
        return detail_out(await known(asking, client_order_id))

    @router.get("/{client_order_id}/explain")
    async def explain(client_order_id: str) -> ExplanationOut:
        """Tell the whole way of an order, or of a proposal that was refused."""
        told = await explained(asking, client_order_id)
        if told is None:
            raise Refused.coded(404, "ORDER_NOT_KNOWN", client_order_id=client_order_id[:80])
        return told

    @router.post("", status_code=202)
    async def place(body: OrderIn) -> OrderOut:
        """Propose an order to the desk. The same body with the same id again is harmless.

        With `protection` or `target` it is a bracket: all of it leaves in one piece.
        """
        group = body.group(body.client_order_id or fresh())
        detail = await proposing.propose(group, given=body.client_order_id is not None)
        return order_out(detail.order)

    @router.post("/preview")
    async def preview(body: OrderIn) -> PreviewedOut:
        """Ask the venue what an order would cost. Nothing is placed."""
        said = await proposing.preview(body.group(fresh()))
        detail = f"{said.sentence} {said.cure}".strip()
        return PreviewedOut(
            would_be_taken=said.admitted,
            code=said.code,
            detail=detail,
            preview=preview_out(said.preview),
        )

    @router.post("/groups", status_code=202)
    async def place_group(body: GroupIn) -> OrdersOut:
        """Propose orders of which one cancels the others; they leave in one piece.

        Their ids are the group's name with -1, -2 and so on. The same body with the same name
        again is harmless.
        """
        group = body.group(body.oca_group or fresh())
        detail = await proposing.propose(group, given=body.oca_group is not None)
        return OrdersOut(items=[order_out(each) for each in (detail.order, *detail.related)])

    @router.patch("/{client_order_id}", status_code=202)
    async def amend(client_order_id: str, body: AmendIn) -> OrderDetailOut:
        """Change the terms of an order that works; the same body again is harmless.

        Until the venue has answered, both the old and the new terms may hold.
        """
        detail = await known(asking, client_order_id)
        if body.amendment_id is not None:
            for amendment in detail.amendments:
                if amendment.amendment_id == body.amendment_id:
                    return detail_out(_same_amendment(detail, body))
        amendment_id = body.amendment_id or f"A-{asking.system.runtime.new_id()}"
        propose = ProposeAmend(
            asking.clock.monotonic() + asking.options.answer_seconds,
            client_order_id,
            amendment_id,
            body.wanted(),
            asking.who(),
        )
        verdict = await asking.ask(asking.options.desk, propose)
        admitted(asking, verdict, client_order_id)
        after = await known(asking, client_order_id)
        return detail_out(_recorded(after, body, amendment_id))

    @router.delete("/{client_order_id}", status_code=202)
    async def cancel(client_order_id: str) -> OrderOut:
        """Ask for an order to be taken back; its state changes when the venue says so."""
        await known(asking, client_order_id)
        deadline = asking.clock.monotonic() + asking.options.answer_seconds
        propose = ProposeCancel(deadline, client_order_id, asking.who())
        verdict = await asking.ask(asking.options.desk, propose)
        admitted(asking, verdict_of(asking, verdict, client_order_id), client_order_id)
        return order_out((await known(asking, client_order_id)).order)

    return router


async def explained(asking: Asking, client_order_id: str) -> ExplanationOut | None:
    """The way of an order, or of a proposal that was refused; None where neither is known."""
    told = await asking.explanation(client_order_id)
    if told is not None:
        return story_of(told)
    refused = await asking.refusal(client_order_id)
    return None if refused is None else story_of_refusal(client_order_id, refused)


async def known(asking: Asking, client_order_id: str) -> OrderDetail:
    """The order with all about it.

    Raises:
        Refused: `ORDER_NOT_KNOWN`.
    """
    detail = await asking.detail(client_order_id)
    if detail is None:
        raise Refused.coded(404, "ORDER_NOT_KNOWN", client_order_id=client_order_id[:80])
    return detail


def _same_amendment(detail: OrderDetail, body: AmendIn) -> OrderDetail:
    [existing] = [a for a in detail.amendments if a.amendment_id == body.amendment_id]
    if body.wanted().of(existing.was) != existing.terms:
        raise Refused.coded(
            409,
            "AMENDMENT_ID_TAKEN",
            amendment_id=existing.amendment_id,
        )
    return detail


def _recorded(detail: OrderDetail, body: AmendIn, amendment_id: str) -> OrderDetail:
    """The ledger has the amendment, or the order had these terms already."""
    order = detail.order
    written = any(each.amendment_id == amendment_id for each in detail.amendments)
    asked = {order.request.terms}
    if order.amending is not None:
        asked.add(order.amending.terms)
    if not written and body.wanted().of(order.request.terms) not in asked:
        raise Refused.coded(409, "AMENDMENT_NOT_RECORDED")
    return detail
