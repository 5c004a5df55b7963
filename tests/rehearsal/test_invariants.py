"""Each invariant is broken on purpose, in the real thing, and seen caught."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from actors import desk_admitting, desk_knowledge, names, protection
from actors.desk import Desk
from actors.desk_risk import DeskRisk
from actors.desk_view import VenueState
from actors.group_commit import GroupCommit
from actors.lanes import Lane, Message
from actors.mailbox import Envelope
from actors.messages import IntentDurable, SetPaused
from actors.order_door import OrderDoor
from actors.order_sending import OrderSending
from actors.orders import Orders
from adapters.ib import facts, ordering, receiver, rounds
from adapters.ib.facts import execution_report
from config import redaction
from domain import gates
from domain.figures import DeskFigures
from domain.holdings import Working
from domain.limits import NO_LIMITS
from domain.orders import OrderRequest, OrderType, Side
from domain.protection import Judgement
from domain.risk_figures import RiskFigures
from rehearsal.faults import FAULTS
from rehearsal.world import Outcome, Plan, World
from runtime.virtual import DrivenSource
from simulators.broker import ACCOUNT
from simulators.model import NewOrder
from simulators.tws.protocol import Reply
from simulators.tws.session import Session

FACT = Message()
CALM = Plan(orders=10, at_least=0, faults=0, seconds=5400.0, brisk=True)
Break = Callable[[World, pytest.MonkeyPatch], None]


def live(
    folder: Path, patch: pytest.MonkeyPatch, breaks: Break, plan: Plan = CALM, seed: int = 3
) -> Outcome:
    """A day of a world in which something is broken."""
    world = World(seed, folder, plan)
    breaks(world, patch)
    try:
        return world.run()
    finally:
        asyncio.set_event_loop(None)


def test_a_world_that_nobody_broke_is_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = live(tmp_path, monkeypatch, lambda *_: None)
    assert outcome.violations == []
    assert outcome.orders >= 5


# -- how each is broken --------------------------------------------------------------------------


def _when_one_lives(world: World, act: Callable[[NewOrder], None]) -> None:
    """As soon as the broker has an order of ours, and look again every second until then."""

    def look() -> None:
        live = world.invariants.scene.truth.live()
        if live:
            act(live[0].request)
        else:
            world.in_(1.0, look)

    world.at(1.0, look)


def place_without_an_intent(world: World, patch: pytest.MonkeyPatch) -> None:
    def place(request: NewOrder) -> None:
        seat = world.kelpie.system.find(names.connection(names.IB))
        assert seat is not None
        door: Any = seat.occupant
        symbol = world.invariants.scene.truth.symbol(request.con_id)
        kind = OrderType.MARKET
        door.link.place(OrderRequest("KLP-X", symbol, Side.BUY, Decimal(1), kind), ())

    _when_one_lives(world, place)


def send_the_same_bytes_again(world: World, patch: pytest.MonkeyPatch) -> None:
    placed: list[bytes] = []
    watched = world.network.on_bytes
    assert watched is not None

    def record(direction: str, data: bytes) -> None:
        watched(direction, data)
        if direction.endswith(">") and b"KLP-" in data and not placed:
            placed.append(data)
            world.in_(5.0, lambda: world.network.links[-1].client.write(data))

    world.network.on_bytes = record


def have_the_broker_take_it_twice(world: World, patch: pytest.MonkeyPatch) -> None:
    broker = world.gateway.broker
    _when_one_lives(
        world, lambda request: void(broker.place(replace(request, order_id=request.order_id + 500)))
    )


def send_another_quantity_than_was_written(world: World, patch: pytest.MonkeyPatch) -> None:
    honest = ordering.Ordering._order

    def dearer(self: Any, request: OrderRequest) -> Any:
        return honest(self, replace(request, quantity=request.quantity + 1))

    patch.setattr(ordering.Ordering, "_order", dearer)


def cancel_without_a_wish_on_disk(world: World, patch: pytest.MonkeyPatch) -> None:
    def cancel(request: NewOrder) -> None:
        seat = world.kelpie.system.find(names.connection(names.IB))
        assert seat is not None
        door: Any = seat.occupant
        door.link.cancel(request.order_ref, None)

    _when_one_lives(world, cancel)


def forget_cancels(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OrderSending, "_hand_cancel", lambda *_: None)

    def wish() -> None:
        name = world.owner.rest()
        world.in_(5.0, world.owner.cancel, name)

    world.at(1500.0, world.be_lively)
    world.at(1505.0, wish)


def read_every_quantity_twice_as_large(world: World, patch: pytest.MonkeyPatch) -> None:
    def doubled(*given: Any) -> Any:
        report = execution_report(*given)
        return replace(report, quantity=report.quantity * 2)

    assert facts.execution_report is execution_report
    patch.setattr(receiver, "execution_report", doubled)


def tell_before_the_commit(world: World, patch: pytest.MonkeyPatch) -> None:
    def at_once(self: GroupCommit, name: str, message: Message) -> None:
        self.tell(name, message)

    patch.setattr(GroupCommit, "_later", at_once)


def write_a_fill_by_hand(world: World, patch: pytest.MonkeyPatch) -> None:
    def invent(request: NewOrder) -> None:
        book = sqlite3.connect(world.kelpie.book)
        columns = [row[1] for row in book.execute("PRAGMA table_info(fills)")]
        given = {
            "client_order_id": f"'{request.order_ref}'",
            "side": f"'{request.side.value}'",
            "quantity": "'1'",
            "execution_key": "'invented'",
            "execution_id": "'invented.01'",
            "venue": "'ib'",
            "symbol": "'BHP/AUD'",
        }
        values = ", ".join(given.get(column, "'0'") for column in columns)
        book.execute(f"INSERT INTO fills VALUES ({values})")
        book.commit()
        book.close()

    _when_one_lives(world, invent)


def let_the_desk_forget_what_works(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(desk_knowledge, "working_of", lambda *_: Working())


def let_the_desk_hear_of_no_position(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(VenueState, "take_position", lambda *_: None)


def take_every_quote_for_fresh(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(desk_knowledge, "is_stale", lambda *_: False)


def hang_the_ledger_and_ignore_deadlines(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Envelope, "expired", lambda *_: False)
    propose = world.owner.order

    def slowly(**given: Any) -> None:
        propose(**given)
        ledger = source_of(world, names.LEDGER)
        ledger.stalled = True
        world.in_(7.0, ledger.go_on)

    patch.setattr(world.owner, "order", slowly)


def send_over_any_link(world: World, patch: pytest.MonkeyPatch) -> None:
    """The ledger hangs while the link is made anew; nobody asks which link it was, nor when."""
    patch.setattr(Envelope, "expired", lambda *_: False)
    honest = OrderSending._handlers[IntentDurable]

    def as_if_now(self: Any, message: IntentDurable) -> Any:
        return honest(self, replace(message, epoch=self._epoch))

    patch.setitem(Orders._handlers, IntentDurable, as_if_now)
    propose = world.owner.order

    def over_an_outage(**given: Any) -> None:
        propose(**given)
        ledger = source_of(world, names.LEDGER)
        ledger.stalled = True
        world.invariants.struck(FAULTS["connection dropped"])
        world.in_(0.1, world.network.links[-1].cut)
        world.in_(90.0, ledger.go_on)

    patch.setattr(world.owner, "order", over_an_outage)


def let_entries_pass_a_pause(world: World, patch: pytest.MonkeyPatch) -> None:
    honest = Desk._figures

    def never_paused(self: Any, *given: Any, **named: Any) -> DeskFigures:
        return replace(honest(self, *given, **named), paused=False)

    patch.setattr(Desk, "_figures", never_paused)
    patch.setattr(desk_admitting, "may_be_admitted", lambda *_, **__: None)
    world.at(600.0, lambda: world.kelpie.tell(names.DESK, SetPaused(True, "owner", "broken")))


def take_an_unended_list_for_empty(world: World, patch: pytest.MonkeyPatch) -> None:
    honest = rounds._gather

    async def all_ended(answers: Any) -> Any:
        rows, _ = await honest(answers)
        return rows, ()

    patch.setattr(rounds, "_gather", all_ended)
    send = Session.send

    def without_end(self: Session, fields: Any) -> None:
        if fields[0] != str(Reply.COMPLETED_ORDER_END.value):
            send(self, fields)

    patch.setattr(Session, "send", without_end)


def sell_what_nobody_bought(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gates, "_room", lambda *_: Decimal(10**6))


def never_be_ready_again(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OrderDoor, "_stands", lambda self, epoch: epoch == 1)


def lose_facts(world: World, patch: pytest.MonkeyPatch) -> None:
    def lose() -> None:
        box = world.kelpie.system.seat(names.LEDGER).mailbox
        taken = box._lanes[Lane.FACT]
        ledger = source_of(world, names.LEDGER)
        ledger.stalled = True
        world.kelpie.tell(names.LEDGER, FACT)
        taken.clear()
        ledger.go_on()

    world.at(700.0, lose)


def flood_a_mailbox(world: World, patch: pytest.MonkeyPatch) -> None:
    def flood() -> None:
        source_of(world, names.PLAN_MONITOR).stalled = True
        for _ in range(3000):
            world.kelpie.tell(names.PLAN_MONITOR, FACT)

    world.at(700.0, flood)


def keep_everything(world: World, patch: pytest.MonkeyPatch) -> None:
    def keep() -> None:
        occupant: Any = world.kelpie.system.seat(names.DESK).occupant
        occupant._leak = list(range(10_000))

    world.at(700.0, keep)


def show_the_account(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(redaction, "_ACCOUNT", re.compile("(no)(th)(ing)"))
    world.at(700.0, lambda: logger.info("the account is {}", ACCOUNT))


def have_a_library_swallow_an_error(world: World, patch: pytest.MonkeyPatch) -> None:
    world.at(700.0, lambda: logging.getLogger("ib_insync.decoder").error("Error for openOrder"))


def say_an_error(world: World, patch: pytest.MonkeyPatch) -> None:
    world.at(700.0, lambda: logger.bind(seat="trading.desk").error("trading.desk crashed"))


def let_a_callback_fail(world: World, patch: pytest.MonkeyPatch) -> None:
    world.at(700.0, lambda: 1 / 0)


def source_of(world: World, name: str) -> DrivenSource:
    """What runs the seat now."""
    occupant = world.kelpie.system.seat(name).occupant
    return next(s for s in world.kelpie.runtime.seats.values() if s.driven is occupant)


def take_every_lot_for_protected(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(protection, "judge", lambda scene: Judgement((), scene.lot.quantity))
    _end_the_stops(world)


def place_no_stop_anew(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(protection.Protection, "carry_out", void_of_all)
    _end_the_stops(world)


def _end_the_stops(world: World) -> None:
    """The broker ends each stop of ours that works."""

    def look() -> None:
        truth, gateway = world.invariants.scene.truth, world.gateway
        for order in truth.live():
            if order.request.stop_price is not None and not order.waits_at_broker:
                given = {"order_ref": order.request.order_ref}
                gateway.inside(gateway.stage.do, "cancel_order", given)
        world.in_(5.0, look)

    world.in_(600.0, look)


def reckon_without_limits(world: World, patch: pytest.MonkeyPatch) -> None:
    real = DeskRisk._figures

    def figures(self: DeskRisk, *given: Any, **more: Any) -> DeskFigures:
        without = RiskFigures(NO_LIMITS)
        return replace(real(self, *given, **more), risk=without, max_order_value=Decimal(10**6))

    patch.setattr(DeskRisk, "_figures", figures)
    world.kelpie.given.update({"MAX_ORDER_VALUE": "1500", "PURSE": "3000"})


def void_of_all(*_: object) -> None:
    """Do nothing."""


def void(_: object) -> None:
    """Give nothing back."""


BROKEN: dict[Break, str] = {
    place_without_an_intent: "I1 durable intent: KLP-X leaves",
    send_the_same_bytes_again: "I2 once",
    have_the_broker_take_it_twice: "I2 once: at the broker twice",
    send_another_quantity_than_was_written: "I1 durable intent",
    cancel_without_a_wish_on_disk: "I1 durable intent: a cancel of",
    forget_cancels: "a cancel is not forgotten",
    read_every_quantity_twice_as_large: "I3 booked once",
    tell_before_the_commit: "I6 told when durable",
    write_a_fill_by_hand: "I3 booked once",
    let_the_desk_forget_what_works: "I5 worst case",
    let_the_desk_hear_of_no_position: "I4 position",
    take_every_quote_for_fresh: "I8 stale or late",
    hang_the_ledger_and_ignore_deadlines: "I8 stale or late",
    send_over_any_link: "I8 stale or late",
    never_be_ready_again: "I9 ready again",
    let_entries_pass_a_pause: "section 4",
    take_an_unended_list_for_empty: "section 4",
    sell_what_nobody_bought: "section 4",
    take_every_lot_for_protected: "a position without its stop",
    place_no_stop_anew: "a position without its stop",
    reckon_without_limits: "a limit is kept",
    lose_facts: "no fact is lost",
    flood_a_mailbox: "I12 bounded",
    keep_everything: "I12 bounded",
    show_the_account: "I13 no secret",
    have_a_library_swallow_an_error: "an error that nobody expected",
    say_an_error: "an error that nobody expected",
    let_a_callback_fail: "a callback failed",
}
PLANS: dict[Break, Plan] = {
    never_be_ready_again: replace(CALM, faults=1, only=("connection dropped",)),
}


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda breaks: breaks.__name__)
def test_what_is_broken_is_seen(
    breaks: Break, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = live(tmp_path, monkeypatch, breaks, PLANS.get(breaks, CALM))
    assert outcome.violations, "nobody noticed"
    assert outcome.violations[0].startswith(BROKEN[breaks])
