"""The ledger under a poisonous write and on a full disk: nothing lost, nothing told too early."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors import names
from actors.lanes import ExitKind, Message
from actors.ledger import Ledger
from actors.messages import (
    BookFill,
    BookLoaded,
    BookSnapshot,
    FillRecorded,
    IntentDurable,
    IntentRefused,
    LoadBook,
    RecordAudit,
    RecordIntent,
    TakeSnapshot,
)
from adapters.book import BookError
from adapters.store import SqliteBook, book_path, open_book
from adapters.store.connection import Connection
from domain.admission import Admission
from domain.orders import Order
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.store.material import ACCOUNT, StandingClock, execution, intent

LEDGER, ORDERS, READER = names.LEDGER, names.orders(names.IB), "reader"


class Disk:
    """A disk that can be full: then no file on it grows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.full = False
        self.only_commits_fail = False
        self.refusals = 0
        """So many openings fail for want of room."""
        self.opened = 0
        self.held_up = threading.Event()
        self.held_up.set()
        """Cleared, it lets nobody open a book."""

    def open(self) -> SqliteBook:
        assert self.held_up.wait(LIMIT)
        if self.refusals:
            self.refusals -= 1
            raise BookError("DISK_FULL", "no room to open it")
        book = open_book(self.folder, "demo", ACCOUNT, StandingClock())
        self.opened += 1
        if self.only_commits_fail:
            whole = book.group

            @contextmanager
            def failing() -> Iterator[None]:
                with whole():
                    yield
                    if self.full:
                        raise BookError("DISK_FULL", "no room for the commit")

            book.group = failing  # type: ignore[method-assign]
        elif self.full:
            (pages,) = book.connection.rows("PRAGMA page_count")[0]
            book.connection.rows(f"PRAGMA max_page_count = {pages}")
        return book

    def count(self, table: str) -> int:
        """Rows that are committed, as another reader of the file sees them."""
        connection = Connection(book_path(self.folder, "demo", ACCOUNT))
        try:
            (rows,) = connection.rows(f"SELECT count(*) FROM {table}")[0]
            return int(rows)
        finally:
            connection.close()


@contextmanager
def keeping(disk: Disk, *waiting: Message) -> Iterator[Company]:
    """A ledger that finds these messages in its mailbox, as one group, when it starts."""
    disk.held_up.clear()
    actors = {
        LEDGER: lambda s, seat: Ledger(s, seat, open_book=disk.open, readers=(READER,)),
    }
    with gathered(actors, ORDERS, READER, names.DESK) as company:
        for message in waiting:
            company.system.tell(LEDGER, message, correlation="why")
        disk.held_up.set()
        yield company


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A book with one order in it."""
    place = Disk(tmp_path)
    book = place.open()
    book.record_intent(intent(), "c")
    book.close()
    return place


def fill(key: str, quantity: str = "1") -> BookFill:
    return BookFill(names.IB, execution(key, quantity=quantity))


def wanted(name: str) -> RecordIntent:
    order: Order = intent(name)
    worth = order.request.quantity * (order.request.limit_price or 0)
    admission = Admission(order.request, names.IB, worth, "AUD", worth)
    return RecordIntent(admission, 1e12, 1)


def filled(company: Company) -> list[str]:
    """Of which fills the reader was told, without repetitions by later tellings."""
    company.drain(READER)
    return [told.fill.execution_key for told in company.heard.of(FillRecorded, READER)]


def test_a_poisonous_write_is_kept_apart_and_its_neighbours_are_booked(disk: Disk) -> None:
    messages = (fill("a"), fill("poison", "-1"), fill("b"))
    with keeping(disk, *messages) as company:
        for times in (1, 2):
            company.heard.wait_for(FillRecorded, times=times)
        assert filled(company) == ["a", "b"], "each once, and only when it was on disk"
        letters = [each for each in company.system.dead_letters.items() if each.quarantined]
        assert [letter.seat for letter in letters] == [LEDGER]
        assert "poison" in letters[0].summary
        assert company.system.seat(LEDGER).incarnation == 3, "tried once more, then kept apart"
        assert disk.count("fills") == 2


def test_nobody_is_told_before_the_commit(disk: Disk) -> None:
    """The poison comes last: all before it has been handled, and nothing has been committed."""
    messages = (LoadBook(ORDERS, 7), wanted("K-2"), fill("a"), TakeSnapshot(ORDERS, 9))
    on_disk: list[int] = []
    opened = disk.open

    def looking() -> SqliteBook:
        # The ledger may get here before this test's own thread knows its company.
        assert gathered_all.wait(LIMIT)
        on_disk.append(disk.count("fills"))
        company.drain(ORDERS)
        told.append(len(company.heard.of(IntentDurable)) + len(company.heard.of(BookLoaded)))
        return opened()

    told: list[int] = []
    gathered_all = threading.Event()
    disk.open = looking  # type: ignore[method-assign]
    with keeping(disk, *messages, fill("poison", "-1")) as company:
        gathered_all.set()
        company.heard.wait_for(FillRecorded)
        assert (on_disk, told) == ([0, 0, 0], [0, 0, 0])
        # What had been answered into the group that failed is answered after all, once.
        assert company.heard.wait_for(BookLoaded, seat=ORDERS).ticket == 7
        assert company.heard.wait_for(BookSnapshot, seat=ORDERS).number == 9
        durable = company.heard.wait_for(IntentDurable, seat=ORDERS)
        assert durable.order.client_order_id == "K-2"
        assert company.heard.correlations[id(durable)] == "why"
        company.drain(names.DESK)
        assert company.heard.of(IntentRefused) == []


@pytest.mark.parametrize("only_commits_fail", [False, True])
def test_on_a_full_disk_all_waits_and_is_written_once_there_is_room(
    disk: Disk, only_commits_fail: bool
) -> None:
    disk.full, disk.only_commits_fail = True, only_commits_fail
    large = [RecordAudit("a test", f"number {n}", "x" * 6000) for n in range(3)]
    with keeping(disk, fill("a"), *large, wanted("K-2"), fill("b")) as company:
        seat = company.system.seat(LEDGER)
        # Whoever waits for the fourth opening has seen three incarnations fail.
        for _ in range(100_000):
            if disk.opened >= 5:
                break
            company.state("root")
        assert disk.opened >= 5
        assert seat.last_exit is not None and seat.last_exit.kind is ExitKind.DISK_FULL
        assert company.state("root")["crashes_in_window"] == 0, "a full disk is no crash"
        assert filled(company) == []
        disk.full = False
        company.heard.wait_for(FillRecorded, times=2)
        assert filled(company) == ["a", "b"]
        company.drain(ORDERS)
        company.drain(names.DESK)
        assert len(company.heard.of(IntentDurable)) == 1
        assert company.heard.of(IntentRefused) == [], "it was not written twice"
        assert list(company.system.dead_letters.items()) == []
        assert (disk.count("fills"), disk.count("audit")) == (2, 3)


def test_a_disk_that_is_full_at_the_start_is_waited_out(disk: Disk) -> None:
    disk.refusals = 5
    with keeping(disk, fill("a")) as company:
        company.heard.wait_for(FillRecorded)
        assert company.system.seat(LEDGER).incarnation == 6
        assert company.state("root")["crashes_in_window"] == 0
