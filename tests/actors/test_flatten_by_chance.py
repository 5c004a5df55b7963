"""A flatten while everything happens in any order: never more is for sale than is provably held."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from actors import names
from actors.messages import (
    LinkDown,
    LinkUp,
    NotReconciled,
    OrderRecorded,
    PositionChanged,
    Reconciled,
    Standing,
)
from adapters.venue import LinkOpened
from domain.orders import Order, OrderState, Side
from domain.venue import PositionReport
from tests.actors.company import Company
from tests.actors.test_desk import DESK
from tests.actors.test_desk_flatten import ask, desk, exits, filled, position, stop
from tests.store.material import ACCOUNT, BHP, intent

_STEPS = 60
_OPENED = LinkOpened(176, ACCOUNT, (ACCOUNT,), None)


class _Chance:
    """What may happen to a desk while it flattens, and what is true meanwhile."""

    def __init__(self, company: Company, chance: random.Random, *orders: Order) -> None:
        self.company = company
        self.chance = chance
        self.orders = {order.client_order_id: order for order in orders}
        self.epoch = 1
        self.managed = self.held = 100
        self.judged = 0

    def happen(self) -> None:
        """One of them, drawn."""
        books = (self._order, self._fill, self._position)
        states = (self._unsure, self._agreed, self._link, self._time, self._standing)
        self.chance.choice((*books, *states))()

    def judge(self) -> None:
        """Each new exit, and all that may still sell beside it, fit into what is provably held."""
        for intended in exits(self.company)[self.judged :]:
            self.judged += 1
            request = intended.admission.request
            sales = [o for o in self.orders.values() if o.request.side is Side.SELL]
            live = [order for order in sales if not order.state.is_final]
            assert all(order.state is OrderState.UNKNOWN for order in live), live
            works = sum(order.remaining for order in live)
            assert request.quantity + works <= min(self.managed, self.held)
            order = Order.intended(request, names.IB, self.company.clock.now())
            self.orders[request.client_order_id] = order

    def _order(self) -> None:
        order = self.orders[self.chance.choice(sorted(self.orders))]
        if order.state.is_final:
            return
        state = self.chance.choice(list(OrderState))
        wish = self.chance.choice([None, "CANCEL"])
        self.orders[order.client_order_id] = replace(order, state=state, pending_change=wish)
        self.company.tell(DESK, OrderRecorded(self.orders[order.client_order_id]))

    def _fill(self) -> None:
        self.managed = self.chance.choice([0, 10, 50, 100, 150])
        held = position(self.managed, self.company)
        self.company.tell(DESK, filled(held))

    def _report(self) -> PositionReport:
        return PositionReport(ACCOUNT, BHP, "BHP", Decimal(self.held), Decimal(45))

    def _position(self) -> None:
        self.held = self.chance.choice([0, 10, 60, 100, 200])
        self.company.tell(DESK, PositionChanged(names.IB, self._report()))

    def _unsure(self) -> None:
        self.company.tell(DESK, NotReconciled(names.IB, self.epoch, "NO_ANSWER", "no lists"))

    def _agreed(self) -> None:
        now, held = self.company.clock.now(), (self._report(),)
        self.company.tell(DESK, Reconciled(names.IB, self.epoch, now, held, (), (), 0))

    def _link(self) -> None:
        gone = LinkDown(names.IB, self.epoch, "PEER_CLOSED", "gone", None)
        self.epoch += 1
        self.company.tell(DESK, gone, LinkUp(names.IB, self.epoch, _OPENED))

    def _time(self) -> None:
        self.company.leap(self.chance.choice([1.1, 6.0, 20.0]))
        self.company.state(DESK)

    def _standing(self) -> None:
        self.company.tell(DESK, Standing(self.chance.random() < 0.3, "", "a test"))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_nothing_is_offered_twice(seed: int) -> None:
    entry = replace(intent("K-ENTRY", quantity="50"), state=OrderState.WORKING)
    with desk(stop(), entry) as company:
        world = _Chance(company, random.Random(seed), stop(), entry)
        assert ask(company).running
        for _ in range(_STEPS):
            world.judge()
            world.happen()
        assert company.system.seat(DESK).incarnation == 1, "and it never crashed"
