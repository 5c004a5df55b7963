"""Why there is no link: each cause has a name and a deadline, is shown, and sends no order."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actors import names
from domain.backoff import Backoff
from simulators.tws.protocol import Request
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import SOON, until

_CLIENT_ID = 17
_SLOWLY = Backoff(first=30.0, ceiling=60.0, reset_after=30.0, floor=20.0)


def _ready(tree: Tree) -> dict[str, Any]:
    answer = tree.call("GET", "/health/ready")
    (item,) = answer.json()["venues"]
    assert (answer.status_code == 200) is item["tradable"]
    row: dict[str, Any] = item
    return row


def _wait_for_cause(tree: Tree, cause: str, seconds: float = 20.0) -> dict[str, Any]:
    def shown() -> dict[str, Any] | None:
        row = _ready(tree)
        return row if row["cause"] == cause else None

    row = until(shown, f"the cause is {cause}", seconds)
    assert row is not None
    return row


def _wait_for_the_end_of_a_try(tree: Tree) -> None:
    """It waits for its next try, with none on its way."""

    def between_tries() -> bool:
        state = tree.system.inspect(names.IB).get(timeout=SOON)
        phases = {child["phase"] for child in state["children"]}
        return phases == {"waiting"} and state["children"][0]["next_try_in_seconds"] is not None

    until(between_tries, "it waits for its next try")


def _leap(tree: Tree, seconds: float) -> None:
    """Let so much time go by; the venue's supervisor has looked round when this returns.

    Between two tries, for a start that is leapt over would seem to hang.
    """
    _wait_for_the_end_of_a_try(tree)
    tree.leap(seconds)
    called = threading.Event()
    tree.system.runtime.call_later(0.0, called.set)
    assert called.wait(SOON)
    tree.system.inspect(names.IB).get(timeout=SOON)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("scenario", "cause"),
    [
        ("pain_20_black_hole_at_connect", "NO_VERSION"),
        ("pain_20_no_version", "NO_VERSION"),
        ("pain_20_no_managed_accounts", "NO_ACCOUNTS"),
        ("pain_20_no_next_valid_id", "NO_NEXT_VALID_ID"),
        ("pain_20_no_account_download_end", "LIST_NOT_ENDED"),
        ("pain_11_positions_never_end", "LIST_NOT_ENDED"),
    ],
)
def test_pain_20_each_step_has_its_deadline_and_its_name(
    tmp_path: Path, venue: Venue, scenario: str, cause: str
) -> None:
    venue.start("--scenario", scenario)
    with growing(tmp_path, venue.port, backoff=_SLOWLY, watched=False) as tree:
        shown = _wait_for_cause(tree, cause)
        assert shown["health"] == "amber", "for a moment only, as yet"
        assert shown["reason"] and shown["since"] and not shown["tradable"]
        assert tree.propose("KLP-EARLY").json()["code"] == "VENUE_NOT_TRADABLE"
    wire = venue.wire()
    assert wire.orders_per_ref() == {}
    assert wire.peak_open_sockets() == 1


@pytest.mark.timeout(60)
def test_pain_20_the_first_heartbeat_is_a_step_of_connecting(tmp_path: Path, venue: Venue) -> None:
    scenario = tmp_path / "mute.toml"
    scenario.write_text(
        'title = "No time is told"\nsource = "pain 20"\nstory = "Right: a cause of its own."\n'
        '[[rule]]\nname = "hang"\non = "reqCurrentTime"\ntimes = "always"\ndo = "drop"\n'
    )
    venue.start("--scenario", str(scenario))
    with growing(tmp_path, venue.port, backoff=_SLOWLY, watched=False) as tree:
        _wait_for_cause(tree, "NO_FIRST_HEARTBEAT")
        assert not tree.desk().venues[0].connected
    assert venue.wire().from_client(Request.MARKET_DATA) == []


@pytest.mark.parametrize(
    ("account", "cause"), [("DU7654321", "WRONG_ACCOUNT"), ("DF9000001", "WRONG_ACCOUNT")]
)
def test_another_account_than_the_settings_name_is_never_traded(
    tmp_path: Path, venue: Venue, account: str, cause: str
) -> None:
    venue.start()
    with growing(tmp_path, venue.port, IB_ACCOUNT_ID=account) as tree:
        shown = _wait_for_cause(tree, cause)
        assert shown["health"] == "red", "a human's matter, at once"
        assert account not in shown["reason"], "nobody asked for a token"
        refused = tree.propose("KLP-WRONG").json()
        assert refused["code"] == "VENUE_NOT_TRADABLE"
        assert "IB_ACCOUNT_ID" in refused["detail"]
        until(lambda: any(line.startswith("ALERT") for line in tree.said), "it is said")
        # The cause is known before it has been decided when to try again.
        planned = until(lambda: _ready(tree)["next_try"], "the next try is told")
        since = datetime.fromisoformat(shown["since"])
        assert datetime.fromisoformat(planned) - since > timedelta(seconds=30), "slowly"
    assert venue.wire().orders_per_ref() == {}


@pytest.mark.timeout(90)
def test_pain_4_a_client_id_that_stays_taken_is_said_to_be_held_by_another_program(
    tmp_path: Path, venue: Venue
) -> None:
    scenario = tmp_path / "busy.toml"
    scenario.write_text(
        'title = "Busy"\nsource = "pain 4"\nstory = "Right: waited out with the same id."\n'
        '[[rule]]\nname = "busy"\non = "start"\ndo = "busy_client_id"\n'
    )
    venue.start("--scenario", str(scenario))
    with growing(tmp_path, venue.port, backoff=_SLOWLY, watched=False) as tree:
        shown = _wait_for_cause(tree, "CLIENT_ID_IN_USE")
        assert "another program holds the id" not in shown["reason"]
        for _ in range(6):
            _leap(tree, 61.0)
        until(lambda: "another program holds the id" in _ready(tree)["reason"], "that is said")
        assert _ready(tree)["health"] == "red"
        _wait_for_the_end_of_a_try(tree)  # one that is cut short has not said its id
    wire = venue.wire()
    assert {one.client_id for one in wire.sockets()} == {_CLIENT_ID}, "no other id is tried"
    assert len(wire.sockets()) > 2
    assert wire.peak_open_sockets(_CLIENT_ID) == 1


@pytest.mark.timeout(90)
def test_pain_19_a_dead_gateway_is_red_within_five_minutes_with_its_cause_and_since(
    tmp_path: Path, venue: Venue
) -> None:
    gateway = venue.start()
    with growing(tmp_path, venue.port, backoff=_SLOWLY, watched=False) as tree:
        until(tree.ready, "ready")
        gateway.kill()
        died = tree.clock.now()
        _wait_for_cause(tree, "PEER_CLOSED")
        for _ in range(5):
            _leap(tree, 60.0)
        until(lambda: _ready(tree)["health"] == "red", "red")
        shown = _ready(tree)
        assert shown["cause"] == "REFUSED", "the last of them"
        since = datetime.fromisoformat(shown["since"])
        assert abs(since - died) < timedelta(seconds=20), "since it died, whatever the causes"
        (item,) = tree.get("/venues")["items"]
        assert [alert["code"] for alert in item["alerts"]] == ["VENUE_DOWN"]
        refused = tree.propose("KLP-LATE").json()
        assert refused["code"] == "VENUE_NOT_TRADABLE" and "Nobody takes" in refused["detail"]

        for _ in range(26):
            _leap(tree, 3600.0)
        (item,) = tree.get("/venues")["items"]
        assert item["alerts"][0]["told"] >= 5, "again and again"
        crashes = [seat.last_error for seat in tree.system.seats() if seat.last_error]
        assert crashes == []
        _wait_for_the_end_of_a_try(tree)  # of the last hour, which must not find the new gateway
        venue.start()
        _leap(tree, 61.0)
        until(lambda: tree.desk().venues[0].reconciled, "back")
        until(lambda: tree.get("/venues")["items"][0]["alerts"] == [], "and said so")


@pytest.mark.timeout(90)
def test_an_announced_restart_holds_entries_and_lets_exits_go(tmp_path: Path, venue: Venue) -> None:
    wait_for_open_market()
    venue.start()
    soon = datetime.now(UTC) + timedelta(minutes=10)
    with growing(
        tmp_path,
        venue.port,
        watched=False,
        IB_WINDOWS="restart",
        IB_TIME_ZONE="Etc/UTC",
        IB_RESTART_TIME=f"{soon:%H:%M}",
        HOLD_BEFORE_WINDOW_SECONDS="300",
    ) as tree:
        tree.wait_until_ready()
        assert tree.propose("KLP-BEFORE").status_code == 202
        tree.wait_for_state("KLP-BEFORE", "FILLED")
        until(lambda: tree.desk().positions and tree.desk().positions[0].held == 20, "it is held")
        tree.leap(360.0)
        tree.wait_until_ready()
        refused = tree.propose("KLP-HELD").json()
        assert refused["code"] == "ANNOUNCED_RESTART"
        assert "on hold until" in refused["detail"] and "restarts" in refused["detail"]
        (item,) = tree.get("/venues")["items"]
        assert item["tradable"] and item["on_hold"] and item["windows"][0]["kind"] == "restart"
        told = lambda: any("may be out of reach" in line for line in tree.said)  # noqa: E731
        until(told, "it is said on the screen")
        # The position has reached its age meanwhile: its exit goes all the same.
        until(lambda: not any(each.managed for each in tree.desk().positions), "it is left")
        tree.leap(600.0)
        tree.wait_until_ready()
        assert tree.propose("KLP-AFTER").status_code == 202
        tree.wait_for_state("KLP-AFTER", "FILLED")
    names_sent = set(venue.wire().orders_per_ref())
    assert {"KLP-BEFORE", "KLP-AFTER"} < names_sent and "KLP-HELD" not in names_sent
