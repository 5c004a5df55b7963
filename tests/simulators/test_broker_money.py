import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.orders import Side
from domain.symbols import Symbol
from simulators.account import Account, Holding
from simulators.commissions import currency_commission, share_commission
from tests.simulators.broker_world import AUDUSD, BHP, BrokerWorld, charges, fills

BUY, SELL = Side.BUY, Side.SELL
KPE = 990000008


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BrokerWorld]:
    world = BrokerWorld(tmp_path)
    yield world
    world.broker.close()


@pytest.mark.parametrize(
    ("value", "commission"),
    [("1", "6.60"), ("7500", "6.60"), ("7501", "6.6009"), ("100000", "88.00")],
)
def test_asx_commission_is_eight_basis_points_and_gst_from_six_sixty(
    value: str, commission: str
) -> None:
    assert share_commission(Decimal(value)) == Decimal(commission)


@pytest.mark.parametrize(
    ("value", "commission"), [("1000", "3.30"), ("150000", "3.30"), ("200000", "4.40")]
)
def test_currency_commission_has_its_minimum_in_us_dollars(value: str, commission: str) -> None:
    assert currency_commission(Decimal(value), Decimal("1.5")) == Decimal(commission)


def test_the_fills_of_an_order_share_one_minimum(world: BrokerWorld) -> None:
    bid, ahead = world.bid(), int(world.broker.top(BHP).bid_size)
    world.place(BUY, 30, bid)
    fees = [fee for size in (ahead + 10, 10, 10) for fee in charges(world.trade(bid, size))]
    assert fees == [Decimal("6.60"), 0, 0]
    ask, there = world.ask(), int(world.broker.top(BHP).ask_size)
    fees = charges(world.place(BUY, there + 300, ask)) + charges(world.trade(ask, 300))
    assert fees[0] == share_commission(there * ask) > Decimal("6.60")
    assert len(fees) == 2 and sum(fees) == share_commission((there + 300) * ask)


def test_a_round_trip_realises_the_difference_less_both_commissions(world: BrokerWorld) -> None:
    bought = fills(world.place(BUY, 100))[0].price
    held = world.broker.positions()[0]
    assert (held.quantity, held.average_cost) == (Decimal(100), bought + Decimal("0.066"))
    world.fair(str(bought + 1))
    events = world.place(SELL, 100)
    sold = fills(events)[0].price
    position = world.broker.positions()[0]
    assert position.quantity == 0
    assert position.realised_pnl == 100 * (sold - bought) - Decimal("13.20")
    assert world.broker.executions()[-1][1].realised_pnl == position.realised_pnl  # type: ignore[union-attr]
    assert world.broker.cash()["AUD"] == 1_000_000 + position.realised_pnl


def test_a_conversion_moves_cash_of_both_currencies(world: BrokerWorld) -> None:
    price = fills(world.place(SELL, 30000, con_id=AUDUSD))[0].price
    fee = world.broker.executions()[0][1]
    assert fee is not None and fee.currency == "AUD"
    assert fee.amount == (Decimal("2.20") * world.broker.rate("USD")).quantize(Decimal("0.0001"))
    assert world.broker.cash() == {"AUD": 970_000 - fee.amount, "USD": 30000 * price}


def test_rates_lead_through_the_pairs(world: BrokerWorld) -> None:
    rate = world.broker.rate
    assert rate("AUD") == 1
    assert abs(rate("USD") * world.ask(AUDUSD) - 1) < Decimal("0.001")
    assert rate("EUR") > rate("USD") > rate("NZD") > rate("JPY") > 0
    assert rate("GBP") > rate("CHF") > rate("USD") > rate("CAD")
    with pytest.raises(LookupError):
        rate("SEK")


trades = st.lists(
    st.tuples(
        st.sampled_from([BUY, SELL]),
        st.integers(1, 9000),
        st.decimals(Decimal("0.01"), Decimal("200"), places=3),
        st.decimals(0, 50, places=4),
    ),
    max_size=30,
)


@given(trades)
def test_cost_and_cash_conserve_value_to_the_last_digit(
    trades: list[tuple[Side, int, Decimal, Decimal]],
) -> None:
    account = Account({"AUD": Decimal(1_000_000)})
    for side, quantity, price, fee in trades:
        account.book_share(1, Symbol("BHP", "AUD"), side, Decimal(quantity), price, fee)
    held = account.holdings.get(1, Holding())
    assert held.quantity == sum(side.sign * quantity for side, quantity, _, _ in trades)
    assert account.cash["AUD"] + held.cost - held.realised_pnl == 1_000_000
    assert held.quantity != 0 or held.cost == 0


orders = st.lists(
    st.tuples(
        st.sampled_from([BHP, AUDUSD, KPE]),
        st.sampled_from([BUY, SELL]),
        st.integers(1, 6000),
        st.sampled_from([None, -2, 0, 3]),
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(orders)
def test_cash_positions_and_commissions_of_the_broker_add_up(
    orders: list[tuple[int, Side, int, int | None]],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        world = BrokerWorld(Path(directory), market="lively")
        try:
            for con_id, side, quantity, steps in orders:
                top = world.broker.top(con_id)
                limit = None
                if steps is not None and top.ask is not None:
                    limit = top.ask + steps * world.broker.exchange.markets[con_id].steps.unit * 10
                world.place(side, quantity, limit, con_id=con_id)
                world.after(5)
            _assert_books_balance(world)
        finally:
            world.broker.close()


def _assert_books_balance(world: BrokerWorld) -> None:
    cash = {"AUD": Decimal(1_000_000), "USD": Decimal(0)}
    held = dict.fromkeys((BHP, AUDUSD, KPE), Decimal(0))
    filled: dict[int, Decimal] = {}
    for execution, commission in world.broker.executions():
        asked = execution.order.request
        signed = asked.side.sign * execution.quantity
        held[asked.con_id] += signed
        filled[execution.order.perm_id] = execution.cumulative_quantity
        cash["USD" if asked.con_id == AUDUSD else "AUD"] -= signed * execution.price
        if asked.con_id == AUDUSD:
            cash["AUD"] += signed
        assert commission is not None
        cash[commission.currency] -= commission.amount
    assert {"USD": Decimal(0)} | world.broker.cash() == cash
    for position in world.broker.positions():
        assert held.pop(position.instrument.con_id) == position.quantity
    assert not any(held.values())
    for order in world.broker.orders():
        assert order.filled == filled.get(order.perm_id, 0) <= order.request.quantity
