"""Plans: looked at, entered with, tightened, left. The plan monitor alone changes one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from actors import names
from actors.messages import ChangePlan, GetPlan, GetPlans, LeavePlan, PlanAnswer
from config.errors import CodedError
from console.hook.asking import Asking
from console.hook.market import Limit
from console.hook.order_in import ORDER_ID, Exact, ExactRoute, OrderTermsIn, SymbolText, parsed
from console.hook.plan_shapes import plan_detail_out, plan_out
from console.hook.problems import Refused
from console.hook.proposing import Proposing
from console.plan_schemas import OvernightWords, PlanDetailOut, PlanOut, PlansOut, PlanStates
from console.schemas import ReasonIn
from domain.exits import Urgency
from domain.order_groups import OrderGroup
from domain.plan_terms import Overnight, PlanTerms, Trail
from domain.plans import Plan, PlanChange, PlanState

_MOST_SECONDS = 365 * 86_400
Seconds = Annotated[float, Field(gt=0, le=_MOST_SECONDS, allow_inf_nan=False)]
_MODEL = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class TrailIn(BaseModel):
    """How the stop follows a gain."""

    model_config = _MODEL

    break_even_after: Exact
    distance: Exact


class PlanTermsIn(BaseModel):
    """What guards the position. Prices are put on steps, the stop never to the worse side."""

    model_config = _MODEL

    stop: Exact
    target: Exact | None = None
    trail: TrailIn | None = None
    latest_age_seconds: Seconds | None = None
    overnight: OvernightWords = "HOLD"

    def terms(self) -> PlanTerms:
        """Make it terms of the house.

        Raises:
            Refused: `PRICE_NOT_POSITIVE`.
        """
        _check_positive(stop=self.stop, target=self.target)
        trail = None
        if self.trail is not None:
            trail = Trail(self.trail.break_even_after, self.trail.distance)
            _check_positive(break_even_after=trail.break_even_after, distance=trail.distance)
        return PlanTerms(
            self.stop, self.target, trail, _age(self.latest_age_seconds), Overnight(self.overnight)
        )


class PlanIn(OrderTermsIn):
    """An entry with its plan; the plan's id is the entry's."""

    client_order_id: str | None = Field(
        default=None,
        pattern=ORDER_ID,
        description="Yours, to make sending it again harmless; made when it is left out.",
    )
    plan: PlanTermsIn


class PlanChangeIn(BaseModel):
    """What is to be changed of a plan; what is left out stays. A stop is only ever tightened."""

    model_config = _MODEL

    stop: Exact | None = None
    target: Exact | None = None
    latest_age_seconds: Seconds | None = None
    overnight: OvernightWords | None = None

    def change(self) -> PlanChange:
        """Make it a change of the house.

        Raises:
            Refused: `PRICE_NOT_POSITIVE`, or `PLAN_NOT_CHANGED` where nothing is named.
        """
        _check_positive(stop=self.stop, target=self.target)
        overnight = self.overnight and Overnight(self.overnight)
        change = PlanChange(
            self.stop, self.target, _age(self.latest_age_seconds), overnight or None
        )
        if change == PlanChange():
            raise Refused.coded(422, "PLAN_NOT_CHANGED")
        return change


def routes(asking: Asking) -> APIRouter:
    """`/plans` and what is below it."""
    router = APIRouter(prefix="/plans", tags=["trading"], route_class=ExactRoute)
    proposing = Proposing(asking)

    @router.get("")
    async def plans(
        symbol: Annotated[SymbolText | None, Query()] = None,
        state: PlanStates | None = None,
        limit: Limit = 100,
    ) -> PlansOut:
        """Plans as they stand now, newest first."""
        wanted = None if state is None else PlanState(state)
        found = await asking.ask(asking.options.ledger, GetPlans(limit, parsed(symbol), wanted))
        return PlansOut(items=[plan_out(plan) for plan in found])

    @router.get("/{plan_id}")
    async def plan(plan_id: str) -> PlanDetailOut:
        """One plan with all its versions."""
        return plan_detail_out(await _versions(asking, plan_id))

    @router.post("", status_code=202)
    async def enter(body: PlanIn) -> PlanOut:
        """Propose an entry with its plan. The same body with the same id again is harmless."""
        name = body.client_order_id or f"{asking.options.order_prefix}-{_new_id(asking)}"
        group = OrderGroup(body.request(name), ())
        terms = body.plan.terms()
        await proposing.propose(group, given=body.client_order_id is not None, plan=terms)
        versions = await _versions(asking, name)
        if versions[0].terms != terms:
            raise Refused.coded(409, "PLAN_ID_TAKEN", client_order_id=name)
        return plan_out(versions[-1])

    @router.patch("/{plan_id}", status_code=202)
    async def change(plan_id: str, body: PlanChangeIn) -> PlanOut:
        """Tighten the stop, or change target, age or overnight; the same again is harmless."""
        wanted = body.change()
        message = ChangePlan(_deadline(asking), plan_id, wanted, asking.who())
        return await _answered(asking, plan_id, message)

    @router.delete("/{plan_id}", status_code=202)
    async def leave(plan_id: str, body: ReasonIn | None = None) -> PlanOut:
        """Leave what the plan holds; it is tried until it is left, over restarts too."""
        reason = body.reason if body is not None else ReasonIn().reason
        message = LeavePlan(_deadline(asking), plan_id, reason, Urgency.PRICED, asking.who())
        return await _answered(asking, plan_id, message)

    return router


def _check_positive(**prices: Decimal | None) -> None:
    for field, price in prices.items():
        if price is not None and price <= 0:
            raise Refused.coded(422, "PRICE_NOT_POSITIVE", field=field, price=price)


def _new_id(asking: Asking) -> str:
    return asking.system.runtime.new_id()


def _deadline(asking: Asking) -> float:
    return asking.clock.monotonic() + asking.options.answer_seconds


def _age(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


async def _versions(asking: Asking, plan_id: str) -> tuple[Plan, ...]:
    """All versions of a plan.

    Raises:
        Refused: `PLAN_NOT_KNOWN`.
    """
    found: tuple[Plan, ...] = await asking.ask(asking.options.ledger, GetPlan(plan_id))
    if not found:
        raise Refused.coded(404, "PLAN_NOT_KNOWN")
    return found


async def _answered(asking: Asking, plan_id: str, message: ChangePlan | LeavePlan) -> PlanOut:
    """What the plan monitor made of it.

    Raises:
        Refused: with the monitor's code.
    """
    await _versions(asking, plan_id)
    answer = await asking.ask(names.PLAN_MONITOR, message)
    if not isinstance(answer, PlanAnswer):
        raise Refused.coded(503, "SEAT_SLOW", seat=names.PLAN_MONITOR)
    if answer.plan is not None and answer.code in ("", "PLAN_NOT_CHANGED"):
        return plan_out(answer.plan)
    status = 422 if answer.code in ("PLAN_STOP_LOOSER", "PLAN_CROSSED") else 409
    cure = CodedError(answer.code).cure
    raise Refused(status, answer.code, answer.sentence, cure, client_order_id=plan_id)
