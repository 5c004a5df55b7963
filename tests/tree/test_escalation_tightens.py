"""Whatever crashes, and however far up it goes: nothing more may be sent afterwards than before.

Entries are held in three ways at once, and a proposal is tried all the time while seats crash.
What was sent is read from the gateway's own record of the wire.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actors import names
from actors.lanes import ExitKind
from actors.system import NobodyThere
from adapters.starts import StartsFile
from adapters.store import book_path
from domain.permits import Condition
from domain.starts import History
from simulators.broker import ACCOUNT
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.poison import poison
from tests.tree.waiting import until

CHILD = names.DESK
SUPERVISORS = (names.TRADING, names.IB)
SEATS = (names.DESK, names.LEDGER, names.STARTS, *SUPERVISORS)


def _starts(folder: Path) -> StartsFile:
    return StartsFile(book_path(folder / "state", "paper", ACCOUNT).with_name("starts.json"))


def _five_died(folder: Path) -> None:
    history = History()
    for number in range(5):
        history = history.begin(str(number), datetime.now(UTC))
    _starts(folder).write(history)


def _tries(tree: Tree, numbers: Iterator[int]) -> None:
    """An entry and no fresh look: refused, or nobody there to take it."""
    answer = tree.propose(f"KLP-{next(numbers)}")
    assert answer.status_code in (409, 503), answer.text


def _held(tree: Tree) -> bool:
    """All three stand, as the desk sees it; and it knows what there is to know."""
    try:
        state = tree.system.inspect(names.DESK).get(timeout=10)
        holds = {hold.condition for hold in tree.desk().holds}
    except NobodyThere:
        return False  # it is just being started again
    three = {Condition.PAUSED, Condition.CIRCUIT_OPEN, Condition.SAFE_MODE_RECONCILED}
    return bool(state["loaded"]) and holds == three


def _hold(tree: Tree) -> None:
    assert tree.call("POST", "/trading/pause", {"reason": "a trial"}).status_code == 200
    assert tree.call("POST", "/circuits/ib/open", {"reason": "a trial"}).status_code == 200
    until(lambda: _held(tree), "held in three ways")


def _crash(tree: Tree, name: str, numbers: Iterator[int]) -> None:
    seat = tree.system.seat(name)
    before = seat.incarnation
    tree.system.tell(name, poison(RecursionError))

    def again() -> bool:
        _tries(tree, numbers)
        return seat.incarnation > before

    until(again, f"{name} begins anew")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", SEATS)
def test_after_a_crash_the_desk_may_no_more_than_before(
    tmp_path: Path, venue: Venue, name: str
) -> None:
    _five_died(tmp_path)
    venue.start()
    numbers = itertools.count(1)
    with growing(tmp_path, venue.port) as tree:
        until(lambda: tree.desk().venues[0].reconciled, "reconciled")
        _hold(tree)
        for _ in range(2):
            _crash(tree, name, numbers)
            until(lambda: _held(tree), f"held in three ways after a crash of {name}")
            _tries(tree, numbers)
        assert venue.wire().orders_per_ref() == {}


@pytest.mark.timeout(120)
def test_after_the_end_of_the_process_the_desk_may_no_more_than_before(
    tmp_path: Path, venue: Venue
) -> None:
    _five_died(tmp_path)
    venue.start()
    numbers = itertools.count(1)
    with growing(tmp_path, venue.port) as tree:
        until(lambda: tree.desk().venues[0].reconciled, "reconciled")
        _hold(tree)
        for _ in range(3):
            _crash(tree, names.TRADING, numbers)
            until(lambda: _held(tree), "held in three ways")
        tree.system.tell(names.TRADING, poison(RecursionError))
        assert tree.system.wait_for_end(20.0) == 70, "the fourth in ten minutes is not borne"
        last = tree.system.seat(names.TRADING).last_exit
        assert last is not None and last.kind is ExitKind.CRASHED
    [*_, this] = _starts(tmp_path).read().starts
    assert not this.clean, "it did not end in order"
    with growing(tmp_path, venue.port) as tree:

        def held() -> bool:
            _tries(tree, numbers)
            return _held(tree)

        until(held, "held in three ways on the next start")
        _tries(tree, numbers)
        assert venue.wire().orders_per_ref() == {}
