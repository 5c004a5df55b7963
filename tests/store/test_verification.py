"""The journal alone gives the book; where the tables say otherwise, it is found and named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.book import BookError
from adapters.store import book_path, facts, open_book
from adapters.store.dump import dump_hash
from adapters.store.facts import NO_FACTS, TABLES, Table
from adapters.store.reading import reading
from adapters.store.verification import verify
from tests.store.material import ACCOUNT, NOON, StandingClock, commission, execution, intent
from tests.store.story import tell
from tests.store.test_migrations import first_book

_EVERY_KIND = {
    "estimate",
    *("identity", "intent", "preview", "state", "terms", "amendment", "amended", "fill"),
    *("correction", "foreign", "execution_word", "commission_word", "commission", "setting"),
    *("audit", "adoption", "split", "plan"),
    "outside_fact",
    *("rate", "cash_difference", "cash_typed", "equity"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a closed book to which everything has happened."""
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    tell(book)
    book.close()
    return book_path(tmp_path, "demo", ACCOUNT)


def finding(path: Path) -> str:
    with pytest.raises(BookError) as caught:
        verify(path)
    assert caught.value.code == "DAMAGED"
    return str(caught.value)


def test_everything_that_can_happen_is_told_by_the_journal_alone(path: Path) -> None:
    found = verify(path)
    with closing(sqlite3.connect(path)) as link:
        kinds = {row[0] for row in link.execute("SELECT DISTINCT kind FROM journal")}
        counts = {
            table.name: link.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]
            for table in TABLES
        }
        (entries,) = link.execute("SELECT max(seq) FROM journal").fetchone()
    assert kinds == _EVERY_KIND, "the story leaves a kind of entry out, or does not know it"
    assert all(counts.values()), "the story leaves a table empty"
    # The A$ that a correction turned into US$, and accounts that came to nothing: such a row does
    # not count.
    assert dict(found.rows) == counts | {"position_commissions": 2, "balances": 11}
    assert (found.owner.mode, found.owner.account_masked) == ("demo", "DU*****67")
    assert found.head.seq == entries
    assert found.not_replayed == ()


def test_every_table_is_either_a_fact_or_known_to_be_none(path: Path) -> None:
    """Whoever adds a table says in `facts` what it is, so that dump and verification have it."""
    with closing(sqlite3.connect(path)) as link:
        names = {
            row[0] for row in link.execute("SELECT name FROM sqlite_master WHERE type='table'")
        }
    assert names == {table.name for table in TABLES} | set(NO_FACTS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE orders SET state = 'CANCELLED' WHERE client_order_id = 'K-1'", "orders K-1"),
        ("UPDATE orders SET filled = '91' WHERE client_order_id = 'K-1'", "orders K-1 has filled"),
        ("UPDATE orders SET limit_price = '45.11'", "has limit_price '45.11' where the journal"),
        ("UPDATE orders SET sent_us = sent_us + 1", "orders K-1 has sent_us"),
        ("UPDATE fills SET price = '45.11' WHERE execution_key = '0002.01'", "fills ib/0002.01"),
        ("UPDATE fills SET after_cost = '1' WHERE execution_key = '0002.01'", "has after_cost"),
        ("DELETE FROM fills WHERE execution_key = '0007.01'", "0007.01 is in the journal alone"),
        ("UPDATE positions SET quantity = '0'", "positions ib/BHP/AUD has quantity '0'"),
        ("UPDATE position_commissions SET amount = '1'", "position_commissions ib/BHP/AUD"),
        ("UPDATE commissions SET amount = '0'", "has amount '0' where the journal says"),
        ("UPDATE foreign_executions SET quantity = '1'", "foreign_executions ib/0008.01"),
        ("UPDATE amendments SET state = 'CONFIRMED'", "amendments K-2/A-1 has state"),
        ("UPDATE previews SET commission = '0'", "previews K-1 has commission '0'"),
        ("UPDATE adoptions SET quantity = '26' WHERE adoption_id = 'AD-0'", "adoptions AD-0"),
        ("DELETE FROM adoptions WHERE adoption_id = 'AD-1'", "AD-1 is in the journal alone"),
        ("UPDATE balances SET amount = '1' WHERE account = 'cash'", "balances ib/cash/AUD has"),
        ("UPDATE fills SET rate = '2' WHERE execution_key = '0002.01'", "has rate '2'"),
        ("UPDATE cash_differences SET type = 'FEE' WHERE difference_id = 'C-1'", "C-1 has type"),
        ("UPDATE equity SET profit = '9'", "has profit '9'"),
        ("UPDATE equity_marks SET price = '9'", "has price '9'"),
        ("UPDATE equity_rates SET rate = '9' WHERE currency = 'EUR'", "/EUR has rate '9'"),
        ("UPDATE settings SET value = 'yes'", "settings paused has value 'yes'"),
        ("UPDATE audit SET who = 'nobody'", "audit 1 has who 'nobody'"),
        ("INSERT INTO audit VALUES (7, 0, 'x', 'y', 'z')", "audit 7 is in no entry"),
        ("UPDATE identity SET mode = 'live'", "identity 1 has mode 'live'"),
    ],
)
def test_a_table_edited_by_hand_is_found(path: Path, change: str, words: str) -> None:
    with closing(sqlite3.connect(path)) as link, link:
        assert link.execute(change).rowcount >= 1
    assert words in finding(path)


