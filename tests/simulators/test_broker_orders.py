from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders import OrderType, Side, Tif
from simulators.model import NewOrder, OrderRefused
from tests.simulators.broker_world import (
    AUDUSD,
    BHP,
    EURUSD,
    BrokerWorld,
    codes,
    fills,
    statuses,
)

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BrokerWorld]:
    world = BrokerWorld(tmp_path)
    yield world
    world.broker.close()


PLAIN = NewOrder(
    client_id=1,
    order_id=1,
    order_ref="k-1",
    account="DU9000001",
    con_id=BHP,
    exchange="SMART",
    side=BUY,
    quantity=Decimal(10),
    type=OrderType.LIMIT,
    limit_price=Decimal("30.00"),
    stop_price=None,
    tif=Tif.DAY,
)


@pytest.mark.parametrize(
    ("order", "code", "text"),
    [
        (replace(PLAIN, con_id=4711), 200, "No security definition has been found"),
        (replace(PLAIN, exchange="NYSE"), 200, "No security definition has been found"),
        (replace(PLAIN, account="U123"), 321, "Invalid account code"),
        (replace(PLAIN, quantity=Decimal(0)), 434, "cannot be zero"),
        (replace(PLAIN, quantity=Decimal(-1)), 321, "Invalid order size"),
        (
            replace(PLAIN, quantity=Decimal("0.5")),
            388,
            "smaller than the minimum required size of 1",
        ),
        (replace(PLAIN, quantity=Decimal("1.5")), 321, "does not conform to market rule"),
        (replace(PLAIN, limit_price=Decimal("30.005")), 110, "minimum price variation"),
        (replace(PLAIN, limit_price=Decimal(0)), 110, "minimum price variation"),
        (replace(PLAIN, limit_price=None), 321, "Missing limit price"),
        (
            replace(PLAIN, type=OrderType.STOP, stop_price=Decimal("50"), tif=Tif.IOC),
            111,
            "incompatible",
        ),
        (
            replace(PLAIN, quantity=Decimal(10**6)),
            201,
            "YOUR EQUITY WITH LOAN VALUE [1000000.00 AUD]",
        ),
        (replace(PLAIN, side=SELL), 201, "not available for short sale"),
    ],
)
def test_what_tws_answers_to_an_order_that_it_does_not_take(
    world: BrokerWorld, order: NewOrder, code: int, text: str
) -> None:
    (event,) = world.broker.place(order)
    assert isinstance(event, OrderRefused)
    assert (event.code, event.client_id, event.order_id) == (code, 1, 1)
    assert text in event.text
    assert (event.order is not None) == (code == 201)
    assert all(not order.is_open for order in world.broker.orders())
    assert world.broker.next_order_id(1) == 2


def test_an_order_id_serves_once(world: BrokerWorld) -> None:
    world.place(BUY, 10, order_id=5)
    assert codes(world.place(BUY, 10, "30", order_id=4)) == [103]
    assert codes(world.place(BUY, 10, "30", order_id=5)) == [104]  # filled
    assert statuses(world.place(BUY, 10, "30", order_id=1, client_id=2))[-1] == "Submitted"
    assert world.broker.next_order_id(1) == 6
    assert world.broker.next_order_id(2) == 2
    assert world.broker.next_order_id(3) == 1


def test_a_refused_change_leaves_the_order_as_it_was(world: BrokerWorld) -> None:
    world.place(BUY, 10, "30")
    before = world.order(1)
    assert codes(world.place(BUY, 10, "30.001", order_id=1)) == [110]
    assert codes(world.place(SELL, 10, "30", order_id=1)) == [105]
    assert codes(world.place(BUY, 10, "0.65", order_id=1, con_id=AUDUSD)) == [105]
    assert codes(world.place(BUY, 10**6, "30", order_id=1)) == [201]
    assert world.order(1) == before and before.is_open
    assert statuses(world.broker.cancel(1, 1)) == ["PendingCancel", "Cancelled"]


