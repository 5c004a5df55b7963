"""What cannot be proven, settled by a person over the hook."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from actors import names
from actors.messages import ResolveOrder
from console.hook.asking import Asking
from console.hook.order_in import Exact, ExactRoute
from console.hook.order_shapes import resolution_out
from console.hook.problems import Refused
from console.hook.proposing import admitted
from console.hook.trading import known
from console.order_schemas import Outcomes, ResolutionOut
from domain.resolution import Outcome, Resolution


class ResolveIn(BaseModel):
    """What the broker's own pages show. `quantity` is all that filled, at `price` on average."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    outcome: Outcomes
    quantity: Exact | None = None
    price: Exact | None = None
    dry_run: bool = False

    def said(self) -> Outcome:
        """Make it a word of the house.

        Raises:
            Refused: figures that do not belong to the outcome, or are missing from it.
        """
        if self.outcome == "absent":
            if self.quantity is not None or self.price is not None:
                raise Refused(
                    422,
                    "FIELD_NOT_ALLOWED",
                    "What is absent has neither quantity nor price.",
                    "Leave them out, or say `filled`.",
                )
            return Outcome(None)
        if self.quantity is None or self.quantity <= 0:
            raise Refused(
                422,
                "QUANTITY_NOT_POSITIVE",
                "What is filled has a quantity above zero.",
                "Give the quantity filled in all, or say `absent`.",
            )
        return Outcome(self.quantity, self.price)


def routes(asking: Asking) -> APIRouter:
    """`/orders/{client_order_id}/resolve`."""
    router = APIRouter(prefix="/orders", tags=["trading"], route_class=ExactRoute)

    @router.post("/{client_order_id}/resolve")
    async def resolve(client_order_id: str, body: ResolveIn) -> ResolutionOut:
        """Settle an order whose fate cannot be proven; with `dry_run` only show what that does."""
        detail = await known(asking, client_order_id)
        deadline = asking.clock.monotonic() + asking.options.answer_seconds
        message = ResolveOrder(deadline, client_order_id, body.said(), asking.who(), body.dry_run)
        answer = await asking.ask(names.orders(detail.order.venue), message)
        if not isinstance(answer, Resolution):
            admitted(asking, answer, client_order_id)
            raise AssertionError("a resolution is never merely admitted")
        return resolution_out(answer, done=not body.dry_run)

    return router
