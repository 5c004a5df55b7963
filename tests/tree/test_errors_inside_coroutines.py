"""An error inside a coroutine of the connection is a crash of the connection, whatever its kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors import names
from actors.messages import AskRound
from tests.tree.in_process import Venue, growing
from tests.tree.poison import ERRORS, RaisesWhenCounted
from tests.tree.waiting import until


@pytest.mark.parametrize("error", ERRORS)
def test_it_crashes_the_connection_and_the_venue_is_back_soon(
    tmp_path: Path, venue: Venue, error: type[BaseException]
) -> None:
    venue.start()
    connection = names.connection(names.IB)
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        before = tree.incarnations()
        epoch, deadline = before[connection], tree.clock.monotonic() + 10.0
        tree.system.tell(connection, AskRound(deadline, 999, epoch, RaisesWhenCounted(error)))
        until(lambda: tree.incarnations()[connection] > epoch, f"{error.__name__} ends it")
        tree.wait_until_ready()
        seat = tree.system.seat(connection)
        assert seat.last_exit is not None
        assert (seat.last_exit.kind.value, seat.last_exit.cause) == ("crashed", error.__name__)
        chain = set(names.of_venue(names.IB)) - {names.IB}

        def changed() -> set[str]:
            return {n for n, count in tree.incarnations().items() if count != before[n]}

        until(lambda: changed() >= chain, "the last of the chain has started, too")
        assert changed() == chain
