"""Changes of live orders, as IB answers them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders import Side
from simulators.model import OrderRefused
from tests.simulators.broker_world import BrokerWorld, codes, fills, statuses, story

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BrokerWorld]:
    world = BrokerWorld(tmp_path)
    yield world
    world.broker.close()


def test_a_new_price_loses_the_place_in_the_queue_and_a_smaller_quantity_keeps_it(
    world: BrokerWorld,
) -> None:
    price = world.bid() - 1
    for order_id in (1, 2):
        world.place(BUY, 10, price, order_id=order_id)
    world.place(BUY, 8, price, order_id=1)  # smaller: still first
    assert [f.order.request.order_id for f in fills(world.trade(price, 10**6))][:1] == [1]
    world.place(BUY, 10, price, order_id=3)
    world.place(BUY, 10, price, order_id=4)
    world.place(BUY, 10, price - 1, order_id=3)
    world.place(BUY, 10, price, order_id=3)  # there and back again: last
    assert [f.order.request.order_id for f in fills(world.trade(price, 10**6))] == [4, 3]


def test_a_part_filled_order_is_changed_for_what_is_left(world: BrokerWorld) -> None:
    ask, there = world.ask(), int(world.broker.top(4036812).ask_size)
    world.place(BUY, there + 100, ask)
    assert world.order(1).remaining == 100
    world.place(BUY, there + 100, ask - 2, order_id=1)
    changed = world.order(1)
    assert changed.status == "Submitted"
    assert [changed.filled, changed.remaining] == [there, 100]
    assert sum(f.quantity for f in fills(world.fair(str(ask - 3)))) == 100


def test_changing_what_has_filled_is_104_or_nothing_at_all(world: BrokerWorld) -> None:
    world.place(BUY, 10)
    assert codes(world.place(BUY, 20, order_id=1)) == [104]
    world.habit(change_of_filled="silence")
    assert world.place(BUY, 20, order_id=1) == []
    assert world.order(1).request.quantity == 10


def test_changing_what_was_cancelled_is_135(world: BrokerWorld) -> None:
    world.place(BUY, 10, "30")
    world.broker.cancel(1, 1)
    (refused,) = world.place(BUY, 10, "31", order_id=1)
    assert isinstance(refused, OrderRefused)
    assert (refused.code, refused.text) == (135, "Can't find order with ID =1")
    assert codes(world.place(BUY, 10, "31", order_id=1, order_ref="another")) == [103]


def test_an_auction_takes_no_change_and_the_order_works_on(tmp_path: Path) -> None:
    pre_open = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)  # a Monday, 09:30 in Sydney
    world = BrokerWorld(tmp_path, now=pre_open, asx_hours=True)
    try:
        world.place(BUY, 10, "30")
        world.place(BUY, 10, "31", order_id=1)
        assert world.order(1).request.limit_price == 31
        world.after(29 * 60 + 16)
        (refused,) = world.place(BUY, 10, "32", order_id=1)
        assert isinstance(refused, OrderRefused) and refused.code == 201
        assert refused.text == (
            "Order rejected - reason:The exchange does not accept new or amended orders during "
            "the auction."
        )
        assert world.order(1).request.limit_price == 31 and world.order(1).is_open
        assert statuses(world.broker.cancel(1, 1)) == ["PendingCancel", "Cancelled"]
    finally:
        world.broker.close()


def test_a_child_whose_parent_has_gone_may_be_unknown_when_it_is_changed(
    world: BrokerWorld,
) -> None:
    world.place(BUY, 10, order_id=1, transmit=False)
    target = world.ask() + 5
    world.place(SELL, 10, target, order_id=2, parent_id=1)
    assert world.order(1).status == "Filled"
    world.habit(change_of_child="135")
    told = world.place(SELL, 10, target + 1, order_id=2, parent_id=1)
    assert story(told) == ["2 135"]
    assert world.order(2).request.limit_price == target
    world.habit(change_of_child="accepted")
    told = world.place(SELL, 10, target + 1, order_id=2, parent_id=1)
    assert story(told)[0] == "2 Submitted"
    assert world.order(2).request.limit_price == target + Decimal(1)
