"""Symbols as people and other programs write them, each with what to write instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.spelling import MisspeltSymbol, in_pair_order, nearest, spelled
from domain.symbols import CASH_CURRENCIES, Symbol


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("BHP", "BHP/AUD"),
        ("BHP.AX", "BHP/AUD"),
        ("bhp.ax", "BHP/AUD"),
        ("BHP.AX/AUD", "BHP/AUD"),
        ("BHP.AU", "BHP/AUD"),
        ("ASX:BHP", "BHP/AUD"),
        ("BHP AUD", "BHP/AUD"),
        ("BHP.AUD", "BHP/AUD"),
        ("BHP/ASX", "BHP/AUD"),
        ("BHP/AU", "BHP/AUD"),
        ("AUDUSD", "AUD/USD"),
        ("AUD.USD", "AUD/USD"),
        ("USD/AUD", "AUD/USD"),
        ("USDAUD", "AUD/USD"),
        ("JPY/USD", "USD/JPY"),
        ("AUD/EUR", "EUR/AUD"),
        ("NZD/AUD", "AUD/NZD"),
        ("USD/GBP", "GBP/USD"),
        ("SGD/AUD", "AUD/SGD"),
        ("AUD", None),
        ("AUD/AUD", None),
        ("nonsense", None),
        ("/AUD", None),
        ("BHP/XYZ", None),
        ("", None),
        ("BHP/AUD/SMART", None),
    ],
)
def test_what_to_write_instead(text: str, meant: str | None) -> None:
    with pytest.raises(MisspeltSymbol) as raised:
        spelled(text)
    assert repr(text) in str(raised.value)
    if meant is None:
        assert raised.value.meant is None
    else:
        assert str(raised.value.meant) == meant
        assert str(raised.value).endswith(f"write {meant}")
        assert spelled(meant) == raised.value.meant


@pytest.mark.parametrize(
    "text",
    # The pairs that IB's own list of facts names, in its order, and shares.
    [
        "AUD/USD",
        "EUR/USD",
        "GBP/USD",
        "USD/JPY",
        "USD/CHF",
        "USD/CAD",
        "EUR/AUD",
        "AUD/NZD",
        "bhp-aud",
        "CBA/AUD",
        "A2M/AUD",
        "BRK.B/USD",
        "AAPL/USD",
    ],
)
def test_what_is_right_is_taken(text: str) -> None:
    assert str(spelled(text)) == text.strip().upper().replace("-", "/")


@given(st.sampled_from(sorted(CASH_CURRENCIES)), st.sampled_from(sorted(CASH_CURRENCIES)))
def test_one_order_of_a_pair_at_least_is_right(one: str, other: str) -> None:
    if one == other:
        return
    forward, back = Symbol(one, other), Symbol(other, one)
    assert in_pair_order(forward) in (forward, back)
    assert in_pair_order(in_pair_order(forward)) == in_pair_order(forward)
    major = {"EUR", "GBP", "AUD", "NZD", "USD", "CAD", "CHF"}
    if {one, other} & major:
        assert in_pair_order(forward) == in_pair_order(back)


def test_the_nearest_are_those_that_differ_least() -> None:
    known = [Symbol.parse(text) for text in ("BHP/AUD", "CBA/AUD", "BPT/AUD", "BHP/USD")]
    assert list(map(str, nearest(Symbol("BPH", "AUD"), known))) == ["BHP/AUD", "BPT/AUD", "BHP/USD"]
    assert nearest(Symbol("XRO", "AUD"), known) == ()
    assert nearest(Symbol("BHP", "AUD"), [Symbol("BHP", "AUD")]) == ()
