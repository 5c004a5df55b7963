"""What the gateway says of its link, its farms and its data: only what it concerns is renewed.

Asserted from the gateway's wire log: what was asked of it, and what was not.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.messages import GetDesk
from simulators.tws.control import ControlClient
from simulators.tws.protocol import Request
from tests.tree.home import free_port
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import SOON, until

_CLIENT_ID = 17
_WANTED = 4
"""BHP, CBA, VAS and AUD.USD."""


@dataclass
class Stage:
    """A tree that is ready, its gateway's files, and the door by which the gateway is told."""

    tree: Tree
    venue: Venue
    door: ControlClient

    def asked(self, request: Request) -> int:
        """How often the gateway was asked this, over all links."""
        return len(self.venue.wire().from_client(request, _CLIENT_ID))

    def requests(self) -> dict[Request, int]:
        kinds = (Request.MARKET_DATA, Request.ACCOUNT_UPDATES, Request.EXECUTIONS)
        return {kind: self.asked(kind) for kind in kinds}

    def says(self, code: int, text: str = "words of the gateway") -> None:
        self.door.do("send_error", code=code, about="nothing", text=text)

    def standing(self) -> list[str]:
        (item,) = self.tree.get("/venues")["items"]
        return [alert["code"] for alert in item["alerts"]]

    def farms(self) -> dict[str, str]:
        """By name, how each is."""
        (item,) = self.tree.get("/venues")["items"]
        return {farm["name"]: farm["state"] for farm in item["farms"]}

    def age(self) -> float:
        return float(self.quote()["age_seconds"])

    def quote(self) -> dict[str, Any]:
        quotes: list[dict[str, Any]] = self.tree.get("/quotes")["items"]
        return next(each for each in quotes if each["symbol"] == "BHP/AUD")

    def links(self) -> int:
        return self.venue.wire().connects(_CLIENT_ID)


@contextmanager
def staged(folder: Path, venue: Venue) -> Iterator[Stage]:
    port = free_port()
    venue.start("--control-port", str(port))
    with (
        growing(folder, venue.port, watched=False) as tree,
        ControlClient(port) as door,
    ):
        tree.wait_until_ready()
        stage = Stage(tree, venue, door)
        until(lambda: stage.asked(Request.MARKET_DATA) == _WANTED, "all are subscribed")
        yield stage


def test_1101_renews_subscriptions_and_the_account_and_1102_asks_for_lists_alone(
    tmp_path: Path, venue: Venue
) -> None:
    with staged(tmp_path, venue) as stage:
        before = stage.requests()
        lost = stage.door.do("connectivity_lost", restored=1102)
        until(lambda: not stage.tree.ready(), "1100: out of reach")
        assert stage.tree.propose("KLP-DARK").json()["code"] == "VENUE_NOT_TRADABLE"
        stage.door.end(lost)
        until(stage.tree.ready, "1102: back")
        after = stage.requests()
        assert after[Request.MARKET_DATA] == before[Request.MARKET_DATA], "nothing was lost"
        assert after[Request.EXECUTIONS] > before[Request.EXECUTIONS], "fills in between"

        before = after
        stage.door.end(stage.door.do("connectivity_lost", restored=1101))
        until(
            lambda: stage.asked(Request.MARKET_DATA) == before[Request.MARKET_DATA] + _WANTED,
            "1101: each subscription is made anew, once",
        )
        until(
            lambda: stage.asked(Request.ACCOUNT_UPDATES) > before[Request.ACCOUNT_UPDATES],
            "and the account is asked for",
        )
        until(stage.tree.ready, "back again")
        assert stage.links() == 1, "on the link that stood all the while"
        assert stage.asked(Request.PLACE_ORDER) == 0


def test_the_farms_are_shown_and_nothing_is_asked_for(tmp_path: Path, venue: Venue) -> None:
    with staged(tmp_path, venue) as stage:
        before = stage.requests()
        for code in (2103, 2105, 2157):
            stage.says(code, f"a farm is broken:farm{code}")
        broken = dict.fromkeys(("farm2103", "farm2105", "farm2157"), "broken")
        until(lambda: broken.items() <= stage.farms().items(), "all three are shown")
        stage.says(2107, "HMDS data farm connection is inactive:farm2105")
        stage.says(2104, "Market data farm connection is OK:farm2103")
        until(lambda: stage.farms()["farm2103"] == "ok", "mended")
        assert stage.farms()["farm2105"] == "asleep"
        assert stage.requests() == before
        assert stage.tree.ready(), "no farm is the link"


