"""What markets demand: each refusal at its edge, and no price worse than its bound."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.admission import Admission, Refusal
from domain.gates import decide
from domain.market_rules import MOST_ACTIVE, first_parcel, marketable, odd_lot, stop_on_step
from domain.orders import OrderRequest, OrderType, Purpose, Side, Tif
from domain.price_steps import on_step
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PriceStep
from tests.domain.test_gates import CALM, ENTRY, EXIT, STEPS

PAIR = Symbol("AUD", "USD")
PAIR_STEPS = (PriceStep(Decimal(0), Decimal("0.00005")),)
IDEALPRO = InstrumentDetails(
    PAIR, "AUD.USD", "CASH", "IDEALPRO", "US/Eastern", PAIR_STEPS, Decimal(1), ()
)
FRESH = replace(CALM, managed=Decimal(0), held=Decimal(0))
CONVERTING = replace(
    FRESH,
    instrument=IDEALPRO,
    price=Decimal("0.65"),
    rate=Decimal("1.54"),
    usd_rate=Decimal("1.54"),
    max_order_value=Decimal(1_000_000),
)
MARKET = replace(ENTRY, type=OrderType.MARKET, limit_price=None)


def parcel(quantity: str, price: str, **figures: Decimal) -> str:
    request = replace(ENTRY, quantity=Decimal(quantity), limit_price=Decimal(price))
    refusal = first_parcel(request, replace(FRESH, **figures))  # type: ignore[arg-type]
    return refusal.cure if refusal is not None else ""


def test_a_first_parcel_has_five_hundred_dollars() -> None:
    assert parcel("12", "40.00") == "Buy at least 13 at this price."
    assert parcel("13", "40.00") == ""
    assert parcel("12.5", "40.00") == ""


def test_a_fund_of_the_exchange_knows_it_too() -> None:
    fund = replace(FRESH, instrument=replace(FRESH.instrument, kind="ETF"))  # type: ignore[type-var]
    few = replace(ENTRY, quantity=Decimal(12), limit_price=Decimal(40))
    refusal = first_parcel(few, fund)
    assert refusal is not None and refusal.code == "FIRST_PARCEL"


def test_entries_leave_room_for_exits_among_the_orders_that_the_venue_takes() -> None:
    full = replace(FRESH, active_sells=MOST_ACTIVE)
    refusal = decide(ENTRY, full)
    assert isinstance(refusal, Refusal) and refusal.code == "TOO_MANY_ORDERS"
    assert isinstance(decide(ENTRY, replace(FRESH, active_sells=MOST_ACTIVE - 1)), Admission)
    crowded = replace(CALM, active_buys=MOST_ACTIVE, active_sells=MOST_ACTIVE)
    assert isinstance(decide(EXIT, crowded), Admission)


def test_additions_to_a_holding_that_is_large_enough_are_free() -> None:
    assert parcel("1", "40.00", held=Decimal(13)) == ""
    # One that has fallen below is brought back above, or not touched.
    assert parcel("1", "40.00", held=Decimal(5)) != ""
    assert parcel("8", "40.00", held=Decimal(5)) == ""
    # Our own fill counts before the venue's word on the position has come.
    assert parcel("1", "40.00", managed=Decimal(13)) == ""


def test_sales_and_exits_and_other_markets_know_no_first_parcel() -> None:
    one = replace(ENTRY, quantity=Decimal(1))
    assert first_parcel(replace(one, side=Side.SELL), FRESH) is None
    assert first_parcel(replace(one, purpose=Purpose.EXIT), FRESH) is None
    assert first_parcel(replace(one, symbol=Symbol("AAPL", "USD")), FRESH) is None
    assert first_parcel(replace(one, symbol=PAIR), CONVERTING) is None


def test_the_gates_hold_to_it() -> None:
    verdict = decide(replace(ENTRY, quantity=Decimal(12)), FRESH)
    assert isinstance(verdict, Refusal) and verdict.code == "FIRST_PARCEL"


def pair(quantity: int, purpose: Purpose = Purpose.ENTRY, symbol: Symbol = PAIR) -> OrderRequest:
    return OrderRequest(
        "KLP-1", symbol, Side.BUY, Decimal(quantity), OrderType.MARKET, purpose=purpose
    )


def test_below_idealpros_minimum_an_entry_is_refused_or_flagged() -> None:
    # US$25,000 at 0.65 are 38,462 Australian dollars.
    refusal = decide(pair(38_461), CONVERTING)
    assert isinstance(refusal, Refusal) and refusal.code == "ODD_LOT"
    assert isinstance(decide(pair(38_462), CONVERTING), Admission)
    allowed = decide(pair(10_000), replace(CONVERTING, odd_lots_allowed=True))
    assert isinstance(allowed, Admission) and allowed.remark == "an odd lot at IDEALPRO"
    assert odd_lot(pair(1, Purpose.EXIT), CONVERTING) is None


@pytest.mark.parametrize(
    ("symbol", "price", "rate", "quantity", "refused"),
    [
        ("USD/JPY", "150", "0.01", 24_999, True),
        ("USD/JPY", "150", "0.01", 25_000, False),
        ("EUR/GBP", "0.85", "2.00", 22_000, True),  # 18,700 pounds at A$2.00 are US$24,286
        ("EUR/GBP", "0.85", "2.00", 23_000, False),
        ("BHP/AUD", "40", "1", 1, False),
    ],
)
def test_the_minimum_is_reckoned_in_us_dollars(
    symbol: str, price: str, rate: str, quantity: int, refused: bool
) -> None:
    figures = replace(CONVERTING, price=Decimal(price), rate=Decimal(rate))
    request = pair(quantity, symbol=Symbol.parse(symbol))
    assert (odd_lot(request, figures) is not None) is refused


@given(
    touch=st.decimals("0.011", "60", places=3),
    slip=st.decimals("0", "500", places=1),
    side=st.sampled_from(Side),
)
def test_a_market_order_never_reaches_further_than_its_bound(
    touch: Decimal, slip: Decimal, side: Side
) -> None:
    touch = touch.quantize(Decimal("0.01")) if touch >= 2 else touch
    if not on_step(touch, STEPS):
        return
    priced = marketable(replace(MARKET, side=side), touch, STEPS, slip, continuous=True)
    assert priced.limit_price is not None
    reach = touch * slip / 10_000
    if side is Side.BUY:
        assert touch <= priced.limit_price <= touch + reach
    else:
        assert touch - reach <= priced.limit_price <= touch
    assert on_step(priced.limit_price, STEPS)


def test_what_a_market_order_becomes_and_what_it_was_is_remembered() -> None:
    def priced(request: OrderRequest, *, continuous: bool = True) -> OrderRequest:
        return marketable(request, Decimal("40.02"), STEPS, Decimal(50), continuous=continuous)

    entry = priced(MARKET)
    assert (entry.type, entry.limit_price, entry.tif) == (
        OrderType.LIMIT,
        Decimal("40.22"),
        Tif.IOC,
    )
    assert entry.market_tif is Tif.DAY
    # In an auction IOC would end it unmatched; what an exit leaves must still get out.
    assert priced(MARKET, continuous=False).tif is Tif.DAY
    assert priced(EXIT).tif is Tif.DAY
    assert priced(replace(MARKET, tif=Tif.GTC)).tif is Tif.GTC
    assert priced(ENTRY) is ENTRY


def test_without_a_fresh_touch_an_exit_goes_as_a_true_market_order() -> None:
    assert marketable(EXIT, None, STEPS, Decimal(50), continuous=True) is EXIT
    assert isinstance(decide(EXIT, replace(CALM, price=None)), Admission)
    refused = decide(MARKET, replace(CALM, price=None))
    assert isinstance(refused, Refusal) and refused.code == "NO_FRESH_QUOTE"


@given(price=st.decimals("0.001", "60", places=4), side=st.sampled_from(Side))
def test_a_stop_is_never_rounded_to_the_worse_side(price: Decimal, side: Side) -> None:
    if price <= 0:
        return
    stop = stop_on_step(price, side, STEPS)
    assert stop >= price if side is Side.SELL else stop <= price
    assert on_step(stop, STEPS)


def test_a_stop_between_steps_is_told_the_side_that_protects() -> None:
    between = OrderRequest(
        "KLP-3", ENTRY.symbol, Side.SELL, Decimal(1), OrderType.STOP, None, Decimal("39.994"),
        purpose=Purpose.PROTECTION,
    )  # fmt: skip
    refusal = decide(between, CALM)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.cure) == ("PRICE_BETWEEN_STEPS", "Give 40.00.")
