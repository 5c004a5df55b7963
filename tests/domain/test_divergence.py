"""How far shadow and real fills lie apart, by worked examples."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.divergence import Bounds, Outcome, Pair, diverge, out_of_bounds
from domain.orders import Side
from domain.symbols import Symbol

BHP = Symbol.parse("BHP/AUD")
DAY = date(2026, 11, 23)
D = Decimal


def outcome(filled: int, price: str, commission: str | None = "6.60") -> Outcome:
    cost = None if commission is None else D(commission)
    return Outcome(D(filled), D(filled) * D(price), cost, "AUD" if cost is not None else "")


def pair(shadow: Outcome, real: Outcome, side: Side = Side.BUY) -> Pair:
    return Pair("K-1", DAY, BHP, side, D(100), shadow, real)


@pytest.mark.parametrize(("side", "bps"), [(Side.BUY, "10"), (Side.SELL, "-10")])
def test_slippage_is_what_the_real_fill_was_worse_by(side: Side, bps: str) -> None:
    found = diverge(DAY, [pair(outcome(100, "40.00"), outcome(100, "40.04"), side)])
    assert found.slippage_bps == D(bps)
    assert found.missed_part == 0
    assert found.commission_part == 0


def test_a_large_order_weighs_more() -> None:
    large = pair(outcome(900, "10"), outcome(900, "10"))
    small = pair(outcome(100, "10"), outcome(100, "10.10"))
    assert diverge(DAY, [large, small]).slippage_bps == 10


def test_what_the_market_did_not_give_is_missed() -> None:
    found = diverge(DAY, [pair(outcome(100, "10"), outcome(60, "10")), pair(Outcome(), Outcome())])
    assert found.missed_part == D("0.4")
    assert found.commission_part is None, "a part says nothing of the whole"
    more = diverge(DAY, [pair(outcome(60, "10"), outcome(100, "10"))])
    assert more.missed_part == 0, "more than the shadow thought is not missed"


def test_commissions_are_compared_where_both_are_known() -> None:
    dearer = pair(outcome(100, "10", "6.60"), outcome(100, "10", "7.26"))
    unknown = pair(outcome(100, "10", None), outcome(100, "10", "99"))
    assert diverge(DAY, [dearer, unknown]).commission_part == D("0.1")


def test_of_a_day_without_a_fill_nothing_is_known() -> None:
    found = diverge(DAY, [pair(Outcome(), outcome(100, "10"))])
    assert (found.slippage_bps, found.missed_part, found.commission_part) == (None, None, None)
    assert out_of_bounds(found, Bounds()) == ""


@pytest.mark.parametrize(
    ("shadow", "real", "words"),
    [
        (outcome(100, "10"), outcome(100, "10.015"), ""),
        (outcome(100, "10"), outcome(100, "10.016"), "slippage 16.0 basis points (at most 15)"),
        (outcome(100, "10"), outcome(100, "9.98"), "slippage -20.0 basis points (at most 15)"),
        (outcome(100, "10"), outcome(90, "10"), ""),
        (outcome(100, "10"), outcome(89, "10"), "missed 11.0 % (at most 10)"),
        (outcome(100, "10"), outcome(100, "10", "7.30"), "commission 10.6 % (at most 10)"),
    ],
)
def test_bounds_hold_at_their_edges(shadow: Outcome, real: Outcome, words: str) -> None:
    found: Any = diverge(DAY, [pair(shadow, real)])
    assert out_of_bounds(found, Bounds()) == words
