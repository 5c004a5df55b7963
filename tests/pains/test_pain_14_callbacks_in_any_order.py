"""Pain 14: executions before the order, no orderStatus, statuses that go backwards (NT #3949,
PR #3471, pysystemtrade #188).

On lower levels every permutation: tests/actors/test_permutations.py (messages into the actors),
tests/ib/test_permutations_on_the_wire.py (bytes into the adapter). Here a sample of the same
through gateway, socket and tree, and the stories as users tell them.
"""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import permutations

import pytest

from tests.pains.acts import buy, rest, taken, written
from tests.pains.agreement import assert_agreed, at_broker
from tests.pains.conftest import Stage
from tests.pains.hurried import hurried
from tests.tree.waiting import until

_CALLBACKS = (
    "openOrder",
    "orderStatus",
    "execDetails 1",
    "execDetails 2",
    "commissionReport 1",
    "commissionReport 2",
)
_SAMPLE = 18
#: More would not be admitted: so many orders of one side leave no room for exits.
_AT_ONCE = 12
"""Orders at once: IB, and the simulated broker, take no more than 20 of a side."""


@pytest.mark.parametrize("name", ["everything_twice", "execution_first", "no_status"])
def test_the_same_final_state_whatever_comes_twice_late_or_not_at_all(
    stage: Stage, name: str
) -> None:
    stage.play(f"pain_14_{name}")
    with stage.tree() as tree:
        tree.wait_until_ready()
        buy(tree, "KLP-1")
        assert_agreed(stage, tree)
        order = tree.get("/orders/KLP-1")
        assert (order["state"], order["filled"], order["remaining"]) == ("FILLED", "20", "0")
        assert Decimal(order["average_price"]) == at_broker(stage, "KLP-1").average_price


def test_what_is_filled_never_becomes_less_by_an_older_status(stage: Stage) -> None:
    stage.play(hurried(stage.folder, "pain_14_status_goes_backwards", 4))
    with stage.tree() as tree:
        tree.wait_until_ready()
        rest(tree, "KLP-1")
        until(lambda: tree.get("/orders/KLP-1")["filled"] == "8", "40 % of it are filled")
        until(lambda: len(stage.wire().scenario("again")) >= 1, "the old status is kept")
        until(
            lambda: stage.wire().to_client(3)[-1].fields[2:4] == ("Submitted", "0"),
            "and told again",
        )
        until(tree.settled, "and handled")
        order = tree.get("/orders/KLP-1")
        assert (order["state"], order["filled"], order["remaining"]) == ("WORKING", "8", "12")
        stage.control.do("fill", order_ref="KLP-1")
        tree.wait_for_state("KLP-1", "FILLED")
        assert_agreed(stage, tree)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("with_status", [True, False])
def test_in_whatever_order_the_callbacks_come_the_end_is_the_same(
    stage: Stage, with_status: bool
) -> None:
    """Each order fills in two parts, and what is told of it leaves in an order of its own."""
    wanted = random.Random(14).sample(sorted(permutations(_CALLBACKS)), _SAMPLE)
    orders = {f"KLP-{number:02}": order for number, order in enumerate(wanted, 1)}
    rules = [_rules(name, order, with_status) for name, order in orders.items()]
    stage.play(written(stage.folder, "pain 14", "".join(rules)))
    with stage.tree() as tree:
        tree.wait_until_ready()
        names = list(orders)
        for few in (names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE)):
            for name in few:
                taken(tree, name, type="LIMIT", limit_price="30")
            for name in few:
                tree.wait_for_state(name, "FILLED", 30.0)
        assert_agreed(stage, tree)
        for name in orders:
            order = tree.get(f"/orders/{name}")
            assert (order["filled"], order["average_price"]) == ("20", "30"), name
    told = stage.wire()
    for note in told.scenario(do="reorder"):
        assert "failed" not in note.facts
    assert len(stage.books().executions) == 2 * _SAMPLE
    assert (told.to_client(3) != []) is with_status


def _rules(name: str, order: tuple[str, ...], with_status: bool) -> str:
    """Filled in two parts as it arrives, and told in this order."""
    there = f'on = "placeOrder"\nmatch = {{ order_ref = "{name}" }}\n'
    names = ", ".join(f'"{each}"' for each in order)
    text = f"""
[[rule]]
name = "order {name}"
{there}do = "reorder"
with = {{ order = [{names}], within_seconds = 0.6 }}

[[rule]]
name = "part {name}"
{there}after_seconds = 0.1
do = "fill"
with = {{ order_ref = "{name}", quantity = 8 }}

[[rule]]
name = "rest {name}"
{there}after_seconds = 0.2
do = "fill"
with = {{ order_ref = "{name}" }}
"""
    if with_status:
        return text
    drop = 'on = "orderStatus"\ntimes = "always"\ndo = "drop"\n'
    return f'{text}\n[[rule]]\nname = "silent {name}"\nmatch = {{ order_ref = "{name}" }}\n{drop}'
