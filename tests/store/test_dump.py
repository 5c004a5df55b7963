"""The dump: the same facts give the same lines, whoever wrote them down and when."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from adapters.store import SqliteBook, open_book
from adapters.store.dump import dump, dump_hash
from adapters.store.facts import TABLES
from adapters.store.reading import reading
from domain.orders import OrderState
from tests.store.material import ACCOUNT, NOON, StandingClock, commission, execution, intent
from tests.store.story import tell


def hashed(book: SqliteBook) -> str:
    with reading(book.connection.path) as link:
        return dump_hash(link)


def test_every_table_is_in_it_sorted_and_as_stored(book: SqliteBook) -> None:
    tell(book)
    with reading(book.connection.path) as link:
        lines = list(dump(link))
    said = [json.loads(line) for line in lines]
    assert [each["table"] for each in said] == sorted(each["table"] for each in said)
    assert {each["table"] for each in said} == {each.name for each in TABLES if not each.steps}
    [order] = [e for e in said if e["table"] == "orders" and e["client_order_id"] == "K-1"]
    assert (order["filled"], order["limit_price"]) == ("90", "45.10")
    assert all(
        line.endswith(b"}\n") and list(json.loads(line)) == sorted(json.loads(line))
        for line in lines
    )


def test_openings_that_change_nothing_change_nothing_in_it(tmp_path: Path) -> None:
    hashes = set()
    for days in range(4):
        clock = StandingClock(NOON + timedelta(days=days))
        book = open_book(tmp_path, "demo", ACCOUNT, clock)
        if days == 0:
            tell(book)
        # What a start hears again from the venue is journalled, and no news.
        book.record_state("K-2", OrderState.WORKING, clock.now(), pending_change="CANCEL")
        book.book_fill("ib", execution("0002.01", quantity="40", price="45.123"), clock.now())
        hashes.add(hashed(book))
        book.close()
    assert len(hashes) == 1


def test_the_least_change_of_a_fact_changes_it(book: SqliteBook) -> None:
    tell(book)
    before = hashed(book)
    book.book_fill("ib", execution("0002.01", revision=2, quantity="40", price="45.124"), NOON)
    assert hashed(book) != before


def test_the_order_in_which_things_came_is_not_in_it(tmp_path: Path) -> None:
    reports = [execution(f"000{n}.01", quantity="10", seconds=n) for n in range(1, 4)]
    hashes = []
    for number, told in enumerate((reports, reports[::-1])):
        book = open_book(tmp_path / str(number), "demo", ACCOUNT, StandingClock())
        book.record_intent(intent(), "c")
        for report in told:
            book.book_fill("ib", report, NOON)
            book.book_commission("ib", commission(report.execution_key), NOON)
        hashes.append(hashed(book))
        book.close()
    assert hashes[0] == hashes[1]
