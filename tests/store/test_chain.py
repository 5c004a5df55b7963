"""The journal is evidence: whoever changes it with another program is found out at the opening."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import peewee
import pytest

from adapters.book import BookError
from adapters.store import SqliteBook, book_path, open_book, opening
from adapters.store.columns import micros
from adapters.store.connection import Connection
from adapters.store.migrations import MIGRATIONS, migrate
from domain.orders import OrderState
from tests.store.material import ACCOUNT, NOON, StandingClock, execution, intent
from tests.store.test_migrations import first_book

_OLD_ROW = "INSERT INTO journal (at_us, kind, subject, correlation, detail) VALUES (?, ?, ?, ?, ?)"


def opened(folder: Path) -> SqliteBook:
    return open_book(folder, "demo", ACCOUNT, StandingClock())


def written(folder: Path, count: int = 5, correlation: str = "why") -> Path:
    """A closed book with so many orders; its file."""
    book = opened(folder)
    for number in range(count):
        book.record_intent(intent(f"K-{number}"), correlation)
    book.close()
    return book_path(folder, "demo", ACCOUNT)


@contextmanager
def by_hand(path: Path) -> Iterator[sqlite3.Connection]:
    """As somebody with the sqlite3 program would have it, the guards taken off."""
    with closing(sqlite3.connect(path, isolation_level=None)) as link:
        names = link.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal'"
        ).fetchall()
        assert len(names) == 3
        for (name,) in names:
            link.execute(f"DROP TRIGGER {name}")
        yield link


def refusal(folder: Path) -> str:
    with pytest.raises(BookError) as caught:
        opened(folder)
    assert caught.value.code == "DAMAGED"
    return str(caught.value)


def test_each_row_is_chained_to_the_one_before(tmp_path: Path) -> None:
    """Computed here anew, from what is stored, in the words of the documentation."""
    with closing(sqlite3.connect(written(tmp_path))) as link:
        rows = link.execute("SELECT * FROM journal ORDER BY seq").fetchall()
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5, 6]
    before = bytes(32)
    for row in rows:
        text = json.dumps(row[:6], separators=(",", ":"), ensure_ascii=False)
        before = hashlib.sha256(before + text.encode()).digest()
        assert row[6] == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal SET detail = replace(detail, '45.10', '44.10') WHERE seq = 4",
        "UPDATE journal SET at_us = at_us + 1 WHERE seq = 4",
        "UPDATE journal SET correlation = 'other' WHERE seq = 4",
        "UPDATE journal SET kind = 'audit' WHERE seq = 4",
        "UPDATE journal SET subject = 'K-9' WHERE seq = 4",
        "UPDATE journal SET detail = CAST(detail AS BLOB) WHERE seq = 4",
        "UPDATE journal SET hash = zeroblob(32) WHERE seq = 4",
    ],
)
def test_a_row_that_was_edited_is_found(tmp_path: Path, change: str) -> None:
    with by_hand(written(tmp_path)) as link:
        assert link.execute(change).rowcount == 1
    said = refusal(tmp_path)
    assert "entry 4 of the journal is not what was written" in said
    assert "kelpie restore" in said


def test_a_row_that_was_taken_out_is_found(tmp_path: Path) -> None:
    with by_hand(written(tmp_path)) as link:
        link.execute("DELETE FROM journal WHERE seq = 3")
    assert "entry 3 of the journal is missing" in refusal(tmp_path)


def test_a_row_taken_out_and_the_rest_moved_up_is_found(tmp_path: Path) -> None:
    with by_hand(written(tmp_path)) as link:
        link.execute("DELETE FROM journal WHERE seq = 3")
        link.execute("UPDATE journal SET seq = seq - 1 WHERE seq > 3")
    assert "entry 3 of the journal is not what was written" in refusal(tmp_path)


def test_a_byte_that_fell_over_in_the_file_is_found(tmp_path: Path) -> None:
    path = written(tmp_path)
    content = bytearray(path.read_bytes())
    place = content.rindex(b'"limit_price":"45.10"')
    content[place + 16] ^= 1
    path.write_bytes(content)
    assert "of the journal is not what was written" in refusal(tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal",
        "UPDATE journal SET kind = ''",
        "INSERT OR REPLACE INTO journal SELECT 1, 0, '', '', '', '', hash FROM journal LIMIT 1",
        "INSERT INTO journal SELECT 99, 0, '', '', '', '', hash FROM journal LIMIT 1",
    ],
)
def test_the_journal_takes_nothing_but_its_next_row(book: SqliteBook, statement: str) -> None:
    book.record_intent(intent(), "c")
    with pytest.raises(peewee.IntegrityError, match="append-only"):
        book.connection.execute(statement)


def test_what_was_undone_leaves_no_gap_in_the_chain(tmp_path: Path) -> None:
    book = opened(tmp_path)
    with pytest.raises(ZeroDivisionError), book.group():
        book.record_intent(intent("K-1"), "c")
        raise ZeroDivisionError
    book.record_intent(intent("K-2"), "c")
    with book.group():
        book.record_intent(intent("K-3"), "c")
        book.record_state("K-3", OrderState.SENT, NOON)
    book.close()
    opened(tmp_path).close()


def test_the_opening_checks_the_newest_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A very long journal is not walked whole at each start."""
    monkeypatch.setattr(opening, "CHECKED_ROWS", 2)
    with by_hand(written(tmp_path)) as link:
        link.execute("UPDATE journal SET kind = 'other' WHERE seq = 3")
    opened(tmp_path).close()
    monkeypatch.setattr(opening, "CHECKED_ROWS", 4)
    refusal(tmp_path)


def test_an_older_journal_is_chained_in_bounded_memory(tmp_path: Path) -> None:
    first_book(tmp_path)
    path = book_path(tmp_path, "demo", ACCOUNT)
    rows = 20_000
    with closing(sqlite3.connect(path)) as link, link:
        for number in range(rows):
            row = (micros(NOON), "state", f"K-{number}", "c", json.dumps({"why": "x" * 400}))
            link.execute(_OLD_ROW, row)
    connection = Connection(path)
    tracemalloc.start()
    migrate(connection, NOON)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    connection.close()
    assert peak < 1_000_000, "the rows themselves are eight million bytes"
    book = opened(tmp_path)
    (first,) = book.connection.rows("SELECT subject, length(hash) FROM journal WHERE seq = 1")
    assert first == ("K-0", 32)
    (count,) = book.connection.rows("SELECT count(*) FROM journal WHERE kind = 'state'")
    assert count == (rows,)
    book.book_fill("ib", execution(revision=2, quantity="90"), NOON)
    book.close()
    opened(tmp_path).close()


def test_a_chain_can_be_built_on_a_book_of_any_older_schema(tmp_path: Path) -> None:
    for number in range(1, 4):
        folder = tmp_path / str(number)
        path = book_path(folder, "demo", ACCOUNT)
        path.parent.mkdir(parents=True)
        connection = Connection(path)
        migrate(connection, NOON, MIGRATIONS[:number])
        connection.close()
        book = opened(folder)
        book.record_intent(intent(), "c")
        book.close()
        opened(folder).close()
