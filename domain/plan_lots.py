"""What each plan holds: its entry's fills, less what left, within what is managed of the symbol.

An exit that names its plan leaves that one. What left without naming any (a flatten, a sale that a
person placed, a holding given up) is taken from the oldest plan first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.plans import Plan, PlanState


@dataclass(frozen=True, slots=True)
class Flow:
    """What the orders of a plan have traded."""

    entered: Decimal
    entry_price: Decimal | None
    left: Decimal
    may_enter: bool
    """Its entry has not ended, or not all that it has filled is booked."""

    @property
    def lot(self) -> Decimal:
        """What its own orders leave of it."""
        return max(self.entered - self.left, Decimal(0))


def allot(plans: Sequence[tuple[Plan, Flow]], managed: Decimal) -> list[Decimal]:
    """What each plan of a symbol holds, given oldest first; together never more than is managed."""
    own = [flow.lot if plan.side.sign * managed > 0 else Decimal(0) for plan, flow in plans]
    excess = max(sum(own, Decimal(0)) - abs(managed), Decimal(0))
    lots = []
    for lot in own:
        eaten = min(lot, excess)
        excess -= eaten
        lots.append(lot - eaten)
    return lots


def unplanned(plans: Sequence[Plan], managed: Decimal) -> Decimal:
    """How much of what is managed of a symbol no plan guards; unsigned."""
    guarded = sum((p.lot for p in plans if p.side.sign * managed > 0), Decimal(0))
    return max(abs(managed) - guarded, Decimal(0))


def followed(
    plans: Sequence[tuple[Plan, Flow]], managed: Decimal, at: datetime
) -> tuple[Plan, ...]:
    """The next version of each plan of a symbol that fills have changed, given oldest first."""
    lots = allot(plans, managed)
    after = (_after(plan, flow, lot, at) for (plan, flow), lot in zip(plans, lots, strict=True))
    return tuple(plan for plan in after if plan is not None)


def _after(plan: Plan, flow: Flow, lot: Decimal, at: datetime) -> Plan | None:
    state, reason = plan.state, f"its lot is {lot} now"
    if lot > 0:
        state = PlanState.OPEN
        if plan.state is PlanState.CLOSED:
            reason = f"a late fill: {reason}"
    elif not flow.may_enter and state is not PlanState.CLOSED:
        state = PlanState.CLOSED
        reason = "its lot is flat" if flow.entered > 0 else "its entry ended without a fill"
    opened_at = plan.opened_at or (at if lot > 0 else None)
    price = plan.entry_price if flow.entry_price is None else flow.entry_price
    next = replace(plan, state=state, lot=lot, entry_price=price, opened_at=opened_at)
    if next == plan:
        return None
    return replace(next, version=plan.version + 1, reason=reason)
