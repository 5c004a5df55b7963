"""Pain 19: the link is dead for days and nothing says so (Lean-IB PR #247, #262, #227, docker
#119, #399, IBC #269).

On lower levels: tests/domain/test_outage.py and test_maintenance.py (colours and windows),
tests/actors/test_venue_supervisor.py, tests/tree/test_no_link_by_its_cause.py (a gateway that is
killed; a client id that stays taken).
"""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors import names
from domain.backoff import Backoff
from simulators.tws.protocol import Request
from tests.pains.acts import LIMIT, alerts, refused, rest, venue_row
from tests.pains.agreement import assert_agreed
from tests.pains.conftest import Stage
from tests.pains.hurried import hurried
from tests.tree.in_process import Tree
from tests.tree.waiting import SOON, until

_SLOWLY = Backoff(first=30.0, ceiling=60.0, reset_after=30.0, floor=20.0)
"""So that the clock can leap while nobody tries."""
_NEVER_BY_ITSELF = 0.01
"""A hundred times slower: what happens is told by the door, when all is prepared."""
_AWAY = ("PEER_CLOSED", "REFUSED", "PEER_RESET")


def _leap(tree: Tree, seconds: float, *, between_tries: bool = True) -> None:
    """Let so much time go by; the venue's supervisor has looked round when this returns.

    Between two tries, for a start that is leapt over would seem to hang.
    """

    def waits() -> bool:
        children = tree.system.inspect(names.IB).get(timeout=SOON)["children"]
        phases = {child["phase"] for child in children}
        return phases == {"waiting"} and children[0]["next_try_in_seconds"] is not None

    if between_tries:
        until(waits, "it waits for its next try")
    tree.leap(seconds)
    called = threading.Event()
    tree.system.runtime.call_later(0.0, called.set)
    assert called.wait(SOON)
    tree.system.inspect(names.IB).get(timeout=SOON)


def _listens(stage: Stage) -> bool:
    """Whoever tries just before waits a while for the next try."""
    with socket.socket() as visitor:
        return visitor.connect_ex(("127.0.0.1", stage.venue.port)) == 0


def _colour(tree: Tree) -> Any:
    return venue_row(tree)["health"]


@pytest.mark.timeout(90)
def test_it_is_red_within_five_minutes_and_told_again_for_26_hours(stage: Stage) -> None:
    """Cause and since when; the alert by its schedule; orders fail at once; the process lives."""
    stage.play(hurried(stage.folder, "pain_19_dead_for_days", _NEVER_BY_ITSELF))
    with stage.tree(watched=False, backoff=_SLOWLY) as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1", tif="GTC")
        lost = tree.clock.now()
        stage.control.fire("away")
        until(lambda: not tree.ready(), "the link is lost")
        _leap(tree, 270.0)
        until(lambda: _colour(tree) == "red", "red")
        assert tree.clock.now() - lost < timedelta(minutes=5)
        shown = venue_row(tree)
        assert shown["cause"] in _AWAY and shown["reason"]
        assert abs(datetime.fromisoformat(shown["since"]) - lost) < timedelta(seconds=20)
        until(lambda: alerts(tree) == ["VENUE_DOWN"], "it is told")
        code, detail = refused(tree, "KLP-2", **LIMIT)
        assert code == "VENUE_NOT_TRADABLE" and shown["reason"].split(".")[0] in detail
        assert tree.order("KLP-2") is None, "at the door: nothing waits for a deadline"
        assert tree.call("GET", "/health/ready").status_code == 503
        assert tree.call("GET", "/health/live").status_code == 200

        for _ in range(26):
            _leap(tree, 3600.0)
        # After 15 min, an hour, and then every four hours: 8 times at least, and no storm.
        [alert] = venue_row(tree)["alerts"]
        assert 7 <= alert["told"] <= 10
        heard = [line for line in tree.said if "cannot be traded since" in line]
        assert len(heard) >= 7, "on the screen, too"
        assert [seat.last_error for seat in tree.system.seats() if seat.last_error] == []
        assert not tree.system.seat(names.ROOT).occupant.actor_stopped.is_set()  # type: ignore[union-attr]
        assert tree.state("KLP-1") == "WORKING" and tree.state("KLP-2") == ""

        stage.control.end("away")
        until(lambda: _listens(stage), "somebody listens again")
        _leap(tree, 61.0)
        until(lambda: venue_row(tree)["reconciled"], "back")
        # Its circuit holds entries back a little longer, ten minutes at most.
        _leap(tree, 601.0, between_tries=False)
        until(tree.ready, "and tradable")
        until(lambda: alerts(tree) == [] and _colour(tree) == "green", "and said so")
        assert_agreed(stage, tree)
    assert stage.wire().orders_per_ref() == {"KLP-1": 1}
    assert stage.wire().from_client(Request.CANCEL_ORDER) == []


@pytest.mark.timeout(90)
def test_an_expected_reset_is_amber_until_its_window_ends(stage: Stage) -> None:
    stage.play(hurried(stage.folder, "pain_19_expected_reset", _NEVER_BY_ITSELF))
    soon = datetime.now(UTC) + timedelta(minutes=2)
    with stage.tree(
        watched=False,
        backoff=_SLOWLY,
        IB_WINDOWS="restart",
        IB_TIME_ZONE="Etc/UTC",
        IB_RESTART_TIME=f"{soon:%H:%M}",
        HOLD_BEFORE_WINDOW_SECONDS="1",
    ) as tree:
        until(tree.ready, "ready")
        [window] = [w for w in venue_row(tree)["windows"] if w["kind"] == "restart"][:1]
        starts, ends = (datetime.fromisoformat(window[key]) for key in ("starts", "ends"))
        _leap(tree, (starts - tree.clock.now()).total_seconds() + 20.0, between_tries=False)
        stage.control.fire("restart")
        until(lambda: not tree.ready(), "the gateway restarts")
        # Longer than what is red otherwise, and still as announced.
        _leap(tree, (ends - tree.clock.now()).total_seconds() - 30.0)
        shown = venue_row(tree)
        assert tree.clock.now() - datetime.fromisoformat(shown["since"]) > timedelta(seconds=90)
        assert (shown["health"], alerts(tree)) == ("amber", [])
        assert datetime.fromisoformat(shown["expected_until"]) == ends
        _leap(tree, 60.0)
        until(lambda: _colour(tree) == "red", "its window is over")
        until(lambda: alerts(tree) == ["VENUE_DOWN"], "and it is told")
        stage.control.end("restart")
        until(lambda: _listens(stage), "somebody listens again")
        _leap(tree, 61.0)
        until(tree.ready, "back")
        until(lambda: _colour(tree) == "green" and alerts(tree) == [], "and said so")
