"""What a person may give to Kelpie or take from it, and what that changes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.adoption import AdoptionPlan, Stake, plan_adoption
from domain.orders import OrderError
from domain.symbols import Symbol

BHP, PAIR = Symbol("BHP", "AUD"), Symbol("AUD", "USD")


def stake(managed: int, held: int, *, symbol: Symbol = BHP, working: int = 0) -> Stake:
    return Stake(
        symbol,
        "ib",
        Decimal(managed),
        Decimal(held),
        Decimal(40),
        Decimal(42),
        Decimal(working),
    )


def plan(of: Stake, quantity: int | Decimal, price: Decimal | None = None) -> AdoptionPlan:
    return plan_adoption(
        of, Decimal(quantity), price, adoption_id="ADOPT-1", who="me", reason="why"
    )


@pytest.mark.parametrize(
    ("of", "quantity", "after", "external", "average", "price"),
    [
        (stake(0, 100), 100, 100, 0, "42", "42"),
        (stake(50, 100), 50, 100, 0, "41", "42"),
        (stake(50, 100), 20, 70, 30, None, "42"),
        (stake(100, 60), -40, 60, 0, "40", None),  # somebody sold 40 by hand
        (stake(100, 100), -100, 0, 100, None, None),
        (stake(100, -20), -100, 0, -20, None, None),
        (stake(-100, 0), 100, 0, 0, None, None),
    ],
)
def test_what_it_changes(
    of: Stake, quantity: int, after: int, external: int, average: str | None, price: str | None
) -> None:
    made = plan(of, quantity)
    assert made.managed_after == after
    assert made.external_after == external
    assert made.adoption.price == (None if price is None else Decimal(price))
    if average is not None:
        assert made.average_after == Decimal(average)


@pytest.mark.parametrize(
    ("of", "quantity", "price", "code"),
    [
        (stake(0, 100), 0, None, "ADOPT_NOTHING"),
        (stake(0, 100), 101, None, "ADOPT_MORE_THAN_EXTERNAL"),
        (stake(100, 100), 1, None, "ADOPT_MORE_THAN_EXTERNAL"),
        (stake(100, 60), 1, None, "ADOPT_MORE_THAN_EXTERNAL"),
        (stake(0, -100), -10, None, "ADOPT_MORE_THAN_EXTERNAL"),  # a short holding of others
        (stake(0, 0, symbol=PAIR), 5, None, "ADOPT_MORE_THAN_EXTERNAL"),
        (stake(100, 100), -101, None, "GIVE_UP_MORE_THAN_MANAGED"),
        (stake(0, 100), 10, Decimal(0), "PRICE_NOT_POSITIVE"),
        (
            Stake(BHP, "ib", Decimal(0), Decimal(9), None, None, Decimal(0)),
            9,
            None,
            "ADOPT_PRICE_MISSING",
        ),
    ],
)
def test_what_no_word_can_do(of: Stake, quantity: int, price: Decimal | None, code: str) -> None:
    with pytest.raises(OrderError) as raised:
        plan(of, quantity, price)
    assert raised.value.code == code


def test_orders_that_would_sell_what_is_given_up_are_warned_of() -> None:
    assert "take them back" in plan(stake(100, 100, working=100), -40).warning
    assert plan(stake(100, 100), -40).warning == ""


@given(st.integers(-99, 99), st.integers(-99, 99), st.integers(-199, 199))
def test_nothing_is_ever_managed_that_is_not_held_by_it(
    managed: int, held: int, quantity: int
) -> None:
    try:
        made = plan(stake(managed, held), quantity)
    except OrderError:
        return
    assert made.managed_after == managed + quantity
    if quantity * managed < 0:
        assert abs(made.managed_after) < abs(managed), "given up, and never turned round"
    else:
        assert 0 <= made.managed_after <= held, "taken over, and never more than there is"
