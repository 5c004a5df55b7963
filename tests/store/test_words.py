"""Corrections and commissions restated: nothing that a venue said is ever overwritten."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import peewee
import pytest

from adapters.book import Booking, Fill
from adapters.store import SqliteBook
from domain.orders import Side
from tests.store.material import NOON, commission, execution, intent


def said(book: SqliteBook, key: str = "0001.01") -> list[tuple[int, Decimal]]:
    return [(word.revision, word.quantity) for word in book.execution_words("ib", key)]


def amounts(book: SqliteBook, key: str = "0001.01") -> list[Decimal]:
    return [word.amount for word in book.commission_words("ib", key)]


def only(fills: object) -> Fill:
    assert isinstance(fills, list)
    [fill] = fills
    assert isinstance(fill, Fill)
    return fill


def test_pain_13_a_correction_and_its_original_lie_side_by_side(book: SqliteBook) -> None:
    book.record_intent(intent(), "c")
    first = execution(quantity="100", price="10")
    second = execution(revision=2, quantity="90", price="10")
    for report in (first, second, first, second):
        book.book_fill("ib", report, NOON)
        assert book.positions()[0].quantity == only(book.fills()).quantity
    assert said(book) == [(1, Decimal(100)), (2, Decimal(90))]
    fill = only(book.fills())
    assert (fill.revision, fill.quantity, fill.execution_id) == (2, Decimal(90), "0001.01.02")
    [position] = book.positions()
    assert (position.quantity, position.average_price) == (Decimal(90), Decimal(10))


def test_a_correction_before_its_original(book: SqliteBook) -> None:
    book.record_intent(intent(), "c")
    book.book_fill("ib", execution(revision=2, quantity="90", price="10"), NOON)
    booking, _ = book.book_fill("ib", execution(quantity="100", price="10"), NOON)
    assert booking is Booking.DUPLICATE
    assert said(book) == [(1, Decimal(100)), (2, Decimal(90))]
    assert book.positions()[0].quantity == Decimal(90)


def test_a_bust_takes_its_profit_and_its_cost_back(book: SqliteBook) -> None:
    book.record_intent(intent("K-1"), "c")
    book.record_intent(intent("K-2", side=Side.SELL), "c")
    book.book_fill("ib", execution("a", quantity="60", price="10"), NOON)
    book.book_fill("ib", execution("b", quantity="40", price="12", seconds=1), NOON)
    sale = execution("s", order="K-2", side=Side.SELL, quantity="30", price="15", seconds=2)
    book.book_fill("ib", sale, NOON)
    [before] = book.positions()
    assert before.realised_pnl == 30 * (Decimal(15) - Decimal("10.8"))
    book.book_fill("ib", execution("b", revision=2, quantity="0", price="12", seconds=1), NOON)
    [after] = book.positions()
    assert (after.quantity, after.average_price) == (Decimal(30), Decimal(10))
    assert after.realised_pnl == Decimal(150)
    book.book_fill("ib", execution("a", revision=2, quantity="60", price="11"), NOON)
    [corrected] = book.positions()
    assert (corrected.average_price, corrected.realised_pnl) == (Decimal(11), Decimal(120))
    assert said(book, "b") == [(1, Decimal(40)), (2, Decimal(0))]


def test_a_commission_restated_at_the_same_revision(book: SqliteBook) -> None:
    book.record_intent(intent(), "c")
    book.book_fill("ib", execution(), NOON)
    for amount, booking in (
        ("6.60", Booking.NEW),
        ("6.6", Booking.DUPLICATE),
        ("7.15", Booking.CORRECTED),
        ("-0.12", Booking.CORRECTED),
    ):
        assert book.book_commission("ib", commission(amount=amount), NOON)[0] is booking
    fill = only(book.fills())
    assert (fill.commission, fill.commission_final) == (Decimal("-0.12"), True)
    assert amounts(book) == [Decimal("6.60"), Decimal("7.15"), Decimal("-0.12")]
    assert book.positions()[0].commissions == (("AUD", Decimal("-0.12")),)


def test_a_commission_restated_in_another_currency(book: SqliteBook) -> None:
    book.record_intent(intent(), "c")
    book.book_fill("ib", execution(), NOON)
    book.book_commission("ib", commission(amount="6.60"), NOON)
    book.book_commission("ib", commission(amount="4.10", currency="USD"), NOON)
    fill = only(book.fills())
    assert (fill.commission, fill.commission_currency) == (Decimal("4.10"), "USD")
    charged = dict(book.positions()[0].commissions)
    assert (charged["USD"], charged.get("AUD", Decimal(0))) == (Decimal("4.1"), Decimal(0))


def test_an_older_commission_after_that_of_a_correction_changes_nothing(book: SqliteBook) -> None:
    book.record_intent(intent(), "c")
    book.book_fill("ib", execution(revision=2), NOON)
    book.book_commission("ib", commission(amount="5", revision=2), NOON)
    late, _ = book.book_commission("ib", commission(amount="6.60"), NOON)
    assert late is Booking.DUPLICATE
    assert only(book.fills()).commission == Decimal(5)
    assert amounts(book) == [Decimal(5), Decimal("6.60")]


@pytest.mark.parametrize("table", ["execution_words", "commission_words"])
@pytest.mark.parametrize("verb", ["DELETE FROM {}", "UPDATE {} SET revision = 9"])
def test_what_was_said_cannot_be_unsaid(book: SqliteBook, table: str, verb: str) -> None:
    book.record_intent(intent(), "c")
    book.book_fill("ib", execution(), NOON)
    book.book_commission("ib", commission(), NOON)
    with pytest.raises((peewee.IntegrityError, sqlite3.IntegrityError), match="append-only"):
        book.connection.execute(verb.format(table))


def test_two_venues_may_use_the_same_keys(book: SqliteBook) -> None:
    book.record_intent(intent(), "c")
    book.record_state("K-1", intent().state, NOON, venue_order_id="9001")
    book.book_fill("ib", execution(quantity="60"), NOON)
    book.book_commission("ib", commission(), NOON)
    # Another venue's: the same execution key, the same permanent id, even our own order's id.
    for order in (None, "K-1"):
        stranger = execution(order=order, quantity="999", revision=7)
        assert book.book_fill("gemini", stranger, NOON)[1] is None
        book.book_commission("gemini", commission(amount="99", revision=7), NOON)
    fill = only(book.fills())
    assert (fill.quantity, fill.commission) == (Decimal(60), Decimal("6.60"))
    [foreign] = book.foreign_fills()
    assert (foreign.venue, foreign.quantity, foreign.commission) == (
        "gemini",
        Decimal(999),
        Decimal(99),
    )
    assert [position.quantity for position in book.positions()] == [Decimal(60)]


def test_foreign_fills_are_newest_first_and_by_symbol(book: SqliteBook) -> None:
    for number in range(4):
        report = execution(f"{number}", order=None, venue_order_id=None, seconds=number)
        book.book_fill("ib", report, NOON)
    assert [fill.execution_id for fill in book.foreign_fills(limit=2)] == ["3.01", "2.01"]
    assert len(book.foreign_fills(symbol=intent().request.symbol)) == 4
    other = type(intent().request.symbol)("CBA", "AUD")
    assert book.foreign_fills(symbol=other) == []
