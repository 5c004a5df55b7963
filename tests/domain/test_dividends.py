"""Dividends: what is told, what is missing, and never a zero that nobody said."""

from __future__ import annotations

from decimal import Decimal

from domain.dividends import Dividend, credit_of, joined, not_covered, of_year
from domain.tax_year import TaxYear
from tests.domain.parcels_story import BHP, day


def test_seventy_fully_franked_at_thirty_percent_carries_thirty() -> None:
    # facts: australia.md, *Dividends*
    assert credit_of(Decimal("70.00"), Decimal("0.30")) == Decimal("30.00")


def test_what_nobody_told_is_missing_and_not_zero() -> None:
    cash = Dividend(BHP, day("2026-09-25"), "AUD", gross=Decimal("70.00"))
    assert cash.missing == ("franked", "unfranked", "credit", "withheld", "ex_date")
    assert cash.credit is None


def test_a_statement_of_the_registry_completes_the_brokers() -> None:
    cash = Dividend(BHP, day("2026-09-25"), "AUD", gross=Decimal("70.00"))
    registry = Dividend(
        BHP,
        day("2026-09-25"),
        "AUD",
        franked=Decimal("70.00"),
        unfranked=Decimal("0.00"),
        credit=Decimal("30.00"),
        ex_date=day("2026-09-03"),
    )
    other = Dividend(BHP, day("2027-03-25"), "AUD", gross=Decimal("1"))
    (first, second), contradictions = joined([other, cash, registry])
    assert contradictions == ()
    assert (first.gross, first.credit) == (Decimal("70.00"), Decimal("30.00"))
    assert first.missing == ("withheld",)
    assert second == other


def test_where_two_sources_contradict_each_other_nothing_is_known() -> None:
    one = Dividend(BHP, day("2026-09-25"), "AUD", gross=Decimal("70"), credit=Decimal("30.00"))
    other = Dividend(BHP, day("2026-09-25"), "AUD", gross=Decimal("71"), credit=Decimal("30"))
    [row], [said] = joined([one, other])
    assert (row.gross, row.credit) == (None, Decimal(30))
    assert "do not agree on gross" in said


def test_they_belong_to_the_year_in_which_they_were_paid() -> None:
    june = Dividend(BHP, day("2026-06-30"), "AUD", ex_date=day("2026-06-01"))
    july = Dividend(BHP, day("2026-07-01"), "AUD", ex_date=day("2026-06-01"))
    assert of_year([june, july], TaxYear.parse("2026-27")) == (july,)


def test_the_days_of_which_no_statement_tells_are_named() -> None:
    year, today = TaxYear.parse("2026-27"), day("2026-11-23")
    assert not_covered([], year, today) == ((day("2026-07-01"), today),)
    spans = [
        (day("2026-09-01"), day("2026-09-30")),
        (day("2026-06-01"), day("2026-07-31")),
        (day("2026-09-15"), day("2026-10-31")),
    ]
    assert not_covered(spans, year, today) == (
        (day("2026-08-01"), day("2026-08-31")),
        (day("2026-11-01"), today),
    )
    assert not_covered([(day("2026-01-01"), day("2027-12-31"))], year, today) == ()
