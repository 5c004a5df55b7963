"""Trades corrected and busted, commissions reported anew, orders by hand, purges."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders import Side, Tif
from simulators.books import read_books
from simulators.model import CommissionCharged, OrderBound, Traded
from tests.simulators.broker_world import AUDUSD, BHP, NOON, BrokerWorld, codes, fills, story

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BrokerWorld]:
    world = BrokerWorld(tmp_path)
    yield world
    world.broker.close()


def worth(world: BrokerWorld) -> Decimal:
    """Cash and cost less what was realised, in A$: no trade and no correction changes it."""
    money = world.broker._money
    total = sum(money.cash.values(), Decimal(0))
    for con_id, holding in money.holdings.items():
        if con_id != AUDUSD:
            total += holding.cost - holding.realised_pnl
    return total


def test_a_corrected_trade_replaces_the_first_in_every_sum(world: BrokerWorld) -> None:
    before = worth(world)
    (fill,) = fills(world.place(BUY, 100))
    assert fill.execution_id.endswith(".01")
    new_id = world.broker.back_office.correct(fill.execution_id, Decimal(80), fill.price + 1)
    assert new_id == fill.execution_id[:-1] + "2"
    told = world.after(0)
    (correction,) = fills(told)
    assert [correction.quantity, correction.cumulative_quantity] == [80, 80]
    assert [correction.price, correction.average_price] == [fill.price + 1] * 2
    assert [e.commission.execution_id for e in told if isinstance(e, CommissionCharged)] == [new_id]
    assert [world.order(1).filled, world.order(1).average_price] == [80, fill.price + 1]
    assert world.broker.positions()[0].quantity == 80
    assert world.broker.cash()["AUD"] == Decimal(1_000_000) - 80 * (fill.price + 1) - Decimal("6.6")
    assert worth(world) == before
    again = world.broker.back_office.correct(new_id, price=fill.price)
    assert again.endswith(".03")
    assert world.broker.cash()["AUD"] == Decimal(1_000_000) - 80 * fill.price - Decimal("6.6")


def test_a_busted_trade_never_was(world: BrokerWorld) -> None:
    (fill,) = fills(world.place(BUY, 100))
    (other,) = fills(world.place(BUY, 10))
    world.broker.back_office.bust(fill.execution_id)
    (told,) = fills(world.after(0))
    assert told.quantity == 0 and told.execution_id.endswith(".02")
    (held,) = world.broker.positions()
    assert [held.quantity, held.average_cost] == [10, other.price + Decimal("0.66")]
    assert world.broker.cash()["AUD"] == Decimal(1_000_000) - 10 * other.price - Decimal("13.2")
    world.habit(bust="silent")
    world.broker.back_office.bust(other.execution_id)
    assert story(world.after(0)) == []
    assert world.broker.positions()[0].quantity == 0


def test_a_correction_of_what_was_sold_since_puts_the_profit_right(world: BrokerWorld) -> None:
    before = worth(world)
    (bought,) = fills(world.place(BUY, 100))
    world.place(SELL, 60)
    world.broker.back_office.correct(bought.execution_id, price=bought.price - 2)
    assert worth(world) == before
    (held,) = world.broker.positions()
    assert held.quantity == 40
    assert held.average_cost == bought.price - 2 + Decimal("0.066")


def test_a_currency_trade_is_corrected_in_both_currencies(world: BrokerWorld) -> None:
    trades = fills(world.place(SELL, 50000, con_id=AUDUSD))
    fill = trades[0]
    aud, usd = world.broker.cash()["AUD"], world.broker.cash()["USD"]
    world.broker.back_office.correct(fill.execution_id, Decimal(40000))
    assert world.broker.cash()["AUD"] == aud + 10000
    assert world.broker.cash()["USD"] == usd - 10000 * fill.price


def test_corrections_outlive_a_restart(tmp_path: Path) -> None:
    first = BrokerWorld(tmp_path)
    (fill,) = fills(first.place(BUY, 100))
    first.broker.back_office.correct(fill.execution_id, Decimal(80))
    assert len(read_books(tmp_path).executions) == 2  # on disk before anybody is told
    known = (first.broker.cash(), first.broker.positions(), first.broker.executions())
    first.broker.close()
    second = BrokerWorld(tmp_path, now=NOON + timedelta(seconds=1))
    try:
        assert known[:2] == (second.broker.cash(), second.broker.positions())
        assert [e.execution_id for e, _ in known[2]] == [
            e.execution_id for e, _ in second.broker.executions()
        ]
        second.broker.back_office.correct(fill.execution_id, Decimal(70))
        assert second.broker.executions()[-1][0].execution_id.endswith(".03")
        assert second.broker.positions()[0].quantity == 70
    finally:
        second.broker.close()


def test_a_commission_is_reported_again_with_another_amount(world: BrokerWorld) -> None:
    (fill,) = fills(world.place(BUY, 100))
    cash = world.broker.cash()["AUD"]
    world.broker.back_office.report_commission(fill.execution_id, Decimal("-0.50"))
    (again,) = (e for e in world.after(0) if isinstance(e, CommissionCharged))
    assert again.commission.amount == Decimal("-0.50")
    assert world.broker.cash()["AUD"] == cash + Decimal("7.10")
    assert world.broker.executions()[0][1] == again.commission
    with pytest.raises(LookupError):
        world.broker.back_office.report_commission("0000e0d5.00000000.01.01", Decimal(1))


def test_an_order_by_hand_has_no_id_and_moves_the_position(world: BrokerWorld) -> None:
    office = world.broker.back_office
    perm_id = office.place(BHP, BUY, Decimal(25))
    told = world.after(0)
    (fill,) = fills(told)
    assert (fill.order.request.client_id, fill.order.request.order_id) == (0, 0)
    assert fill.order.request.order_ref == "" and fill.order.perm_id == perm_id
    assert world.broker.positions()[0].quantity == 25
    resting = [office.place(BHP, BUY, Decimal(10), Decimal("30")) for _ in range(2)]
    assert codes(world.broker.cancel(0, 0)) == [10147]
    office.cancel(resting[0])
    assert [order.is_open for order in world.broker.orders()] == [False, False, True]
    with pytest.raises(ValueError, match="110: The price does not conform"):
        office.place(BHP, BUY, Decimal(10), Decimal("30.001"))


def test_client_0_may_have_orders_by_hand_bound_to_it(tmp_path: Path) -> None:
    world = BrokerWorld(tmp_path)
    office = world.broker.back_office
    office.place(BHP, BUY, Decimal(10), Decimal("30"))
    bound = [e for e in world.broker.bind_manual_orders() if isinstance(e, OrderBound)]
    assert [event.order.request.order_id for event in bound] == [-1]
    office.place(BHP, BUY, Decimal(10), Decimal("31"))
    world.broker.close()
    second = BrokerWorld(tmp_path, now=NOON + timedelta(seconds=1))
    try:
        assert [o.request.order_id for o in second.broker.orders()] == [-1, -2]
        assert story(second.broker.cancel(0, -1)) == ["-1 PendingCancel", "-1 Cancelled", "-1 202"]
    finally:
        second.broker.close()


def test_orders_until_cancelled_can_be_purged(world: BrokerWorld) -> None:
    world.place(BUY, 10, "30", tif=Tif.GTC)
    world.place(BUY, 10, "31")
    world.place(BUY, 30000, "0.5", tif=Tif.GTC, con_id=AUDUSD)
    world.broker.back_office.purge(BHP)
    assert story(world.after(0)) == ["1 Cancelled", "1 202"]
    assert world.order(1).completed_status == "Cancelled by System:\n"
    world.broker.back_office.purge()
    assert story(world.after(0)) == ["3 Cancelled", "3 202"]
    assert world.order(2).is_open


def test_an_order_can_be_made_to_trade_in_parts(world: BrokerWorld) -> None:
    world.place(BUY, 100, "30")
    perm_id = world.order(1).perm_id
    office = world.broker.back_office
    office.fill(perm_id, Decimal(40))
    assert story(world.after(0)) == ["1 trades 40", "1 Submitted"]
    assert world.bid() > 30 and world.order(1).remaining == 60
    with pytest.raises(ValueError, match="cannot trade 61"):
        office.fill(perm_id, Decimal(61))
    office.fill(perm_id)
    (last,) = (e.execution for e in world.after(0) if isinstance(e, Traded))
    assert [last.quantity, last.price] == [60, 30]
    assert world.order(1).status == "Filled"
    assert fills(world.fair("25")) == []


def test_another_clients_order_can_be_cancelled_where_that_is_the_habit(
    world: BrokerWorld,
) -> None:
    world.place(BUY, 10, "30")
    assert codes(world.broker.cancel(2, 1)) == [10147]
    world.habit(cancel_of_another_clients="allowed")
    assert codes(world.broker.cancel(2, 1)) == [202, 202]  # the owner, and who asked
    assert codes(world.broker.cancel(2, 1)) == [10147]
