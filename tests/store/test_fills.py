"""Executions and commissions: once each, in any order, corrections replace."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.book import Booking
from adapters.store import SqliteBook, open_book
from domain.orders import OrderState, Side
from domain.venue import CommissionReport, ExecutionReport
from tests.store.material import ACCOUNT, NOON, StandingClock, commission, execution, intent


def test_a_fill_is_booked_once(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    booking, fill = book.book_fill("ib", execution(), NOON)
    assert booking is Booking.NEW
    assert fill is not None
    assert (fill.quantity, fill.price, fill.commission) == (Decimal(100), Decimal("45.10"), None)
    assert not fill.commission_final
    assert book.book_fill("ib", execution(), NOON) == (Booking.DUPLICATE, fill)
    order = book.order("K-1")
    assert order is not None
    assert (order.filled, order.average_price) == (Decimal(100), Decimal("45.10"))
    assert order.state is OrderState.INTENDED
    assert [position.quantity for position in book.positions()] == [Decimal(100)]


def test_a_correction_replaces(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    book.book_fill("ib", execution(quantity="60"), NOON)
    book.book_fill("ib", execution("0002.01", quantity="40", price="45.20", seconds=1), NOON)
    corrected = execution(revision=2, quantity="50", price="45.00")
    booking, fill = book.book_fill("ib", corrected, NOON)
    assert booking is Booking.CORRECTED
    assert fill is not None
    assert (fill.execution_id, fill.quantity) == ("0001.01.02", Decimal(50))
    order = book.order("K-1")
    assert order is not None
    assert order.filled == Decimal(90)
    assert order.average_price == Decimal("45.088888888888888889")
    (position,) = book.positions()
    assert position.quantity == Decimal(90)
    assert position.average_price == Decimal("45.088888888888888889")
    assert len(book.fills()) == 2
    kinds = [row[0] for row in book.connection.rows("SELECT kind FROM journal ORDER BY seq")]
    booked = ["execution_word", "fill"]
    assert kinds == ["identity", "intent", *booked, *booked, "execution_word", "correction"]
    old = book.connection.rows("SELECT detail FROM journal WHERE kind = 'correction'")
    assert '"60"' in old[0][0]


def test_an_older_revision_after_its_correction_changes_nothing(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    book.book_fill("ib", execution(revision=2, quantity="50"), NOON)
    booking, fill = book.book_fill("ib", execution(revision=1, quantity="60"), NOON)
    assert booking is Booking.DUPLICATE
    assert fill is not None
    assert fill.quantity == Decimal(50)


def test_a_bust_leaves_nothing(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    book.book_fill("ib", execution(), NOON)
    book.book_fill("ib", execution(revision=2, quantity="0"), NOON)
    order = book.order("K-1")
    assert order is not None
    assert (order.filled, order.average_price) == (Decimal(0), None)
    assert [position.quantity for position in book.positions()] == [Decimal(0)]


def test_a_negative_quantity_is_refused(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    with pytest.raises(ValueError, match="-5"):
        book.book_fill("ib", execution(quantity="-5"), NOON)
    assert book.fills() == []


def test_a_commission_after_its_fill(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    book.book_fill("ib", execution(), NOON)
    booking, fill = book.book_commission("ib", commission(), NOON)
    assert booking is Booking.NEW
    assert fill is not None
    assert (fill.commission, fill.commission_currency) == (Decimal("6.60"), "AUD")
    assert fill.commission_final
    assert book.book_commission("ib", commission(), NOON) == (Booking.DUPLICATE, fill)
    assert book.positions()[0].commissions == (("AUD", Decimal("6.60")),)


def test_a_commission_before_its_fill_waits_for_it(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    assert book.book_commission("ib", commission(), NOON) == (Booking.EARLY, None)
    assert book.book_commission("ib", commission(), NOON) == (Booking.DUPLICATE, None)
    _, fill = book.book_fill("ib", execution(), NOON)
    assert fill is not None
    assert fill.commission == Decimal("6.60")
    assert book.positions()[0].commissions == (("AUD", Decimal("6.60")),)


def test_a_rebate_and_a_second_currency(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    for key, amount, currency in (("a", "6.60", "AUD"), ("b", "-0.35", "AUD"), ("c", "1", "USD")):
        book.book_fill("ib", execution(key, quantity="10"), NOON)
        book.book_commission("ib", commission(key, amount, currency=currency), NOON)
    (position,) = book.positions()
    assert position.commissions == (("AUD", Decimal("6.25")), ("USD", Decimal(1)))


def test_a_corrected_commission_replaces(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    book.book_fill("ib", execution(), NOON)
    book.book_commission("ib", commission(), NOON)
    _, fill = book.book_fill("ib", execution(revision=2), NOON)
    assert fill is not None
    assert not fill.commission_final  # that of the first revision
    booking, fill = book.book_commission("ib", commission(amount="-1.10", revision=2), NOON)
    assert booking is Booking.CORRECTED
    assert fill is not None
    assert (fill.commission, fill.commission_final) == (Decimal("-1.10"), True)
    assert book.positions()[0].commissions == (("AUD", Decimal("-1.1")),)


def test_a_foreign_execution_is_noted_apart(book: SqliteBook) -> None:
    stranger = execution(order=None)
    assert book.book_fill("ib", stranger, NOON) == (Booking.FOREIGN, None)
    assert book.book_fill("ib", stranger, NOON) == (Booking.DUPLICATE, None)
    assert book.book_fill("ib", execution(order="K-9", revision=2), NOON) == (Booking.FOREIGN, None)
    assert book.book_commission("ib", commission(), NOON) == (Booking.FOREIGN, None)
    assert (book.fills(), book.positions()) == ([], [])
    assert book.connection.rows("SELECT revision FROM foreign_executions") == [(2,)]


def test_an_execution_without_our_id_is_found_by_the_venues(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    book.record_state("K-1", OrderState.WORKING, NOON, venue_order_id="9001")
    booking, fill = book.book_fill("ib", execution(order=None), NOON)
    assert booking is Booking.NEW
    assert fill is not None
    assert fill.client_order_id == "K-1"


def test_a_foreign_execution_that_proves_ours_is_taken_over(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    book.book_fill(
        "ib", execution(order=None, venue_order_id=None, revision=2, quantity="70"), NOON
    )
    book.book_commission("ib", commission(), NOON)
    booking, fill = book.book_fill("ib", execution(), NOON)
    assert booking is Booking.NEW
    assert fill is not None
    assert (fill.quantity, fill.commission) == (Decimal(70), Decimal("6.60"))
    assert book.connection.rows("SELECT * FROM foreign_executions") == []
    assert book.positions()[0].commissions == (("AUD", Decimal("6.6")),)


def test_lists_of_fills_are_newest_first(book: SqliteBook) -> None:
    for name in ("K-1", "K-2"):
        book.record_intent(intent(name), "c")
    for number in range(6):
        name = "K-1" if number % 2 else "K-2"
        book.book_fill(
            "ib", execution(f"{number}", order=name, quantity="1", seconds=-number), NOON
        )
    assert [fill.execution_key for fill in book.fills(limit=3)] == ["0", "1", "2"]
    assert [fill.execution_key for fill in book.fills(client_order_id="K-1")] == ["1", "3", "5"]
    assert [fill.execution_key for fill in book.fills(symbol=intent().request.symbol, limit=1)] == [
        "0"
    ]


REPORTS: tuple[ExecutionReport | CommissionReport, ...] = (
    execution("a", quantity="60", price="45.10"),
    execution("b", quantity="40", price="45.30", seconds=1),
    execution("b", quantity="30", price="45.35", seconds=4, revision=2),
    execution("s", order="K-2", side=Side.SELL, quantity="130", price="46.01", seconds=3),
    commission("a"),
    commission("b", "0.40"),
    commission("b", "-0.10", revision=2),
    commission("s", "5.20", currency="USD"),
    execution("x", order=None, venue_order_id=None),
    execution("y", order=None, venue_order_id=None, quantity="5"),
    execution("y", order="K-1", quantity="5", price="45.20", seconds=-1),
)


def told(reports: list[ExecutionReport | CommissionReport]) -> tuple[object, ...]:
    """What a fresh book says after these reports."""
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(Path(folder), "demo", ACCOUNT, StandingClock())
        try:
            book.record_intent(intent("K-1"), "c")
            book.record_intent(intent("K-2", side=Side.SELL), "c")
            with book.group():
                for report in reports:
                    if isinstance(report, ExecutionReport):
                        book.book_fill("ib", report, NOON + timedelta(minutes=1))
                    else:
                        book.book_commission("ib", report, NOON + timedelta(minutes=1))
            foreign = book.connection.rows("SELECT * FROM foreign_executions ORDER BY 1")
            return (book.fills(), book.positions(), book.orders(), foreign)
        finally:
            book.close()


@settings(max_examples=60, deadline=None)
@given(st.permutations(REPORTS), st.lists(st.sampled_from(REPORTS), max_size=5))
def test_every_order_of_reports_ends_in_one_state(
    reports: list[ExecutionReport | CommissionReport],
    again: list[ExecutionReport | CommissionReport],
) -> None:
    assert told([*reports, *again]) == told(list(REPORTS))


def test_the_one_state_is_the_right_one() -> None:
    fills, positions, orders, foreign = told(list(REPORTS))
    assert isinstance(fills, list) and isinstance(positions, list) and isinstance(orders, list)
    assert [fill.execution_key for fill in fills] == ["b", "s", "a", "y"]
    (position,) = positions
    bought = 5 * Decimal("45.20") + 60 * Decimal("45.10")
    assert position.quantity == Decimal(-35)
    assert position.average_price == Decimal("46.01")
    assert position.realised_pnl == 95 * Decimal("46.01") - bought - 30 * Decimal("45.35")
    assert position.opened_at == NOON + timedelta(seconds=3)
    assert position.commissions == (("AUD", Decimal("6.5")), ("USD", Decimal("5.2")))
    assert [order.filled for order in orders] == [Decimal(130), Decimal(95)]
    assert isinstance(foreign, list) and len(foreign) == 1


# -- what a person's word booked -----------------------------------------------------------------


def test_true_executions_take_the_place_of_what_was_booked_by_hand(book: SqliteBook) -> None:
    book.record_intent(intent(), "c")
    by_hand = replace(
        execution("by-hand-K-1-x", revision=0, quantity="60", price="45.00"),
        execution_id="by-hand-K-1-x",
    )
    assert book.book_fill("ib", by_hand, NOON)[0] is Booking.NEW
    book.book_fill("ib", execution("true.01", quantity="30", price="44.00"), NOON)
    order = book.order("K-1")
    assert order is not None
    assert (order.filled, order.average_price) == (Decimal(60), Decimal("44.5"))
    book.book_fill("ib", execution("true.02", quantity="50", price="44.00"), NOON)
    book.book_fill("ib", execution("true.02", quantity="50", price="44.00"), NOON)
    order = book.order("K-1")
    assert order is not None
    assert (order.filled, order.average_price) == (Decimal(80), Decimal("44"))
    [position] = book.positions()
    assert (position.quantity, position.average_price) == (Decimal(80), Decimal("44"))
