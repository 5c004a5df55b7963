"""What is at stake: long and short by absolute value, unknown and working orders at their worst."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.exposure import Opening, Stake, exposure_of, foreign_openings, openings
from domain.foreign import ForeignOrder, Whose
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side
from domain.symbols import Symbol
from domain.terms import Amendment, AmendmentState, Terms
from domain.venue import VenueStatus
from tests.domain.risk_cases import BUY, NOON

BHP, VAS, USD = Symbol("BHP", "AUD"), Symbol("VAS", "AUD"), Symbol("AUD", "USD")
AT_PAR: dict[str, Decimal | None] = {"AUD": Decimal(1), "USD": Decimal("1.5")}


def values(*figures: object) -> tuple[object, ...]:
    return figures


def stake(symbol: Symbol, held: int, managed: int = 0, worth: int | None = 40) -> Stake:
    price = None if worth is None else Decimal(worth)
    return Stake(symbol, Decimal(held), Decimal(managed), price)


def opening(symbol: Symbol, value: int | None, side: Side = Side.BUY) -> Opening:
    return Opening(symbol, side, None if value is None else Decimal(value))


def order(state: OrderState = OrderState.WORKING, **terms: object) -> Order:
    request: OrderRequest = replace(BUY, **terms)  # type: ignore[arg-type]
    return replace(Order.intended(request, "ib", NOON), state=state)


def test_long_and_short_add_up_and_what_others_hold_counts() -> None:
    found = exposure_of(BHP, [stake(BHP, 100, 60), stake(USD, -50, -50)], [])
    assert values(found.total, found.ours) == (6000, 4400)
    assert values(found.long, found.short) == (4000, -4000)
    assert values(found.positions, found.in_symbol) == (2, True)


def test_what_works_counts_as_if_it_had_filled_on_the_side_that_is_worse() -> None:
    ours = [opening(BHP, 1000), opening(VAS, 500), opening(USD, 7000, Side.SELL)]
    found = exposure_of(BHP, [stake(BHP, 100, 100), stake(USD, 50, 50)], ours)
    # USD: long 2,000, or short 5,000 should the sale fill: the worse of both.
    assert found.total == 5000 + 500 + 5000
    assert found.positions == 3
    assert exposure_of(VAS, [], ours).long == 500


def test_a_part_that_is_not_known_leaves_the_sum_unknown_and_never_zero() -> None:
    lost = exposure_of(BHP, [stake(BHP, 100, 100), stake(VAS, 1, 1, worth=None)], [])
    assert values(lost.total, lost.ours) == (None, None)
    assert values(lost.long, lost.short) == (4000, -4000)
    assert exposure_of(VAS, [stake(VAS, 1, 1, worth=None)], []).long is None
    assert exposure_of(BHP, [], [opening(VAS, None)]).ours is None
    assert exposure_of(BHP, [], [], [opening(VAS, None)]).total is None
    # What is flat needs no price.
    assert exposure_of(BHP, [stake(VAS, 0, 0, worth=None)], []).total == 0


def test_orders_of_others_count_for_the_account_and_not_for_the_purse() -> None:
    found = exposure_of(BHP, [], [], [opening(BHP, 300), opening(VAS, 200, Side.SELL)])
    assert values(found.total, found.ours, found.long) == (500, 0, 300)
    # A sale of what others hold opens nothing.
    assert exposure_of(BHP, [stake(BHP, 10)], [], [opening(BHP, 400, Side.SELL)]).total == 400


@pytest.mark.parametrize("state", [OrderState.UNKNOWN, OrderState.INTENDED, OrderState.HELD])
def test_an_order_that_has_not_ended_counts_whole(state: OrderState) -> None:
    [found] = openings([order(state)], AT_PAR)
    assert found == Opening(BHP, Side.BUY, Decimal(2000))


def test_what_ended_or_leaves_counts_nothing_and_what_is_filled_no_more() -> None:
    assert openings([order(OrderState.FILLED), order(purpose=Purpose.EXIT)], AT_PAR) == []
    [part] = openings([replace(order(), filled=Decimal(20))], AT_PAR)
    assert part.value == 30 * 40


def test_one_being_changed_counts_at_the_larger_of_both_terms() -> None:
    terms = Terms(Decimal(80), Decimal(30), None)
    change = Amendment("A", "KLP-1", BUY.terms, terms, AmendmentState.SENT, NOON)
    [found] = openings([replace(order(), amending=change)], AT_PAR)
    assert found.value == 80 * 40


def test_of_those_that_cancel_each_other_the_largest_counts() -> None:
    pair = [order(oca_group="X"), order(oca_group="X", quantity=Decimal(70))]
    assert [each.value for each in openings(pair, AT_PAR)] == [2800]
    [unknown] = openings([*pair, order(oca_group="X", limit_price=None)], AT_PAR)
    assert unknown.value is None


def test_without_a_price_or_a_rate_an_opening_is_not_known() -> None:
    [market] = openings([order(type=OrderType.MARKET, limit_price=None)], AT_PAR)
    assert market.value is None
    [abroad] = openings([order(symbol=USD, limit_price=Decimal("0.65"))], {"AUD": Decimal(1)})
    assert abroad.value is None


def test_an_order_of_others_without_a_price_counts_at_the_markets() -> None:
    theirs = ForeignOrder(
        "1",
        None,
        0,
        BHP,
        Side.BUY,
        Decimal(10),
        None,
        None,
        None,
        None,
        None,
        VenueStatus.WORKING,
        Whose.OTHERS,
    )
    [found] = foreign_openings([theirs], AT_PAR, lambda _: Decimal(41))
    assert found.value == 410
    [unknown] = foreign_openings([theirs], AT_PAR, lambda _: None)
    assert unknown.value is None
    both = foreign_openings([replace(theirs, side=None)], AT_PAR, lambda _: Decimal(41))
    assert [each.side for each in both] == [Side.BUY, Side.SELL]
    assert foreign_openings([replace(theirs, symbol=None)], AT_PAR, lambda _: None) == []


def test_what_two_venues_hold_of_a_symbol_adds_up_and_one_that_is_unknown_stays_so() -> None:
    both = exposure_of(BHP, [stake(BHP, 100, 100), stake(BHP, 50)], [])
    assert values(both.total, both.ours) == (6000, 4000)
    unknown, known = stake(BHP, 100, worth=None), stake(BHP, 50)
    for stakes in ([unknown, known], [known, unknown]):
        assert exposure_of(BHP, stakes, []).total is None
