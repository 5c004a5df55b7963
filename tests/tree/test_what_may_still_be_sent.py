"""Section 4 of the design, cell by cell, on the real tree: the gateway's wire log is the judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors import names
from actors.messages import ProposeCancel
from domain.permits import Act, Condition
from simulators.tws.protocol import Request
from tests.pains.acts import LIMIT, refused
from tests.pains.agreement import at_broker, held
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree, Venue
from tests.tree.states_of_things import GUARDED, RESTING, STATES, STOP, STOPPED, in_state
from tests.tree.waiting import until

#: What the design says of a person's order, stop and cancel, and of their flatten.
CELLS = {
    Condition.PAUSED: "no yes yes yes yes",
    Condition.DISARMED: "no yes yes yes yes",
    Condition.CIRCUIT_OPEN: "no yes yes yes yes",
    Condition.DATA_STALE: "no yes yes yes yes",
    Condition.SYMBOL_RED: "no yes yes yes yes",
    Condition.NOT_RECONCILED: "no no no yes confirmed",
    Condition.SAFE_MODE_RECONCILED: "no yes yes yes yes",
    Condition.SAFE_MODE_MISMATCH: "no no no yes confirmed",
    Condition.OBSERVE: "shadow shadow no no no",
}
#: What is left of 20 after a flatten: what may have been sold already, what IB says is not there.
LEFT = {Condition.SYMBOL_RED: 10, Condition.SAFE_MODE_MISMATCH: 5}
CODES = {
    Condition.PAUSED: "PAUSED",
    Condition.DISARMED: "DISARMED",
    Condition.CIRCUIT_OPEN: "VENUE_NOT_TRADABLE",
    Condition.DATA_STALE: "NO_FRESH_QUOTE",
    Condition.SYMBOL_RED: "SYMBOL_ON_HOLD",
    Condition.NOT_RECONCILED: "VENUE_NOT_TRADABLE",
    Condition.SAFE_MODE_RECONCILED: "SAFE_MODE",
    Condition.SAFE_MODE_MISMATCH: "SAFE_MODE_MISMATCH",
    Condition.OBSERVE: "OBSERVING",
}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    folder = tmp_path / "venue"
    folder.mkdir()
    place = Stage(tmp_path, Venue(folder))
    yield place
    place.close()


def test_every_state_of_the_design_is_walked() -> None:
    assert set(CELLS) == set(STATES) == set(CODES)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("condition", CELLS)
def test_what_reaches_the_wire(stage: Stage, condition: Condition, act: Act) -> None:
    cell = dict(zip(Act, CELLS[condition].split(), strict=True))[act]
    with in_state(stage, condition) as tree:
        before = _sent(stage)
        answer = _try(tree, act)
        if cell == "shadow":
            # The shadow book is another than that of the good day: an exit finds nothing there.
            assert answer.status_code == (202 if act is Act.ENTRY else 409), answer.text
            until(tree.settled, "whatever was told is handled")
            assert _sent(stage) == before, "nothing left"
            return
        if cell == "no":
            assert answer.status_code in (404, 409), answer.text
            if answer.status_code == 409:
                # In the shadow book, which is another, there is nothing for a stop to guard.
                nothing = condition is Condition.OBSERVE and act is Act.STOP
                code = "MORE_THAN_HELD" if nothing else CODES[condition]
                assert answer.json()["code"] == code, answer.text
            until(tree.settled, "whatever was told is handled")
            assert _sent(stage) == before, "nothing left"
            return
        if cell == "confirmed":
            assert answer.status_code == 200 and answer.json()["state"] == "CONFIRM", answer.text
            assert _sent(stage) == before, "nothing left before it was confirmed"
            answer = _flatten(tree, confirm=answer.json()["confirm"])
        assert answer.status_code == 202, answer.text
        until(lambda: _reached(stage, act, before), f"{act} reaches the gateway")
        if act is Act.FLATTEN:
            until(lambda: held(stage.books()) == LEFT.get(condition, 0), "what is ours is out")
            assert _sent(stage)[0] == before[0] + 1, "by one order"


@pytest.mark.timeout(120)
def test_of_a_symbol_in_doubt_no_more_is_sold_than_is_provably_held(stage: Stage) -> None:
    """20 held, 5 under a stop, 10 perhaps sold already: 5 may go, and not one more."""
    with in_state(stage, Condition.SYMBOL_RED) as tree:
        before = _sent(stage)
        assert refused(tree, "KLP-SIX", side="SELL", quantity="6")[0] == "MORE_THAN_HELD"
        assert _sent(stage) == before
        assert tree.propose("KLP-FIVE", side="SELL", quantity="5").status_code == 202
        tree.wait_for_state("KLP-FIVE", "FILLED")
        assert refused(tree, "KLP-ONE", side="SELL", quantity="1")[0] == "MORE_THAN_HELD"


@pytest.mark.timeout(120)
def test_in_safe_mode_with_mismatches_kelpie_itself_cancels_nothing(stage: Stage) -> None:
    with in_state(stage, Condition.SAFE_MODE_MISMATCH) as tree:
        propose = ProposeCancel(tree.clock.monotonic() + 10, RESTING, names.PLAN_MONITOR)
        verdict = tree.system.ask(names.DESK, propose).get(timeout=20)
        assert (verdict.admitted, verdict.code) == (False, "SAFE_MODE_MISMATCH")
        until(tree.settled, "whatever was told is handled")
        assert stage.wire().from_client(Request.CANCEL_ORDER) == []


@pytest.mark.timeout(120)
def test_what_no_list_says_to_be_held_is_not_sold_by_whoever_confirms_it(stage: Stage) -> None:
    """The list of positions never ends: bids are taken back, the stop stands, nothing is sold."""
    with in_state(stage, Condition.NOT_RECONCILED, "pain_11_positions_never_end") as tree:
        asked = _flatten(tree).json()
        [item] = asked["items"]
        assert (asked["state"], item["quantity"]) == ("CONFIRM", "0")
        assert "said to hold 0" in item["note"]
        orders, cancels = _sent(stage)
        assert _flatten(tree, confirm=asked["confirm"]).status_code == 202
        until(lambda: tree.state(RESTING) == "CANCELLED", "the bid is taken back")
        assert _sent(stage) == (orders, cancels + 1)
        assert at_broker(stage, STOPPED).is_open


@pytest.mark.timeout(120)
def test_what_is_due_by_its_age_leaves_without_a_quote_and_at_the_market(stage: Stage) -> None:
    with in_state(stage, Condition.DATA_STALE, watched=False) as tree:
        placed = set(stage.wire().orders_per_ref())

        def left() -> str:
            tree.leap(60.0)
            return "".join(set(stage.wire().orders_per_ref()) - placed)

        name = until(left, "the plan's exit leaves", every=0.2)
        assert name.startswith("KLP-P-")
        [exit] = stage.wire().placements(name)
        assert "MKT" in exit.message.fields
        tree.wait_for_state(name, "FILLED")
    assert held(stage.books()) == int(GUARDED), "less what the stop may still sell"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("condition", CELLS)
def test_a_stop_is_repaired_where_one_may_be_placed(stage: Stage, condition: Condition) -> None:
    cell = dict(zip(Act, CELLS[condition].split(), strict=True))[Act.STOP]
    with in_state(stage, condition) as tree:
        before = _sent(stage)
        answer = tree.call("PATCH", f"/orders/{STOPPED}", {"stop_price": "34.00"})
        if cell == "yes":
            assert answer.status_code == 202, answer.text
            until(lambda: _reached(stage, Act.STOP, before), "the change reaches the gateway")
        else:
            assert answer.status_code in (404, 409), answer.text
            until(tree.settled, "whatever was told is handled")
            assert _sent(stage) == before


def _try(tree: Tree, act: Act) -> Any:
    match act:
        case Act.ENTRY:
            return tree.propose("KLP-NEW", **LIMIT)
        case Act.EXIT:
            return tree.propose("KLP-OUT", side="SELL", quantity="5")
        case Act.STOP:
            return tree.propose("KLP-STOP-2", **STOP | {"quantity": "5"})
        case Act.CANCEL:
            return tree.call("DELETE", f"/orders/{RESTING}")
        case Act.FLATTEN:
            return _flatten(tree)


def _flatten(tree: Tree, **more: str) -> Any:
    return tree.call("POST", "/trading/flatten", {"symbols": ["BHP/AUD"], **more})


def _sent(stage: Stage) -> tuple[int, int]:
    """How many orders and cancels the gateway has been sent."""
    wire = stage.wire()
    kinds = (Request.PLACE_ORDER, Request.CANCEL_ORDER)
    orders, cancels = (len(wire.from_client(kind)) for kind in kinds)
    return orders, cancels


def _reached(stage: Stage, act: Act, before: tuple[int, int]) -> bool:
    orders, cancels = (now - then for now, then in zip(_sent(stage), before, strict=True))
    if act is Act.CANCEL:
        return (orders, cancels) == (0, 1)
    if act is Act.FLATTEN:
        return cancels >= 1
    return (orders, cancels) == (1, 0)