def test_a_table_that_was_dropped_is_found(path: Path) -> None:
    with closing(sqlite3.connect(path)) as link, link:
        link.execute("DROP TABLE previews")
    assert "the table previews is gone" in finding(path)


def test_a_word_of_the_venues_edited_by_hand_is_found(path: Path) -> None:
    with closing(sqlite3.connect(path)) as link, link:
        link.execute("DROP TRIGGER execution_words_no_update")
        link.execute("UPDATE execution_words SET price = '1' WHERE revision = 3")
    assert "execution_words ib/0001.01/3 has price '1'" in finding(path)


def test_a_book_that_was_brought_forward_is_told_by_its_journal_too(tmp_path: Path) -> None:
    first_book(tmp_path)
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    path = book.connection.path
    assert dict(verify(path).rows)["fills"] == 1
    book.record_intent(intent("K-2"), "c")
    book.book_fill("ib", execution(revision=2, quantity="90"), NOON)
    book.book_fill("ib", execution("0002.01", order="K-2", quantity="5"), NOON)
    book.book_commission("ib", commission("0002.01", "1.10"), NOON)
    book.close()
    assert dict(verify(path).rows)["fills"] == 2
    with closing(sqlite3.connect(path)) as link, link:
        link.execute("UPDATE fills SET exchange = 'NYSE' WHERE execution_key = '0001.01'")
    assert "fills ib/0001.01 has exchange 'NYSE'" in finding(path)


def test_a_book_can_be_verified_while_it_is_written(tmp_path: Path) -> None:
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    path = book.connection.path
    with book.group():
        tell(book)
        assert verify(path).head.seq == 1, "what is not committed is not there"
    assert verify(path).head.seq > 1
    book.close()


def test_a_book_without_the_newest_table_is_sound(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A back-up from before a step of the schema."""
    monkeypatch.setattr(facts, "TABLES", (*TABLES, Table("newest", ("id",))))
    assert "newest" not in dict(verify(path).rows)
    with reading(path) as link:
        assert dump_hash(link)


def test_what_is_not_there_or_not_chained_yet_is_refused(tmp_path: Path) -> None:
    path = book_path(tmp_path, "demo", ACCOUNT)
    with pytest.raises(BookError) as caught:
        verify(path)
    assert caught.value.code == "NO_BOOK"
    first_book(tmp_path)
    with pytest.raises(BookError) as caught:
        verify(path)
    assert caught.value.code == "TOO_OLD"
    assert "Start Kelpie on it once" in str(caught.value)
