"""Capital gains: the discount's twelve months, the change of July 2027, losses, wash sales."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.cgt import GainLine, Part, Summary, lines_of, of_year, summary_of
from domain.cgt_rules import RULES, Certainty, held_twelve_months
from domain.orders import Side
from domain.parcels import replayed
from domain.symbols import Symbol
from domain.tax_year import TaxYear
from domain.trading_stock import stock_views
from tests.domain.parcels_story import PAIR, VAS, Story, day

BUY, SELL = Side.BUY, Side.SELL


def lines(story: Story, year: str | None = None) -> tuple[GainLine, ...]:
    record = story.record()
    found = lines_of(replayed(record.events).disposals, record.events)
    return found if year is None else of_year(found, TaxYear.parse(year))


# -- facts: australia.md, *Twelve months* ------------------------------------------------------


@pytest.mark.parametrize(
    ("bought", "sold", "eligible"),
    [
        ("2026-02-02", "2027-02-02", False),
        ("2026-02-02", "2027-02-03", True),
        ("2024-02-28", "2025-02-28", False),
        ("2024-02-28", "2025-03-01", True),
        ("2024-02-29", "2025-02-28", False),
        ("2024-02-29", "2025-03-01", True),
        ("2023-02-28", "2024-02-29", False),
        ("2023-02-28", "2024-03-01", True),
        ("2025-12-31", "2026-12-31", False),
        ("2025-12-31", "2027-01-01", True),
    ],
)
def test_the_days_of_purchase_and_of_sale_are_not_counted(
    bought: str, sold: str, eligible: bool
) -> None:
    assert held_twelve_months(day(bought), day(sold)) is eligible
    story = Story()
    story.trade(bought, BUY, 10, 40)
    story.trade(sold, SELL, 10, 50)
    [line] = lines(story)
    assert (line.gain, line.discountable) == (Decimal(100), eligible)


# -- facts: australia.md, *From 1 July 2027* ---------------------------------------------------


def bought_2026_sold_2028(price: str | None) -> Story:
    story = Story()
    story.trade("2026-02-02", BUY, 10, 40, fee="6.60")
    if price is not None:
        story.tell("CLOSE", "2027-06-30", price=price)
    story.trade("2028-03-02", SELL, 10, 70, fee="6.60")
    return story


def test_bought_in_2026_and_sold_in_2028_gives_two_lines() -> None:
    first, second = lines(bought_2026_sold_2028("60"), "2027-28")
    assert (first.part, second.part) == (Part.TO_TRANSITION, Part.FROM_TRANSITION)
    assert (first.proceeds, first.cost_base) == (Decimal(600), Decimal("406.60"))
    assert (second.proceeds, second.cost_base) == (Decimal(700), Decimal("606.60"))
    assert (first.fees, second.fees) == (Decimal("6.60"), Decimal("6.60")), "each once"
    assert (first.gain, first.discountable) == (Decimal("193.40"), True)
    assert (second.gain, second.discountable) == (Decimal("93.40"), False)
    assert summary_of([first, second]) == Summary(
        discountable=Decimal("193.40"),
        other=Decimal(0),
        indexed=Decimal("93.40"),
        losses=Decimal(0),
        not_known=0,
    )


def test_without_the_closing_price_neither_line_has_a_gain() -> None:
    for line in lines(bought_2026_sold_2028(None)):
        assert line.gain is None
        assert "closing price of 30 June 2027" in line.missing
    assert summary_of(lines(bought_2026_sold_2028(None))).not_known == 2


def test_a_gain_before_and_a_loss_after_stand_apart() -> None:
    first, second = lines(bought_2026_sold_2028("80"))
    assert (first.gain, second.gain) == (Decimal("393.40"), Decimal("-106.60"))
    sums = summary_of([first, second])
    assert (sums.discountable, sums.losses) == (Decimal("393.40"), Decimal("106.60"))


def test_the_worth_of_that_day_follows_a_split_a_sale_and_a_new_name() -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 10, 40)
    story.tell("CLOSE", "2027-06-30", price="60")
    story.trade("2027-07-05", SELL, 4, 61)
    story.tell("SPLIT", "2027-08-01", new="2", old="1")
    story.tell("RENAME", "2027-09-01", to="BHG/AUD")
    story.trade("2028-03-02", SELL, 12, 35, Symbol("BHG", "AUD"))
    worths = [line.proceeds for line in lines(story) if line.part is Part.TO_TRANSITION]
    assert worths == [Decimal(240), Decimal(360)]


@pytest.mark.parametrize(
    ("bought", "sold", "parts"),
    [
        ("2026-02-02", "2027-06-30", [Part.WHOLE]),
        ("2026-02-02", "2027-07-01", [Part.TO_TRANSITION, Part.FROM_TRANSITION]),
        ("2027-06-30", "2028-07-01", [Part.TO_TRANSITION, Part.FROM_TRANSITION]),
        ("2027-07-01", "2028-07-02", [Part.WHOLE]),
    ],
)
def test_only_what_was_held_over_the_day_is_split(
    bought: str, sold: str, parts: list[Part]
) -> None:
    story = Story()
    story.trade(bought, BUY, 10, 40)
    story.tell("CLOSE", "2027-06-30", price="60")
    story.trade(sold, SELL, 10, 70)
    found = lines(story)
    assert [line.part for line in found] == parts
    assert found[-1].indexed is (sold >= "2027-07-01")
    assert not found[0].indexed or len(found) == 1


def test_another_closing_price_does_not_move_the_split() -> None:
    story = bought_2026_sold_2028("60")
    story.tell("CLOSE", "2026-06-30", price="1")
    story.tell("CLOSE", "2027-06-29", price="1")
    assert lines(story)[0].proceeds == Decimal(600)
    later = Story()
    later.trade("2026-02-02", BUY, 10, 40)
    later.tell("CLOSE", "2027-06-30", price="60")
    later.tell("CLOSE", "2028-06-30", price="99")
    later.trade("2028-08-02", SELL, 10, 70)
    assert lines(later)[0].proceeds == Decimal(600)


# -- facts: australia.md, *Losses, wash sales* -------------------------------------------------


def test_losses_stand_apart_and_nothing_is_netted() -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 10, 40)
    story.trade("2026-02-02", BUY, 10, 100, VAS)
    story.trade("2026-09-02", SELL, 10, 70)
    story.trade("2026-09-02", SELL, 10, 90, VAS)
    sums = summary_of(lines(story, "2026-27"))
    assert (sums.other, sums.losses) == (Decimal(300), Decimal(100))


@pytest.mark.parametrize(
    ("sold", "again", "by_hand", "marked"),
    [
        ("2026-06-28", "2026-07-02", False, True),
        ("2026-06-28", "2026-07-02", True, True),
        ("2026-06-28", "2026-06-28 15:00", False, True),
        ("2026-06-28", "2026-07-29", False, False),
        ("2026-03-02", "2026-03-05", False, False),
    ],
)
def test_sold_at_a_loss_and_bought_again_around_the_year_end_is_marked(
    sold: str, again: str, by_hand: bool, marked: bool
) -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 10, 40)
    story.trade(sold, SELL, 10, 30)
    story.trade(again, BUY, 10, 31, by_hand=by_hand)
    [line] = lines(story)
    assert (line.gain, line.wash_sale) == (Decimal(-100), marked)


def test_a_gain_or_another_share_is_not_marked() -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 10, 40)
    story.trade("2026-06-28", SELL, 5, 50)
    story.trade("2026-06-28", SELL, 5, 30)
    story.trade("2026-07-02", BUY, 10, 40, VAS)
    assert [line.wash_sale for line in lines(story)] == [False, False]


# -- facts: australia.md, *Currencies* ---------------------------------------------------------


def test_a_currency_pair_is_never_among_them() -> None:
    story = Story()
    story.trade("2025-02-02", BUY, 10_000, "0.65", PAIR)
    story.trade("2026-03-05", SELL, 10_000, "0.66", PAIR)
    assert lines(story) == ()
    assert len(story.record().pairs) == 2


# -- facts: australia.md, *Trader or investor* -------------------------------------------------


def test_the_same_book_as_stock_of_a_business() -> None:
    story = Story()
    story.trade("2026-06-01", BUY, 10, 40)
    story.trade("2026-07-11", SELL, 4, 50, fee="6.60")
    story.trade("2026-08-01", BUY, 10, 45, fee="6.60")
    story.trade("2026-09-09", SELL, 6, 44, fee="6.60")
    story.tell("CLOSE", "2027-06-30", price="60")
    story.tell("PARCEL", "2019-05-06", quantity="100", cost="3000")
    managed, external = stock_views(story.record().events, TaxYear.parse("2026-27"))
    assert (managed.opening, managed.closing) == (Decimal(400), Decimal("456.60"))
    assert (managed.purchases, managed.sales) == (Decimal("456.60"), Decimal(464))
    assert managed.sale_fees == Decimal("13.20")
    assert managed.result == Decimal(464) - Decimal("13.20") - Decimal(400)
    assert managed.result == sum(
        (line.gain for line in lines(story, "2026-27") if line.gain is not None), Decimal(0)
    ), "both views say the same of one year in which nothing changed its rules"
    assert managed.closing_at_market == Decimal(600)
    assert (managed.buys, managed.sells) == (1, 2)
    held = managed.days_held
    assert held is not None
    assert (held.average, held.shortest, held.longest) == (Decimal("76.0"), 40, 100)
    assert (external.opening, external.result) == (Decimal(3000), Decimal(0))


def test_the_rules_say_where_they_come_from_and_how_certain_they_are() -> None:
    assert all(rule.source and rule.sentence.endswith(".") for rule in RULES)
    by_name = {rule.name: rule for rule in RULES}
    assert by_name["discount"].certainty is Certainty.KNOWN
    assert "assent not seen" in by_name["split by value"].source
    year = TaxYear.parse("2026-27")
    holding = {rule.name for rule in RULES if rule.holds_between(year.first, year.last)}
    assert "discount" in holding and "split by value" not in holding
    year = TaxYear.parse("2027-28")
    holding = {rule.name for rule in RULES if rule.holds_between(year.first, year.last)}
    assert "split by value" in holding and "discount" not in holding
