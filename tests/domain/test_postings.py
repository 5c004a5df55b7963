"""Double entry: what each event moves, and that nothing is written that does not balance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import Side
from domain.postings import (
    Account,
    Change,
    Line,
    Trade,
    Unbalanced,
    adopted,
    charged,
    corrected,
    filled,
    foreign,
    postings,
)
from domain.symbols import Symbol

BHP, PAIR = Symbol("BHP", "AUD"), Symbol("AUD", "USD")
NOTHING = Change(Decimal(0), Decimal(0))


def trade(side: Side, quantity: str, price: str, symbol: Symbol = BHP) -> Trade:
    return Trade(symbol, side, Decimal(quantity), Decimal(price))


def moved(lines: Iterable[Line]) -> dict[tuple[str, str], Decimal]:
    """By account and currency, by way of what is written."""
    sums: dict[tuple[str, str], Decimal] = {}
    for each in postings(lines):
        assert each.amount > 0 and each.debit != each.credit
        for account, amount in ((each.debit, each.amount), (each.credit, -each.amount)):
            place = (str(account), each.currency)
            sums[place] = sums.get(place, Decimal(0)) + amount
    return sums


def test_a_purchase_moves_cash_into_the_position_at_cost() -> None:
    lines = filled(trade(Side.BUY, "100", "45.10"), Change(Decimal("4510"), Decimal(0)))
    assert moved(lines) == {("cash", "AUD"): Decimal(-4510), ("position", "AUD"): Decimal(4510)}


def test_a_sale_realises_what_it_brings_over_its_cost() -> None:
    lines = filled(trade(Side.SELL, "40", "46"), Change(Decimal(-1804), Decimal(36)))
    assert moved(lines) == {
        ("cash", "AUD"): Decimal(1840),
        ("position", "AUD"): Decimal(-1804),
        ("realised", "AUD"): Decimal(-36),
    }


def test_a_pair_balances_in_each_of_its_currencies_through_its_trading_account() -> None:
    lines = filled(trade(Side.BUY, "10000", "0.65", PAIR), Change(Decimal(6500), Decimal(0)))
    assert moved(lines) == {
        ("cash", "AUD"): Decimal(10000),
        ("trading", "AUD"): Decimal(-10000),
        ("cash", "USD"): Decimal(-6500),
        ("position", "USD"): Decimal(6500),
    }


def test_a_conversion_is_cash_for_cash_and_so_is_its_correction() -> None:
    old = replace(trade(Side.SELL, "10000", "0.65", PAIR), converts=True)
    new = replace(old, quantity=Decimal(9000))
    assert moved(filled(old, NOTHING)) == {
        ("cash", "AUD"): Decimal(-10000),
        ("trading", "AUD"): Decimal(10000),
        ("cash", "USD"): Decimal(6500),
        ("trading", "USD"): Decimal(-6500),
    }
    back, again = corrected(old, new, NOTHING)
    assert moved(back)[("cash", "USD")] == Decimal(-6500)
    assert moved(again)[("cash", "USD")] == Decimal(5850)
    assert {account for account, _ in moved((*back, *again))} == {"cash", "trading"}


def test_a_correction_takes_back_what_was_entered_and_enters_what_is_right() -> None:
    old, new = trade(Side.BUY, "60", "45"), trade(Side.BUY, "50", "45.2")
    back, again = corrected(old, new, Change(Decimal(-440), Decimal(0)))
    assert moved(back) == {("cash", "AUD"): Decimal(2700), ("position", "AUD"): Decimal(-2700)}
    assert moved(again) == {("cash", "AUD"): Decimal(-2260), ("position", "AUD"): Decimal(2260)}


def test_a_bust_leaves_nothing_of_a_trade() -> None:
    old, new = trade(Side.SELL, "5", "46"), trade(Side.SELL, "0", "46")
    back, again = corrected(old, new, Change(Decimal(225), Decimal(-5)))
    sums: dict[tuple[str, str], Decimal] = {}
    for lines in (back, again):
        for place, amount in moved(lines).items():
            sums[place] = sums.get(place, Decimal(0)) + amount
    assert sums == {
        ("cash", "AUD"): Decimal(-230),
        ("position", "AUD"): Decimal(225),
        ("realised", "AUD"): Decimal(5),
    }


def test_a_holding_that_was_given_to_us_comes_from_without_and_moves_no_cash() -> None:
    lines = adopted(BHP, Change(Decimal(1102), Decimal(0)))
    assert moved(lines) == {("position", "AUD"): Decimal(1102), ("external", "AUD"): Decimal(-1102)}


def test_a_trade_of_others_moves_the_same_cash() -> None:
    lines = foreign(trade(Side.SELL, "5", "45"))
    assert moved(lines) == {("cash", "AUD"): Decimal(225), ("external", "AUD"): Decimal(-225)}


def test_a_rebate_brings_cash() -> None:
    lines = charged("AUD", Decimal("-0.12"), Account.COMMISSION)
    assert moved(lines) == {
        ("cash", "AUD"): Decimal("0.12"),
        ("commission", "AUD"): Decimal("-0.12"),
    }


def test_what_does_not_sum_to_zero_is_refused() -> None:
    """A fill whose position does not show what the cash paid for."""
    with pytest.raises(Unbalanced, match=r"AUD does not sum to zero: cash -4510"):
        postings(filled(trade(Side.BUY, "100", "45.10"), Change(Decimal(4500), Decimal(0))))


def test_two_currencies_are_never_added_up() -> None:
    with pytest.raises(Unbalanced):
        postings((Line("cash", "AUD", Decimal(5)), Line("trading", "USD", Decimal(-5))))


_LINES = st.lists(
    st.tuples(
        st.sampled_from(["cash", "position", "realised", "external"]),
        st.sampled_from(["AUD", "USD"]),
        st.decimals("-1000", "1000", places=4),
    ),
    max_size=8,
)


@given(_LINES)
def test_what_is_written_is_what_the_lines_say(lines: list[tuple[str, str, Decimal]]) -> None:
    wanted: dict[tuple[str, str], Decimal] = {}
    entry = [Line(*line) for line in lines]
    for currency in ("AUD", "USD"):
        left = sum((each.amount for each in entry if each.currency == currency), Decimal(0))
        entry.append(Line("rest", currency, -left))
    for each in entry:
        place = (each.account, each.currency)
        wanted[place] = wanted.get(place, Decimal(0)) + each.amount
    written = moved(entry)
    places = {*wanted, *written}
    assert all(wanted.get(p, Decimal(0)) == written.get(p, Decimal(0)) for p in places)
