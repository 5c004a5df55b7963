"""Amounts, times and columns for the owner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.columns import WIDTH, columns, fitted
from console.owner.words import (
    gain,
    length,
    listed,
    lowered,
    money,
    number,
    owners,
    price,
    sentence,
    sydney,
)

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_money_and_time_are_the_owners() -> None:
    assert money(Decimal("-1234.5"), "AUD") == "-A$1,234.50"
    assert money(Decimal(7), "USD") == "US$7.00"
    assert money(Decimal("7.5"), "SEK") == "SEK 7.50"
    assert money(None, "AUD") == "not known"
    # The first Sunday of October: clocks go forward at two.
    assert sydney(datetime(2026, 10, 3, 15, 59, tzinfo=UTC)) == "Sun 01:59"
    assert sydney(datetime(2026, 10, 3, 16, 0, tzinfo=UTC)) == "Sun 03:00"


def test_a_day_of_the_week_is_never_taken_for_another_ones() -> None:
    assert sydney(NOW + timedelta(days=5), NOW) == "Sat 17:00"
    assert sydney(NOW + timedelta(days=7), NOW) == "Mon 30 Nov 17:00"
    assert sydney(NOW - timedelta(days=400), NOW) == "Sun 19 Oct 2025 17:00"
    assert sydney(None, NOW) == "a time not known"


@pytest.mark.parametrize(
    ("amount", "told"),
    [("12", "+A$12.00"), ("-3.1", "-A$3.10"), ("0", "A$0.00"), ("0.004", "A$0.00")],
)
def test_a_gain_shows_its_sign_and_nothing_has_none(amount: str, told: str) -> None:
    assert gain(Decimal(amount), "AUD") == told
    assert gain(None, "AUD") == "not known"


def test_what_rounds_to_nothing_is_no_loss() -> None:
    assert money(Decimal("-0.001"), "AUD") == gain(Decimal("-0.001"), "AUD") == "A$0.00"


def test_prices_and_numbers() -> None:
    assert price(Decimal("45.0200"), "AUD") == "A$45.02"
    assert price(Decimal("0.65432"), "USD") == "US$0.65432"
    assert number(Decimal("1000.500")) == "1,000.5"
    assert number(Decimal("1E+3")) == "1,000"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert (sentence("so it is."), sentence(" "), sentence("x")) == ("So it is.", "", "X.")


def test_what_seats_say_is_said_in_the_owners_words() -> None:
    said = "a mismatch with ib: Kelpie's ledger and the venue differ. The venue's list did not end."
    assert owners(said) == (
        "a mismatch with IB: Kelpie's book and IB differ. IB's list did not end"
    )
    assert owners("liberal, calibrated") == "liberal, calibrated"
    assert [lowered(each) for each in ("Nobody", "IB is", "", "a")] == ["nobody", "IB is", "", "a"]


@pytest.mark.parametrize(
    ("lasted", "told"),
    [(5, "5 s"), (119, "1 min"), (3600, "60 min"), (12_000, "3 h 20 min"), (200_000, "2 days")],
)
def test_lengths(lasted: int, told: str) -> None:
    assert length(timedelta(seconds=lasted)) == told


@given(st.text(max_size=300), st.sampled_from(["", "  ", " " * 10]), st.sampled_from(["", "    "]))
def test_no_text_is_wider_than_the_terminal_and_none_moves_its_cursor(
    text: str, indent: str, hanging: str
) -> None:
    lines = fitted(text, indent, hanging)
    assert all(columns(line) <= WIDTH and line.isprintable() for line in lines)
    said = "".join(each for each in text if each.isprintable() and not each.isspace())
    assert "".join("".join(lines).split()) == said, "nothing of it is lost"


def test_wide_characters_take_two_columns() -> None:
    assert columns("股票 ABC") == 8
    assert [columns(line) for line in fitted("股" * 30)] == [44, 18]
    assert fitted("red \x1b[31m alert\n\tnow") == ["red [31m alert now"]
