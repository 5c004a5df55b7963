"""What a person wants of a plan: other levels, or to be out of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from actors.base import on
from actors.lanes import Command
from actors.messages import ChangePlan, LeavePlan, PlanAnswer
from actors.plan_exits import PlanExits
from domain.plan_rules import changed_levels
from domain.plans import Plan, PlanError, PlanState, changed

_AT_ONCE = timedelta(0)


class PlanWishes(PlanExits):
    """Answers at once; what it promises is written down behind the answer."""

    @on(ChangePlan)
    def _change_asked(self, message: ChangePlan) -> PlanAnswer:
        found = self._changeable(message.plan_id)
        if isinstance(found, PlanAnswer):
            return found
        instrument = self._instruments.get(found.symbol)
        if instrument is None:
            sentence = f"{found.venue} has not described {found.symbol} yet."
            return PlanAnswer(found, "INSTRUMENT_NOT_KNOWN", sentence)
        change = changed_levels(message.change, found.side, instrument.price_steps)
        try:
            plan = changed(found, change, f"changed by {message.who}")
        except PlanError as error:
            return PlanAnswer(found, error.code, str(error))
        self._change(plan, message.who)
        return PlanAnswer(plan)

    @on(LeavePlan)
    def _leave_asked(self, message: LeavePlan) -> PlanAnswer:
        """Kept as an age of nothing, so that the wish outlives a restart."""
        found = self._changeable(message.plan_id)
        if isinstance(found, PlanAnswer):
            return found
        if not found.is_open:
            sentence = f"{found.plan_id} holds nothing yet; its entry works."
            return PlanAnswer(found, "PLAN_NOT_OPEN", sentence)
        if found.terms.latest_age == _AT_ONCE:
            return PlanAnswer(found)
        terms = replace(found.terms, latest_age=_AT_ONCE)
        plan = replace(found, terms=terms, reason=f"{message.reason}, asked by {message.who}")
        self._change(plan, message.who)
        self.consider(plan)
        return PlanAnswer(plan)

    def consider(self, plan: Plan) -> None:
        """Leave it now if it is due and a fresh quote prices it."""

    def on_expired(self, command: Command) -> PlanAnswer | None:
        """Whoever asked is told."""
        if isinstance(command, ChangePlan | LeavePlan):
            sentence = "The plan monitor came to it after its deadline, and did not do it."
            return PlanAnswer(None, "ORDER_EXPIRED_UNSENT", sentence)
        return None

    def _changeable(self, plan_id: str) -> Plan | PlanAnswer:
        if not self._loaded:
            sentence = "The plan monitor has not read the book yet, so its plans are not known."
            return PlanAnswer(None, "BOOK_NOT_READ", sentence)
        plan = self._plan(plan_id)
        if plan is None or plan.state is PlanState.CLOSED:
            return PlanAnswer(None, "PLAN_NOT_OPEN", f"There is no open plan {plan_id}.")
        return plan
