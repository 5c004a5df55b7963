"""What a person says is ours to manage: durable, journalled, and counted among the fills."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.store import SqliteBook, open_book
from adapters.store.average_cost import Holding, after_adoption, after_fill
from domain.adoption import Adoption
from domain.orders import Side
from tests.store.material import ACCOUNT, BHP, NOON, StandingClock, execution, intent


def adoption(
    quantity: str, price: str | None = None, *, name: str = "ADOPT-1", was: str = "0"
) -> Adoption:
    amount = None if price is None else Decimal(price)
    return Adoption(name, "ib", BHP, Decimal(quantity), amount, Decimal(was), "me", "mine now")


def bought(book: SqliteBook, quantity: str = "100", price: str = "40", seconds: float = 0) -> None:
    if book.order("K-1") is None:
        book.record_intent(intent("K-1", quantity="1000"), "c")
    key = f"a{seconds}"
    report = execution(key, quantity=quantity, price=price, seconds=seconds)
    book.book_fill("ib", report, NOON)


def position(book: SqliteBook) -> tuple[Decimal, Decimal, Decimal]:
    (found,) = book.positions()
    return found.quantity, found.average_price, found.realised_pnl


def test_what_is_taken_over_counts_as_bought_at_its_price(book: SqliteBook) -> None:
    since = book.record_adoption(adoption("50", "42"), NOON)
    assert (since.quantity, since.average_price) == (Decimal(50), Decimal(42))
    bought(book, "50", "44", seconds=5)
    assert position(book) == (Decimal(100), Decimal(43), Decimal(0))


@pytest.mark.parametrize(("price", "realised"), [(None, "0"), ("45", "150"), ("38", "-60")])
def test_what_is_given_up_leaves_at_its_cost_or_at_a_price(
    book: SqliteBook, price: str | None, realised: str
) -> None:
    bought(book)
    since = book.record_adoption(adoption("-30", price, was="100"), NOON + timedelta(seconds=9))
    assert (since.quantity, since.average_price) == (Decimal(70), Decimal(40))
    assert since.realised_pnl == Decimal(realised)


def test_it_outlives_the_process_and_stands_in_the_journal(tmp_path: Path) -> None:
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    book.record_adoption(adoption("50", "42"), NOON)
    rows = book.connection.rows("SELECT kind, subject, detail FROM journal")
    book.close()
    [(kind, subject, detail)] = [row for row in rows if row[0] == "adoption"]
    assert (kind, subject) == ("adoption", "BHP/AUD")
    assert '"quantity":"50"' in detail and '"who":"me"' in detail
    again = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    assert again.adoption("ADOPT-1") == adoption("50", "42") == again.adoptions()[0]
    assert again.adoption("ADOPT-2") is None
    assert position(again) == (Decimal(50), Decimal(42), Decimal(0))
    again.close()


def test_a_fill_that_comes_late_recomputes_through_it(book: SqliteBook) -> None:
    """It traded before the word was given: its place is before it."""
    book.record_adoption(adoption("50", "42"), NOON + timedelta(seconds=9))
    bought(book, "50", "40", seconds=0)
    assert position(book) == (Decimal(100), Decimal(41), Decimal(0))
    book.record_adoption(adoption("-100", name="ADOPT-2", was="100"), NOON + timedelta(seconds=20))
    assert position(book) == (Decimal(0), Decimal(0), Decimal(0))


def test_a_bust_of_what_was_given_up_leaves_the_difference_and_crashes_nothing(
    book: SqliteBook,
) -> None:
    bought(book)
    book.record_adoption(adoption("-100", was="100"), NOON + timedelta(seconds=9))
    report = execution("a0", revision=2, quantity="60", price="40")
    book.book_fill("ib", report, NOON)
    assert position(book) == (Decimal(-40), Decimal(40), Decimal(0))


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from(Side),
            st.integers(1, 100).map(Decimal),
            st.none() | st.integers(1, 100).map(Decimal),
        ),
        max_size=12,
    )
)
def test_quantities_add_up_whatever_is_traded_and_adopted(
    steps: list[tuple[bool, Side, Decimal, Decimal | None]],
) -> None:
    held: Holding | None = None
    total = Decimal(0)
    for is_fill, side, quantity, price in steps:
        total += side.sign * quantity
        if is_fill:
            held = after_fill(held, side, quantity, price or Decimal(1), NOON)
        else:
            held = after_adoption(held, side.sign * quantity, price, NOON)
        assert held.quantity == total
        assert total != 0 or held.cost == 0
