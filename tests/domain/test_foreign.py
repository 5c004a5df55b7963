"""Orders of others: what they may still trade, and what of ours is not offered beside them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.admission import Admission
from domain.foreign import (
    ForeignOrder,
    Whose,
    foreign_order,
    foreign_reserved,
    foreign_working,
)
from domain.gates import decide, sized
from domain.orders import Side
from domain.rates import Rate
from domain.venue import VenueStatus
from tests.domain.reconciling import BHP, PAIR, SHOWN
from tests.domain.test_gates import CALM, EXIT

AUD = {"AUD": Rate(Decimal(1), 0.0, False, "base")}


def foreign(**changes: object) -> ForeignOrder:
    order = foreign_order(SHOWN, Whose.OTHERS)
    return replace(order, **changes)  # type: ignore[arg-type]


def test_what_is_left_counts_and_all_of_it_where_nobody_says() -> None:
    assert foreign(remaining=Decimal(4)).exposed == 4
    assert foreign(remaining=None).exposed == 10
    assert (
        foreign_order(replace(SHOWN, remaining=None, filled=Decimal(3)), Whose.OTHERS).exposed == 7
    )
    assert foreign(state=VenueStatus.CANCELLED).exposed == 0
    orders = [foreign(), foreign(side=Side.SELL), foreign(symbol=PAIR)]
    assert foreign_working(orders, BHP, Side.BUY) == 10
    assert foreign_working(orders, BHP, Side.SELL) == 10


@pytest.mark.parametrize(
    ("orders", "reserved"),
    [
        ([], 0),
        ([foreign()], 400),
        ([foreign(), foreign(stop_price=Decimal(50))], 900),
        ([foreign(side=Side.SELL, limit_price=None)], 0),
        ([foreign(limit_price=None)], None),  # at the market: nobody knows
        ([foreign(symbol=None)], None),
        ([foreign(symbol=PAIR)], None),
    ],
)
def test_what_purchases_of_others_take_up(orders: list[ForeignOrder], reserved: int | None) -> None:
    assert foreign_reserved(orders, AUD) == (None if reserved is None else Decimal(reserved))


@pytest.mark.parametrize(
    ("managed", "held", "theirs", "room"),
    [
        (100, 100, 0, 100),
        (100, 100, 30, 70),
        (100, 130, 30, 100),  # it eats what others hold first
        (100, 130, 150, 0),
        (100, 60, 10, 50),
    ],
)
def test_an_exit_never_sells_what_others_sell_already(
    managed: int, held: int, theirs: int, room: int
) -> None:
    figures = replace(
        CALM,
        managed=Decimal(managed),
        held=Decimal(held),
        foreign_sells=Decimal(theirs),
        working_sells=Decimal(0),
    )
    assert (
        isinstance(decide(replace(EXIT, quantity=Decimal(room + 1)), figures), Admission) is False
    )
    if room:
        exit = sized(replace(EXIT, quantity=Decimal(1000)), figures)
        assert exit.quantity == room
        assert isinstance(decide(exit, figures), Admission)
