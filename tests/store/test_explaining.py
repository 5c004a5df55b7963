"""All that a book has about one order, read by its writer and beside it."""

from __future__ import annotations

from adapters.store import SqliteBook
from adapters.store.explaining import explain
from adapters.store.reading import reading
from tests.store.story import decided, tell


def test_an_order_is_explained_by_its_own_entries_in_the_order_of_their_writing(
    book: SqliteBook,
) -> None:
    tell(book)
    told = book.explanation("K-1")
    assert told is not None
    kinds = [entry.kind for entry in told.entries]
    assert kinds[:2] == ["intent", "preview"]
    assert {"state", "fill", "correction", "commission"} <= set(kinds)
    assert [each.seq for each in told.entries] == sorted(each.seq for each in told.entries)
    assert told.decision is not None
    assert told.decision["reason"] == decided("K-1").reason
    assert told.decision["gates"][0]["figures"] == [["round trip", "0.31 %"]]
    assert (told.decided_with, told.related) == ("K-1", ("K-1S",))


def test_what_left_with_another_is_explained_by_the_decision_on_that_one(book: SqliteBook) -> None:
    tell(book)
    stop = book.explanation("K-1S")
    entry = book.explanation("K-1")
    assert stop is not None and entry is not None
    assert (stop.decided_with, stop.decision) == ("K-1", entry.decision)


def test_an_order_without_a_written_decision_says_so_and_an_unknown_one_is_none(
    book: SqliteBook,
) -> None:
    tell(book)
    told = book.explanation("K-2")
    assert told is not None
    assert (told.decision, told.decided_with) == (None, "")
    assert book.explanation("K-99") is None


def test_beside_the_writer_it_is_the_same(book: SqliteBook) -> None:
    tell(book)
    with reading(book.connection.path) as link:
        assert explain(link, "K-1") == book.explanation("K-1")