def test_2100_asks_for_the_account_and_for_no_quotes(tmp_path: Path, venue: Venue) -> None:
    with staged(tmp_path, venue) as stage:
        before = stage.requests()
        stage.says(2100)
        until(
            lambda: stage.asked(Request.ACCOUNT_UPDATES) > before[Request.ACCOUNT_UPDATES],
            "the account is asked for again",
        )
        assert stage.asked(Request.MARKET_DATA) == before[Request.MARKET_DATA]


@pytest.mark.parametrize("code", [1300, 2110])
def test_what_breaks_the_way_to_ib_stops_trading_at_once(
    tmp_path: Path, venue: Venue, code: int
) -> None:
    with staged(tmp_path, venue) as stage:
        stage.says(code)
        until(lambda: not stage.tree.ready() or stage.links() == 2, "it is noticed")
        if code == 1300:
            stage.tree.wait_until_ready()
            assert stage.links() == 2, "made anew"
            until(lambda: stage.asked(Request.MARKET_DATA) == 2 * _WANTED, "with everything")
        else:
            assert stage.links() == 1, "it comes back by itself"


def test_pain_3_a_competing_session_gives_one_alert_and_is_recovered_from(
    tmp_path: Path, venue: Venue
) -> None:
    wait_for_open_market()
    with staged(tmp_path, venue) as stage:
        rival = stage.door.do("change_habits", data={"competing_session": True})
        until(lambda: stage.standing() == ["IB10197"], "the alert")
        # The alert is of whichever symbol was refused first.
        until(lambda: stage.quote()["stale"] is True, "BHP is among them")
        until(stage.tree.settled, "the desk has heard it")
        answer = stage.tree.propose("KLP-BLIND")
        assert answer.json()["code"] == "NO_FRESH_QUOTE"
        stage.door.end(rival)
        stage.tree.leap(601.0)
        until(lambda: stage.standing() == [], "the alert is over")
        stage.tree.wait_until_ready()
        alerts = [line for line in stage.tree.said if line.startswith("ALERT")]
        assert len(alerts) == 1, alerts
        assert stage.links() == 1
        assert stage.asked(Request.PLACE_ORDER) == 0


def test_pain_3_a_silent_subscription_is_asked_for_again_then_the_link_is_made_anew(
    tmp_path: Path, venue: Venue
) -> None:
    wait_for_open_market()
    with staged(tmp_path, venue) as stage:
        silence = stage.door.do("change_habits", data={"silent": ["BHP/AUD"]})
        asked = stage.asked(Request.MARKET_DATA)
        until(lambda: stage.age() > 0.5, "it is silent")
        stage.tree.leap(301.0)
        until(lambda: stage.asked(Request.MARKET_DATA) > asked, "it is asked for again")
        assert stage.quote()["stale"] is True
        until(stage.tree.ready, "the others go on")
        stage.tree.leap(301.0)
        until(lambda: stage.links() == 2, "the link is made anew")
        stage.door.end(silence)
        stage.tree.wait_until_ready()
        assert stage.standing() == []
        wire = stage.venue.wire()
        assert wire.peak_open_sockets(_CLIENT_ID) == 1
        renewed = [
            message
            for message in wire.from_client(Request.MARKET_DATA, _CLIENT_ID)
            if message.session == max(each.session for each in wire.messages)
        ]
        assert len(renewed) == _WANTED, "pain 2: a new request for every one of them"


def test_pain_21_a_handler_that_hangs_does_not_hold_the_heartbeat_up(
    tmp_path: Path, venue: Venue
) -> None:
    with staged(tmp_path, venue) as stage:
        begun, until_let_go = threading.Event(), threading.Event()
        narrator = stage.tree.system.seat(names.NARRATOR).occupant
        assert narrator is not None

        def hang(*_: object) -> None:
            begun.set()
            until_let_go.wait(10.0)

        narrator.__dict__["_handlers"] = {**narrator._handlers, GetDesk: hang}
        stage.tree.system.tell(names.NARRATOR, GetDesk())
        try:
            assert begun.wait(SOON)
            beats = stage.asked(Request.CURRENT_TIME)
            until(lambda: stage.asked(Request.CURRENT_TIME) >= beats + 10, "ten heartbeats")
        finally:
            until_let_go.set()
        assert stage.tree.ready() and stage.links() == 1
        metrics = stage.tree.call("GET", "/metrics").text
        (lag,) = [
            line
            for line in metrics.splitlines()
            if line.startswith('kelpie_loop_lag_seconds{actor="ib.connection"}')
        ]
        assert 0.0 <= float(lag.split()[-1]) < 4.5, "the five seconds of the other would show"
