"""From plans to what the hook answers."""

from __future__ import annotations

from collections.abc import Sequence

from console.plan_schemas import PlanDetailOut, PlanOut, TrailOut
from domain.plans import Plan


def plan_out(plan: Plan) -> PlanOut:
    """One version of a plan."""
    terms, trail = plan.terms, plan.terms.trail
    age = terms.latest_age
    return PlanOut(
        id=plan.plan_id,
        version=plan.version,
        symbol=str(plan.symbol),
        venue=plan.venue,
        side=plan.side,
        state=plan.state.value,
        wanted=plan.wanted,
        lot=plan.lot,
        entry_price=plan.entry_price,
        stop=plan.stop,
        first_stop=terms.stop,
        target=plan.target,
        trail=trail and TrailOut(break_even_after=trail.break_even_after, distance=trail.distance),
        best=plan.best,
        latest_age_seconds=None if age is None else age.total_seconds(),
        overnight=terms.overnight.value,
        day_stop=plan.day_stop,
        created_at=plan.created_at,
        opened_at=plan.opened_at,
        moved_at=plan.moved_at,
        reason=plan.reason,
    )


def plan_detail_out(versions: Sequence[Plan]) -> PlanDetailOut:
    """The newest version, with all of them."""
    newest = dict(plan_out(versions[-1]))
    return PlanDetailOut(**newest, versions=[plan_out(each) for each in versions])
