"""A ledger on a disk that a test can fill, lock and free, and what it tells."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.lanes import Message
from actors.ledger import Ledger
from actors.messages import BookFill, FillRecorded, RecordAudit, RecordIntent
from adapters.emergency import Emergency
from adapters.store import SqliteBook, book_path, open_book, open_emergency
from adapters.store.connection import Connection
from adapters.store.emergency import EmergencyFile
from domain.admission import Admission
from domain.orders import Order, Purpose, Side
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.store.material import ACCOUNT, StandingClock, execution, intent

LEDGER, ORDERS, READER = names.LEDGER, names.orders(names.IB), "reader"
LARGE = RecordAudit("a test", "something large", "x" * 60_000)
"""What certainly needs a new page of the book."""


class Disk:
    """A disk that can be full, or locked by another; each is SQLite's own failure."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.full = False
        self.opened = 0
        self.held_up = threading.Event()
        self.held_up.set()
        """Cleared, it lets nobody open a book."""
        self.book: SqliteBook | None = None
        self.emergency: EmergencyFile | None = None
        self.good = -1
        """The emergency file as it was, while it is on a full device."""

    @property
    def path(self) -> Path:
        return book_path(self.folder, "demo", ACCOUNT)

    def open(self) -> SqliteBook:
        assert self.held_up.wait(LIMIT)
        book = open_book(self.folder, "demo", ACCOUNT, StandingClock())
        self.opened += 1
        self.book = book
        if self.full:
            self.fill_up()
        return book

    def open_emergency(self) -> Emergency:
        self.emergency = open_emergency(self.folder / "emergency.intents")
        return self.emergency

    def fill_up(self) -> None:
        """Let the book grow no further."""
        self.full = True
        assert self.book is not None
        (pages,) = self.book.connection.rows("PRAGMA page_count")[0]
        self.book.connection.rows(f"PRAGMA max_page_count = {pages}")

    def free(self) -> None:
        """There is room again."""
        self.full = False
        assert self.book is not None
        self.book.connection.rows("PRAGMA max_page_count = 1000000")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program writes, and takes its time."""
        other = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        finally:
            other.close()

    def fill_up_for_emergencies(self) -> None:
        """Nothing can be written into the emergency file either: it is on a device that is full."""
        assert self.emergency is not None
        self.good = os.dup(self.emergency._descriptor)
        full = os.open("/dev/full", os.O_RDWR)
        os.dup2(full, self.emergency._descriptor)
        os.close(full)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What is committed, as another reader of the file sees it."""
        connection = Connection(self.path)
        try:
            return connection.rows(query)
        finally:
            connection.close()

    def count(self, table: str) -> int:
        """Rows that are committed."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])


@contextmanager
def keeping(disk: Disk, *waiting: Message) -> Iterator[Company]:
    """A ledger that finds these messages in its mailbox, as one group, when it starts."""
    disk.held_up.clear()
    actors = {
        LEDGER: lambda s, seat: Ledger(
            s,
            seat,
            open_book=disk.open,
            open_emergency=disk.open_emergency,
            readers=(READER,),
        ),
    }
    with gathered(actors, ORDERS, READER, names.DESK, *names.ALERT_READERS) as company:
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


def fill(key: str, quantity: str = "1", order: str | None = "K-1") -> BookFill:
    return BookFill(names.IB, execution(key, quantity=quantity, order=order))


def admitted(order: Order, deadline: float = 1e12) -> RecordIntent:
    worth = order.request.quantity * (order.request.limit_price or 0)
    admission = Admission(order.request, names.IB, worth, "AUD", worth)
    return RecordIntent(admission, deadline, 1)


def wanted(name: str, deadline: float = 1e12) -> RecordIntent:
    """An entry."""
    return admitted(intent(name), deadline)


def leaving(name: str, deadline: float = 1e12) -> RecordIntent:
    """An exit."""
    order = intent(name, side=Side.SELL)
    return admitted(replace(order, request=replace(order.request, purpose=Purpose.EXIT)), deadline)


def filled(company: Company) -> list[str]:
    """Of which fills the reader was told, without repetitions by later tellings."""
    company.drain(READER)
    return [told.fill.execution_key for told in company.heard.of(FillRecorded, READER)]
