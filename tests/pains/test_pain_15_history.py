"""Pain 15: history that is paced (162), hangs for ever, or has no data (Lean #607, Lean-IB #201,
ib_insync #268, #195, #687).

On lower levels: tests/domain/test_pacing.py (each rule), tests/actors/test_history.py (a burst of
200 at the full budget, on virtual time), tests/ib/test_bars.py (the answers over a link).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors import names
from actors.lanes import Stop
from actors.messages import WantBars
from config.settings import DEFAULT_SYMBOLS
from domain.symbols import Symbol
from simulators.tws.protocol import Request
from simulators.tws.wire_history import WireMessage
from tests.actors.company import Heard, Listener
from tests.pains.acts import state_of
from tests.pains.conftest import Stage
from tests.pains.hurried import hurried
from tests.tree.in_process import Tree
from tests.tree.waiting import until

_ASKER = "asker"
_HISTORY = names.history(names.IB)
_ANSWER = 17
"""historicalData."""
_BURST = 200
_BUDGET = 60
"""Requests that IB takes in ten minutes."""


def _requests(tree: Tree) -> dict[str, Any]:
    counts: dict[str, Any] = state_of(tree, _HISTORY)["requests"]
    return counts


def _asked(stage: Stage) -> int:
    return len(stage.wire().from_client(Request.HISTORICAL_DATA))


def _called_off(stage: Stage) -> list[WireMessage]:
    return stage.wire().from_client(Request.CANCEL_HISTORICAL_DATA)


@contextmanager
def _asker(tree: Tree) -> Iterator[None]:
    """Let there be somebody whom the answers concern."""
    heard = Heard()
    tree.system.fill(tree.system.seat(_ASKER), lambda system, seat: Listener(system, seat, heard))
    try:
        yield
    finally:
        tree.system.tell(_ASKER, Stop())


def _want(tree: Tree, number: int, symbol: Symbol) -> None:
    """One day of minutes, another than any before."""
    end = datetime(2026, 11, 6, tzinfo=UTC) - timedelta(days=number)
    deadline = tree.clock.monotonic() + 3600.0
    tree.system.tell(
        _HISTORY,
        WantBars(
            deadline,
            ticket=f"T-{number}",
            who=_ASKER,
            symbol=symbol,
            timeframe="1 min",
            start=end - timedelta(days=1),
            end=end,
        ),
    )


@pytest.mark.timeout(180)
def test_a_burst_breaks_none_of_the_rules_and_uses_the_whole_budget(stage: Stage) -> None:
    """All that the rules allow goes at once, the rest waits; the gateway counts no breach."""
    stage.play("pain_15_history_pacing")
    # What is lost with a link counts, and never comes there: this link lives, however slowly.
    with stage.tree(HEARTBEAT_DEADLINE_SECONDS="20") as tree, _asker(tree):
        tree.wait_until_ready()
        symbols = [Symbol.parse(text) for text in DEFAULT_SYMBOLS]
        for number in range(_BURST):
            _want(tree, number, symbols[number % len(symbols)])
        until(
            lambda: (
                _requests(tree)["counted_in_10_minutes"] == _BUDGET and _asked(stage) == _BUDGET
            ),
            "the budget is used",
            90.0,
        )
        waits = until(lambda: _requests(tree)["next_in_seconds"], "it says when the next goes")
        assert 500 < waits <= 601, "and the next one waits until the first leaves the window"
        assert len(state_of(tree, _HISTORY)["wanted"]) > _BURST - _BUDGET - 1
        assert _requests(tree)["refused_for_pacing"] == 0
    wire = stage.wire()
    assert not wire.pacing_breaches
    # Its budget survives the process: a new one asks for nothing more.
    with stage.tree() as tree, _asker(tree):
        tree.wait_until_ready()
        _want(tree, 300, symbols[0])
        until(lambda: state_of(tree, _HISTORY)["wanted"], "it is wanted")
        waits = until(lambda: _requests(tree)["next_in_seconds"], "it says when it goes")
        assert waits > 400
    assert _asked(stage) == _BUDGET and not stage.wire().pacing_breaches


@pytest.mark.parametrize(
    ("name", "tries", "failure"),
    [
        ("no_data", 1, ""),  # an answer: there is nothing in that time
        ("no_permission", 1, "No market data permissions"),
        ("cancelled", 3, "data query cancelled"),
    ],
)
def test_162_is_split_by_its_text(stage: Stage, name: str, tries: int, failure: str) -> None:
    """Each in its own way: as often as it is of use, and with the venue's words."""
    stage.play(f"pain_15_history_{name}")
    with stage.tree(watched=False, ALLOWED_SYMBOLS="BHP/AUD") as tree:
        tree.wait_until_ready()

        def over() -> bool:
            tree.leap(16.0)
            return _asked(stage) >= tries and not state_of(tree, _HISTORY)["wanted"]

        until(over, f"asked {tries} times, and no more", every=0.2)
        tree.leap(120.0)
        until(tree.settled, "all is handled")
        failures = " ".join(state_of(tree, _HISTORY)["failures"].values())
        assert failure in failures if failure else not failures
        assert _requests(tree)["refused_for_pacing"] == 0
        assert tree.ready(), "no matter of orders"
    assert _asked(stage) == tries and not stage.wire().pacing_breaches


def test_162_for_pacing_is_waited_out_and_asked_again(stage: Stage) -> None:
    stage.play("pain_15_history_paced")
    with stage.tree(watched=False, ALLOWED_SYMBOLS="BHP/AUD") as tree:
        tree.wait_until_ready()
        until(lambda: _requests(tree)["refused_for_pacing"] == 1, "it is taken for pacing")
        held_back = _requests(tree)["next_in_seconds"]
        assert held_back > 15 and _asked(stage) == 1

        def again() -> bool:
            tree.leap(15.0)
            return _asked(stage) >= 2

        until(again, "asked again", every=0.2)
        until(lambda: _requests(tree)["refused_for_pacing"] >= 2, "and refused again")
        state = state_of(tree, _HISTORY)
        assert state["wanted"] and not state["failures"], "it is not given up"
        assert tree.ready()


def test_a_request_that_is_never_answered_is_called_off_on_the_wire(stage: Stage) -> None:
    stage.play("pain_15_history_mute")
    with stage.tree(answers_within=0.5, ALLOWED_SYMBOLS="BHP/AUD") as tree:
        tree.wait_until_ready()
        until(lambda: _called_off(stage), "it is called off")
        [asked] = stage.wire().from_client(Request.HISTORICAL_DATA)
        assert _called_off(stage)[0].fields[-1] == asked.fields[1], "the very request"
        until(lambda: _requests(tree)["open"] == 0, "nothing waits behind it")


def test_an_answer_that_comes_after_its_time_is_dropped(stage: Stage) -> None:
    """90 s late, in the story; here 1.5 s, for a request that is given 0.5."""
    stage.play(hurried(stage.folder, "pain_15_history_late", 60))
    with stage.tree(answers_within=0.5, ALLOWED_SYMBOLS="BHP/AUD") as tree:
        tree.wait_until_ready()
        until(lambda: _called_off(stage), "it is called off")
        until(lambda: stage.wire().to_client(_ANSWER), "its answer comes late")
        until(tree.settled, "and is handled")
        assert tree.get("/bars/BHP-AUD?timeframe=5m&limit=50")["items"] == []
        assert tree.lost_facts() == []
        assert tree.ready()
