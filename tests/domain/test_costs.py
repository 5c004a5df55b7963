"""The gate on costs: what a round trip comes to, and from which size on it passes."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.admission import Admission, Refusal
from domain.cost_gate import cost_gate
from domain.costs import EstimateSource, Fees, TripCost, estimate, trip_cost
from domain.figures import DeskFigures
from domain.gate_words import GateWord
from domain.gates import decide
from domain.order_groups import Protection, bracket, decide_group
from domain.orders import OrderRequest, OrderType, Purpose, Side
from domain.symbols import Symbol
from domain.venue import OrderPreview
from tests.domain.test_commissions import AAPL, AUDUSD, BHP, RATES, rule, terms
from tests.domain.test_gates import CALM, ENTRY, EXIT, RISK_REDUCING

ONE_PERCENT = Decimal("0.01")
PREVIEW = OrderPreview(Decimal("6.60"), None, None, "AUD", None, None, None, None, None, "")


def refused(order: OrderRequest, seen: DeskFigures) -> Refusal | None:
    said = cost_gate(order, seen)
    return said if isinstance(said, Refusal) else None


def fees(symbol: Symbol = BHP, spread: str = "0", plan: str = "fixed") -> Fees:
    return Fees(
        terms=terms(symbol, plan),
        unknown="",
        rule=rule(symbol, plan).version,
        beside="",
        base_currency="AUD",
        rates=RATES,
        spread=Decimal(spread),
    )


def figures(symbol: Symbol = BHP, spread: str = "0", **more: object) -> DeskFigures:
    return replace(
        CALM,
        fees=fees(symbol, spread),
        max_round_trip=ONE_PERCENT,
        max_order_value=Decimal(10**9),
        **more,  # type: ignore[arg-type]
    )


def buy(quantity: object, price: str = "1.00", symbol: Symbol = BHP) -> OrderRequest:
    amount = Decimal(str(quantity))
    return OrderRequest("K-1", symbol, Side.BUY, amount, OrderType.LIMIT, Decimal(price))


def trip(value: str, *, spread: str = "0", symbol: Symbol = BHP) -> TripCost:
    made = trip_cost(fees(symbol, spread), Decimal(1), 2)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("value", "percent"), [("1000", "1.32"), ("600", "2.2"), ("3000", "0.44"), ("2000", "0.66")]
)
def test_what_a_round_trip_in_australian_shares_costs(value: str, percent: str) -> None:
    """facts/australia.md, Small accounts."""
    assert trip(value).share(Decimal(value)) * 100 == Decimal(percent)


def test_a_dear_round_trip_is_refused_with_the_figure_and_the_size_that_passes() -> None:
    refusal = refused(buy(1000), figures())
    assert isinstance(refusal, Refusal)
    assert refusal.code == "COST_TOO_HIGH"
    assert "1.32 % of its value, more than the 1 % of MAX_ROUND_TRIP_COST" in refusal.sentence
    assert "From 1320 on it would pass" in refusal.cure
    assert refused(buy(1320), figures()) is None
    assert refused(buy(1319), figures()) is not None


def test_the_open_gate_says_its_figures_too() -> None:
    said = cost_gate(buy(3000), figures())
    assert isinstance(said, GateWord) and said.open
    assert said.figures == (
        ("round trip", "0.44 %"),
        ("limit", "1 %"),
        ("by", "asx_fixed 2026-08-19"),
    )
    tiered = replace(figures(), fees=replace(fees(), beside="exchange fees"))
    more = cost_gate(buy(3000), tiered)
    assert more is not None and more.figures[-1] == ("not in it", "exchange fees")


def test_it_is_walked_by_every_entry_and_by_nothing_that_leaves_or_guards() -> None:
    small = replace(ENTRY, quantity=Decimal(20))
    refusal = decide(small, figures())
    assert isinstance(refusal, Refusal) and refusal.code == "COST_TOO_HIGH"
    assert isinstance(decide(replace(EXIT, quantity=Decimal(1)), figures()), Admission)
    for purpose in RISK_REDUCING:
        assert refused(replace(small, purpose=purpose), figures()) is None


def test_a_gate_that_nobody_set_stands_open() -> None:
    assert refused(buy(1), replace(figures(), max_round_trip=None)) is None
    assert refused(buy(1), replace(figures(), fees=None)) is None


def test_a_conversion_goes_one_way() -> None:
    """US$2.20 are A$3.30 here: of A$400 0.83 % one way, 1.65 % both."""
    pair = buy(400, "0.66", AUDUSD)
    at = figures(AUDUSD, price=Decimal("0.6666666667"), rate=Decimal("1.5"))
    assert refused(replace(pair, purpose=Purpose.CONVERT), at) is None
    refusal = refused(pair, at)
    assert isinstance(refusal, Refusal) and "A round trip of 400 AUD/USD" in refusal.sentence
    less = refused(replace(pair, quantity=Decimal(300), purpose=Purpose.CONVERT), at)
    assert isinstance(less, Refusal) and "The conversion of 300" in less.sentence


def test_the_spread_is_paid_each_way_and_a_conversion_of_cash_once() -> None:
    both = trip("1", spread="0.002", symbol=AUDUSD).beyond
    assert both == Decimal("0.004")
    left_to_ib = replace(fees(AAPL), conversion=Decimal("0.0003"))
    made = trip_cost(left_to_ib, Decimal(100), 2)
    assert made is not None and made.beyond == Decimal("0.0003")


def test_where_no_size_is_cheap_enough_it_says_so() -> None:
    refusal = refused(buy(10**6, "0.66", AUDUSD), figures(AUDUSD, spread="0.006"))
    assert isinstance(refusal, Refusal) and "No size of it is cheap enough" in refusal.cure


def test_a_cost_that_is_not_known_is_not_nothing() -> None:
    unknown = replace(fees(), terms=None, unknown="no rule speaks of it")
    refusal = decide(ENTRY, replace(figures(), fees=unknown))
    assert isinstance(refusal, Refusal) and refusal.code == "COST_NOT_KNOWN"
    assert "no rule speaks of it" in refusal.sentence
    exit = decide(EXIT, replace(figures(), fees=unknown))
    assert isinstance(exit, Admission) and exit.estimate is None


def test_the_venue_s_own_word_counts_before_the_table() -> None:
    dear = replace(PREVIEW, commission=Decimal("20.00"))
    order = buy(2000)
    assert refused(order, figures()) is None
    refusal = refused(order, replace(figures(), previews={"K-1": dear}))
    assert isinstance(refusal, Refusal)
    assert "2 % of its value" in refusal.sentence and "From 4000 on" in refusal.cure
    bounds = replace(PREVIEW, commission=None, maximum=Decimal("20.00"))
    assert refused(order, replace(figures(), previews={"K-1": bounds})) is not None
    silent = replace(PREVIEW, commission=None)
    assert refused(order, replace(figures(), previews={"K-1": silent})) is None
    in_dollars = replace(PREVIEW, commission=Decimal("8.00"), currency="USD")
    told = refused(order, replace(figures(), previews={"K-1": in_dollars}))
    assert isinstance(told, Refusal) and "1.2 %" in told.sentence


def test_what_was_reckoned_goes_with_the_order() -> None:
    decision = decide(replace(ENTRY, quantity=Decimal(200)), figures())
    assert isinstance(decision, Admission) and decision.estimate is not None
    made = decision.estimate
    assert (made.commission, made.gst, made.currency) == (Decimal("7.04"), Decimal("0.64"), "AUD")
    assert (made.source, made.rule) == (EstimateSource.TABLE, "asx_fixed 2026-08-19")
    assert made.in_base == Decimal("7.04")
    asked = replace(figures(), previews={"KLP-1": replace(PREVIEW, commission=Decimal("7.10"))})
    told = decide(replace(ENTRY, quantity=Decimal(200)), asked)
    assert isinstance(told, Admission) and told.estimate is not None
    assert (told.estimate.commission, told.estimate.source) == (Decimal("7.10"), "preview")
    assert told.preview is asked.previews["KLP-1"]


def test_each_of_a_bracket_is_reckoned_and_the_preview_is_of_its_entry_alone() -> None:
    group = bracket(
        replace(ENTRY, quantity=Decimal(100)), Protection(Decimal("39.00")), Decimal("42.00")
    )
    seen = replace(figures(), managed=Decimal(0), held=Decimal(0))
    decision = decide_group(group, replace(seen, previews={"KLP-1": PREVIEW}))
    assert isinstance(decision, Admission)
    sources = [each.estimate and each.estimate.source for each in decision.members]
    assert sources == ["preview", "table", "table"]


def test_an_american_share_costs_dollars_and_is_told_in_both() -> None:
    made = estimate(Decimal(1000), Decimal(25), fees(AAPL))
    assert made is not None
    assert (made.commission, made.currency, made.in_base) == (
        Decimal("5.50"),
        "USD",
        Decimal("8.2500"),
    )
    no_rate = estimate(Decimal(1000), Decimal(25), replace(fees(AAPL), rates={}))
    assert no_rate is not None and no_rate.in_base is None


def test_partial_fills_of_one_order_share_a_minimum() -> None:
    made = estimate(Decimal(1000), Decimal("45.00"), fees())
    assert made is not None and made.commission == Decimal("39.60")
    assert made.for_filled(Decimal(10), Decimal(450)) == Decimal("6.60")
    assert made.for_filled(Decimal(500), Decimal(22_500)) == Decimal("19.80")
    assert made.for_filled(Decimal(0), Decimal(0)) == 0
    told = estimate(
        Decimal(1000), Decimal("45.00"), fees(), replace(PREVIEW, commission=Decimal(40))
    )
    assert told is not None
    assert told.for_filled(Decimal(10), Decimal(450)) == Decimal("6.60")
    without_rule = replace(told, terms=None)
    assert without_rule.for_filled(Decimal(1000), Decimal(45_000)) == 40
    assert without_rule.for_filled(Decimal(10), Decimal(450)) is None


@given(
    symbol=st.sampled_from([BHP, AAPL, AUDUSD]),
    plan=st.sampled_from(["fixed", "tiered"]),
    price=st.decimals("0.01", "500", places=2),
    quantity=st.integers(1, 10**6),
    spread=st.decimals("0", "0.004", places=4),
)
def test_the_size_that_would_pass_passes_and_one_lot_less_does_not(
    symbol: Symbol, plan: str, price: Decimal, quantity: int, spread: Decimal
) -> None:
    seen = replace(figures(symbol), fees=fees(symbol, str(spread), plan))
    order = replace(buy(quantity, symbol=symbol), limit_price=price)
    refusal = refused(order, seen)
    if refusal is None:
        larger = replace(order, quantity=order.quantity * 2)
        assert refused(larger, seen) is None, "what passes passes in any larger size"
        return
    named = re.search(r"From (\d+) on", refusal.cure)
    if named is None:
        assert "No size" in refusal.cure
        assert refused(replace(order, quantity=Decimal(10**12)), seen) is not None
        return
    size = Decimal(named.group(1))
    assert size > quantity
    assert refused(replace(order, quantity=size), seen) is None
    assert refused(replace(order, quantity=size - 1), seen) is not None
