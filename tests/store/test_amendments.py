"""Amendments, groups and previews on the disk: durable before the wire, and none twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.book import DuplicateAmendment, DuplicateIntent
from adapters.store.book import SqliteBook
from domain.orders import Order, OrderState, Side
from domain.terms import Amendment, AmendmentState, Terms
from domain.venue import OrderPreview
from tests.store.material import NOON, execution, intent

WAS = Terms(Decimal(100), Decimal("45.10"))
RAISED = Terms(Decimal(150), Decimal("45.20"))


def amendment(name: str = "A-1", terms: Terms = RAISED, order: str = "K-1") -> Amendment:
    return Amendment(name, order, WAS, terms, AmendmentState.INTENDED, NOON)


def working(book: SqliteBook, name: str = "K-1") -> Order:
    book.record_intent(intent(name), "c")
    return book.record_state(name, OrderState.WORKING, NOON)


def test_until_it_is_settled_an_order_shows_both_and_counts_the_larger(book: SqliteBook) -> None:
    working(book)
    order = book.record_amendment(amendment(), "c")
    assert (order.request.terms, order.amending, order.pending_change) == (
        WAS,
        amendment(),
        "AMEND",
    )
    assert (order.most, order.exposed, order.remaining) == tuple(map(Decimal, (150, 150, 100)))
    [same] = book.open_orders()
    assert same == order


@pytest.mark.parametrize(
    ("state", "terms"),
    [
        (AmendmentState.CONFIRMED, RAISED),
        (AmendmentState.REFUSED, WAS),
        (AmendmentState.NOT_SENT, WAS),
    ],
)
def test_settled_it_leaves_the_terms_that_hold(
    book: SqliteBook, state: AmendmentState, terms: Terms
) -> None:
    working(book)
    book.record_amendment(amendment(), "c")
    sent = NOON + timedelta(seconds=1)
    book.record_amended("K-1", "A-1", AmendmentState.SENT, sent, sent_at=sent)
    order = book.record_amended("K-1", "A-1", state, sent, reason="so it is")
    assert (order.request.terms, order.amending, order.pending_change) == (terms, None, None)
    assert book.amendments("K-1") == [
        replace(amendment(), state=state, sent_at=sent, reason="so it is")
    ]


def test_one_in_doubt_stays_open(book: SqliteBook) -> None:
    working(book)
    book.record_amendment(amendment(), "c")
    order = book.record_amended("K-1", "A-1", AmendmentState.UNKNOWN, NOON)
    assert order.amending is not None
    assert order.amending.state is AmendmentState.UNKNOWN


def test_an_amendment_is_never_written_twice(book: SqliteBook) -> None:
    working(book)
    book.record_amendment(amendment(), "c")
    with pytest.raises(DuplicateAmendment) as raised:
        book.record_amendment(amendment(terms=WAS), "c")
    assert raised.value.existing == amendment()
    with pytest.raises(LookupError):
        book.record_amendment(amendment(order="K-9"), "c")
    with pytest.raises(LookupError):
        book.record_amended("K-1", "A-9", AmendmentState.SENT, NOON)


def test_a_wish_to_cancel_is_not_forgotten_over_an_amendment(book: SqliteBook) -> None:
    working(book)
    book.record_amendment(amendment(), "c")
    book.record_state("K-1", OrderState.WORKING, NOON, pending_change="CANCEL")
    order = book.record_amended("K-1", "A-1", AmendmentState.REFUSED, NOON)
    assert (order.pending_change, order.amending) == ("CANCEL", None)


def test_what_the_venue_changed_is_written_with_its_cause(book: SqliteBook) -> None:
    working(book)
    order = book.record_terms("K-1", Terms(Decimal(60), Decimal("45.10")), NOON, "reduced")
    assert order.request.quantity == 60
    [row] = book.connection.rows("SELECT detail FROM journal WHERE kind = 'terms'")
    assert "reduced" in row[0]


def test_a_group_is_written_whole_or_not_at_all(book: SqliteBook) -> None:
    working(book, "K-1-S")
    child = replace(intent().request, client_order_id="K-1-S", side=Side.SELL, parent="K-1")
    attached = [replace(intent(), request=child)]
    with pytest.raises(DuplicateIntent):
        book.record_intent(intent(), "c", attached=attached)
    assert book.order("K-1") is None


def test_those_that_left_together_are_found_from_each(book: SqliteBook) -> None:
    parent = intent()
    children = [
        replace(
            parent,
            request=replace(
                parent.request,
                client_order_id=f"K-1-{letter}",
                side=Side.SELL,
                parent="K-1",
                oca_group="K-1.1",
            ),
        )
        for letter in "TS"
    ]
    book.record_intent(parent, "c", attached=children)
    working(book, "K-2")

    def related(name: str) -> list[str]:
        return [order.client_order_id for order in book.related(name)]

    assert related("K-1") == ["K-1-T", "K-1-S"]
    assert related("K-1-S") == ["K-1", "K-1-T"]
    assert related("K-2") == []
    assert [order.request.parent for order in book.open_orders()] == [None, "K-1", "K-1", None]


def test_a_preview_is_kept_beside_its_intent_and_not_told_stays_not_told(
    book: SqliteBook,
) -> None:
    told = OrderPreview(
        Decimal("6.60"), None, None, "AUD", Decimal("21.02"), None, None, None, None, "careful"
    )
    book.record_intent(intent(), "c", preview=told)
    book.record_intent(intent("K-2"), "c")
    assert (book.preview("K-1"), book.preview("K-2")) == (told, None)


def test_a_fill_counts_on_through_an_amendment(book: SqliteBook) -> None:
    working(book)
    book.record_amendment(amendment(), "c")
    book.book_fill("ib", execution(quantity="120"), NOON)
    order = book.record_amended("K-1", "A-1", AmendmentState.CONFIRMED, NOON)
    assert (order.filled, order.remaining) == (Decimal(120), Decimal(30))
