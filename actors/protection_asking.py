"""What protection asks of the desk, like anybody else, and of the venue's lists.

While an answer is awaited, and for a while after a refusal, nothing more is asked of that plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from actors import names
from actors.base import on
from actors.messages import (
    BookLoaded,
    OrderRecorded,
    Propose,
    ProposeAmend,
    ProposeCancel,
    ReconcileNow,
    VenueListed,
    Verdict,
)
from actors.protection_knowledge import ProtectionKnowledge, ProtectionOptions
from actors.seat import Seat
from actors.system import ActorSystem
from domain.figures import RISK_REDUCING
from domain.orders import Order, OrderState
from domain.protection import AskList, Cancel, Change, Judgement, Place, Scene, Step, plan_of
from domain.shadow import SHADOW
from domain.symbols import Symbol

_NO_ANSWER = 15.0
"""What was asked for and has no answer by then is asked for anew."""
_UNCHANGEABLE = 30.0
"""For so long an exit leaves beside its target, after a change could not be written."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
_AT_ONCE = 5
"""So many lists in a row are asked for without a wait."""


@dataclass(frozen=True, slots=True)
class _Pause:
    """Nothing is asked of a plan before then: what was asked last came to nothing."""

    until: float
    failures: int
    why: str


class ProtectionAsking(ProtectionKnowledge):
    """One change at a time in each plan."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: ProtectionOptions) -> None:
        super().__init__(system, seat, options=options)
        self._busy: dict[str, tuple[str, float]] = {}
        """Orders of which something was asked: the plan, and until when an answer is awaited."""
        self._pauses: dict[str, _Pause] = {}
        self._moved: dict[str, float] = {}
        self._priced: dict[str, float] = {}
        self._unchangeable_until = -1.0
        """The book was not written just now, so no order is changed."""
        self._asked: dict[str, float] = {}
        """When a venue's list was last asked for that has not come."""
        self._rounds: dict[str, tuple[float, int]] = {}
        """When a venue's list was last asked for, and how often with nothing new in between."""

    @on(BookLoaded)
    def _book(self, message: BookLoaded) -> None:
        super()._book(message)
        for venue in self.options.venues:
            self._ask(venue)

    # -- what became of it ---------------------------------------------------------------

    @on(Verdict)
    def _verdict(self, message: Verdict) -> None:
        if message.admitted:
            return
        asked = self._busy.pop(message.client_order_id, None)
        if asked is None:
            return
        plan_id, _ = asked
        plan = self._plans.get(plan_id)
        if plan is not None:
            self._touch(plan.symbol)
        self._priced.pop(plan_id, None)  # it was not
        changes = message.client_order_id in self._orders
        if changes and message.code == "BOOK_NOT_WRITABLE":
            self._unchangeable_until = self.clock.monotonic() + _UNCHANGEABLE
        elif message.code != "ORDER_NOT_OPEN":
            self._pause(plan_id, message.sentence)

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        before = self._orders.get(order.client_order_id)
        super()._order(message)
        self._busy.pop(order.client_order_id, None)
        plan_id = plan_of(order.request)
        if not plan_id or order.request.purpose not in RISK_REDUCING:
            return
        if order.state in (OrderState.REJECTED, OrderState.NOT_SENT):
            self._pause(plan_id, order.reason or order.state)
        elif before is not None and _is_refused(before, order):
            self._pause(plan_id, f"the venue does not change {order.client_order_id}")

    def _pause(self, plan_id: str, why: str) -> None:
        failures = self._pauses[plan_id].failures + 1 if plan_id in self._pauses else 1
        seconds = min(_FIRST_PAUSE * 2 ** (failures - 1), _LONGEST_PAUSE)
        # The first time at once: a group that takes nobody any more has another way out.
        until = self.clock.monotonic() + (seconds if failures > 1 else 0.0)
        self._pauses[plan_id] = _Pause(until, failures, why.rstrip("."))

    @on(VenueListed)
    def _listed(self, message: VenueListed) -> None:
        self._asked.pop(message.venue, None)
        super()._listed(message)

    def give_up_waiting(self) -> None:
        """What has no answer for long is asked for anew."""
        now = self.clock.monotonic()
        for order_id, (plan_id, until) in list(self._busy.items()):
            if now >= until:
                del self._busy[order_id]
                self._pause(plan_id, f"nobody answered what was asked of {order_id}")
        for venue, asked in list(self._asked.items()):
            if now - asked >= _NO_ANSWER:
                del self._asked[venue]

    def forget(self, plan_id: str) -> None:
        """A plan is over, with all its orders."""
        super().forget(plan_id)
        self._pauses.pop(plan_id, None)
        self._moved.pop(plan_id, None)
        self._priced.pop(plan_id, None)

    def venue_of(self, plan_id: str) -> str:
        plan = self._plans.get(plan_id)
        if plan is not None:
            return plan.venue
        orders = self._leaving_of(plan_id)
        return orders[0].venue if orders else ""

    # -- carrying it out -----------------------------------------------------------------

    def carry_out(self, plan_id: str, scene: Scene, said: Judgement) -> None:
        pause, now = self._pauses.get(plan_id), self.clock.monotonic()
        well = not said.cause and not said.steps and scene.lot.leaving is None
        if pause is not None and well:
            del self._pauses[plan_id]
        if not self._may_ask(plan_id):
            return
        for step in said.steps:
            if isinstance(step, AskList):
                self._ask(self.venue_of(plan_id))
            elif pause is None or now >= pause.until:
                self.correlation = plan_id
                self._do(plan_id, scene, step, said.cause)

    def _may_ask(self, plan_id: str) -> bool:
        """There is a link whose lists have been judged; else the desk would only refuse."""
        venue = self.venue_of(plan_id)
        return venue == SHADOW or venue in self._lists

    def _do(self, plan_id: str, scene: Scene, step: Step, why: str) -> None:
        now = self.clock.monotonic()
        deadline = now + self.options.command_seconds
        reason = scene.lot.leaving.reason if scene.lot.leaving is not None else why
        match step:
            case Cancel(taken_back):
                for name in taken_back:
                    self._await(plan_id, name, now)
                    self.tell(names.DESK, ProposeCancel(deadline, name, self.seat.name))
            case Change(name, wanted, priced):
                self._await(plan_id, name, now)
                if priced:
                    self._priced[plan_id] = now
                if wanted.stop_price is not None:
                    self._moved[plan_id] = now
                amendment = f"A-{self.runtime.new_id()}"
                amend = ProposeAmend(deadline, name, amendment, wanted, self.seat.name)
                self.tell(names.DESK, amend)
            case Place((first, *others)):
                if first.oca_group is not None:
                    self._count(first.oca_group, plan_id)
                self._priced[plan_id] = now
                # The desk answers with the name of the first; the others share its fate.
                self._await(plan_id, first.client_order_id, now)
                propose = Propose(deadline, first, self.seat.name, reason, tuple(others))
                self.tell(names.DESK, propose)
        self.log.info("{}: {} ({}).", plan_id, step, reason or "its plan")

    def _await(self, plan_id: str, name: str, now: float) -> None:
        self._busy[name] = (plan_id, now + _NO_ANSWER)

    def _touch(self, symbol: Symbol) -> None:
        """There is something new to read."""
        self._rounds.clear()
        super()._touch(symbol)

    def _ask(self, venue: str) -> None:
        """A list that tells the same again and again is asked for ever more seldom."""
        now = self.clock.monotonic()
        last, times = self._rounds.get(venue, (now, 0))
        wait = _FIRST_PAUSE * 2 ** (times - _AT_ONCE) if times >= _AT_ONCE else 0.0
        if venue in self._asked or now - last < min(wait, _LONGEST_PAUSE):
            return
        self._rounds[venue] = (now, min(times + 1, _AT_ONCE + 5))
        self._asked[venue] = now
        self.tell(names.resync(venue), ReconcileNow(self.seat.name))


def _is_refused(before: Order, order: Order) -> bool:
    """A change of it was on its way, and it is open on its old terms."""
    changing = before.amending
    if changing is None or order.amending is not None or order.state.is_final:
        return False
    return order.request.terms != changing.terms
