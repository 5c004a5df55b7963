"""Limits: made tighter and never looser, and kept in the book as text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.limits import (
    LARGER_IS_TIGHTER,
    NAMES,
    NO_LIMITS,
    LimitError,
    Limits,
    as_text,
    from_text,
    is_tighter,
    strictest,
    tightened,
)

SET = Limits(max_order_value=Decimal(10_000), min_trade_size=Decimal(500))
AMOUNTS = st.decimals(min_value=0, max_value=10**6, places=2, allow_nan=False)
SOME = st.dictionaries(st.sampled_from(NAMES), AMOUNTS)


def test_a_limit_is_made_tighter_and_stays_as_it_is_when_asked_again() -> None:
    once = tightened(SET, {"max_order_value": Decimal(9_999)})
    assert once.max_order_value == 9_999
    assert tightened(once, {"max_order_value": Decimal(9_999)}) == once
    assert tightened(SET, {"min_trade_size": Decimal(501)}).min_trade_size == 501
    assert tightened(SET, {"purse": Decimal(1)}).purse == 1


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("max_order_value", "10000.01", "LIMIT_LOOSENED"),
        ("min_trade_size", "499.99", "LIMIT_LOOSENED"),
        ("max_nonsense", "1", "LIMIT_NOT_KNOWN"),
        ("purse", "-1", "LIMIT_NOT_A_NUMBER"),
        ("purse", "NaN", "LIMIT_NOT_A_NUMBER"),
        ("purse", "Infinity", "LIMIT_NOT_A_NUMBER"),
    ],
)
def test_what_would_allow_more_is_refused_with_all_the_others(
    name: str, value: str, code: str
) -> None:
    with pytest.raises(LimitError) as caught:
        tightened(SET, {"max_daily_loss": Decimal(1), name: Decimal(value)})
    assert caught.value.code == code and caught.value.cure


@given(settings=SOME, wanted=SOME)
def test_no_limit_ever_allows_more_than_the_settings_or_than_before(
    settings: dict[str, Decimal], wanted: dict[str, Decimal]
) -> None:
    before = Limits(**settings)
    for after in (strictest(before, wanted), _tried(before, wanted)):
        for name in NAMES:
            was, now = getattr(before, name), getattr(after, name)
            assert now == was or is_tighter(name, now, was)


@given(wanted=SOME)
def test_what_was_tightened_outlives_a_restart_with_looser_settings(
    wanted: dict[str, Decimal],
) -> None:
    assert from_text(as_text(wanted)) == wanted
    assert strictest(NO_LIMITS, from_text(as_text(wanted))) == Limits(**wanted)


def test_text_of_another_version_or_a_damaged_one_is_left_out() -> None:
    assert from_text("purse=12 max_gone=3 min_cash=x max_drawdown= =5 NaN") == {"purse": 12}
    assert from_text("purse=NaN") == {} == from_text("")


def test_each_limit_is_of_one_kind() -> None:
    assert set(NAMES) >= LARGER_IS_TIGHTER
    assert {name for name in NAMES if name.startswith("min_")} <= LARGER_IS_TIGHTER
    assert not {name for name in NAMES if name.startswith("max_")} & LARGER_IS_TIGHTER


def _tried(before: Limits, wanted: dict[str, Decimal]) -> Limits:
    try:
        return tightened(before, wanted)
    except LimitError:
        return before
