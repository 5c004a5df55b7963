"""A plan: an entry with what guards its position, from the intent until its lot is flat.

Its id is the client order id of its entry; one that a holding was given without an entry has an id
of its own. Every change makes a new version. Pure: values in, the next version out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from domain.orders import Side
from domain.plan_terms import Overnight, PlanTerms
from domain.symbols import Symbol


class PlanState(StrEnum):
    """Where a plan stands; the fills of its orders alone change it."""

    PENDING = "PENDING"
    """Its entry has filled nothing yet."""
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    """Its lot is flat, or its entry ended without a fill. A late fill opens it again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a plan. Prices are in the currency of the symbol, times UTC."""

    plan_id: str
    version: int
    symbol: Symbol
    venue: str
    side: Side
    """Of its entry: BUY guards a long position, SELL a short one."""
    wanted: Decimal
    terms: PlanTerms
    """As they were asked for; age and overnight as they hold now."""
    stop: Decimal
    """The level that holds now, on a step of the market."""
    target: Decimal | None
    created_at: datetime
    reason: str
    """Why there is this version."""
    state: PlanState = PlanState.PENDING
    lot: Decimal = Decimal(0)
    """What it holds: filled by its entry, less what has left it."""
    entry_price: Decimal | None = None
    """The average of what its entry has filled."""
    opened_at: datetime | None = None
    best: Decimal | None = None
    """The best price that was confirmed on the side that would fill, when the stop last moved."""
    moved_at: datetime | None = None
    """When the stop was last moved by a rule."""
    day_stop: Decimal | None = None
    """The stop to come back to in the morning, while it is widened for the night."""

    @property
    def is_open(self) -> bool:
        """It holds something now."""
        return self.state is PlanState.OPEN and self.lot > 0

    @property
    def leaving_side(self) -> Side:
        """The side of whatever leaves it."""
        return Side.SELL if self.side is Side.BUY else Side.BUY

    @property
    def first_risk(self) -> Decimal:
        """R: how far the stop of its terms is from its entry; 0 before anything is filled."""
        if self.entry_price is None:
            return Decimal(0)
        return max((self.entry_price - self.terms.stop) * self.side.sign, Decimal(0))

    def is_tighter(self, stop: Decimal) -> bool:
        """This stop would protect sooner than the one that holds."""
        return (stop - self.stop) * self.side.sign > 0


class PlanError(ValueError):
    """A plan, or a change of one, that makes no sense. `code` is stable."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What a person wants changed of a plan; None leaves as it is."""

    stop: Decimal | None = None
    target: Decimal | None = None
    latest_age: timedelta | None = None
    overnight: Overnight | None = None


def check_sides(side: Side, stop: Decimal, target: Decimal | None, entry: Decimal) -> None:
    """See to it that stop and target are on their own sides of the entry's price.

    Raises:
        PlanError: `PLAN_CROSSED`.
    """
    ladder = [stop, entry] if target is None else [stop, entry, target]
    crossed = any((above - below) * side.sign <= 0 for below, above in pairwise(ladder))
    if stop <= 0 or crossed:
        words = " < ".join(str(price) for price in ladder)
        raise PlanError(
            "PLAN_CROSSED",
            f"The levels of the plan cross: for a {side} they must run "
            f"{'up' if side is Side.BUY else 'down'} from stop over entry to target, not {words}.",
        )


def merged(current: Plan, wanted: Plan) -> Plan:
    """The version after `current` with the levels that somebody wants.

    What fills decide (lot, state, entry's price) is not theirs to say.
    """
    return replace(
        current,
        version=current.version + 1,
        terms=wanted.terms,
        stop=wanted.stop,
        target=wanted.target,
        best=wanted.best,
        moved_at=wanted.moved_at,
        day_stop=wanted.day_stop,
        reason=wanted.reason,
    )


def changed(plan: Plan, change: PlanChange, reason: str) -> Plan:
    """What a plan is with a person's change, its prices on steps already.

    A stop moves in the position's favour alone: whoever wants more room leaves and enters anew.

    Raises:
        PlanError: `PLAN_CLOSED`, `PLAN_NOT_CHANGED`, `PLAN_STOP_LOOSER`, `PLAN_CROSSED`.
    """
    if plan.state is PlanState.CLOSED:
        raise PlanError("PLAN_CLOSED", f"The plan {plan.plan_id} is closed.")
    stop = plan.stop if change.stop is None else change.stop
    target = plan.target if change.target is None else change.target
    terms = replace(
        plan.terms,
        latest_age=plan.terms.latest_age if change.latest_age is None else change.latest_age,
        overnight=plan.terms.overnight if change.overnight is None else change.overnight,
    )
    if (stop, target, terms) == (plan.stop, plan.target, plan.terms):
        raise PlanError("PLAN_NOT_CHANGED", f"{plan.plan_id} is as it is wanted already.")
    if stop != plan.stop and not plan.is_tighter(stop):
        raise PlanError(
            "PLAN_STOP_LOOSER",
            f"The stop {stop} would protect {plan.plan_id} later than {plan.stop} does.",
        )
    if target is not None:
        check_sides(plan.side, stop, None, target)
    # In the morning it must not fall back behind what a person has said.
    day_stop = plan.day_stop
    if day_stop is not None and (stop - day_stop) * plan.side.sign > 0:
        day_stop = None
    return replace(plan, terms=terms, stop=stop, target=target, day_stop=day_stop, reason=reason)
