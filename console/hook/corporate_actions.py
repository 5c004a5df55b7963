"""A person's word on a share in which a corporate action is suspected, over the hook."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from actors import names
from actors.messages import ActionAnswer, ResolveAction
from console.action_schemas import ActionOut, RestatedPlanOut
from console.hook.asking import Asking
from console.hook.order_in import ExactRoute, SymbolText
from console.hook.problems import Refused
from domain.corporate_actions import Ratio, RatioError, ratio_of
from domain.restating import ActionResolution, Successor
from domain.symbols import Symbol


class ActionIn(BaseModel):
    """What has happened: a `split` as `10:1`, or with null nothing at all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    split: str | None
    dry_run: bool = False

    def ratio(self) -> Ratio | None:
        """The ratio of the split.

        Raises:
            Refused: `RATIO_WRONG`.
        """
        if self.split is None:
            return None
        try:
            return ratio_of(self.split)
        except RatioError as error:
            raise Refused.coded(422, "RATIO_WRONG", reason=str(error)) from None


def routes(asking: Asking) -> APIRouter:
    """`/positions/{symbol}/resolve`."""
    router = APIRouter(prefix="/positions", tags=["trading"], route_class=ExactRoute)

    @router.post("/{symbol}/resolve")
    async def resolve(symbol: SymbolText, body: ActionIn) -> ActionOut:
        """End the doubt about a share; with `dry_run` only show what that does."""
        of = Symbol.parse(symbol)
        deadline = asking.clock.monotonic() + asking.options.answer_seconds
        message = ResolveAction(deadline, of, body.ratio(), asking.who(), body.dry_run)
        answer = await asking.ask(names.PROTECTION, message)
        assert isinstance(answer, ActionAnswer)
        if answer.code:
            raise Refused(409, answer.code, answer.sentence)
        assert answer.resolution is not None
        return _out(answer.resolution, done=not body.dry_run)

    return router


def _out(found: ActionResolution, *, done: bool) -> ActionOut:
    split = found.split
    return ActionOut(
        symbol=str(found.symbol),
        done=done,
        doubt=found.doubt,
        split=None if split is None else str(split.ratio),
        managed_before=found.managed,
        managed_after=found.managed if split is None else split.now,
        held=found.held,
        plans=[_plan(each) for each in found.plans],
    )


def _plan(each: Successor) -> RestatedPlanOut:
    before, after = each.before, each.after
    return RestatedPlanOut(
        before=before.plan_id,
        after=after.plan_id,
        lot_before=before.lot,
        lot_after=after.lot,
        stop_before=before.stop,
        stop_after=after.stop,
        target_before=before.target,
        target_after=after.target,
    )
