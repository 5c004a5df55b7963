"""Plans in the ledger's hands: written with their entries, and followed by every fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from actors.base import on
from actors.ledger_outside import LedgerOutside
from actors.messages import (
    GetPlan,
    GetPlans,
    PlanRecorded,
    PositionRestated,
    RecordPlan,
    RecordSplit,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import AuditRow, Book
from adapters.emergency import Emergency
from domain.orders import Order
from domain.plan_lots import followed
from domain.plans import Plan, PlanState, merged
from domain.restating import closed_for
from domain.symbols import Symbol


class LedgerPlans(LedgerOutside):
    """Writes each version, and closes a plan when its lot is flat."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        open_book: Callable[[], Book],
        open_emergency: Callable[[], Emergency],
        readers: Sequence[str],
        plan_readers: Sequence[str] = (),
    ) -> None:
        super().__init__(
            system, seat, open_book=open_book, open_emergency=open_emergency, readers=readers
        )
        self._plan_readers = tuple(plan_readers)

    def catch_up(self) -> None:
        """What came in by the emergency file may have ended entries: every plan is looked at."""
        super().catch_up()
        places = dict.fromkeys((plan.venue, plan.symbol) for plan in self.book.plans.open())
        for venue, symbol in places:
            for plan in self._followed(venue, symbol, self.clock.now()):
                self.book.plans.record(plan, self.clock.now(), self.correlation)
                self._tell_plan(self.tell, plan)

    @on(RecordPlan)
    def _record_plan(self, message: RecordPlan) -> None:
        wanted, now = message.plan, self.clock.now()
        current = self.book.plans.one(wanted.plan_id)
        if current is not None and current.state is PlanState.CLOSED:
            self.log.info("{} is closed already: {}", wanted.plan_id, wanted.reason)
            return
        plan = wanted if current is None else merged(current, wanted)
        self.book.plans.record(plan, now, self.correlation)
        if message.who:
            words = f"{plan.plan_id} version {plan.version}: {plan.reason}"
            self.book.record_audit(AuditRow(now, message.who, "plan", words))
        self._tell_plan(self._later, plan)
        if current is None:
            self.follow(plan.venue, plan.symbol, now)

    @on(RecordSplit)
    def _split(self, message: RecordSplit) -> None:
        """Plans are told before the position: none of it seems to lack one."""
        split, now = message.split, self.clock.now()
        position = self.book.position(split.venue, split.symbol)
        managed = position.quantity if position is not None else Decimal(0)
        stale = [
            each.before.plan_id
            for each in message.plans
            if self.book.plans.one(each.before.plan_id) != each.before
        ]
        if managed != split.was or stale:
            # What came in between the person's look and the disk: they are told to look again.
            self.log.warning("{} is not written: {} managed, {} moved.", split, managed, stale)
            return
        for each in message.plans:
            for plan in (each.after, closed_for(each)):
                self.book.plans.record(plan, now, self.correlation)
                self._tell_plan(self._later, plan)
        position = self.book.record_split(split, now)
        self.book.outside.record((message.fact,), split.who, now)
        words = f"{split.symbol} {split.ratio}: {split.was} managed becomes {position.quantity}"
        self.book.record_audit(AuditRow(now, split.who, "split", words))
        for name in self._readers:
            self._later(name, PositionRestated(split, position))

    def plan_intended(self, plan: Plan | None) -> None:
        """Write the plan of an entry, in one commit with its intent."""
        if plan is not None:
            self.book.plans.record(plan, self.clock.now(), self.correlation)
            self._tell_plan(self._later, plan)

    def follow_order(self, order: Order, at: datetime) -> None:
        """A fill of this order, or its end: the lots of its symbol may be others."""
        self.follow(order.venue, order.request.symbol, at, order.request.plan)

    def follow(self, venue: str, symbol: Symbol, at: datetime, plan_id: str | None = None) -> None:
        """What is managed of a symbol may be other; `plan_id` may have to be opened again."""
        for plan in self._followed(venue, symbol, at, plan_id):
            self.book.plans.record(plan, self.clock.now(), self.correlation)
            self._tell_plan(self._later, plan)

    def _followed(
        self, venue: str, symbol: Symbol, at: datetime, plan_id: str | None = None
    ) -> Sequence[Plan]:
        """The versions that are due, not written yet."""
        plans = list(self.book.plans.open_in(venue, symbol))
        if plan_id is not None and all(plan.plan_id != plan_id for plan in plans):
            closed = self.book.plans.one(plan_id)
            plans += [closed] if closed is not None else []
            plans.sort(key=lambda plan: (plan.created_at, plan.plan_id))
        if not plans:
            return ()
        position = self.book.position(venue, symbol)
        flows = [(plan, self.book.plans.flow(plan)) for plan in plans]
        managed = position.quantity if position is not None else Decimal(0)
        return followed(flows, managed, at)

    def _tell_plan(self, tell: Callable[[str, PlanRecorded], None], plan: Plan) -> None:
        for name in self._plan_readers:
            tell(name, PlanRecorded(plan))

    @on(GetPlans)
    def _plans(self, message: GetPlans) -> tuple[Plan, ...]:
        return tuple(self.book.plans.newest(message.limit, message.symbol, message.state))

    @on(GetPlan)
    def _versions(self, message: GetPlan) -> tuple[Plan, ...]:
        return tuple(self.book.plans.versions(message.plan_id))
