"""The ledger under a poisonous write: nothing lost, nothing told too early."""

from __future__ import annotations

import threading

from actors import names
from actors.messages import (
    BookLoaded,
    BookSnapshot,
    FillRecorded,
    IntentDurable,
    IntentRefused,
    LoadBook,
    TakeSnapshot,
)
from adapters.store import SqliteBook
from tests.actors.conftest import LIMIT
from tests.actors.disk_world import (
    LEDGER,
    ORDERS,
    Disk,
    disk,
    fill,
    filled,
    keeping,
    wanted,
)

__all__ = ["disk"]


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
