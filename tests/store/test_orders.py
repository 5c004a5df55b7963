"""Intents and states: exact, once, durable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.book import AuditRow, Book, DuplicateIntent
from adapters.store import SqliteBook, open_book
from adapters.store.columns import decimal_text, micros, moment
from domain.orders import OrderState, OrderType, Purpose, Tif
from domain.symbols import Symbol
from tests.store.material import ACCOUNT, BHP, NOON, StandingClock, execution, intent


def test_the_book_keeps_the_protocol(book: SqliteBook) -> None:
    held: Book = book  # checked by mypy too
    assert held.open_orders() == []


def test_an_intent_comes_back_as_it_went_in_after_a_restart(tmp_path: Path) -> None:
    order = intent(quantity="100.0")
    order = replace(
        order,
        request=replace(
            order.request,
            type=OrderType.STOP_LIMIT,
            stop_price=Decimal("44.900"),
            tif=Tif.GTC,
            purpose=Purpose.PROTECTION,
        ),
        created_at=NOON + timedelta(microseconds=1),
    )
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    book.record_intent(order, "c-1")
    book.close()
    again = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    found = again.order("K-1")
    again.close()
    assert found == order
    assert found is not None
    assert str(found.request.quantity) == "100.0"
    assert str(found.request.stop_price) == "44.900"


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_keeps_every_digit(value: Decimal) -> None:
    back = Decimal(decimal_text(value))
    assert back.as_tuple() == value.as_tuple()


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_refused(book: SqliteBook, value: str) -> None:
    order = intent()
    broken = replace(order, request=replace(order.request, quantity=Decimal(value)))
    with pytest.raises(ValueError, match="no amount"):
        book.record_intent(broken, "c-1")
    assert book.order("K-1") is None


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="no Decimal"):
        decimal_text(45.1)  # type: ignore[arg-type]


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.timezones()))
def test_a_time_keeps_its_microsecond(time: datetime) -> None:
    back = moment(micros(time))
    assert back == time.astimezone(UTC)
    assert back.tzinfo is UTC


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        micros(NOON.replace(tzinfo=None))


def test_a_taken_id_gives_the_order_on_record(book: SqliteBook) -> None:
    first = intent()
    book.record_intent(first, "c-1")
    with pytest.raises(DuplicateIntent) as caught:
        book.record_intent(intent(quantity="5"), "c-2")
    assert caught.value.existing == first
    assert len(book.orders()) == 1


def test_an_intent_cannot_be_filled(book: SqliteBook) -> None:
    with pytest.raises(ValueError, match="cannot be filled"):
        book.record_intent(replace(intent(), filled=Decimal(1)), "c-1")


def test_a_state_keeps_what_is_not_given(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    later = NOON + timedelta(seconds=1)
    book.record_state("K-1", OrderState.SENT, later, sent_at=later, pending_change="place")
    book.record_state(
        "K-1", OrderState.WORKING, later, venue_order_id="9001", reason="acknowledged"
    )
    order = book.record_state("K-1", OrderState.WORKING, later + timedelta(seconds=1))
    assert order == book.order("K-1") == book.order_by_venue_id("ib", "9001")
    assert (order.sent_at, order.venue_order_id, order.reason) == (later, "9001", "acknowledged")
    assert order.pending_change is None
    assert order.updated_at == later + timedelta(seconds=1)


def test_a_state_of_an_unknown_order_is_refused(book: SqliteBook) -> None:
    with pytest.raises(LookupError, match="K-9"):
        book.record_state("K-9", OrderState.SENT, NOON)


def test_every_change_is_journalled_with_its_correlation(book: SqliteBook) -> None:
    book.record_intent(intent(), "c-1")
    book.record_state("K-1", OrderState.SENT, NOON)
    book.book_fill("ib", execution(), NOON)
    book.record_setting("paused", "yes", NOON)
    book.record_audit(AuditRow(NOON, "owner", "pause", "lunch"))
    rows = book.connection.rows("SELECT seq, kind, correlation FROM journal ORDER BY seq")
    assert rows == [
        (1, "identity", ""),
        (2, "intent", "c-1"),
        (3, "state", "c-1"),
        (4, "execution_word", ""),
        (5, "fill", "c-1"),
        (6, "setting", ""),
        (7, "audit", ""),
    ]


@pytest.mark.parametrize("statement", ["DELETE FROM journal", "UPDATE journal SET kind = ''"])
def test_the_journal_takes_no_change(book: SqliteBook, statement: str) -> None:
    book.record_intent(intent(), "c-1")
    with pytest.raises(peewee.IntegrityError, match="append-only"):
        book.connection.execute(statement)


def test_lists_of_orders(book: SqliteBook) -> None:
    vas = Symbol("VAS", "AUD")
    for number in range(1, 7):
        book.record_intent(intent(f"K-{number}", symbol=BHP if number % 2 else vas), "c")
    for final in (3, 4):
        book.record_state(f"K-{final}", OrderState.REJECTED, NOON)
    book.record_state("K-1", OrderState.UNKNOWN, NOON)

    def ids(orders: object) -> list[str]:
        assert isinstance(orders, list)
        return [order.client_order_id for order in orders]

    assert ids(book.open_orders()) == ["K-1", "K-2", "K-5", "K-6"]
    assert ids(book.orders(limit=2)) == ["K-6", "K-5"]
    assert ids(book.orders(symbol=vas)) == ["K-6", "K-4", "K-2"]
    assert ids(book.orders(state=OrderState.REJECTED)) == ["K-4", "K-3"]
    assert ids(book.orders(symbol=BHP, state=OrderState.REJECTED)) == ["K-3"]


def test_settings_and_audit_outlive_the_process(tmp_path: Path) -> None:
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    book.record_setting("paused", "yes", NOON)
    book.record_setting("paused", "no", NOON)
    rows = [AuditRow(NOON, "owner", "resume", "BHP/AUD"), AuditRow(NOON, "kelpie", "stop", "")]
    for row in rows:
        book.record_audit(row)
    book.close()
    book.close()
    again = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    assert again.settings() == {"paused": "no"}
    assert again.audit() == rows[::-1]
    assert again.audit(limit=1) == rows[1:]
    again.close()


def test_a_group_is_all_or_nothing(book: SqliteBook) -> None:
    with pytest.raises(ZeroDivisionError), book.group():
        book.record_intent(intent("K-1"), "c")
        book.record_setting("paused", "yes", NOON)
        raise ZeroDivisionError
    assert book.orders() == []
    assert book.settings() == {}
    assert book.connection.rows("SELECT kind FROM journal") == [("identity",)]
    with book.group():
        book.record_intent(intent("K-1"), "c")
        book.record_intent(intent("K-2"), "c")
    assert len(book.orders()) == 2


def test_a_write_that_failed_spoils_its_group_even_when_caught(book: SqliteBook) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"), book.group():
        book.record_intent(intent("K-1"), "c")
        with pytest.raises(ValueError, match="no time zone"):
            book.record_setting("paused", "yes", naive)
    assert book.orders() == []


def test_a_duplicate_does_not_spoil_its_group(book: SqliteBook) -> None:
    with book.group():
        book.record_intent(intent("K-1"), "c")
        with pytest.raises(DuplicateIntent):
            book.record_intent(intent("K-1"), "c")
        book.record_intent(intent("K-2"), "c")
    assert len(book.orders()) == 2


def test_a_group_does_not_stand_in_another(book: SqliteBook) -> None:
    with pytest.raises(RuntimeError, match="inside another"), book.group(), book.group():
        pass


def test_a_closed_book_is_no_fault_of_the_disk(book: SqliteBook) -> None:
    book.close()
    with pytest.raises(peewee.InterfaceError):
        book.open_orders()
    with pytest.raises(peewee.InterfaceError):
        book.record_intent(intent(), "c")
