"""How a plan is left: one exit at a time; one that does not fill is taken back and priced anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from actors import names
from actors.base import on
from actors.messages import (
    GuardChanged,
    LeavePlan,
    OrderRecorded,
    Propose,
    ProposeCancel,
    Verdict,
)
from actors.plan_knowledge import MonitorOptions, PlanKnowledge
from actors.seat import Seat
from actors.system import ActorSystem
from domain.exits import AUCTION_BOUND, SLIP, Urgency, exit_limit, exit_order
from domain.guard import Guard
from domain.orders import Order, OrderState, OrderType, Side
from domain.plans import Plan
from domain.symbols import Symbol

DEADLINE_SECONDS = 5.0
_REPRICE_SECONDS = 10.0
_REPRICE_OFTEN, _REPRICE_AT_MOST = 3, 300.0
_AFTER_REFUSAL_SECONDS = 5.0
_TELL_AGAIN_SECONDS = 5.0
_NOT_TAKEN = (OrderState.REJECTED, OrderState.NOT_SENT)


@dataclass(frozen=True, slots=True)
class _Exit:
    symbol: Symbol
    plan_id: str | None
    """None of one that an older Kelpie placed."""
    urgency: Urgency


class PlanExits(PlanKnowledge):
    """Proposes exits, follows them, and takes back what does not fill."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: MonitorOptions) -> None:
        super().__init__(system, seat, options=options)
        self._mark = f"{options.prefix}-P-"
        """How its own exits begin: one that a person placed is left alone."""
        self._exits: dict[str, _Exit] = {}
        self._recorded: set[str] = set()
        """Those of them that the book has: only their own end is their end."""
        self._prices: dict[tuple[Symbol, Side], Decimal] = {}
        """The last price of continuous trading, by symbol and the side that would leave."""
        self._guards: dict[Symbol, Guard] = {}
        """How each symbol is protected at the venue."""
        self._not_before: dict[str, float] = {}
        """By plan: it was refused just now."""
        self._asked_back: dict[str, int] = {}
        """How often an exit was asked back that is still there."""

    def _leave(self, plan: Plan, reason: str, urgency: Urgency) -> None:
        """Have the whole lot of a plan leave now. The one place from which plans are left."""
        if self.options.protected:
            self._have_left(plan, reason, urgency)
            return
        limit = None
        if urgency is not Urgency.BLIND:
            limit = self._limit(plan, urgency)
            if limit is None:
                return
        name = f"{self._mark}{self.runtime.new_id()}"
        self._exits[name] = _Exit(plan.symbol, plan.plan_id, urgency)
        self.correlation = name
        deadline = self.clock.monotonic() + DEADLINE_SECONDS
        request = exit_order(name, plan, plan.lot, limit)
        self.tell(names.DESK, Propose(deadline, request, self.seat.name, reason))
        self.after(_REPRICE_SECONDS, f"reprice {name}")

    def _have_left(self, plan: Plan, reason: str, urgency: Urgency) -> None:
        """By protection: two who leave one position could sell it twice."""
        now = self.clock.monotonic()
        self._not_before[plan.plan_id] = now + _TELL_AGAIN_SECONDS
        self.correlation = plan.plan_id
        leave = LeavePlan(now + DEADLINE_SECONDS, plan.plan_id, reason, urgency)
        self.tell(names.PROTECTION, leave)

    @on(GuardChanged)
    def _guard(self, message: GuardChanged) -> None:
        self._guards[message.guard.symbol] = message.guard

    def _is_held_back(self, symbol: Symbol) -> bool:
        """Its levels may be of other units than its prices."""
        guard = self._guards.get(symbol)
        return guard is not None and guard.held_back

    def _limit(self, plan: Plan, urgency: Urgency) -> Decimal | None:
        """By the last price of continuous trading on the side that would fill."""
        price = self._prices.get((plan.symbol, plan.leaving_side))
        slip = AUCTION_BOUND if urgency is Urgency.AUCTION else SLIP
        if price is None:
            return None
        steps = self._instruments[plan.symbol].price_steps
        return exit_limit(plan.leaving_side, price, slip, steps)

    def _may_leave(self, plan: Plan) -> bool:
        """It holds something, nothing leaves it yet, and it was not refused just now."""
        if not plan.is_open or plan.symbol not in self._instruments:
            return False
        if self._is_held_back(plan.symbol):
            return False
        if any(True for _ in self._exits_of(plan)):
            return False
        return self.clock.monotonic() >= self._not_before.get(plan.plan_id, 0.0)

    def _exits_of(self, plan: Plan) -> Iterable[str]:
        """Its exits; one that names no plan may be of any in the symbol."""
        for name, exit in self._exits.items():
            if exit.symbol == plan.symbol and exit.plan_id in (plan.plan_id, None):
                yield name

    def _take_back(self, name: str) -> None:
        self.correlation = name
        deadline = self.clock.monotonic() + DEADLINE_SECONDS
        self.tell(names.DESK, ProposeCancel(deadline, name, self.seat.name))

    @on(Verdict)
    def _verdict(self, message: Verdict) -> None:
        name = message.client_order_id
        exit = self._exits.get(name)
        if exit is None or message.admitted or name in self._recorded:
            return  # of one that is in the book only its cancel was refused: it is asked again
        if message.code != "ORDER_NOT_OPEN":
            self._put_off(exit)
        self._done_with(name)

    @on(OrderRecorded)
    def _order(self, message: OrderRecorded) -> None:
        order = message.order
        name = order.client_order_id
        if not order.state.is_final:
            self.follow(order)
        elif name in self._exits:
            if order.state in _NOT_TAKEN:
                self._put_off(self._exits[name])
            self._done_with(name)

    def _put_off(self, exit: _Exit) -> None:
        # Else each tick would send another, all night long.
        later = self.clock.monotonic() + _AFTER_REFUSAL_SECONDS
        for plan in self._plans.get(exit.symbol, {}).values():
            if exit.plan_id in (plan.plan_id, None):
                self._not_before[plan.plan_id] = later

    def on_timer(self, name: str) -> None:
        """An exit that has not filled by now is taken back; the next quote prices it anew."""
        order_id = name.removeprefix("reprice ")
        exit = self._exits.get(order_id)
        if exit is None or exit.urgency is not Urgency.PRICED:
            return
        self._take_back(order_id)
        # Of one whose fate nobody knows the venue refuses each cancel, all night long.
        times = self._asked_back[order_id] = self._asked_back.get(order_id, 0) + 1
        wait = _REPRICE_SECONDS * 2 ** max(0, times - _REPRICE_OFTEN)
        self.after(min(wait, _REPRICE_AT_MOST), name)

    def follow(self, order: Order) -> None:
        """An exit of its own works, whichever incarnation proposed it."""
        name, request = order.client_order_id, order.request
        if not name.startswith(self._mark):
            return
        self._recorded.add(name)
        if name not in self._exits:
            blind = request.type is OrderType.MARKET
            urgency = Urgency.BLIND if blind else Urgency.PRICED
            self._exits[name] = _Exit(request.symbol, request.plan, urgency)
            self.after(_REPRICE_SECONDS, f"reprice {name}")

    def forget(self, plan: Plan) -> None:
        """It is closed."""
        self._not_before.pop(plan.plan_id, None)

    def _done_with(self, order_id: str) -> None:
        self._exits.pop(order_id, None)
        self._recorded.discard(order_id)
        self._asked_back.pop(order_id, None)
        self.cancel_timer(f"reprice {order_id}")