def test_a_quantity_cannot_go_below_what_is_filled(world: BrokerWorld) -> None:
    ask, there = world.ask(), int(world.broker.top(BHP).ask_size)
    world.place(BUY, there + 100, ask)
    assert codes(world.place(BUY, there, ask, order_id=1)) == [201]
    assert statuses(world.place(BUY, there + 50, ask, order_id=1)) == ["Submitted"]
    assert [fill.quantity for fill in fills(world.trade(ask, 100))] == [50]
    assert world.order(1).status == "Filled"


def test_a_stop_can_be_moved(world: BrokerWorld) -> None:
    world.place(BUY, 10)
    low = world.bid() - 1
    world.place(SELL, 10, stop=low)
    assert statuses(world.place(SELL, 10, stop=low + Decimal("0.5"), order_id=2)) == [
        "PreSubmitted"
    ]
    assert world.order(2).why_held == "trigger"
    world.trade(low + Decimal("0.5"), 10**6)
    assert world.order(2).why_held == ""


def test_what_can_and_cannot_be_cancelled(world: BrokerWorld) -> None:
    world.place(BUY, 10, "30")
    assert codes(world.broker.cancel(1, 99)) == [10147]
    assert codes(world.broker.cancel(2, 1)) == [10147]  # another client's
    events = world.broker.cancel(1, 1)
    assert statuses(events) == ["PendingCancel", "Cancelled"] and codes(events) == [202]
    assert world.order(1).completed_status == "Cancelled by Trader"
    (again,) = world.broker.cancel(1, 1)
    assert isinstance(again, OrderRefused) and again.code == 10148
    assert again.text.endswith("cannot be cancelled, state: Cancelled.")
    world.place(BUY, 10)
    (filled,) = world.broker.cancel(1, 2)
    assert isinstance(filled, OrderRefused) and filled.text.endswith("state: Filled.")
    world.place(BUY, 10**6, "30")
    assert codes(world.broker.cancel(1, 3)) == [161]


def test_a_cancelled_order_leaves_the_book(world: BrokerWorld) -> None:
    bid = world.bid() + Decimal("0.01")
    world.place(BUY, 10, bid)
    assert world.bid() == bid
    world.broker.cancel(1, 1)
    assert world.bid() < bid
    assert fills(world.fair(str(bid - 2))) == []


def test_shares_in_hand_can_be_promised_once_with_a_stop_beside(world: BrokerWorld) -> None:
    world.place(BUY, 100)
    high = world.ask() + 5
    assert statuses(world.place(SELL, 60, high))[-1] == "Submitted"
    assert codes(world.place(SELL, 60, high)) == [201]
    assert codes(world.place(SELL, 100, stop=world.bid() - 5)) == []


def test_a_pair_without_the_base_currency_spends_only_what_is_there(world: BrokerWorld) -> None:
    (refused,) = world.place(BUY, 30000, con_id=EURUSD)
    assert isinstance(refused, OrderRefused) and refused.code == 201
    assert refused.text.endswith("FX trade would expose account to currency leverage.")
    assert statuses(world.place(SELL, 60000, con_id=AUDUSD))[-1] == "Filled"
    assert statuses(world.place(BUY, 30000, con_id=EURUSD))[-1] == "Filled"


def test_every_order_has_its_own_permanent_id_and_execution_ids_look_like_those_of_tws(
    world: BrokerWorld,
) -> None:
    for _ in range(3):
        world.place(BUY, 10)
    assert len({order.perm_id for order in world.broker.orders()}) == 3
    ids = [execution.execution_id for execution, _ in world.broker.executions()]
    assert len(set(ids)) == 3
    assert all(
        [len(part) for part in id_.split(".")] == [8, 8, 2, 2] and id_.endswith(".01.01")
        for id_ in ids
    )
