"""Plans on the whole tree: entered, tightened and left over the hook; the truth is the broker's."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from actors import names
from actors.lanes import RestartChild
from tests.pains.conftest import Stage
from tests.tree.in_process import Tree, Venue
from tests.tree.market import wait_for_open_market
from tests.tree.person import Sits
from tests.tree.test_order_changes import quoted
from tests.tree.truth import of_broker
from tests.tree.waiting import until

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def tree(stage: Stage) -> Iterator[Tree]:
    wait_for_open_market()
    stage.play()
    with stage.tree(PLAN_LATEST_AGE_MINUTES="0") as grown:
        grown.wait_until_ready()
        yield grown


def entry(tree: Tree, name: str, *, room: str = "1.00") -> dict[str, Any]:
    """A purchase that fills at once, with a plan so far away."""
    bid, ask = quoted(tree, "bid"), quoted(tree, "ask")
    return {
        "client_order_id": name,
        "symbol": "BHP/AUD",
        "side": "BUY",
        "quantity": "20",
        "type": "LIMIT",
        "limit_price": str(ask),
        "plan": {
            "stop": str(bid - Decimal(room)),
            "target": str(ask + Decimal(room)),
            "latest_age_seconds": 86_400,
            "overnight": "HOLD",
        },
    }


def enter(tree: Tree, name: str) -> dict[str, Any]:
    body = entry(tree, name)
    answer = tree.call("POST", "/plans", body)
    assert answer.status_code == 202, answer.text
    tree.wait_for_state(name, "FILLED")
    until(lambda: plan(tree, name)["state"] == "OPEN", "the plan is open")
    return body


def plan(tree: Tree, name: str) -> Any:
    return tree.get(f"/plans/{name}")


def closed(tree: Tree, name: str) -> None:
    until(lambda: plan(tree, name)["state"] == "CLOSED", "the plan is closed")


def traded(venue: Venue) -> list[tuple[str, Decimal]]:
    """What the broker has traded of ours: side and quantity, oldest first."""
    return [(each.side, each.quantity) for each in of_broker(venue.books())]


def move(stage: Stage, tree: Tree, price: str) -> None:
    """The market goes there, and Kelpie has read it."""
    stage.control.do("move_price", symbol="BHP/AUD", price=float(price))
    until(lambda: abs(quoted(tree, "bid") - Decimal(price)) < Decimal("0.10"), "it is quoted")
    until(tree.settled, "it is read")


def test_one_print_leaves_nothing_and_a_market_that_stays_there_sells_the_lot_once(
    tree: Tree, stage: Stage
) -> None:
    body = enter(tree, "KLP-1")
    opened = plan(tree, "KLP-1")
    assert (opened["stop"], opened["target"]) == (body["plan"]["stop"], body["plan"]["target"])
    assert (opened["lot"], opened["wanted"], opened["version"]) == ("20", "20", 2)
    before = quoted(tree, "bid")
    below = Decimal(opened["stop"]) - Decimal("0.50")
    move(stage, tree, str(below))
    move(stage, tree, str(before))
    assert tree.call("GET", "/plans?state=OPEN").json()["items"][0]["lot"] == "20"
    assert traded(stage.venue) == [("BUY", Decimal(20))]
    for further in range(1, 4):
        move(stage, tree, str(below - Decimal("0.30") * further))
    closed(tree, "KLP-1")
    assert traded(stage.venue) == [("BUY", Decimal(20)), ("SELL", Decimal(20))]
    [sale] = [o for o in stage.books().orders if o.request.side.value == "SELL"]
    assert tree.get(f"/orders/{sale.request.order_ref}")["purpose"] == "EXIT"
    states = [each["state"] for each in plan(tree, "KLP-1")["versions"]]
    assert states == ["PENDING", "OPEN", "CLOSED"]


def test_the_same_entry_with_its_plan_again_is_harmless(
    tree: Tree, stage: Stage, sits: Sits
) -> None:
    body = enter(tree, "KLP-1")
    assert tree.call("POST", "/plans", body).status_code == 202
    other = {**body, "plan": {**body["plan"], "overnight": "CLOSE"}}
    refused = tree.call("POST", "/plans", other)
    assert (refused.status_code, refused.json()["code"]) == (409, "PLAN_ID_TAKEN")
    assert stage.wire().orders_per_ref() == {"KLP-1": 1}
    tighter = str(Decimal(body["plan"]["stop"]) + Decimal("0.50"))
    for _ in range(2):
        assert tree.call("PATCH", "/plans/KLP-1", {"stop": tighter}).status_code == 202
    until(lambda: plan(tree, "KLP-1")["version"] == 3, "the change is a version, once")
    person = sits(tree)
    assert person.says("plans")[0] == 0
    status, said = person.says("plans", "KLP-1")
    assert status == 0 and f"stop {tighter}" in said and "changed by hook" in said


def test_a_plan_goes_on_after_its_monitor_fell_and_is_left_by_a_person(
    tree: Tree, stage: Stage
) -> None:
    enter(tree, "KLP-1")
    before = tree.incarnations()[names.PLAN_MONITOR]
    tree.system.tell(names.TRADING, RestartChild(names.PLAN_MONITOR, "a test"))
    until(lambda: tree.incarnations()[names.PLAN_MONITOR] > before, "the monitor begins anew")

    def refused() -> str:
        # Until the book and the instrument have come to it, it says that it does not know.
        return str(tree.call("PATCH", "/plans/KLP-1", {"stop": "1.00"}).json()["code"])

    until(lambda: refused() == "PLAN_STOP_LOOSER", "it knows its plan, and loosens nothing")
    unknown = tree.call("DELETE", "/plans/KLP-NONE")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "PLAN_NOT_KNOWN")
    assert tree.call("DELETE", "/plans/KLP-1").status_code == 202
    closed(tree, "KLP-1")
    assert traded(stage.venue) == [("BUY", Decimal(20)), ("SELL", Decimal(20))]
    gone = tree.call("DELETE", "/plans/KLP-1")
    assert (gone.status_code, gone.json()["code"]) == (409, "PLAN_NOT_OPEN")


def test_what_is_given_up_is_taken_out_of_the_plan_and_the_rest_is_left(
    tree: Tree, stage: Stage
) -> None:
    enter(tree, "KLP-1")
    given_up = tree.call("POST", "/positions/BHP-AUD/adopt", {"quantity": "-5"})
    assert given_up.status_code == 200, given_up.text
    until(lambda: plan(tree, "KLP-1")["lot"] == "15", "the plan holds the rest")
    assert tree.call("DELETE", "/plans/KLP-1").status_code == 202
    closed(tree, "KLP-1")
    assert traded(stage.venue) == [("BUY", Decimal(20)), ("SELL", Decimal(15))]


def test_no_more_plans_of_a_symbol_than_are_allowed(stage: Stage) -> None:
    wait_for_open_market()
    stage.play()
    with stage.tree(MAX_PLANS_PER_SYMBOL="1") as tree:
        tree.wait_until_ready()
        resting = {**entry(tree, "KLP-1"), "limit_price": "30.00"}
        resting["plan"] = {"stop": "29.00"}
        assert tree.call("POST", "/plans", resting).status_code == 202
        tree.wait_for_state("KLP-1", "WORKING")
        refused = tree.propose("KLP-2")
        assert (refused.status_code, refused.json()["code"]) == (409, "TOO_MANY_PLANS")
        assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
        until(lambda: plan(tree, "KLP-1")["state"] == "CLOSED", "its entry ended unfilled")
        assert tree.propose("KLP-2").status_code == 202
        tree.wait_for_state("KLP-2", "FILLED")
    assert traded(stage.venue) == [("BUY", Decimal(20))]


def test_a_plan_whose_levels_cross_is_refused_and_nothing_leaves(tree: Tree, stage: Stage) -> None:
    body = entry(tree, "KLP-1")
    body["plan"]["stop"] = body["plan"]["target"]
    refused = tree.call("POST", "/plans", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "PLAN_CROSSED")
    sale = {**entry(tree, "KLP-2"), "side": "SELL"}
    refused = tree.call("POST", "/plans", sale)
    assert refused.status_code in (409, 422), refused.text
    assert stage.wire().orders_per_ref() == {}
