"""The result of a Sydney day: from fills, marks and fees, and over restarts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.results import (
    Account,
    Day,
    Result,
    after,
    as_text,
    day_of,
    figures_of,
    from_text,
    has_moved,
    result_of,
    shifted,
)
from domain.symbols import Symbol

BHP, AAPL = Symbol("BHP", "AUD"), Symbol("AAPL", "USD")
MONDAY, TUESDAY = date(2026, 3, 30), date(2026, 3, 31)
NO_RATES: dict[str, Decimal] = {}
RATES = {"AUD": Decimal(1), "USD": Decimal("1.5")}
CENTS = st.decimals(min_value=-(10**6), max_value=10**6, places=2)


def account(symbol: Symbol, quantity: str, average: str, realised: str, *fees: str) -> Account:
    charged = tuple((symbol.currency, Decimal(each)) for each in fees)
    return Account(symbol, Decimal(quantity), Decimal(average), Decimal(realised), charged)


def result(total: str, fees: str = "0") -> Result:
    return Result(Decimal(total), Decimal(fees))


def values(*figures: object) -> tuple[object, ...]:
    return figures


def test_realised_and_unrealised_less_fees_in_the_base_currency() -> None:
    accounts = [
        account(BHP, "100", "40", "25", "6.60"),
        account(AAPL, "-10", "200", "-5", "1"),
    ]
    marks = {BHP: Decimal(41), AAPL: Decimal(202)}
    found = result_of(accounts, marks.get, RATES.get)
    assert found == Result(Decimal(125) + (-25 * Decimal("1.5")) - Decimal("8.1"), Decimal("8.1"))


def test_a_price_or_a_rate_that_is_missing_leaves_it_unknown_and_says_of_what() -> None:
    held = [account(BHP, "100", "40", "0", "6.60")]
    assert result_of(held, lambda _: None, RATES.get) == Result(None, Decimal("6.60"), "BHP/AUD")
    abroad = [account(AAPL, "0", "0", "10", "1")]
    assert result_of(abroad, lambda _: None, NO_RATES.get) == Result(None, None, "USD")
    assert result_of([account(AAPL, "0", "0", "0")], lambda _: None, NO_RATES.get) == result("0")


def test_the_day_is_sydneys_over_both_of_its_summer_times() -> None:
    # Summer time ends on 5 April 2026: UTC+11 before, UTC+10 after.
    assert day_of(datetime(2026, 4, 4, 12, 59, tzinfo=UTC)) == date(2026, 4, 4)
    assert day_of(datetime(2026, 4, 4, 13, 0, tzinfo=UTC)) == date(2026, 4, 5)
    assert day_of(datetime(2026, 4, 5, 13, 59, tzinfo=UTC)) == date(2026, 4, 5)
    assert day_of(datetime(2026, 4, 5, 14, 0, tzinfo=UTC)) == date(2026, 4, 6)


def test_a_day_keeps_its_worst_and_all_days_their_best() -> None:
    day: Day | None = None
    for total in ("0", "50", "-120", "10"):
        day = after(day, MONDAY, Decimal(total), Decimal(3))
    assert day is not None
    seen = figures_of(day, result("10", "10"))
    assert values(seen.today, seen.lowest, seen.below_peak) == (10, -120, 40)
    assert values(seen.fees_today, seen.fees_this_month) == (7, 7)
    # What is worse than all before counts at once.
    assert figures_of(day, result("-200", "10")).lowest == -200


def test_another_day_begins_where_the_last_was_seen_and_another_month_its_fees() -> None:
    monday = after(None, MONDAY, Decimal(100), Decimal(10))
    tuesday = after(monday, TUESDAY, Decimal(60), Decimal(12))
    # What fell or was paid while nobody looked belongs to Tuesday.
    seen = figures_of(tuesday, result("60", "15"))
    assert values(seen.today, seen.lowest, seen.below_peak) == (-40, -40, 40)
    assert values(seen.fees_today, seen.fees_this_month) == (5, 5)
    april = after(tuesday, date(2026, 4, 1), Decimal(60), Decimal(15))
    seen = figures_of(april, result("60", "16"))
    assert values(seen.today, seen.fees_today, seen.fees_this_month) == (0, 4, 4)


def test_a_restart_forgets_neither_the_days_loss_nor_the_peak() -> None:
    day = after(after(None, MONDAY, Decimal(500), Decimal(0)), MONDAY, Decimal(150), Decimal(9))
    again = from_text(as_text(day))
    assert again == day
    # What was lost between the last writing and the end is in the next total all the same.
    seen = figures_of(after(again, MONDAY, Decimal(90), Decimal(9)), result("90", "9"))
    assert values(seen.today, seen.lowest, seen.below_peak) == (-410, -410, 410)


def test_what_is_no_text_of_ours_is_none() -> None:
    for text in ("", "2026-03-30", "x 1 2 3 4 5 6 7", "2026-03-30 1 2 3 4 5 6 x"):
        assert from_text(text) is None


def test_without_a_known_result_the_worst_of_the_day_still_counts() -> None:
    day = after(after(None, MONDAY, Decimal(0), Decimal(0)), MONDAY, Decimal(-70), Decimal(0))
    seen = figures_of(day, Result(None, None, "BHP/AUD"))
    assert values(seen.today, seen.lowest, seen.below_peak) == (None, -70, None)
    assert values(seen.fees_today, seen.missing) == (None, "BHP/AUD")
    nothing = figures_of(None, Result(None, None, "BHP/AUD"))
    assert values(nothing.today, nothing.lowest, nothing.fees_this_month) == (None, None, None)


@given(totals=st.lists(CENTS, min_size=1), by=CENTS, last=CENTS)
def test_a_holding_given_in_or_taken_out_is_neither_profit_nor_loss(
    totals: list[Decimal], by: Decimal, last: Decimal
) -> None:
    day: Day | None = None
    for total in totals:
        day = after(day, MONDAY, total, Decimal(0))
    assert day is not None
    before = figures_of(day, Result(last, Decimal(0)))
    assert figures_of(shifted(day, by), Result(last + by, Decimal(0))) == before


@given(totals=st.lists(CENTS, min_size=2), step=st.integers(min_value=1, max_value=100))
def test_what_is_on_disk_is_never_off_by_more_than_a_step(totals: list[Decimal], step: int) -> None:
    day: Day | None = None
    kept: Day | None = None
    for total in totals:
        day = after(day, MONDAY, total, Decimal(0))
        if has_moved(day, kept, Decimal(step)):
            kept = day
        assert kept is not None
        assert abs(kept.lowest - day.lowest) < step and abs(kept.peak - day.peak) < step
