"""Pain 3: a subscription is open, there is no error, and no data come (NautilusTrader #4949;
Lean-IB #80, #140).

The ladder as values: `tests/domain/test_silence.py`; what each scope renews:
`tests/tree/test_the_scopes_of_the_link.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulators.tws.protocol import Reply, Request
from tests.pains.again import tick
from tests.pains.agreement import assert_agreed
from tests.pains.by_hand import by_hand
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.waiting import until

CLIENT_ID = 17
NEAR = 43.41
"""The bid once the market has ticked."""
SILENCE = 301.0
"""Above QUOTE_SILENCE_SHARE_SECONDS."""
ONCE_MORE = """
[[rule]]
name = "once more"
on = "error"
match = { code = 10197 }
do = "repeat"
with = { copies = 5, seconds = 0.1 }
"""
SETTINGS: dict[str, Any] = {"ALLOWED_SYMBOLS": "BHP/AUD", "ENTRY_PREVIEWS": "false"}


def quote(tree: Tree) -> dict[str, Any]:
    """The quote of BHP as it is shown; a stale one without prices where there is none."""
    rows: list[dict[str, Any]] = tree.get("/quotes")["items"]
    return next((row for row in rows if row["symbol"] == "BHP/AUD"), {"stale": True})


def asked(stage: Stage) -> int:
    return len(stage.wire().from_client(Request.MARKET_DATA, CLIENT_ID))


def price_comes(stage: Stage, tree: Tree) -> None:
    """Another price, and the tree has heard it: on the one before it an order would not trade."""
    tick(stage)
    until(lambda: quote(tree).get("bid") == NEAR and not quote(tree)["stale"], "it is heard")


def times_said(stage: Stage, code: int) -> int:
    """How often the gateway sent this code."""
    return sum(str(code) in message.fields for message in stage.wire().to_client(Reply.ERROR))


def standing(tree: Tree) -> list[str]:
    [venue] = tree.get("/venues")["items"]
    return [alert["code"] for alert in venue["alerts"]]


def alerts(tree: Tree) -> list[str]:
    return [line for line in tree.said if line.startswith("ALERT")]


def entry_refused(tree: Tree) -> bool:
    """No position is opened on a price that is not of now."""
    answer = tree.propose("KLP-BLIND", type="LIMIT", limit_price="30")
    return answer.status_code == 409 and answer.json()["code"] == "NO_FRESH_QUOTE"


def buys_again(stage: Stage, tree: Tree) -> None:
    tree.wait_until_ready()
    assert tree.propose("KLP-1").status_code == 202
    tree.wait_for_state("KLP-1", "FILLED")
    assert stage.wire().placements("KLP-BLIND") == []
    assert_agreed(stage, tree)


def test_silence_goes_from_a_new_request_to_a_new_link_to_an_alert(stage: Stage) -> None:
    stage.play("pain_03_silent_subscription")
    with stage.tree(watched=False, **SETTINGS) as tree:
        until(tree.ready, "the venue is there")
        until(lambda: asked(stage) == 1, "the request, accepted and mute")
        assert quote(tree)["stale"] and entry_refused(tree)
        assert [m for m in stage.wire().to_client(Reply.ERROR) if "-1" not in m.fields] == []

        tree.leap(SILENCE)
        until(lambda: asked(stage) == 2, "first: asked for again")
        assert stage.wire().connects(CLIENT_ID) == 1
        tree.leap(SILENCE)
        until(lambda: stage.wire().connects(CLIENT_ID) == 2, "then: a new link")
        until(tree.ready, "which is sound, but for this")
        until(lambda: asked(stage) >= 3, "and asked for on it")
        assert alerts(tree) == [] and entry_refused(tree)

        def told() -> bool:
            tree.leap(SILENCE)
            return standing(tree) == ["DATA_SILENT"]

        until(told, "last: an alert", every=0.3)
        until(lambda: len(alerts(tree)) == 1, "which is said")
        assert "BHP/AUD" in alerts(tree)[0]
        assert stage.wire().connects(CLIENT_ID) == 2, "no storm of new links"
        assert stage.wire().peak_open_sockets(CLIENT_ID) == 1
        assert quote(tree)["stale"] and entry_refused(tree)

        stage.control.end("silence")
        price_comes(stage, tree)
        until(lambda: standing(tree) == [], "the alert is over with the first price")
        buys_again(stage, tree)


def test_a_quote_that_lived_is_stale_in_time(stage: Stage) -> None:
    """T is QUOTE_STALE_AFTER_SECONDS: a price of before it arms nothing."""
    stage.play()
    with stage.tree(watched=False, QUOTE_STALE_AFTER_SECONDS="15", **SETTINGS) as tree:
        tree.wait_until_ready()
        assert quote(tree)["stale"] is False
        silence = stage.control.do("mute", symbol="BHP/AUD")
        tree.leap(16.0)
        assert quote(tree)["stale"] is True
        assert entry_refused(tree)
        stage.control.end(silence)
        price_comes(stage, tree)
        buys_again(stage, tree)


def test_one_request_that_is_mute_is_cured_by_the_next(stage: Stage) -> None:
    stage.play("pain_03_silent_until_asked_again")
    with stage.tree(watched=False, **SETTINGS) as tree:
        until(tree.ready, "the venue is there")
        until(lambda: asked(stage) == 1, "the request, accepted and mute")
        assert quote(tree)["stale"] and entry_refused(tree)
        tree.leap(SILENCE)
        until(lambda: asked(stage) == 2, "asked for again")
        buys_again(stage, tree)
        assert stage.wire().connects(CLIENT_ID) == 1, "the link is left alone"
        assert alerts(tree) == []


def test_a_competing_session_is_one_alert_and_the_ticks_return(stage: Stage) -> None:
    """10197, however often it is said; then the data come back by themselves."""
    played = Path(by_hand(stage.folder, "pain_03_competing_session", fired=("elsewhere",)))
    played.write_text(played.read_text("utf-8") + ONCE_MORE, "utf-8")
    stage.play(str(played))
    with stage.tree(watched=False, **SETTINGS) as tree:
        tree.wait_until_ready()
        stage.control.fire("elsewhere")
        until(lambda: standing(tree) == ["IB10197"], "the alert")
        assert quote(tree)["stale"] and entry_refused(tree)
        until(lambda: times_said(stage, 10197) == 6, "said again and again")
        until(tree.settled, "and handled")
        stage.control.end("elsewhere")
        requests = asked(stage)
        price_comes(stage, tree)
        until(lambda: standing(tree) == [], "the alert is over")
        assert len(alerts(tree)) == 1, alerts(tree)
        assert asked(stage) == requests, "nothing had to be asked for"
        buys_again(stage, tree)
        assert stage.wire().connects(CLIENT_ID) == 1
