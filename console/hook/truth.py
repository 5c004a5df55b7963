"""The venue's truth over the hook: reconciling, orders of others, and what is Kelpie's."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from actors import names
from actors.messages import AdoptPosition, GetAdoption, GetReconciliation, ReconcileNow
from console.hook.asking import Asking
from console.hook.moments import a_moment
from console.hook.order_in import Exact, ExactRoute, SymbolText
from console.hook.problems import Refused
from console.hook.proposing import verdict_of
from console.hook.truth_shapes import adoption_out, foreign_order_out, reconciliation_out
from console.truth_schemas import (
    AdoptionOut,
    ForeignOrdersOut,
    ReconcileIn,
    ReconcileOut,
    ReconciliationsOut,
)
from domain.adoption import AdoptionPlan
from domain.symbols import Symbol
from domain.views import ReconciliationView


class AdoptIn(BaseModel):
    """How much of a holding is Kelpie's from now on; negative is not any more.

    `price` is what a unit counts as bought for (the venue's average cost where it is left out),
    or as sold for (what it cost). With `managed` it is done only if that is still managed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    quantity: Exact
    price: Exact | None = None
    managed: Exact | None = None
    reason: str = Field(default="asked for over the hook", max_length=400)
    dry_run: bool = False


def routes(asking: Asking) -> APIRouter:
    """`/reconcile`, `/reconciliation`, `/orders/foreign`, `/positions/{symbol}/adopt`."""
    router = APIRouter(tags=["truth"], route_class=ExactRoute)

    @router.post("/reconcile", status_code=202, response_model_exclude_unset=True)
    async def reconcile(body: ReconcileIn | None = None) -> ReconcileOut:
        """Hold the ledger against each venue's truth now, and wait for it if that is wanted."""
        wanted = body or ReconcileIn()
        asked = [names.resync(venue) for venue in asking.options.venues]
        asking.audit("reconcile", wanted.reason)
        since = asking.clock.monotonic()
        for name in asked:
            asking.tell(name, ReconcileNow(asking.who()))
        if not wanted.wait_seconds:
            return ReconcileOut(asked=asked)
        views = await _outcomes(asking, since, wanted.wait_seconds)
        return ReconcileOut(
            asked=asked,
            done=all(_is_newer(view, since) for view in views),
            items=[reconciliation_out(view) for view in views],
        )

    @router.get("/reconciliation")
    async def reconciliation() -> ReconciliationsOut:
        """The last comparison of each venue in full."""
        return ReconciliationsOut(items=[reconciliation_out(v) for v in await _views(asking)])

    @router.get("/orders/foreign")
    async def foreign_orders() -> ForeignOrdersOut:
        """What others have working in the accounts: counted at its worst, and left alone."""
        view = await asking.desk()
        return ForeignOrdersOut(items=[foreign_order_out(venue, o) for venue, o in view.foreign])

    @router.post("/positions/{symbol}/adopt")
    async def adopt(symbol: SymbolText, body: AdoptIn) -> AdoptionOut:
        """Give so much of a holding into Kelpie's management, or with a minus take it out.

        Nothing is traded. With `dry_run` it is only shown.
        """
        message = AdoptPosition(
            asking.clock.monotonic() + asking.options.answer_seconds,
            Symbol.parse(symbol),
            body.quantity,
            body.price,
            body.managed,
            asking.who(),
            body.reason,
            body.dry_run,
        )
        answer = await asking.ask(asking.options.desk, message)
        if not isinstance(answer, AdoptionPlan):
            refused = verdict_of(asking, answer, symbol)
            raise Refused(409, refused.code, refused.sentence, refused.cure)
        if not body.dry_run:
            # Questions are answered behind the facts: by now it is on disk, or was overtaken.
            written = await asking.ask(
                asking.options.ledger, GetAdoption(answer.adoption.adoption_id)
            )
            if written is None:
                raise Refused.coded(409, "POSITION_MOVED", symbol=symbol)
        return adoption_out(answer, done=not body.dry_run)

    return router


async def _views(asking: Asking) -> Sequence[ReconciliationView]:
    views = []
    for venue in asking.options.venues:
        view = await asking.ask(names.resync(venue), GetReconciliation())
        assert isinstance(view, ReconciliationView)
        views.append(view)
    return views


async def _outcomes(asking: Asking, since: float, seconds: float) -> Sequence[ReconciliationView]:
    """The comparisons made since then; or as they are when time is over, or none is under way.

    What one of them suspects the next one has to show: that is waited for as well.
    """
    while True:
        views = await _views(asking)
        waiting = [v for v in views if not _is_final(v, since)]
        if not waiting or asking.clock.monotonic() - since >= seconds:
            return views
        await a_moment()


def _is_final(view: ReconciliationView, since: float) -> bool:
    if not _is_newer(view, since):
        return not view.asking
    return bool(view.trouble) or view.outcome is None or not view.outcome.is_provisional


def _is_newer(view: ReconciliationView, since: float) -> bool:
    return view.asked is not None and view.asked >= since
