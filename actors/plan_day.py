"""Plans over the end of a day: what must be out before the close, and stops over a night."""

from __future__ import annotations

from actors import names
from actors.messages import Alert
from actors.plan_knowledge import MonitorOptions
from actors.plan_wishes import PlanWishes
from actors.seat import Seat
from actors.system import ActorSystem
from domain.day_end import DayEnd, DayPart, day_end
from domain.exits import Urgency
from domain.plan_terms import Overnight
from domain.plans import Plan
from domain.symbols import Symbol
from domain.trailing import for_the_night

_CODE = "DAY_END_NOT_LEFT"
_CURE = "Their stops at the venue stand; they are left when the market opens. See `kelpie plans`."


class PlanDay(PlanWishes):
    """Looks at each market's day whenever it looks round."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: MonitorOptions) -> None:
        super().__init__(system, seat, options=options)
        self._days: dict[Symbol, DayEnd] = {}
        """As of the last look round."""
        self._not_left: dict[str, str] = {}
        """Plans that should have been left by the close, with what they hold: told already."""

    def look_at_days(self) -> None:
        """Where the day of each market stands, and what follows from it."""
        self._days = {}
        for plan in self._all_plans():
            instrument = self._instruments.get(plan.symbol)
            if instrument is None or self._is_held_back(plan.symbol):
                continue
            if plan.symbol not in self._days:
                calendar = self._calendar(instrument)
                self._days[plan.symbol] = day_end(instrument, calendar, self.clock.now())
            self._over_the_close(plan, self._days[plan.symbol].part)
        self._tell_not_left()

    def _over_the_close(self, plan: Plan, part: DayPart) -> None:
        if plan.terms.overnight is Overnight.CLOSE:
            if part is DayPart.AUCTION and self._may_leave(plan):
                self._leave(plan, "day end: into the closing auction", Urgency.AUCTION)
        elif part in (DayPart.AUCTION, DayPart.OVER):
            steps = self._instruments[plan.symbol].price_steps
            widened = for_the_night(plan, self.options.trail, steps)
            if widened is not None:
                self._change(widened, "")

    def day_due(self, plan: Plan) -> str:
        """Why the day of its market wants it out now; empty to stay."""
        day = self._days.get(plan.symbol)
        if day is None or plan.terms.overnight is not Overnight.CLOSE:
            return ""
        if day.part is DayPart.LEAVING:
            return "day end: 15 minutes to the close"
        if day.part is DayPart.LAST_CALL:
            return "day end: 2 minutes to the close"
        if day.part is DayPart.DAY and self._is_overdue(plan, day):
            return "day end: it was to be left before the last close"
        return ""

    def _is_overdue(self, plan: Plan, day: DayEnd) -> bool:
        if plan.terms.overnight is not Overnight.CLOSE or not plan.is_open:
            return False
        opened, close = plan.opened_at, day.last_close
        return opened is not None and close is not None and opened < close

    def _tell_not_left(self) -> None:
        found = {
            plan.plan_id: f"{plan.lot} {plan.symbol} ({plan.plan_id})"
            for plan in self._all_plans()
            for day in [self._days.get(plan.symbol)]
            if day is not None and day.part is not DayPart.AUCTION and self._is_overdue(plan, day)
        }
        if found == self._not_left:
            return
        stands = bool(found)
        sentence = "All that was to be left before the close has been left."
        if stands:
            sentence = f"Held past the close, though not meant to be: {', '.join(found.values())}."
        self._not_left = found
        level, cure = ("error", _CURE) if stands else ("info", "")
        now = self.clock.now()
        for venue in self.options.venues:
            alert = Alert(
                venue,
                level,
                _CODE,
                sentence,
                cure,
                now,
                told=1,
                stands=stands,
                by=self.seat.name,
            )
            for name in names.HEAR_ALERTS:
                self.tell(name, alert)
