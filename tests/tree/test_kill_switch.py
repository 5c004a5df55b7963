"""Pause, take back the entries, keep the stops: with one part of Kelpie dead at a time.

What was sent is read from the gateway's wire log, and what works from the broker's own file.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors import names
from actors.ledger import Ledger
from actors.messages import RecordAudit
from adapters.store import SqliteBook
from simulators.tws.protocol import Request
from tests.pains.agreement import status_at_broker
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree, Venue
from tests.tree.poison import park
from tests.tree.states_of_things import BOUGHT, RESTING, STOPPED, on_a_good_day
from tests.tree.waiting import until

SWITCH = {"reason": "enough", "cancel_entries": True}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    folder = tmp_path / "venue"
    folder.mkdir()
    place = Stage(tmp_path, Venue(folder))
    yield place
    place.close()


def throw(tree: Tree) -> None:
    """The switch is thrown, and says what it takes back: the entry, and not the stop."""
    answer = tree.call("POST", "/trading/pause", SWITCH)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["paused"] is True and said["cancelled"] == [RESTING]


def assert_only_the_entry_is_taken_back(stage: Stage, tree: Tree) -> None:
    until(lambda: status_at_broker(stage, RESTING) == "Cancelled", "the entry is taken back")
    refused = tree.propose("KLP-LATER")
    assert refused.status_code == 409, refused.text
    wire = stage.wire()
    [entry] = [o for o in stage.books().orders if o.request.order_ref == RESTING]
    cancels = [int(message.fields[2]) for message in wire.from_client(Request.CANCEL_ORDER)]
    assert cancels == [entry.request.order_id]
    assert set(wire.orders_per_ref()) == {BOUGHT, STOPPED, RESTING}
    assert status_at_broker(stage, STOPPED) in ("PreSubmitted", "Submitted")


def test_with_the_strategist_dead(stage: Stage) -> None:
    stage.play()
    with stage.tree(watched=False, STRATEGY="rules") as tree:
        tree.wait_until_ready()
        park(tree, names.STRATEGIST)
        on_a_good_day(tree)
        throw(tree)
        assert_only_the_entry_is_taken_back(stage, tree)
        said = tree.get("/why-not/BHP-AUD")
        assert said["shut"][0] == "PAUSED" and "enough" in said["verdict"]
        assert said["signal"]["answers"] is False


def test_with_the_ledgers_disk_dead(stage: Stage) -> None:
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
        ledger = tree.system.seat(names.LEDGER).occupant
        assert isinstance(ledger, Ledger) and isinstance(ledger.book, SqliteBook)
        connection = ledger.book.connection
        (pages,) = connection.rows("PRAGMA page_count")[0]
        connection.rows(f"PRAGMA max_page_count = {pages}")
        tree.system.tell(names.LEDGER, RecordAudit("a test", "something large", "x" * 60_000))
        until(
            lambda: bool(tree.system.inspect(names.LEDGER).get(timeout=10)["outage"]),
            "the ledger knows",
        )
        throw(tree)
        assert_only_the_entry_is_taken_back(stage, tree)
        connection.rows("PRAGMA max_page_count = 1000000")
        until(lambda: tree.state(RESTING) == "CANCELLED", "the book has it once it writes again")


def test_with_the_venue_dead_the_entry_is_taken_back_as_soon_as_it_lives(stage: Stage) -> None:
    stage.play()
    with stage.tree() as tree:
        on_a_good_day(tree)
        assert stage.venue.gateway is not None
        pid = stage.venue.gateway.process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            until(lambda: not tree.ready(), "the link is lost")
            throw(tree)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert_only_the_entry_is_taken_back(stage, tree)
