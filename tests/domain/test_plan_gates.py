"""The gates about plans and short sales, at their edges."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.admission import Admission, Refusal
from domain.figures import DeskFigures
from domain.gates import decide, purpose_of
from domain.orders import OrderRequest, Purpose, Side
from domain.symbols import Symbol
from tests.domain.test_gates import CALM, ENTRY, EXIT

FLAT = replace(CALM, managed=Decimal(0), held=Decimal(0))
SHORT = replace(ENTRY, side=Side.SELL)


def code(request: OrderRequest, figures: DeskFigures) -> str:
    decision = decide(request, figures)
    return decision.code if isinstance(decision, Refusal) else ""


@pytest.mark.parametrize(
    ("most", "there", "expected"),
    [(0, 99, ""), (3, 2, ""), (3, 3, "TOO_MANY_PLANS"), (3, 4, "TOO_MANY_PLANS")],
)
def test_so_many_plans_of_a_symbol_and_no_more(most: int, there: int, expected: str) -> None:
    figures = replace(CALM, max_plans=most, open_plans=there)
    assert code(ENTRY, figures) == expected
    assert code(EXIT, figures) == "", "what leaves is never held back by it"


@pytest.mark.parametrize(
    ("allowed", "held", "expected"),
    [
        (False, 0, "SHORT_NOT_ALLOWED"),
        (True, 0, ""),
        (True, -50, ""),
        (True, 1, "SHORT_OF_HELD"),
    ],
)
def test_shares_are_sold_short_by_setting_alone_and_never_those_of_others(
    allowed: bool, held: int, expected: str
) -> None:
    assert code(SHORT, replace(FLAT, short_selling=allowed, held=Decimal(held))) == expected


@pytest.mark.parametrize(
    ("side", "managed", "short", "purpose"),
    [
        (Side.SELL, 0, False, Purpose.EXIT),
        (Side.SELL, 0, True, Purpose.ENTRY),
        (Side.SELL, 100, True, Purpose.EXIT),
        (Side.SELL, -100, True, Purpose.ENTRY),
        (Side.BUY, -100, True, Purpose.EXIT),
        (Side.BUY, 0, True, Purpose.ENTRY),
    ],
)
def test_what_a_sale_is_for(side: Side, managed: int, short: bool, purpose: Purpose) -> None:
    request = replace(ENTRY, side=side)
    assert purpose_of(request, Decimal(managed), short_selling=short) is purpose


def test_a_short_lot_of_a_pair_needs_no_leave() -> None:
    pair = replace(SHORT, symbol=Symbol("AUD", "USD"))
    figures = replace(FLAT, usd_rate=Decimal("1.5"), odd_lots_allowed=True)
    decision = decide(pair, figures)
    assert isinstance(decision, Admission), decision
