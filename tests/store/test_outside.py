"""What is told from outside stands in the book once, whatever is imported again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store import SqliteBook
from adapters.store.outside import outside_facts
from domain.outside_facts import FactError, FactKind, OutsideFact, checked
from tests.store.material import NOON
from tests.store.story import difference, told_by_file


def test_a_fact_is_written_once(book: SqliteBook) -> None:
    parcel = told_by_file()
    rate = checked(
        "RATE", "2026-11-23", None, {"currency": "USD", "rate": "1.53"}, id="R-1", source="s"
    )
    assert book.outside.record([parcel, rate], "owner", NOON) == 2
    assert book.outside.record([parcel], "somebody", NOON + timedelta(hours=1)) == 0
    assert book.outside.all() == (parcel, rate), "by day"
    assert book.outside.known(["R-1", "R-2", "PARCEL-1"]) == (rate, parcel)
    assert book.outside.all((FactKind.RATE,)) == (rate,)
    assert outside_facts(book.connection.link) == (parcel, rate)
    kinds = [row[0] for row in book.connection.rows("SELECT kind FROM journal ORDER BY seq")]
    assert kinds.count("outside_fact") == 2


def cash(amount: str, type: str, number: int, *, day: str = "2026-11-23") -> OutsideFact:
    detail = {"type": type, "currency": "AUD", "amount": amount, "description": type}
    of = "BHP/AUD" if type in ("DIVIDEND", "TAX") else None
    return checked("CASH", day, of, detail, id=f"CASH-{number}", source="s")


def test_a_statement_says_what_unexplained_changes_of_cash_were(book: SqliteBook) -> None:
    for each in (
        replace(difference("C-0", "AUD", "-10"), venue="gemini"),
        difference("C-1", "AUD", "59.50"),
        difference("C-2", "AUD", "-10"),
        difference("C-3", "AUD", "7", seconds=3600),
        difference("C-4", "USD", "-10"),
    ):
        book.record_cash_difference(each)
    told = [
        cash("70.00", "DIVIDEND", 1),
        cash("-10.50", "TAX", 2),
        cash("-10.00", "FEE", 3),
        cash("7.00", "INTEREST", 4, day="2026-12-01"),
    ]
    book.outside.record(told, "owner", NOON)
    kinds = {each.difference_id: (each.type, each.note) for each in book.cash_differences()}
    assert kinds == {
        "C-0": (None, None),
        "C-1": ("DIVIDEND", "statement: CASH-1, CASH-2"),
        "C-2": ("FEE", "statement: CASH-3"),
        "C-3": (None, None),
        "C-4": (None, None),
    }, "of another venue or currency, or days away: unexplained still"
    # The same change again, which that one movement has explained once already.
    book.record_cash_difference(difference("C-5", "AUD", "-10", seconds=60))
    book.outside.record(told, "owner", NOON)
    assert {each.difference_id for each in book.cash_differences(untyped=True)} == {
        "C-0",
        "C-3",
        "C-4",
        "C-5",
    }


@pytest.mark.parametrize(
    ("kind", "day", "symbol", "detail", "words"),
    [
        ("LOTTERY", "2026-07-01", None, {}, "no kind of fact"),
        ("PARCEL", "1/7/2026", "BHP/AUD", {"quantity": "1", "cost": "2"}, "no day"),
        ("PARCEL", "2026-07-01", None, {"quantity": "1", "cost": "2"}, "needs a symbol"),
        ("PARCEL", "2026-07-01", "BHP", {"quantity": "1", "cost": "2"}, "is not a symbol"),
        ("PARCEL", "2026-07-01", "BHP/AUD", {"quantity": "1"}, "needs cost"),
        ("PARCEL", "2026-07-01", "BHP/AUD", {"quantity": "0", "cost": "2"}, "above zero"),
        ("PARCEL", "2026-07-01", "BHP/AUD", {"quantity": "NaN", "cost": "2"}, "no amount"),
        ("PARCEL", "2026-07-01", "BHP/AUD", {"quantity": "1e99", "cost": "2"}, "no amount"),
        ("PARCEL", "2026-07-01", "BHP/AUD", {"quantity": "1", "cost": "x"}, "no number"),
        ("RENAME", "2026-07-01", "BHP/AUD", {"to": "BHP-AUD"}, "same symbol"),
        (
            "DEMERGER",
            "2026-07-01",
            "BHP/AUD",
            {"to": "NEW/AUD", "new": "1", "old": "4", "cost_share": "5"},
            "not below 1",
        ),
        ("AMMA", "2026-06-30", "VAS/AUD", {"amount": "1", "price": "2"}, "has no price"),
        ("DIVIDEND", "2026-07-01", "BHP/AUD", {"currency": "AUD", "ex_date": "x"}, "no day"),
        (
            "CASH",
            "2026-07-01",
            None,
            {"type": "GIFT", "currency": "AUD", "amount": "1", "description": "?"},
            "no type of cash",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    kind: str, day: str, symbol: str | None, detail: dict[str, str], words: str
) -> None:
    with pytest.raises(FactError, match=words):
        checked(kind, day, symbol, detail, id="X", source="a test")
