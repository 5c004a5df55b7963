"""A position and its plans in other units, after a split that a person has confirmed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.corporate_actions import Ratio
from domain.market_rules import stop_on_step
from domain.plan_rules import levels
from domain.plan_terms import PlanTerms
from domain.plans import Plan, PlanState
from domain.symbols import Symbol
from domain.venue import PriceStep


@dataclass(frozen=True, slots=True)
class Split:
    """A person's word that so many new units of what is managed came for old ones."""

    split_id: str
    venue: str
    symbol: Symbol
    ratio: Ratio
    was: Decimal
    """What was managed when it was decided: it is not carried out on anything else."""
    who: str

    @property
    def now(self) -> Decimal:
        """What is managed since; a fraction of a unit is paid out."""
        return self.ratio.units(self.was)


@dataclass(frozen=True, slots=True)
class Successor:
    """A plan in old units, and the one that goes on in its place."""

    before: Plan
    after: Plan


@dataclass(frozen=True, slots=True)
class ActionResolution:
    """What a person's word does, or has done; without a split: nothing but that the doubt ends."""

    symbol: Symbol
    doubt: str
    managed: Decimal
    held: Decimal
    """By the venue's newest list, ours and others'."""
    split: Split | None = None
    plans: tuple[Successor, ...] = ()


def successors(
    plans: Sequence[Plan], ratio: Ratio, ids: Sequence[str], steps: Sequence[PriceStep]
) -> tuple[Successor, ...]:
    """The plans of a symbol in new units, under the ids that are given, oldest first.

    A plan is not merely changed: what its orders have traded is in old units for ever.
    """
    lots = [ratio.units(plan.lot) for plan in plans]
    over = ratio.units(sum((plan.lot for plan in plans), Decimal(0))) - sum(lots, Decimal(0))
    if lots:
        lots[0] += over  # halves of units that add up to whole ones
    return tuple(
        Successor(plan, _successor(plan, ratio, plan_id, lot, steps))
        for plan, plan_id, lot in zip(plans, ids, lots, strict=True)
        if lot > 0
    )


def closed_for(successor: Successor) -> Plan:
    """The last version of the plan in old units."""
    before, after = successor.before, successor.after
    reason = f"{after.reason}: it goes on as {after.plan_id}"
    return replace(
        before, version=before.version + 1, state=PlanState.CLOSED, lot=Decimal(0), reason=reason
    )


def _successor(
    plan: Plan, ratio: Ratio, plan_id: str, lot: Decimal, steps: Sequence[PriceStep]
) -> Plan:
    terms = plan.terms
    trail = terms.trail
    if trail is not None:
        trail = replace(trail, distance=ratio.price(trail.distance))
    stop, target = levels(
        PlanTerms(ratio.price(plan.stop), _scaled(plan.target, ratio)), plan.side, steps
    )
    day_stop = _scaled(plan.day_stop, ratio)
    return replace(
        plan,
        plan_id=plan_id,
        version=1,
        wanted=lot,
        lot=lot,
        terms=replace(
            terms,
            stop=ratio.price(terms.stop),
            target=_scaled(terms.target, ratio),
            trail=trail,
        ),
        stop=stop,
        target=target,
        entry_price=_scaled(plan.entry_price, ratio),
        best=_scaled(plan.best, ratio),
        day_stop=None if day_stop is None else stop_on_step(day_stop, plan.leaving_side, steps),
        reason=f"split {ratio}, confirmed by a person",
    )


def _scaled(price: Decimal | None, ratio: Ratio) -> Decimal | None:
    return None if price is None else ratio.price(price)
