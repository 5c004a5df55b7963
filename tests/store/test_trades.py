"""Orders that have traded, newest first, a page at a time, with what they realised."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from adapters.store import SqliteBook
from domain.adoption import Adoption
from domain.orders import Purpose, Side
from domain.symbols import Symbol
from tests.store.material import BHP, NOON, commission, execution, intent

AUDUSD = Symbol("AUD", "USD")


def _traded(
    book: SqliteBook,
    name: str,
    *fills: tuple[str, str, float],
    side: Side = Side.BUY,
    purpose: Purpose = Purpose.ENTRY,
) -> None:
    """An order with these fills: quantity, price, and seconds after noon."""
    order = intent(name, side=side, quantity="1000")
    order = replace(order, request=replace(order.request, purpose=purpose))
    book.record_intent(order, "c")
    for number, (quantity, price, seconds) in enumerate(fills):
        word = execution(
            f"{name}.{number}",
            order=name,
            side=side,
            quantity=quantity,
            price=price,
            seconds=seconds,
            venue_order_id=None,
        )
        book.book_fill("ib", word, NOON)


def test_an_order_stands_where_its_newest_fill_does_and_once(book: SqliteBook) -> None:
    _traded(book, "LONG", ("10", "45", 1), ("10", "46", 50))
    _traded(book, "SHORT", ("5", "45", 20))
    book.record_intent(intent("NEVER"), "c")
    assert [each.cost.client_order_id for each in book.trades()] == ["LONG", "SHORT"]
    [first] = book.trades(limit=1)
    assert (first.cost.filled, first.average) == (Decimal(20), Decimal("45.5"))
    assert (first.last - NOON).total_seconds() == 50
    assert first.known == NOON, "when it was booked, not when it traded"
    assert [each.cost.client_order_id for each in book.trades(before="LONG")] == ["SHORT"]
    assert list(book.trades(before="SHORT")) == []
    assert list(book.trades(before="NEVER")) == []
    assert list(book.trades(before="nobody's")) == []


def test_pages_together_are_all_of_them(book: SqliteBook) -> None:
    # Two of each moment: the time alone tells no place.
    for number in range(23):
        _traded(book, f"K-{number:02}", ("1", "45", number // 2), ("1", "45", 60 + number // 2))
    seen: list[str] = []
    while page := book.trades(limit=5, before=seen[-1] if seen else None):
        seen += [each.cost.client_order_id for each in page]
        assert len(seen) <= 23, "each is there once"
    assert len(seen) == 23
    assert seen == sorted(seen, reverse=True)


def test_what_a_sale_realised_and_what_it_cost(book: SqliteBook) -> None:
    _traded(book, "IN", ("100", "45", 1))
    _traded(book, "OUT", ("40", "46", 2), ("60", "44.5", 3), side=Side.SELL, purpose=Purpose.EXIT)
    book.book_commission("ib", commission("OUT.0", "6.60"), NOON)
    out, entry = book.trades()
    assert (out.realised, out.closes) == (Decimal("10.0"), True)
    assert (entry.realised, entry.closes) == (Decimal(0), False)
    assert (out.cost.charged, out.cost.missing) == ((("AUD", Decimal("6.60")),), 1)


def test_what_was_given_up_by_hand_before_is_not_counted_again(book: SqliteBook) -> None:
    _traded(book, "IN", ("100", "45", 1))
    given_up = Adoption("A-1", "ib", BHP, Decimal(-50), Decimal(47), Decimal(100), "me", "x")
    book.record_adoption(given_up, NOON + timedelta(seconds=2))
    _traded(book, "OUT", ("50", "46", 5), side=Side.SELL, purpose=Purpose.EXIT)
    assert book.trades()[0].realised == Decimal(50)


def test_cash_that_was_converted_realises_nothing(book: SqliteBook) -> None:
    order = intent("CASH", symbol=AUDUSD)
    book.record_intent(replace(order, request=replace(order.request, purpose=Purpose.CONVERT)), "c")
    book.book_fill("ib", replace(execution(order="CASH"), symbol=AUDUSD), NOON)
    [trade] = book.trades()
    assert (trade.realised, trade.closes) == (Decimal(0), False)
