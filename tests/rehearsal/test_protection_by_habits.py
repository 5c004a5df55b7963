"""Wherever IB leaves the answer open the broker is made to give each: every one ends protected.

The whole process on virtual time; the truth is the broker's own books, looked at every second.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.messages import LeavePlan, Propose
from domain.exits import Urgency
from domain.orders import OrderRequest, OrderType, Side, Tif
from domain.symbols import Symbol
from rehearsal.world import Plan, World

BHP = Symbol("BHP", "AUD")
_READY = 120.0
_ENDS = 400.0
_BARE_SECONDS = 12.0
"""What is held may be without its whole stop for so long: the limit of AMBER, and a list."""
_STRICT = {
    "PROTECT_ENTRIES": "true",
    "PLAN_STOP": "2",
    "PLAN_TARGET": "3",
    "PLAN_LATEST_AGE_MINUTES": "0",
    "MAX_ORDER_VALUE": "100000",
}
WAKES = ("parent_complete", "parent_fills")
FATES = ("cancelled", "kept")
TOGETHER = ("always", "named_groups", "never")
CHANGES = ("accepted", "135")


class Story:
    """A world in which one entry is made, and a judge that looks at the broker every second."""

    def __init__(self, folder: Path, **habits: str) -> None:
        plan = Plan(orders=0, at_least=0, faults=0, asx_hours=False, seconds=_ENDS)
        self.world = World(1, folder, plan)
        self.world.kelpie.given.update(_STRICT)
        self.bare: list[str] = []
        self.exposed: float | None = None
        self.at(1.0, self.make, "change_habits", habits=habits)
        self.world.be_lively(_ENDS)
        self.at(_READY, self._look)

    def at(self, when: float, call: Callable[..., object], *args: Any, **more: Any) -> None:
        self.world.at(when, lambda: call(*args, **more))

    def make(self, verb: str, **given: Any) -> None:
        gateway = self.world.gateway
        gateway.inside(gateway.stage.do, verb, given)

    def enter(self, quantity: int, below: str = "1.00") -> None:
        """A bid for BHP that waits so far below the market; 0 is through it."""
        ask = self.world.owner._touch(BHP, Side.BUY)
        limit = ask - Decimal(below) if Decimal(below) else ask + Decimal("0.50")
        request = OrderRequest(
            "KLP-1", BHP, Side.BUY, Decimal(quantity), OrderType.LIMIT, limit, tif=Tif.GTC
        )
        within = self.world.kelpie.clock.monotonic() + 10
        self.world.kelpie.tell(names.DESK, Propose(within, request, "owner", "a test"))

    def leave(self) -> None:
        within = self.world.kelpie.clock.monotonic() + 10
        wish = LeavePlan(within, "KLP-1", "a test", Urgency.PRICED, "owner")
        self.world.kelpie.tell(names.PLAN_MONITOR, wish)

    def sell_off(self) -> None:
        """Somebody sells a part through the stop: it triggers, and fills in part."""
        [stop] = [o for o in self.world.gateway.broker.orders() if o.request.order_ref == "KLP-1-S"]
        assert stop.request.stop_price is not None
        below = stop.request.stop_price - Decimal("0.02")
        self.make("trade", symbol="BHP/AUD", price=str(below), quantity="300")

    def run(self) -> None:
        outcome = self.world.run()
        assert outcome.violations == []
        assert self.bare == []

    # -- the broker's truth --------------------------------------------------------------

    def traded(self, side: Side) -> Decimal:
        executions = self.world.gateway.broker.executions()
        mine = [e for e, _ in executions if e.order.request.side is side]
        return sum((e.quantity for e in mine), Decimal(0))

    def held(self) -> Decimal:
        return self.traded(Side.BUY) - self.traded(Side.SELL)

    def stops(self) -> Decimal:
        """What stops at work stand over."""
        orders = self.world.gateway.broker.orders()
        awake = [o for o in orders if o.is_open and o.why_held != "child" and o.request.transmit]
        stops = [o for o in awake if o.request.stop_price is not None]
        return sum((order.remaining for order in stops), Decimal(0))

    def _look(self) -> None:
        now = self.world.loop.time()
        assert self.held() >= 0, "more was sold than bought"
        if self.stops() >= self.held():
            self.exposed = None
        elif self.exposed is None:
            self.exposed = now
        elif now - self.exposed > _BARE_SECONDS:
            self.bare.append(f"at {now:.0f}: {self.stops()} over {self.held()}")
        if now + 1 < _ENDS:
            self.at(now + 1, self._look)


HABITS = list(itertools.product(WAKES, FATES, TOGETHER, CHANGES))


@pytest.mark.parametrize(("wakes", "fate", "together", "change"), HABITS)
def test_a_part_filled_entry_ends_protected_whatever_the_broker_does(
    tmp_path: Path, wakes: str, fate: str, together: str, change: str
) -> None:
    story = Story(
        tmp_path,
        children_wake=wakes,
        children_of_part_filled_parent=fate,
        group_cancelled_together=together,
        change_of_child=change,
    )
    story.at(_READY, story.enter, 100)
    story.at(_READY + 5, story.make, "fill", order_ref="KLP-1", quantity=40)
    story.at(_READY + 9, story.make, "cancel_order", order_ref="KLP-1", symbol="BHP/AUD")
    # One of the group goes, by nobody's wish; then the plan is left.
    story.at(_READY + 60, story.make, "cancel_order", side="SELL")
    story.at(_READY + 120, story.leave)
    told: list[Any] = []
    story.at(_READY + 58, lambda: told.append((story.held(), story.stops())))
    story.at(_READY + 118, lambda: told.append((story.held(), story.stops())))
    story.run()
    assert told == [(40, 40), (40, 40)]
    assert story.held() == story.stops() == 0, "it is out, and nothing is left over"
    assert story.traded(Side.SELL) == 40


@pytest.mark.parametrize(("wakes", "together"), list(itertools.product(WAKES, TOGETHER)))
def test_an_exit_while_the_stop_triggers_sells_what_is_held_once(
    tmp_path: Path, wakes: str, together: str
) -> None:
    story = Story(tmp_path, children_wake=wakes, group_cancelled_together=together)
    story.at(_READY, story.enter, 100, "0")
    story.at(_READY + 40, story.sell_off)
    story.at(_READY + 40.01, story.leave)
    story.at(_READY + 40.3, story.sell_off)
    story.run()
    assert story.traded(Side.BUY) == story.traded(Side.SELL) == 100
    assert story.stops() == 0


@pytest.mark.parametrize("moment", [0.002, 0.01, 0.03, 0.06, 0.1, 0.5, 2.0])
def test_killed_at_any_moment_of_an_entry_it_ends_protected(tmp_path: Path, moment: float) -> None:
    """Between the intent and the fill, and while the children are read back."""
    story = Story(tmp_path)
    kelpie = story.world.kelpie
    story.at(_READY, story.enter, 100, "0")
    story.at(_READY + moment, kelpie.kill)
    story.at(_READY + 5, kelpie.boot)
    story.run()
    assert story.held() in (0, 100)
    assert story.stops() == story.held()


@pytest.mark.parametrize("moment", [0.01, 0.05, 0.2, 1.0])
def test_killed_while_stops_come_back_it_ends_protected(tmp_path: Path, moment: float) -> None:
    story = Story(tmp_path)
    kelpie = story.world.kelpie
    story.at(_READY, story.enter, 100, "0")
    story.at(_READY + 40, story.make, "purge_orders", symbol="BHP/AUD")
    story.at(_READY + 40 + moment, kelpie.kill)
    story.at(_READY + 43, kelpie.boot)
    story.run()
    assert story.held() == story.stops() == 100
