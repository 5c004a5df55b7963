"""The real tree brought into each state of the table of what may still be sent.

The gateway is a process of its own with a still market; 20 BHP were bought on a day when all was
well, a stop stands under them, and a bid rests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from actors import names
from actors.messages import ArmingChanged, ForceCircuit
from adapters.starts import StartsFile
from domain.permits import Condition
from domain.starts import History, Start
from tests.pains.acts import quote_of, rest, taken, venue_row, wait_for_cause, written
from tests.pains.again import doubted, tick
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import until

HELD, GUARDED, DOUBTFUL = "20", "5", "10"
STOP = {"side": "SELL", "type": "STOP", "stop_price": "35.00", "tif": "GTC"}
BOUGHT, STOPPED, RESTING = "KLP-HELD", "KLP-STOP", "KLP-REST"

# Five less than there are, also of the five that are left over once fifteen have been sold: a venue
# that went on to show fifteen would have those five sold as well.
_FEWER = """
[[rule]]
name = "fewer"
on = "position"
match = { quantity = "20" }
times = "always"
do = "set"
with = { change = { quantity = "15" } }

[[rule]]
name = "none"
on = "position"
match = { quantity = "5" }
times = "always"
do = "set"
with = { change = { quantity = "0" } }
"""
_NEVER_SHOWN = """
[[rule]]
name = "lost"
on = "placeOrder"
do = "drop"

[[rule]]
name = "away"
on = "placeOrder"
after_seconds = 0.03
do = "close"
"""


def on_a_good_day(tree: Tree) -> None:
    """20 BHP held, a stop under a part of them, and a bid that nobody hits."""
    tree.wait_until_ready()
    wait_for_open_market()
    taken(tree, BOUGHT, quantity=HELD)
    tree.wait_for_state(BOUGHT, "FILLED")
    held = lambda: [p["held"] for p in tree.get("/positions")["items"]] == [HELD]  # noqa: E731
    until(held, "the venue's word on it")
    taken(tree, STOPPED, quantity=GUARDED, **STOP)
    until(lambda: tree.state(STOPPED) in ("WORKING", "HELD"), "the stop stands")
    rest(tree, RESTING, tif="GTC")


Put = Callable[[Stage, Tree], None]


def _paused(stage: Stage, tree: Tree) -> None:
    assert tree.call("POST", "/trading/pause", {"reason": "a test"}).status_code == 200


def _stands(word: ArmingChanged) -> Put:
    def put(stage: Stage, tree: Tree) -> None:
        tree.system.ask(names.DESK, word).get(timeout=20)

    return put


def _circuit_open(stage: Stage, tree: Tree) -> None:
    tree.system.tell(names.IB, ForceCircuit(True, "a test", "a test"))
    until(lambda: tree.desk().venues[0].circuit == "forced-open", "it is held open")


def _stale(stage: Stage, tree: Tree) -> None:
    """Another session takes the data: no quote counts any more."""
    stage.control.do("change_habits", data={"competing_session": True})
    until(lambda: (quote_of(tree) or {"stale": False})["stale"], "the data are stale")
    until(tree.settled, "the desk has heard it")


def _nothing(stage: Stage, tree: Tree) -> None:
    """The scenario of the second start does it all."""


def _unknown(stage: Stage, tree: Tree) -> None:
    """An order of which nobody can say whether it came to the venue."""
    taken(tree, "KLP-LOST", side="SELL", quantity=DOUBTFUL, type="LIMIT", limit_price="60")
    until(lambda: doubted(tree, "KLP-LOST"), "it is in doubt")
    until(lambda: tree.desk().venues[0].reconciled, "reconciled on the next link")
    tree.wait_for_state("KLP-LOST", "UNKNOWN")
    until(tree.settled, "the desk has heard it")
    tick(stage)


def _not_reconciled(stage: Stage, tree: Tree) -> None:
    wait_for_cause(tree, "LIST_NOT_ENDED")


def _safe(stage: Stage, tree: Tree) -> None:
    until(tree.ready, "ready")
    held = lambda: "SAFE_MODE" in [hold.code for hold in tree.desk().holds]  # noqa: E731
    until(held, "it is in safe mode")


def _mismatch(stage: Stage, tree: Tree) -> None:
    until(lambda: venue_row(tree)["mismatches"], "the venue holds fewer")


def die_early(stage: Stage, now: datetime) -> None:
    """Have the file of starts say that the last five died before they were well."""
    [path] = stage.folder.rglob("starts.json")
    deaths = (Start(f"S-{n}", now - timedelta(minutes=5 - n)) for n in range(5))
    StartsFile(path).write(History(tuple(deaths)))


_IN_SAFE_MODE = (Condition.SAFE_MODE_RECONCILED, Condition.SAFE_MODE_MISMATCH)
#: How each state comes about: the scenario of the second start, if one is needed, and the rest.
STATES: dict[Condition, tuple[str, Put]] = {
    Condition.PAUSED: ("", _paused),
    Condition.DISARMED: ("", _stands(ArmingChanged("a test"))),
    Condition.CIRCUIT_OPEN: ("", _circuit_open),
    Condition.DATA_STALE: ("", _stale),
    Condition.SYMBOL_RED: (_NEVER_SHOWN, _unknown),
    Condition.NOT_RECONCILED: ("pain_11_open_orders_never_end", _not_reconciled),
    Condition.SAFE_MODE_RECONCILED: ("", _safe),
    Condition.SAFE_MODE_MISMATCH: (_FEWER, _mismatch),
    Condition.OBSERVE: ("", _nothing),
}


@contextmanager
def in_state(
    stage: Stage, condition: Condition, scenario: str = "", **given: Any
) -> Iterator[Tree]:
    """The tree, after a good day, in this state; by another `scenario` where one is given."""
    usual, put = STATES[condition]
    scenario = scenario or usual
    observing = condition is Condition.OBSERVE
    options: dict[str, Any] = {"ENTRY_PREVIEWS": "false", **given}
    safe = condition in _IN_SAFE_MODE
    if not scenario and not observing and not safe:
        stage.play()
        with stage.tree(**options) as tree:
            on_a_good_day(tree)
            put(stage, tree)
            yield tree
        return
    stage.play()
    with stage.tree(**options) as tree:
        on_a_good_day(tree)
        until(lambda: tree.get("/fills")["items"][0]["commission_final"], "all is booked")
        now = tree.clock.now()
    if safe:
        die_early(stage, now)
    if scenario.startswith("\n"):
        scenario = written(stage.folder, "the table", scenario)
    stage.play(scenario)
    more: dict[str, Any] = {"MODE": "observe"} if observing else {}
    with stage.tree(watched=False, answers_within=1.0, **options, **more) as tree:
        if condition is Condition.SYMBOL_RED:
            until(tree.ready, "ready")
        elif condition is Condition.OBSERVE:
            tree.wait_until_ready()  # with a quote: without one that would be the reason
        put(stage, tree)
        yield tree
