"""Watches every plan: stop, target, age, by the quotes of the continuous session."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from actors.base import on
from actors.lanes import State
from actors.messages import QuoteUpdate
from actors.plan_day import PlanDay
from actors.plan_knowledge import MonitorOptions
from actors.seat import Seat
from actors.system import ActorSystem
from domain.exits import Urgency
from domain.phases import Phase
from domain.plans import Plan
from domain.trailing import Standing, better, confirm, for_the_day, trailed
from domain.triggers import NONE_SEEN, Hit, Reading, Sightings, look, reading_of

_LOOK, _LOOK_EVERY = "look", 5.0


class PlanMonitor(PlanDay):
    """Judges each quote by the plans of its symbol, and looks round every few seconds."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: MonitorOptions) -> None:
        super().__init__(system, seat, options=options)
        self._seen: dict[str, Sightings] = {}
        self._standing: dict[str, Standing] = {}
        self._best: dict[str, Decimal] = {}

    def on_start(self) -> None:
        """Look round from the start."""
        super().on_start()
        self.after(_LOOK_EVERY, _LOOK)

    def describe(self) -> State:
        """What is watched, and which exits work."""
        return {
            "watched": {str(s): str(p.quantity) for s, p in self._positions.items()},
            "plans": {
                plan.plan_id: f"{plan.lot} {plan.symbol}, stop {plan.stop}, {plan.state}"
                for plan in self._all_plans()
            },
            "exits": list(self._exits),
            "guards": {str(symbol): str(guard.colour) for symbol, guard in self._guards.items()},
        }

    # -- by quotes -----------------------------------------------------------------------

    @on(QuoteUpdate)
    def _quote(self, message: QuoteUpdate) -> None:
        quote = message.quote
        before = self._quotes.get(quote.symbol)
        self._quotes[quote.symbol] = quote
        plans = self._plans.get(quote.symbol)
        if not plans:
            return
        phase, held_back = self._phase(quote.symbol), self._is_held_back(quote.symbol)
        for plan in list(plans.values()):
            if held_back:
                self._forget_prices(plan)
            if held_back or not plan.is_open:
                continue
            reading = reading_of(
                quote,
                before,
                plan.leaving_side,
                phase,
                now=self.clock.monotonic(),
                stale_after_seconds=self.options.stale_after_seconds,
            )
            if reading is not None:
                self._read(plan, reading)
            elif quote.halted or phase is not Phase.OPEN:
                self._seen.pop(plan.plan_id, None)
                self._standing.pop(plan.plan_id, None)

    def _read(self, plan: Plan, reading: Reading) -> None:
        self._prices[plan.symbol, plan.leaving_side] = reading.price
        seen, hit = look(self._seen.get(plan.plan_id, NONE_SEEN), reading, plan)
        self._seen[plan.plan_id] = seen
        reason = self._due(plan)
        if hit is not None:
            level = plan.stop if hit is Hit.STOP else plan.target
            reason = f"{hit}: {reading.price} is beyond {level}"
        if not reason:
            self._trail(plan, reading)
        elif self._may_leave(plan):
            self._leave(plan, reason, Urgency.PRICED)

    def _trail(self, plan: Plan, reading: Reading) -> None:
        name = plan.plan_id
        self._standing[name], stood = confirm(self._standing.get(name), reading, plan.side)
        instrument = self._instruments.get(plan.symbol)
        if stood is None or instrument is None:
            return
        best = self._best[name] = better(plan.side, self._best.get(name, plan.best), stood)
        moved = for_the_day(plan) or trailed(
            plan, best, stood, self.clock.now(), self.options.trail, instrument.price_steps
        )
        if moved is not None:
            self._change(moved, "")

    # -- by the clock --------------------------------------------------------------------

    def on_timer(self, name: str) -> None:
        """Look round, or have an exit priced anew."""
        if name == _LOOK:
            self.after(_LOOK_EVERY, _LOOK)
            self._look_round()
        else:
            super().on_timer(name)

    def _look_round(self) -> None:
        """What is due by the clock leaves at the market where no fresh quote prices it.

        What a price would trigger does not: nobody knows the price, and the stop at the venue
        stands. In a halt nothing trades, so it is waited for.
        """
        self.look_at_days()
        if self.clock.monotonic() < self._quotes_due:
            return
        for plan in self._all_plans():
            quote = self._quotes.get(plan.symbol)
            if quote is not None and (quote.halted or not self._is_stale(quote)):
                continue
            reason = self._due(plan)
            if reason and self._phase(plan.symbol) is Phase.OPEN and self._may_leave(plan):
                self._leave(plan, f"{reason}; without a fresh quote", Urgency.BLIND)

    def consider(self, plan: Plan) -> None:
        """Leave it now if it is due and a fresh quote prices it."""
        quote = self._quotes.get(plan.symbol)
        if quote is None or self._is_stale(quote) or self._phase(plan.symbol) is not Phase.OPEN:
            return
        reason = self._due(plan)
        if reason and self._may_leave(plan):
            self._leave(plan, reason, Urgency.PRICED)

    def _due(self, plan: Plan) -> str:
        """Why it should go whatever the price is; empty to stay."""
        age = plan.terms.latest_age
        if age is None or plan.opened_at is None or self.clock.now() - plan.opened_at < age:
            return self.day_due(plan)
        if age == timedelta(0):
            return plan.reason
        return f"age: held for {age.total_seconds():.0f} s"

    def forget(self, plan: Plan) -> None:
        """It is closed."""
        super().forget(plan)
        self._forget_prices(plan)

    def _forget_prices(self, plan: Plan) -> None:
        self._prices.pop((plan.symbol, plan.leaving_side), None)
        for kept in (self._seen, self._standing, self._best):
            kept.pop(plan.plan_id, None)
