"""Gains on foreign currency by Division 775: lots in A$, a report of their own."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.forex_rules import ForexBook, fees_of, forex_of, of_year, sums
from domain.orders import Purpose, Side
from domain.symbols import Symbol
from domain.tax_year import TaxYear
from tests.domain.parcels_story import PAIR, Story, day

BUY, SELL = Side.BUY, Side.SELL


def told(story: Story) -> ForexBook:
    return forex_of(story.record().pairs)


# -- facts: australia.md, *Currencies* ---------------------------------------------------------


def test_a_round_trip_of_thirteen_months_is_here_and_without_a_discount() -> None:
    story = Story()
    story.trade("2025-02-02", BUY, 10_000, "0.65", PAIR, fee="3.00", purpose=Purpose.ENTRY)
    story.trade("2026-03-05", SELL, 10_000, "0.66", PAIR, fee="3.00", purpose=Purpose.EXIT)
    book = told(story)
    [line] = of_year(book, TaxYear.parse("2025-26"))
    assert (line.currency, line.amount, line.short) == ("USD", Decimal(6500), True)
    assert (line.opened, line.closed) == (day("2025-02-02"), day("2026-03-05"))
    assert line.was_worth == Decimal(10_000)
    assert line.gain is not None
    # 6,500 US$ were owed, worth A$10,000; to pay them back cost 6,500/6,600 of A$10,000.
    assert line.gain.quantize(Decimal("0.01")) == Decimal("151.52")
    [lot] = book.lots
    assert (lot.currency, lot.amount) == ("USD", Decimal(100))
    assert lot.worth is not None
    assert lot.worth.quantize(Decimal("0.01")) == Decimal("151.52")
    assert fees_of(book, TaxYear.parse("2025-26")) == Decimal("3.00"), "apart, in no gain"
    assert sums([line])[0] == line.gain


def test_dollars_bought_first_and_sold_dearer() -> None:
    story = Story()
    story.trade("2026-02-02", SELL, 10_000, "0.70", PAIR, purpose=Purpose.CONVERT)
    story.trade("2026-03-05", BUY, 10_000, "0.65", PAIR, purpose=Purpose.CONVERT)
    [line] = told(story).lines
    assert (line.amount, line.short, line.purpose) == (Decimal(6500), False, Purpose.CONVERT)
    assert line.gain is not None
    assert line.gain.quantize(Decimal("0.01")) == Decimal("714.29")


def test_the_oldest_lot_ends_first() -> None:
    story = Story()
    story.trade("2026-02-02", SELL, 1000, "0.50", PAIR)
    story.trade("2026-02-03", SELL, 1000, "1.00", PAIR)
    story.trade("2026-03-05", BUY, 1000, "0.75", PAIR)
    first, second = told(story).lines
    assert (first.amount, first.was_worth) == (Decimal(500), Decimal(1000))
    assert (second.amount, second.was_worth) == (Decimal(250), Decimal(250))


def test_a_pair_without_the_aussie_needs_the_days_rate() -> None:
    story = Story()
    story.trade("2026-02-02", BUY, 1000, "1.10", Symbol("EUR", "USD"))
    story.trade("2026-03-02", SELL, 1000, "1.10", Symbol("EUR", "USD"))
    assert [line.gain for line in told(story).lines] == [None, None]
    assert sums(told(story).lines) == (Decimal(0), Decimal(0), 2)
    story.tell("RATE", "2026-02-02", None, currency="EUR", rate="1.60")
    story.tell("RATE", "2026-03-02", None, currency="EUR", rate="1.70")
    gains = {line.currency: line.gain for line in told(story).lines}
    assert gains == {"EUR": Decimal(100), "USD": Decimal(-100)}


# -- facts: australia.md, *Account type* -------------------------------------------------------


def test_conversions_that_kelpie_did_not_order_are_counted_and_nothing_else() -> None:
    story = Story()
    story.trade("2026-02-02", SELL, 1000, "0.65", PAIR, by_hand=True)
    story.trade("2026-03-02", BUY, 1000, "0.60", PAIR, by_hand=True)
    record = story.record()
    assert (record.pairs, record.conversions, record.events) == ((), 2, ())


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5000), st.integers(50, 90)), max_size=20))
def test_foreign_currency_is_neither_made_nor_lost(
    trades: list[tuple[bool, int, int]],
) -> None:
    story = Story()
    cash = Decimal(0)
    for number, (buys, quantity, cents) in enumerate(trades):
        price = Decimal(cents) / 100
        story.trade(f"2026-02-{number + 1:02}", BUY if buys else SELL, quantity, str(price), PAIR)
        cash += quantity * price * (-1 if buys else 1)
    book = told(story)
    assert sum((lot.amount for lot in book.lots), Decimal(0)) == cash
    assert len({lot.amount > 0 for lot in book.lots}) <= 1, "nobody owes what they hold"
