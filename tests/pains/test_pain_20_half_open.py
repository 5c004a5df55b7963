"""Pain 20: the port accepts, and the handshake or the first lists never end (ib_insync #638, #386,
#118, ib_async #84, ibx #113; the needless restarts of its Watchdog #93).

On lower levels: tests/ib/test_opening.py (each step). In the whole tree, too: tests/tree/
test_no_link_by_its_cause.py (each step's deadline and name), tests/tree/test_a_link_that_hangs.py.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulators.tws.protocol import Request
from tests.pains.acts import LIMIT, refused, rest, state_of, venue_row, wait_for_cause
from tests.pains.agreement import assert_agreed
from tests.pains.by_hand import by_hand
from tests.pains.conftest import Stage
from tests.tree.waiting import until

_CLIENT_ID = 17
_PATIENT = "3600"
"""For a clock that leaps while the market stands still."""
_HEARTBEAT, _DEADLINE = 0.5, 3.0
_LEEWAY = 5.0
"""Seconds that the machine may take over it; nothing else would find it within the minute."""
"""Seconds, of the trees under trial."""


@pytest.mark.parametrize(
    ("step", "cause"),
    [
        ("black_hole_at_connect", "NO_VERSION"),
        ("no_version", "NO_VERSION"),
        ("no_managed_accounts", "NO_ACCOUNTS"),
        ("no_next_valid_id", "NO_NEXT_VALID_ID"),
        ("no_account_download_end", "LIST_NOT_ENDED"),
    ],
)
def test_a_step_that_hangs_is_named_and_when_it_goes_on_all_is_asked_anew(
    stage: Stage, step: str, cause: str
) -> None:
    """Never READY meanwhile, one socket at a time, and READY after all lists by itself."""
    stage.play(f"pain_20_{step}")  # it hangs until it is ended
    with stage.tree(
        watched=False,
        answers_within=1.0,
        CONNECT_STEP_SECONDS="1",
        QUOTE_STALE_AFTER_SECONDS=_PATIENT,
    ) as tree:
        wait_for_cause(tree, cause)
        shown = venue_row(tree)
        assert not (shown["tradable"] or shown["reconciled"]) and shown["reason"]
        assert refused(tree, "KLP-EARLY", **LIMIT)[0] == "VENUE_NOT_TRADABLE"
        [rule] = stage.control.at_work()
        stage.control.end(rule)

        def asked_anew() -> bool:
            if cause == "LIST_NOT_ENDED":
                tree.leap(5.0)  # until it asks again
            return bool(venue_row(tree)["reconciled"])

        until(asked_anew, "all is asked and answered", every=0.2)
        tree.leap(61.0)  # its circuit is open for so long after some failures in a row
        tree.wait_until_ready()
        rest(tree, "KLP-1")
        assert_agreed(stage, tree)
    wire = stage.wire()
    assert wire.peak_open_sockets() == 1, "the old socket is closed before the next try"
    assert {one.client_id for one in wire.sockets()} <= {None, _CLIENT_ID}
    last = max(m.session for m in wire.messages)
    ends = {m.message_id for m in wire.messages if m.session == last and not m.incoming}
    assert {9, 15, 53, 54, 55, 62, 102} <= ends, "every step and list of that link has ended"
    assert wire.orders_per_ref() == {"KLP-1": 1}


def test_a_connection_that_goes_dead_is_found_within_two_heartbeats(stage: Stage) -> None:
    """No byte, and no end of the socket either; an order that works lives on."""
    stage.play(by_hand(stage.folder, "pain_20_black_hole_later", fired=("hole",)))
    with stage.tree(HEARTBEAT_DEADLINE_SECONDS=str(_DEADLINE)) as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
        first = tree.incarnations()["ib.connection"]
        stage.control.fire("hole")
        [note] = stage.wire().scenario("hole")
        until(lambda: not tree.ready(), "it is found")
        found = datetime.now(UTC)
        # The beat that was under way, the next one, and its deadline.
        assert (found - note.time).total_seconds() <= 2 * (_HEARTBEAT + _DEADLINE) + _LEEWAY
        stage.control.end("hole")
        until(lambda: tree.incarnations()["ib.connection"] > first, "a new link")
        until(tree.ready, "ready again")
        assert tree.state("KLP-1") == "WORKING"
        assert_agreed(stage, tree)
    wire = stage.wire()
    assert wire.peak_open_sockets() == 1
    assert wire.from_client(Request.CANCEL_ORDER) == []


def test_a_slow_answer_is_no_dead_link(stage: Stage) -> None:
    """The other side of it: what answers within its time is not restarted for nothing."""
    stage.play()
    with stage.tree() as tree:
        tree.wait_until_ready()
        link = tree.incarnations()["ib.connection"]
        stage.control.do("mute")  # no data at all, and yet the link lives
        until(lambda: len(stage.wire().from_client(Request.CURRENT_TIME)) >= 6, "it beats")
        assert tree.incarnations()["ib.connection"] == link
        assert state_of(tree, "ib.connection")["up"]
    assert stage.wire().connects() == 1
