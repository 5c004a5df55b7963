"""Pain 12: a commission early, late, restated, negative, not yet there: null until it is known."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from adapters.book import Fill
from adapters.ib.facts import commission_report
from domain.venue import CommissionReport, OrderFact, VenueStatus
from tests.actors.back_office import back_office, the_book
from tests.actors.broker_stories import costs, says, symbol_of, trades

NAME = "K-1"
KEY = f"{NAME}.x"


def as_written(amount: str, currency: str = "AUD") -> CommissionReport | None:
    """What the adapter makes of a commissionReport of the wire."""
    return commission_report(f"{KEY}.01", amount, currency, "1.7976931348623157E308")


def booked(folder: Path) -> Fill:
    book = the_book(folder)
    [fill] = book.fills()
    book.close()
    return fill


PENDING = ["-1", "-1.0", "", "1.7976931348623157E308", "1.797e308", "NaN", "Infinity"]


@pytest.mark.parametrize("text", PENDING)
def test_a_sentinel_is_no_commission(text: str) -> None:
    assert as_written(text) is None


@pytest.mark.parametrize("text", ["-0.12", "-1.01", "0", "0.0", "6.6"])
def test_a_rebate_and_a_zero_are_real(text: str) -> None:
    report = as_written(text)
    assert report is not None and report.commission == Decimal(text)


def test_until_it_comes_it_is_null_and_not_final(tmp_path: Path) -> None:
    with back_office(tmp_path, {NAME: symbol_of(NAME)}) as office:
        office.hears(trades("100")(NAME))
        office.settle()
    fill = booked(tmp_path)
    assert (fill.commission, fill.commission_currency, fill.commission_final) == (None, None, False)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("first", ["execution", "commission"])
def test_early_or_ten_seconds_late_or_after_a_restart(
    tmp_path: Path, first: str, restarted: bool
) -> None:
    words: list[OrderFact] = [trades("100")(NAME), costs("6.60")(NAME)]
    if first == "commission":
        words.reverse()
    with back_office(tmp_path, {NAME: symbol_of(NAME)}) as office:
        office.hears(words[0])
        office.settle()
        if restarted:
            office.restart()
        office.company.leap(10)
        office.hears(words[1])
        office.settle()
        office.reconcile(lambda: [says(VenueStatus.FILLED, "100", completed=True)(NAME), *words])
    fill = booked(tmp_path)
    assert (fill.commission, fill.commission_final) == (Decimal("6.60"), True)


def test_what_was_said_last_stands_and_every_word_is_kept(tmp_path: Path) -> None:
    amounts = ["6.60", "6.60", "7.15", "-0.12"]
    with back_office(tmp_path, {NAME: symbol_of(NAME)}) as office:
        office.hears(trades("100")(NAME), *(costs(amount)(NAME) for amount in amounts))
        office.settle()
    assert booked(tmp_path).commission == Decimal("-0.12")
    book = the_book(tmp_path)
    said = [word.amount for word in book.commission_words("ib", KEY)]
    position = book.position("ib", symbol_of(NAME))
    book.close()
    assert said == [Decimal("6.60"), Decimal("7.15"), Decimal("-0.12")]
    assert position is not None and position.commissions == (("AUD", Decimal("-0.12")),)


def test_a_commission_in_another_currency_than_the_instruments(tmp_path: Path) -> None:
    report = as_written("2.2", "USD")
    assert report is not None
    with back_office(tmp_path, {NAME: symbol_of(NAME)}) as office:
        office.hears(trades("100")(NAME), report)
        office.settle()
    fill = booked(tmp_path)
    assert (fill.commission, fill.commission_currency) == (Decimal("2.2"), "USD")
