"""Plans: written, told, changed and left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from domain.exits import Urgency
from domain.plans import Plan, PlanChange, PlanState
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class RecordPlan(Message):
    """To the ledger, from the plan monitor: levels that hold from now on, or a plan of a holding.

    What fills decide of it (lot, state, entry's price) the ledger says itself.
    """

    plan: Plan
    who: str
    """The person who wanted it, for the audit; empty for a rule."""


@dataclass(frozen=True, slots=True)
class PlanRecorded(Message):
    """From the ledger, after the commit: the newest version of a plan."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class ChangePlan(Command):
    """To the plan monitor, from a person. Answered with `PlanAnswer`."""

    plan_id: str
    change: PlanChange
    who: str


@dataclass(frozen=True, slots=True)
class LeavePlan(Command):
    """Leave what a plan holds now, all of it; told again while it has not been left.

    From a person to the plan monitor, which answers with `PlanAnswer`.
    """

    plan_id: str
    reason: str
    urgency: Urgency
    who: str = ""


@dataclass(frozen=True, slots=True)
class PlanAnswer:
    """The plan monitor's answer: the plan as it will be, or why not (`code` is not empty then)."""

    plan: Plan | None
    code: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class GetPlans(Message):
    """To the ledger. Answered with a tuple of `Plan`, the newest version of each, newest first."""

    lane: ClassVar[Lane] = Lane.QUERY
    limit: int = 100
    symbol: Symbol | None = None
    state: PlanState | None = None


@dataclass(frozen=True, slots=True)
class GetPlan(Message):
    """To the ledger. Answered with all versions of a `Plan`, oldest first; empty: no such plan."""

    lane: ClassVar[Lane] = Lane.QUERY
    plan_id: str
