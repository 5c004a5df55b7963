"""Brackets and one-cancels-all groups in the broker's books."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders import Side, Tif
from tests.simulators.broker_world import BHP, NOON, BrokerWorld, codes, fills, story

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BrokerWorld]:
    world = BrokerWorld(tmp_path)
    yield world
    world.broker.close()


def bracket(world: BrokerWorld, quantity: int, entry: Decimal | None, first: int = 1) -> list[str]:
    """Entry, target and stop as three orders, of which only the last is transmitted."""
    low, high = world.bid() - 5, world.ask() + 5
    events = world.place(BUY, quantity, entry, order_id=first, transmit=False)
    events += world.place(SELL, quantity, high, order_id=first + 1, parent_id=first, transmit=False)
    events += world.place(SELL, quantity, stop=low, order_id=first + 2, parent_id=first)
    return story(events)


def test_a_bracket_goes_out_with_its_last_order_and_its_children_wait(world: BrokerWorld) -> None:
    entry = world.bid() - 1
    assert bracket(world, 10, entry) == [
        "1 PreSubmitted",
        "2 PreSubmitted child",
        "3 PreSubmitted child",
        "1 Submitted",
    ]
    groups = {world.order(n).request.oca_group for n in (2, 3)}
    assert groups == {str(world.order(1).perm_id)}
    assert world.order(1).request.oca_group == ""
    # However far the market goes, no child trades before its parent has.
    assert fills(world.trade(world.ask() + 6, 10**6)) == []
    filled = story(world.fair(str(entry - 1)))
    assert filled[:4] == ["1 trades 10", "1 Filled", "2 PreSubmitted", "2 Submitted"]
    assert filled[4:] == ["3 PreSubmitted", "3 PreSubmitted trigger"]


def test_a_target_that_fills_ends_the_stop(world: BrokerWorld) -> None:
    bracket(world, 10, None)
    assert story(world.fair(str(world.ask() + 8))) == [
        "2 trades 10",
        "2 Filled",
        "3 PendingCancel trigger",
        "3 Cancelled",
        "3 202",
    ]
    assert world.broker.positions()[0].quantity == 0


def test_a_stop_that_fills_in_part_leaves_the_target_for_the_rest(world: BrokerWorld) -> None:
    bracket(world, 100, None)
    target = world.order(2).request.limit_price
    assert target is not None
    world.trade(target, 10**6)  # all that others offer there, and ours
    assert world.order(2).status == "Filled"
    world.after(2)
    bracket(world, 100, None, first=4)
    world.broker.exchange.markets[BHP].book.clear_synthetic()
    higher = world.order(5).request.limit_price
    assert higher is not None
    world.trade(higher, 30)
    assert [world.order(5).filled, world.order(6).request.quantity] == [30, 70]
    assert world.order(6).is_open


@pytest.mark.parametrize("wakes", ["parent_complete", "parent_fills"])
def test_how_children_follow_a_parent_filled_in_parts(world: BrokerWorld, wakes: str) -> None:
    world.habit(children_wake=wakes)
    ask, there = world.ask(), int(world.broker.top(BHP).ask_size)
    bracket(world, there + 100, ask)
    assert world.order(1).filled == there
    waits = wakes == "parent_complete"
    assert world.order(2).why_held == ("child" if waits else "")
    assert world.order(2).request.quantity == (there + 100 if waits else there)
    world.trade(ask, 40)
    assert world.order(2).request.quantity == (there + 100 if waits else there + 40)
    world.trade(ask, 60)
    assert world.order(1).status == "Filled"
    for child in (2, 3):
        assert world.order(child).request.quantity == there + 100
        assert world.order(child).why_held != "child" and world.order(child).asleep == 0
    # All that was bought is covered, and not a share more.
    world.trade(ask + 8, 10**6)
    assert world.order(2).status == "Filled"
    assert world.broker.positions()[0].quantity == 0


@pytest.mark.parametrize("fate", ["cancelled", "kept"])
@pytest.mark.parametrize("wakes", ["parent_complete", "parent_fills"])
def test_the_children_of_a_part_filled_parent_that_is_cancelled(
    world: BrokerWorld, fate: str, wakes: str
) -> None:
    world.habit(children_of_part_filled_parent=fate, children_wake=wakes)
    ask, there = world.ask(), int(world.broker.top(BHP).ask_size)
    bracket(world, there + 100, ask)
    world.broker.cancel(1, 1)
    for child in (2, 3):
        assert world.order(child).is_open == (fate == "kept")
        if fate == "kept":
            assert world.order(child).request.quantity == there
            assert world.order(child).why_held != "child"
    if fate == "kept":
        world.trade(ask + 8, 10**6)
        assert world.broker.positions()[0].quantity == 0


def test_a_child_that_fills_as_it_wakes_ends_the_other_before_it_has_woken(
    world: BrokerWorld,
) -> None:
    low = world.bid() - 5
    world.place(BUY, 10, order_id=1, transmit=False)
    world.place(SELL, 10, world.bid() - 1, order_id=2, parent_id=1, transmit=False)
    told = story(world.place(SELL, 10, stop=low, order_id=3, parent_id=1))
    assert "2 Filled" in told and told[-2:] == ["3 Cancelled", "3 202"]
    assert "3 PreSubmitted trigger" not in told


def test_children_go_with_a_parent_that_never_filled(world: BrokerWorld) -> None:
    world.habit(children_of_part_filled_parent="kept")
    bracket(world, 10, world.bid() - 1)
    assert story(world.broker.cancel(1, 1)) == [
        "1 PendingCancel",
        "1 Cancelled",
        "1 202",
        "2 PendingCancel child",
        "2 Cancelled",
        "2 202",
        "3 PendingCancel child",
        "3 Cancelled",
        "3 202",
    ]


def test_what_is_not_transmitted_is_nowhere_and_its_cancel_discards_it(world: BrokerWorld) -> None:
    assert world.place(BUY, 10, "30", order_id=1, transmit=False) == []
    assert world.place(SELL, 10, "90", order_id=2, parent_id=1, transmit=False) == []
    assert world.order(1).perm_id > 0
    assert fills(world.fair("25")) == []
    assert story(world.broker.cancel(1, 1)) == ["1 202", "1 161", "2 202", "2 161"]
    assert not world.order(2).is_open


def test_what_is_kept_back_beside_a_live_parent_is_discarded_with_it(world: BrokerWorld) -> None:
    world.place(BUY, 10, "30", order_id=1)
    world.place(SELL, 10, "90", order_id=2, parent_id=1, transmit=False)
    assert story(world.broker.cancel(1, 1))[3:] == ["2 202", "2 161"]
    assert not world.order(2).is_open


def test_an_order_kept_back_goes_out_when_it_is_sent_again_to_be_transmitted(
    world: BrokerWorld,
) -> None:
    world.place(BUY, 10, "30", order_id=1, transmit=False)
    assert story(world.place(BUY, 10, "31", order_id=1)) == ["1 PreSubmitted", "1 Submitted"]
    assert world.order(1).request.limit_price == 31


def test_a_child_without_a_parent_is_135(world: BrokerWorld) -> None:
    assert codes(world.place(SELL, 10, "90", parent_id=77)) == [135]
    world.place(BUY, 10, "30", order_id=5)
    world.broker.cancel(1, 5)
    assert codes(world.place(SELL, 10, "90", order_id=6, parent_id=5)) == [201]


def group(world: BrokerWorld, kind: int) -> Decimal:
    """Three bids of 100 in one group, each a cent below the one before; the highest price."""
    price = world.bid() - 1
    for number in (1, 2, 3):
        world.place(
            BUY, 100, price - number * Decimal("0.5"), order_id=number, oca_group="G", oca_type=kind
        )
    return price - Decimal("0.5")


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_a_part_fill_cancels_or_reduces_the_rest_of_its_group(
    world: BrokerWorld, kind: int
) -> None:
    price = group(world, kind)
    world.broker.exchange.markets[BHP].book.clear_synthetic()
    told = story(world.trade(price, 40))
    assert told[:2] == ["1 trades 40", "1 Submitted"]
    if kind == 1:
        assert [world.order(n).status for n in (2, 3)] == ["Cancelled", "Cancelled"]
    else:
        assert told[2:] == ["2 Submitted", "3 Submitted"]
        assert [world.order(n).request.quantity for n in (2, 3)] == [60, 60]
        world.trade(price, 60)
        assert [world.order(n).status for n in (2, 3)] == ["Cancelled", "Cancelled"]
    assert world.order(1).is_open == (kind == 1)


@pytest.mark.parametrize(("kind", "bought"), [(1, 100), (2, 100), (3, 300)])
def test_only_without_block_can_a_group_trade_more_than_once_in_one_moment(
    world: BrokerWorld, kind: int, bought: int
) -> None:
    price = group(world, kind)
    world.broker.exchange.markets[BHP].book.clear_synthetic()
    world.trade(price - 2, 10**4)  # through all three at once
    assert world.broker.positions()[0].quantity == bought


@pytest.mark.parametrize("habit", ["always", "named_groups", "never"])
def test_cancelling_one_of_a_group_ends_it(world: BrokerWorld, habit: str) -> None:
    world.habit(group_cancelled_together=habit)
    group(world, 3)
    world.broker.cancel(1, 2)
    assert world.order(1).is_open == world.order(3).is_open == (habit == "never")
    bracket(world, 10, None, first=4)
    world.broker.cancel(1, 6)
    assert world.order(5).is_open == (habit != "always")


def test_the_name_of_a_group_serves_once(world: BrokerWorld) -> None:
    price = group(world, 3)
    assert codes(world.place(BUY, 10, price, order_id=4, oca_group="G")) == []
    world.broker.cancel(1, 2)
    assert codes(world.place(BUY, 10, price, order_id=5, oca_group="G")) == [201]
    assert codes(world.place(BUY, 10, price, order_id=6, oca_group="H")) == []


def test_a_restart_finds_brackets_and_groups_as_they_were(tmp_path: Path) -> None:
    first = BrokerWorld(tmp_path)
    entry = first.bid() - 1
    low, high = first.bid() - 5, first.ask() + 5
    first.place(BUY, 10, entry, order_id=1, transmit=False, tif=Tif.GTC)
    first.place(SELL, 10, high, order_id=2, parent_id=1, transmit=False, tif=Tif.GTC)
    first.place(SELL, 10, stop=low, order_id=3, parent_id=1, tif=Tif.GTC)
    first.place(BUY, 10, "31", order_id=4, transmit=False)
    known = first.broker.orders()
    first.broker.close()
    second = BrokerWorld(tmp_path, now=NOON + timedelta(seconds=1))
    try:
        assert second.broker.orders() == known
        assert second.place(BUY, 10, "32", order_id=4, transmit=False) == []
        second.fair(str(entry - 1))
        assert [second.order(n).status for n in (1, 2, 3)] == [
            "Filled",
            "Submitted",
            "PreSubmitted",
        ]
        assert second.order(3).why_held == "trigger"
        second.fair(str(high + 1))
        assert [second.order(n).status for n in (2, 3)] == ["Filled", "Cancelled"]
    finally:
        second.broker.close()


def test_a_bracket_lives_through_hours_that_are_caught_up_at_once(tmp_path: Path) -> None:
    """What follows a fill follows at its own time, not when the broker is looked at again."""
    world = BrokerWorld(tmp_path, market="lively")
    try:
        entry = world.ask()
        world.place(BUY, 10, order_id=1, transmit=False, tif=Tif.GTC)
        for number, prices in ((2, (entry + Decimal("0.05"), None)), (3, (None, entry - 1))):
            world.place(
                SELL, 10, *prices, order_id=number, parent_id=1, transmit=number == 3, tif=Tif.GTC
            )
        world.after(3600 * 5)
        target, stop = world.order(2), world.order(3)
        assert target.status == "Filled" and stop.status == "Cancelled"
        assert stop.completed_at == target.completed_at
    finally:
        world.broker.close()
