"""Pain 2: bars that are kept up to date never resume after the restart; asking again "succeeds" and
sends nothing (NautilusTrader #3733, #3001; ib_insync #533, #699; IBC #143).

Hours of gaps on a clock that leaps: `tests/actors/test_following.py`.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from actors import names
from actors.messages import FollowBars
from domain.symbols import Symbol
from simulators.tws.protocol import Reply, Request
from tests.pains.conftest import Stage
from tests.pains.hurried import hurried
from tests.tree.in_process import Tree
from tests.tree.waiting import until

CLIENT_ID = 17
SIZE = 5
BHP = Symbol.parse("BHP/AUD")
SETTINGS: dict[str, Any] = {
    "STRATEGY": "rules",
    "ALLOWED_SYMBOLS": "BHP/AUD",
    "ENTRY_PREVIEWS": "false",
}
WORDS = f"{SIZE} secs"
_AFTER = re.compile(r"after_seconds = [0-9.]+")
_SILENCE = 301.0
_IDENTICAL_AFTER = 16.0
"""IB takes no identical request within 15 s."""


def subscriptions(stage: Stage, session: int) -> set[tuple[str, ...]]:
    """What is live on a connection: quotes by instrument, and bars by instrument and size."""
    wire = stage.wire()
    quotes = [m for m in wire.from_client(Request.MARKET_DATA, CLIENT_ID) if m.session == session]
    bars = [
        m
        for m in wire.from_client(Request.HISTORICAL_DATA, CLIENT_ID)
        if m.session == session and m.fields[21] == "1"
    ]
    return {("quotes", m.fields[4]) for m in quotes} | {
        ("bars", m.fields[3], m.fields[16]) for m in bars
    }


def sessions(stage: Stage) -> list[int]:
    """The connections that were completed, in order."""
    notes = stage.wire().notes
    return [n.session for n in notes if n.event == "connected" and n.client_id == CLIENT_ID]


def updates(stage: Stage, session: int) -> int:
    told = stage.wire().to_client(Reply.HISTORICAL_DATA_UPDATE)
    return sum(m.session == session for m in told)


def starts(tree: Tree) -> list[float]:
    """When the bars begin that are kept, as anybody is given them."""
    bars: list[Any] = tree.get(f"/bars/BHP-AUD?timeframe={SIZE}s&limit=500")["items"]
    return [float(bar[0]) for bar in bars]


def follow(tree: Tree) -> None:
    assert tree.call("POST", "/trading/pause").status_code == 200
    tree.wait_until_ready()
    tree.system.tell(names.history(names.IB), FollowBars(names.STRATEGIST, BHP, f"{SIZE}s"))


def play(stage: Stage, name: str, times: float) -> None:
    """The scenario, with the gateway's pacing off: its clock does not leap with the tree's.

    Its restart is told by the door, when all is live.
    """
    scenario = Path(hurried(stage.folder, name, times))
    text = _AFTER.sub("after_seconds = 600", scenario.read_text("utf-8"))
    text += "\n[data]\nrefuse_pacing = false\n"
    scenario.write_text(text, "utf-8")
    stage.play(str(scenario))


def live_again(stage: Stage, tree: Tree) -> int:
    """Wait for the second link, with every subscription of the first one; its session."""
    wanted = subscriptions(stage, sessions(stage)[0])
    stage.control.fire("restart")
    return all_asked_on(stage, tree, 2, wanted)


def all_asked_on(stage: Stage, tree: Tree, link: int, wanted: set[tuple[str, ...]]) -> int:
    """Wait for so many links in all, and for each subscription on the last; its session."""
    until(lambda: len(sessions(stage)) == link, "a new link")
    until(tree.ready, "which is up")
    tree.leap(_IDENTICAL_AFTER)
    session = sessions(stage)[-1]
    until(lambda: subscriptions(stage, session) == wanted, f"all are asked for again: {wanted}")
    return session


def a_bar_ends() -> None:
    """Wait until one ends that was not over by now: whoever asks again is given news."""
    began = time.time() // SIZE
    until(lambda: time.time() // SIZE > began, "a bar ends")


def asked_for_bars(stage: Stage, session: int) -> int:
    """How often the followed bars were asked for on a connection."""
    asked = stage.wire().from_client(Request.HISTORICAL_DATA, CLIENT_ID)
    return sum((m.session, m.fields[16], m.fields[21]) == (session, WORDS, "1") for m in asked)


def without_gap(tree: Tree, until_after: float) -> bool:
    """Every bar once, from the first to one that closed after this moment."""
    told = starts(tree)
    assert len(told) == len(set(told)), "a bar twice"
    whole = told == [told[0] + SIZE * number for number in range(len(told))]
    return whole and told[-1] > until_after


def reconnected_at(stage: Stage, session: int) -> float:
    """When a connection was completed, in epoch seconds of the gateway."""
    [note] = [n for n in stage.wire().notes if (n.event, n.session) == ("connected", session)]
    return note.time.timestamp()


def test_every_subscription_is_asked_for_again_and_the_gap_is_filled(stage: Stage) -> None:
    """Quotes, the bars of the readers and those that are followed, each on the new link."""
    play(stage, "pain_02_bars_after_restart", 2.0)
    with stage.tree(watched=False, **SETTINGS) as tree:
        follow(tree)
        until(lambda: len(subscriptions(stage, sessions(stage)[0])) == 3, "all are live")
        until(lambda: updates(stage, sessions(stage)[0]), "bars are told as they form")
        session = live_again(stage, tree)
        until(lambda: updates(stage, session), "they are told on the new link, too")
        since = reconnected_at(stage, session) - SIZE
        until(lambda: without_gap(tree, since), "every bar, once")


def test_a_subscription_that_succeeds_and_sends_nothing_is_asked_for_again(stage: Stage) -> None:
    play(stage, "pain_02_bars_that_never_resume", 5.0)
    with stage.tree(watched=False, **SETTINGS) as tree:
        follow(tree)
        until(lambda: len(subscriptions(stage, sessions(stage)[0])) == 3, "all are live")
        session = live_again(stage, tree)
        assert asked_for_bars(stage, session) == 1
        assert updates(stage, session) == 0, "accepted, and mute"
        a_bar_ends()  # else it would have had nothing to say
        tree.leap(_SILENCE)
        until(lambda: asked_for_bars(stage, session) == 2, "the silence is noticed")
        cancelled = stage.wire().from_client(Request.CANCEL_HISTORICAL_DATA, CLIENT_ID)
        assert len([m for m in cancelled if m.session == session]) == 1, "one at a time"
        assert len(sessions(stage)) == 2, "the link is left alone"
        tree.leap(_SILENCE)
        last = all_asked_on(stage, tree, 3, subscriptions(stage, session))
        assert updates(stage, session) == updates(stage, last) == 0
        stage.control.end("silence")
        until(lambda: updates(stage, last), "then they resume")
        assert len(sessions(stage)) == 3
