"""Sizes: whole lots within every bound, rounded down, and none rather than one too small."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import Side
from domain.sizing import Candidate, Method, NotSized, Sized, SizingRules, size
from domain.symbols import Symbol
from domain.volatility import average_true_range

BHP, PAIR = Symbol("BHP", "AUD"), Symbol("AUD", "USD")
BUY = Candidate(BHP, Side.BUY, Decimal("45.00"), Decimal("44.00"), Decimal(1), parcel=True)
RULES = SizingRules(purse=Decimal(20_000), risk=Decimal("0.005"), most_value=Decimal(10_000))


def by(method: Method, **changes: object) -> SizingRules:
    return replace(RULES, method=method, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("candidate", "rules", "quantity"),
    [
        # 0.5 % of A$20,000 are A$100; A$1 a share to the stop.
        (BUY, by(Method.RISK), 100),
        (replace(BUY, stop=Decimal("44.01")), by(Method.RISK), 101),
        (replace(BUY, stop=Decimal("43.50")), by(Method.RISK), 66),
        # A tight stop would buy A$45,000 worth: the largest value bounds it.
        (replace(BUY, stop=Decimal("44.90")), by(Method.RISK), 222),
        (replace(BUY, stop=Decimal("44.90")), by(Method.RISK, purse=Decimal(5000)), 111),
        (BUY, by(Method.NOTIONAL), 55),
        (BUY, by(Method.NOTIONAL, value=Decimal(2475)), 55),
        (BUY, by(Method.NOTIONAL, value=Decimal("2474.99")), 54),
        (BUY, by(Method.NOTIONAL, purse=None), 55),
        (replace(BUY, lot=Decimal(10)), by(Method.NOTIONAL), 50),
        (replace(BUY, rate=Decimal("1.5")), by(Method.RISK), 66),
        # Two average days of A$0.80 each; but never less than the way to the stop.
        (replace(BUY, true_range=Decimal("0.80")), by(Method.VOLATILITY), 62),
        (replace(BUY, true_range=Decimal("0.10")), by(Method.VOLATILITY), 100),
    ],
)
def test_how_much(candidate: Candidate, rules: SizingRules, quantity: int) -> None:
    sized = size(candidate, rules)
    assert isinstance(sized, Sized)
    assert sized.quantity == quantity


SELL = replace(BUY, side=Side.SELL, stop=Decimal("46.00"))


@pytest.mark.parametrize(
    ("candidate", "rules", "code"),
    [
        (SELL, by(Method.RISK), "SHORT_NOT_ALLOWED"),
        (replace(SELL, held=Decimal(9)), by(Method.RISK, short_selling=True), "SHORT_OF_HELD"),
        (replace(BUY, rate=None), by(Method.NOTIONAL), "NO_RATE"),
        (replace(BUY, stop=Decimal("45.00")), by(Method.RISK), "SIZE_WITHOUT_STOP"),
        (replace(BUY, stop=Decimal("46.00")), by(Method.RISK), "SIZE_WITHOUT_STOP"),
        (replace(BUY, stop=Decimal(0)), by(Method.RISK), "SIZE_WITHOUT_STOP"),
        (BUY, by(Method.RISK, purse=None), "PURSE_NOT_SET"),
        (BUY, by(Method.VOLATILITY), "NO_HISTORY"),
        (BUY, by(Method.NOTIONAL, value=Decimal(44)), "SIZE_TOO_SMALL"),
        (BUY, by(Method.NOTIONAL, value=Decimal("499.99")), "SIZE_BELOW_PARCEL"),
        (BUY, by(Method.NOTIONAL, value=Decimal(500)), "SIZE_BELOW_PARCEL"),  # 11 are A$495
    ],
)
def test_what_has_no_size(candidate: Candidate, rules: SizingRules, code: str) -> None:
    refused = size(candidate, rules)
    assert isinstance(refused, NotSized)
    assert refused.code == code


def test_a_holding_that_is_large_enough_may_be_added_to() -> None:
    small = by(Method.NOTIONAL, value=Decimal(50))
    assert isinstance(size(replace(BUY, held=Decimal(12)), small), Sized)
    assert isinstance(size(replace(BUY, held=Decimal(9)), small), NotSized)


def test_shares_may_be_sold_short_where_the_owner_says_so() -> None:
    sized = size(SELL, by(Method.RISK, short_selling=True))
    assert isinstance(sized, Sized) and sized.quantity == 100


MONEY = st.decimals(min_value="0.01", max_value="100000", places=2)


@given(
    st.sampled_from(Method),
    st.sampled_from(Side),
    st.decimals(min_value="0.05", max_value="500", places=3),
    st.decimals(min_value="0.001", max_value="50", places=3),
    st.decimals(min_value="0.3", max_value="3", places=6),
    st.sampled_from((Decimal(1), Decimal(10), Decimal("0.01"))),
    MONEY,
    MONEY,
)
def test_no_size_risks_more_than_was_meant(
    method: Method,
    side: Side,
    price: Decimal,
    distance: Decimal,
    rate: Decimal,
    lot: Decimal,
    purse: Decimal,
    most: Decimal,
) -> None:
    candidate = Candidate(
        PAIR, side, price, price - side.sign * distance, rate, lot, true_range=distance / 3
    )
    rules = by(method, purse=purse, most_value=most)
    sized = size(candidate, rules)
    if isinstance(sized, NotSized):
        return
    assert sized.quantity > 0 and sized.quantity % lot == 0
    assert sized.value == sized.quantity * price * rate <= min(most, purse)
    assert sized.risk == sized.quantity * distance * rate
    if method is not Method.NOTIONAL:
        assert sized.risk <= rules.risk * purse
    else:
        assert sized.value <= rules.value


def test_the_average_true_range_counts_gaps() -> None:
    # Highs and lows one apart, each day one above the last close: true ranges of 1.5.
    bars = [(float(n), 0.0, 10.0 + n, 9.0 + n, 9.5 + n, None) for n in range(15)]
    assert average_true_range(bars) == Decimal("1.5")
    assert average_true_range(bars[:14]) is None
