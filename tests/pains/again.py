"""Trading again after a loss: past the pause of the circuit, with a price of this moment."""

from __future__ import annotations

from typing import Any

from tests.pains.conftest import Stage
from tests.tree.in_process import Tree
from tests.tree.waiting import until

_SETTLED_SECONDS, _BETWEEN_SECONDS = 31.0, 12.0
_NEAR = (43.41, 43.42)
"""Where BHP stands in the still market, so that a bounded order still trades."""
_PAUSE_SECONDS = 31.0
"""Above the first pause of an open circuit; it holds back entries alone."""


def leap(stage: Stage, tree: Tree, seconds: float) -> None:
    """Let time go by for the tree, and have the still market say its price once more."""
    tree.leap(seconds)
    tick(stage)


def tick(stage: Stage) -> None:
    """A fresh quote of BHP."""
    for price in _NEAR:
        stage.control.do("move_price", symbol="BHP/AUD", price=price)


def ready_again(stage: Stage, tree: Tree, links: int) -> None:
    """Wait for so many links in all, and until the venue can be traded on the last."""
    until(lambda: stage.wire().connects(17) == links, "a new link")
    until(lambda: tree.desk().venues[0].reconciled, "reconciled on it")
    leap(stage, tree, _PAUSE_SECONDS)
    tree.wait_until_ready()


def prove_absent(stage: Stage, tree: Tree, name: str) -> None:
    """Let the time go by in which two complete rounds prove that an order never came there.

    It counts at its worst until then, and ends as not sent.
    """
    until(lambda: doubted(tree, name), f"{name} is in doubt")
    tree.wait_for_state(name, "UNKNOWN")
    for seconds in (_SETTLED_SECONDS, _BETWEEN_SECONDS):
        before = rounds(tree)
        leap(stage, tree, seconds)
        until(lambda: rounds(tree) > before, "another round")  # noqa: B023
        until(tree.settled, "and it is judged")
    tree.wait_for_state(name, "NOT_SENT")
    tree.wait_until_ready()


def doubted(tree: Tree, name: str) -> bool:
    """The last round left this order in doubt."""
    return name in resync(tree)["in_doubt"]


def rounds(tree: Tree) -> int:
    """How many rounds of lists have been judged on this link."""
    snapshots = tree.get("/actors/ib.resync")["counts"].get("BookSnapshot", 0)
    return int(snapshots)


def resync(tree: Tree) -> dict[str, Any]:
    """What the seat that asks for the lists says of itself."""
    state: dict[str, Any] = tree.get("/actors/ib.resync")["state"]
    return state
