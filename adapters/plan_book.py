"""The part of the book that keeps plans: every version of each, and what its orders have traded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.plan_lots import Flow
from domain.plans import Plan, PlanState
from domain.symbols import Symbol


class PlanBook(Protocol):
    """As `Book`: what writes is durable when it returns, unless inside `Book.group()`."""

    def record(self, plan: Plan, at: datetime, correlation: str) -> None:
        """Write the next version of a plan, or the first; versions rise by one."""
        ...

    def one(self, plan_id: str) -> Plan | None:
        """The newest version of it."""
        ...

    def versions(self, plan_id: str) -> Sequence[Plan]:
        """All of it, oldest first."""
        ...

    def open(self) -> Sequence[Plan]:
        """The newest version of each that is not closed, oldest plan first."""
        ...

    def open_in(self, venue: str, symbol: Symbol) -> Sequence[Plan]:
        """The same of one symbol at a venue."""
        ...

    def newest(self, limit: int, symbol: Symbol | None, state: PlanState | None) -> Sequence[Plan]:
        """The newest version of each, newest plan first."""
        ...

    def groups(self) -> Sequence[str]:
        """The groups at the venue that orders of the plans which are not closed have had."""
        ...

    def flow(self, plan: Plan) -> Flow:
        """What its orders have traded; without an entry of its own it entered what was wanted."""
        ...
