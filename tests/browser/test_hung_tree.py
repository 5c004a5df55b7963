"""Whatever of the tree hangs, pages come in time, with the last state and its age."""

from __future__ import annotations

import time
from functools import partial

import pytest

from actors import names
from tests.browser.conftest import Looker, Looks, press
from tests.pains.conftest import Stage
from tests.tree.hanging import hanging
from tests.tree.waiting import until

PAGES = (
    *("/", "/see/money", "/see/trades", "/see/orders"),
    *("/see/quiet", "/see/health", "/see/live", "/see/pause"),
)
HANGS: dict[str, float] = {}
"""For how long the hook waits is as for an owner."""
IN_TIME = 4.0
"""Seconds: no part is waited for longer than 1.5 s, and the browser has its own work to do."""


def all_answer(looker: Looker, path: str) -> bool:
    """What this page needs has all been answered just now."""
    return not looker.open(path).locator(".silent").count()


def in_time(looker: Looker, path: str) -> None:
    """Open it; it comes in time.

    Where the machine is busy a page may take longer, once or twice. One that waits for too much
    takes longer whenever it is opened.
    """

    def came() -> bool:
        asked = time.monotonic()
        looker.open(path)
        return time.monotonic() - asked < IN_TIME

    until(came, f"{path} comes within {IN_TIME:g} s")


_ALL = (names.DESK, names.LEDGER, names.LIVE_GATE, names.UPTIME, names.IB, names.ALERTS)


@pytest.mark.parametrize(
    ("seats", "concerned"),
    [
        ((names.DESK,), ("/", "/see/quiet", "/see/live", "/see/pause")),
        ((names.LEDGER,), ("/", "/see/trades", "/see/pause")),
        (_ALL, PAGES),
    ],
    ids=("the desk", "the ledger", "all that pages ask"),
)
def test_pages_come_in_time_with_the_last_state_and_its_age(
    stage: Stage, looks: Looks, seats: tuple[str, ...], concerned: tuple[str, ...]
) -> None:
    stage.play()
    with stage.tree(watched=False, hook_options=HANGS) as tree:
        tree.wait_until_ready()
        looker = looks(tree, token=tree.hook.token)
        for path in concerned:
            until(partial(all_answer, looker, path), f"all of {path} is known")
        with hanging(tree.system, *seats):
            for path in concerned:
                in_time(looker, path)
                assert looker.wide() <= 0
                said = looker.page.inner_text(".silent")
                assert "has not answered for" in said and "what follows is from" in said, path
                assert "nothing is known" not in said, path
                assert "Not known yet" not in looker.text(), path
        until(tree.settled, "it goes on")
        until(lambda: all_answer(looker, "/"), "and what it says is of now")


def test_before_the_first_answer_a_page_says_so(stage: Stage, looks: Looks) -> None:
    stage.play()
    with (
        stage.tree(watched=False, hook_options={"remember_seconds": 0.0}) as tree,
        hanging(tree.system, names.DESK, names.LIVE_GATE),
    ):
        looker = looks(tree)
        for path in ("/see/quiet", "/see/live", "/see/pause"):
            in_time(looker, path)
            said = looker.page.inner_text(".silent")
            assert "nothing is known of it yet" in said, path


def test_a_tap_that_nobody_confirms_says_so(stage: Stage, looks: Looks) -> None:
    stage.play()
    with stage.tree(watched=False, hook_options=HANGS) as tree:
        tree.wait_until_ready()
        looker = looks(tree, token=tree.hook.token)
        until(partial(all_answer, looker, "/see/pause"), "all is known")
        with hanging(tree.system, names.DESK):
            press(looker.page.get_by_role("button", name="Pause new trades"))
            assert "This is not confirmed." in looker.text()
            press(looker.page.get_by_role("link", name="Look how it stands"))
            assert "has not answered for" in looker.page.inner_text(".silent")


def test_the_last_state_is_known_though_nobody_had_looked_before(
    stage: Stage, looks: Looks
) -> None:
    stage.play()
    often = {"remember_seconds": 0.2}
    with stage.tree(watched=False, hook_options=often) as tree:
        until(tree.ready, "ready to trade")
        symbols = len(tree.desk().venues[0].instruments)
        asked = tree.system.seat(names.DESK).handled
        before = asked["GetWhyNot"]
        # When it asks for the third time, what it was told the first time is known.
        until(lambda: asked["GetWhyNot"] > before + 2 * symbols > 0, "the hook asks by itself")
        with hanging(tree.system, names.DESK):
            looker = looks(tree)
            looker.open("/see/quiet")
            assert "what follows is from" in looker.page.inner_text(".silent")
            assert "BHP/AUD" in looker.page.inner_text("main")
