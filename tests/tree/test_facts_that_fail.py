"""Facts that cannot be handled, or pile up: where they are about money the venue is shut for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors import names
from actors.lanes import FactsPileUp, Message
from actors.messages import LoadBook
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.waiting import until

ORDERS, RESYNC = names.orders(names.IB), names.resync(names.IB)
CONNECTION = names.connection(names.IB)
NOT_FOR_IT: Message = LoadBook("nobody")
"""A fact that only the ledger can handle."""


def _quarantined(tree: Tree) -> list[str]:
    return [each.seat for each in tree.system.dead_letters.items() if each.quarantined]


def _poison(tree: Tree, seat: str) -> None:
    tree.system.tell(seat, NOT_FOR_IT)
    until(lambda: _quarantined(tree) == [seat], f"a fact of {seat} is kept apart")
    tree.wait_until_ready()
    until(tree.settled, "all facts are handled")


@pytest.mark.parametrize(
    ("seat", "shuts"), [(names.NARRATOR, False), (names.PLAN_MONITOR, False), (ORDERS, True)]
)
def test_a_quarantine_shuts_the_venue_where_it_is_about_money(
    tmp_path: Path, venue: Venue, seat: str, shuts: bool
) -> None:
    venue.start()
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        _poison(tree, seat)

        def told() -> list[int]:
            return [tree.system.seat(name).handled["Quarantined"] for name in (names.DESK, RESYNC)]

        # It is kept apart before anybody is told.
        until(lambda: told() == [int(shuts), int(shuts)], "who must know has been told")
        until(lambda: tree.system.seat(names.LEDGER).handled["Quarantined"], "and the book has it")
        assert told() == [int(shuts), int(shuts)], "the ledger is told last"


def test_too_many_facts_cut_the_link_and_it_is_made_anew(tmp_path: Path, venue: Venue) -> None:
    venue.start()
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        connection = tree.system.seat(CONNECTION)
        tree.system.tell(CONNECTION, FactsPileUp(ORDERS, 1_001, False))
        tree.system.inspect(CONNECTION).get(timeout=10)
        assert connection.incarnation == 1
        tree.system.tell(CONNECTION, FactsPileUp(ORDERS, 20_001, True))
        until(lambda: connection.incarnation == 2, "a new link")
        assert connection.last_exit is not None
        assert connection.last_exit.cause == "FALLING_BEHIND"
        tree.wait_until_ready()
