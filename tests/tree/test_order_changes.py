"""Orders changed, bracketed, grouped and previewed, asserted from the gateway's wire and books.

The gateway is a process of its own with a market that stands still, so that what rests, rests.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from simulators.model import BrokerOrder
from tests.tree.in_process import Tree, Venue, growing
from tests.tree.market import wait_for_open_market
from tests.tree.waiting import until

SCENARIOS = Path(__file__).parents[2] / "simulators" / "scenarios"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def tree(tmp_path: Path, venue: Venue) -> Iterator[Tree]:
    wait_for_open_market()
    venue.start("--market", "still")
    with growing(tmp_path, venue.port) as grown:
        grown.wait_until_ready()
        yield grown


def quoted(tree: Tree, side: str) -> Decimal:
    [quote] = [each for each in tree.get("/quotes")["items"] if each["symbol"] == "BHP/AUD"]
    return Decimal(str(quote[side]))


def rest(tree: Tree, name: str, below: str = "1.00", quantity: str = "20") -> Decimal:
    """A purchase so far below the market that it rests; its price."""
    price = quoted(tree, "bid") - Decimal(below)
    placed = tree.propose(name, type="LIMIT", limit_price=str(price), quantity=quantity)
    assert placed.status_code == 202, placed.text
    tree.wait_for_state(name, "WORKING")
    return price


def at_broker(venue: Venue, name: str) -> BrokerOrder:
    [order] = [each for each in venue.books().orders if each.request.order_ref == name]
    return order


def amend(tree: Tree, name: str, **changes: str) -> Any:
    answer = tree.call("PATCH", f"/orders/{name}", changes)
    assert answer.status_code == 202, answer.text
    return answer.json()


def amended(tree: Tree, name: str, state: str = "CONFIRMED", number: int = 1) -> Any:
    """The order's detail once its `number`th amendment stands so."""

    def there() -> bool:
        amendments = tree.get(f"/orders/{name}")["amendments"]
        return len(amendments) >= number and amendments[number - 1]["state"] == state

    until(there, f"amendment {number} of {name} is {state}")
    return tree.get(f"/orders/{name}")


def stands(tree: Tree, name: str) -> bool:
    return tree.state(name) in ("WORKING", "HELD")


def placements(venue: Venue, name: str) -> list[bool]:
    """Of each placeOrder under this id: whether it changed an order that was there."""
    return [each.is_modification for each in venue.wire().placements(name)]


# -- amendments ------------------------------------------------------------------------------


def test_an_amendment_reaches_the_broker_once_and_is_confirmed_by_its_terms(
    tree: Tree, venue: Venue
) -> None:
    price = rest(tree, "KLP-1")
    said = amend(tree, "KLP-1", limit_price=str(price - 1), quantity="30", amendment_id="A-1")
    assert said["amendments"][0]["amendment_id"] == "A-1"
    detail = amended(tree, "KLP-1")
    assert (Decimal(detail["limit_price"]), detail["quantity"]) == (price - 1, "30")
    assert detail["terms_at_venue"] == {
        "quantity": "30",
        "limit_price": detail["limit_price"],
        "stop_price": None,
    }
    assert detail["pending_change"] is None
    there = at_broker(venue, "KLP-1").request
    assert (there.quantity, there.limit_price) == (Decimal(30), price - 1)
    # The same again is harmless, by its id and by its body; another under its id is refused.
    amend(tree, "KLP-1", limit_price=str(price - 1), quantity="30", amendment_id="A-1")
    amend(tree, "KLP-1", limit_price=str(price - 1), quantity="30")
    other = tree.call("PATCH", "/orders/KLP-1", {"quantity": "40", "amendment_id": "A-1"})
    assert (other.status_code, other.json()["code"]) == (409, "AMENDMENT_ID_TAKEN")
    assert placements(venue, "KLP-1") == [False, True]
    # The body of the order as it was first asked for is harmless, too.
    again = tree.propose("KLP-1", type="LIMIT", limit_price=str(price))
    assert again.status_code == 202, again.text


def test_a_change_that_the_gates_refuse_leaves_no_trace_on_the_wire(
    tree: Tree, venue: Venue
) -> None:
    price = rest(tree, "KLP-1")
    for changes, status, code in (
        ({"limit_price": str(price + Decimal("0.001"))}, 422, "PRICE_BETWEEN_STEPS"),
        ({"quantity": "100000"}, 422, "ORDER_TOO_LARGE"),
        ({"quantity": "20.5"}, 422, "QUANTITY_NOT_IN_LOTS"),
        ({"quantity": "2"}, 409, "FIRST_PARCEL"),
        ({"stop_price": "40"}, 422, "PRICE_NOT_WANTED"),
        ({}, 422, "AMENDMENT_NOT_WANTED"),
    ):
        answer = tree.call("PATCH", "/orders/KLP-1", changes)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    tree.call("POST", "/trading/pause")
    raised = tree.call("PATCH", "/orders/KLP-1", {"quantity": "25"})
    assert raised.json()["code"] == "PAUSED"
    amend(tree, "KLP-1", limit_price=str(price - 1))  # it takes up less: that goes on
    amended(tree, "KLP-1")
    assert placements(venue, "KLP-1") == [False, True]


def test_an_order_that_is_cancelled_is_not_changed_any_more(tree: Tree, venue: Venue) -> None:
    rest(tree, "KLP-1")
    assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
    answer = tree.call("PATCH", "/orders/KLP-1", {"quantity": "25"})
    assert answer.json()["code"] in ("CANCEL_PENDING", "ORDER_NOT_OPEN")
    tree.wait_for_state("KLP-1", "CANCELLED")
    assert placements(venue, "KLP-1") == [False]


def test_a_change_and_a_cancel_at_once_end_at_the_brokers_truth(tree: Tree, venue: Venue) -> None:
    price = rest(tree, "KLP-1")
    amend(tree, "KLP-1", limit_price=str(price - 1))
    assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
    tree.wait_for_state("KLP-1", "CANCELLED")
    until(
        lambda: tree.get("/orders/KLP-1")["amendments"][0]["state"] in ("CONFIRMED", "REFUSED"),
        "the amendment is settled",
    )
    assert not at_broker(venue, "KLP-1").is_open


def test_a_change_through_the_market_fills_at_the_new_terms(tree: Tree, venue: Venue) -> None:
    rest(tree, "KLP-1")
    amend(tree, "KLP-1", limit_price=str(quoted(tree, "ask") + Decimal("0.05")), quantity="30")
    tree.wait_for_state("KLP-1", "FILLED")
    detail = amended(tree, "KLP-1")
    assert (detail["filled"], detail["quantity"]) == ("30", "30")
    assert at_broker(venue, "KLP-1").filled == Decimal(30)


# -- brackets and groups -----------------------------------------------------------------------


def bracket(tree: Tree, name: str, entry: Decimal, **terms: str) -> Any:
    body = {
        "symbol": "BHP/AUD",
        "side": "BUY",
        "quantity": "20",
        "type": "LIMIT",
        "limit_price": str(entry),
        "client_order_id": name,
        "protection": {"stop_price": str(entry - 2)},
        "target": {"limit_price": str(entry + 3)},
    }
    return tree.call("POST", "/orders", body | terms)


def test_a_bracket_leaves_as_one_and_its_children_wait_for_the_parent(
    tree: Tree, venue: Venue
) -> None:
    entry = quoted(tree, "bid") - 1
    assert bracket(tree, "KLP-1", entry).status_code == 202
    for name in ("KLP-1", "KLP-1-T", "KLP-1-S"):
        until(partial(stands, tree, name), f"{name} is there")
    parent, target, stop = (at_broker(venue, n) for n in ("KLP-1", "KLP-1-T", "KLP-1-S"))
    assert target.request.parent_id == stop.request.parent_id == parent.request.order_id
    assert target.request.oca_group == stop.request.oca_group == "KLP-1.1"
    assert {target.request.oca_type, stop.request.oca_type} == {2}
    sent = [m for m in venue.wire().from_client(3) if m.fields[26].startswith("KLP-1")]
    assert [message.fields[27] for message in sent] == ["0", "0", "1"]  # transmit
    detail = tree.get("/orders/KLP-1-S")
    assert (detail["parent"], detail["purpose"]) == ("KLP-1", "PROTECTION")
    assert {each["client_order_id"] for each in detail["related"]} == {"KLP-1", "KLP-1-T"}
    # The same again is harmless; with another stop it is another order.
    assert bracket(tree, "KLP-1", entry).status_code == 202
    changed = bracket(tree, "KLP-1", entry, protection={"stop_price": str(entry - 1)})  # type: ignore[arg-type]
    assert changed.json()["code"] == "ORDER_ID_TAKEN"
    assert venue.wire().orders_per_ref()["KLP-1"] == 1
    assert tree.call("DELETE", "/orders/KLP-1").status_code == 202
    for name in ("KLP-1", "KLP-1-T", "KLP-1-S"):
        tree.wait_for_state(name, "CANCELLED")


def test_the_parent_of_a_bracket_is_not_resized_past_its_children(tree: Tree, venue: Venue) -> None:
    """What grows would be bare, and of what shrinks the stop would sell more than there is."""
    entry = quoted(tree, "bid") - 1
    assert bracket(tree, "KLP-1", entry).status_code == 202
    for name in ("KLP-1", "KLP-1-T", "KLP-1-S"):
        until(partial(stands, tree, name), f"{name} is there")
    for quantity in ("40", "15"):
        answer = tree.call("PATCH", "/orders/KLP-1", {"quantity": quantity})
        assert (answer.status_code, answer.json()["code"]) == (409, "BRACKET_QUANTITY")
    amend(tree, "KLP-1", limit_price=str(entry - 1))
    amended(tree, "KLP-1")
    assert placements(venue, "KLP-1") == [False, True]
    sizes = {at_broker(venue, n).request.quantity for n in ("KLP-1", "KLP-1-T", "KLP-1-S")}
    assert sizes == {Decimal(20)}


def test_a_bracket_protects_what_its_parent_bought_and_its_stop_can_be_moved(
    tree: Tree, venue: Venue
) -> None:
    entry = quoted(tree, "ask") + Decimal("0.05")
    assert bracket(tree, "KLP-1", entry).status_code == 202
    tree.wait_for_state("KLP-1", "FILLED")
    until(lambda: tree.state("KLP-1-T") == "WORKING", "the target works")
    until(lambda: tree.state("KLP-1-S") == "HELD", "the stop stands")
    # What works to leave it leaves nothing to sell beside it.
    sold = tree.propose("KLP-2", side="SELL", type="LIMIT", limit_price=str(entry), quantity="1")
    assert sold.json()["code"] == "MORE_THAN_HELD"
    amend(tree, "KLP-1-S", stop_price=str(entry - Decimal("1.50")))
    amended(tree, "KLP-1-S")
    assert at_broker(venue, "KLP-1-S").request.stop_price == entry - Decimal("1.50")
    tree.call("POST", "/trading/pause")
    amend(tree, "KLP-1-S", stop_price=str(entry - 1))
    amended(tree, "KLP-1-S", number=2)
    assert placements(venue, "KLP-1-S") == [False, True, True]
    # Made to sell at once, the target takes the stop with it.
    amend(tree, "KLP-1-T", limit_price=str(quoted(tree, "bid") - Decimal("0.05")))
    tree.wait_for_state("KLP-1-T", "FILLED")
    tree.wait_for_state("KLP-1-S", "CANCELLED")


def test_of_a_group_one_cancels_the_others(tree: Tree, venue: Venue) -> None:
    ask = quoted(tree, "ask")
    orders = [
        {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20", "type": "LIMIT", "limit_price": p}
        for p in (str(ask - 3), str(ask - 2))
    ]
    body = {"oca_group": "KLP-G", "orders": orders}
    placed = tree.call("POST", "/orders/groups", body)
    assert placed.status_code == 202, placed.text
    names = [each["client_order_id"] for each in placed.json()["items"]]
    assert names == ["KLP-G-1", "KLP-G-2"]
    for name in names:
        tree.wait_for_state(name, "WORKING")
        assert at_broker(venue, name).request.oca_type == 1
    assert tree.call("POST", "/orders/groups", body).status_code == 202
    amend(tree, "KLP-G-1", limit_price=str(ask + Decimal("0.05")))
    tree.wait_for_state("KLP-G-1", "FILLED")
    tree.wait_for_state("KLP-G-2", "CANCELLED")
    assert venue.wire().orders_per_ref()["KLP-G-2"] == 1


def test_a_bracket_that_makes_no_sense_is_refused_before_anything_leaves(
    tree: Tree, venue: Venue
) -> None:
    entry = quoted(tree, "bid") - 1
    crossed = bracket(tree, "KLP-1", entry, target={"limit_price": str(entry - 1)})  # type: ignore[arg-type]
    assert (crossed.status_code, crossed.json()["code"]) == (422, "BRACKET_CROSSED")
    between = bracket(tree, "KLP-2", entry, target={"limit_price": str(entry + Decimal("1.005"))})  # type: ignore[arg-type]
    assert between.json()["code"] == "PRICE_BETWEEN_STEPS"
    assert tree.state("KLP-2") == ""
    assert not venue.wire().from_client(3)


# -- previews ----------------------------------------------------------------------------------


def test_the_first_of_its_kind_each_day_is_previewed_and_the_estimate_is_kept(
    tree: Tree, venue: Venue
) -> None:
    rest(tree, "KLP-1")
    assert len(previews(venue)) == 1
    preview = tree.get("/orders/KLP-1")["preview"]
    assert (preview["commission"], preview["currency"]) == ("6.6", "AUD")
    rest(tree, "KLP-2")  # of the same size
    assert len(previews(venue)) == 1
    assert tree.get("/orders/KLP-2")["preview"] is None
    rest(tree, "KLP-3", quantity="150")  # above half of MAX_ORDER_VALUE
    assert len(previews(venue)) == 2


def previews(venue: Venue) -> list[Any]:
    """What-if requests: placeOrder without a client order id."""
    return [message for message in venue.wire().from_client(3) if message.fields[26] == ""]


def test_a_preview_shows_the_cost_and_places_nothing(tree: Tree, venue: Venue) -> None:
    body = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20", "type": "MARKET"}
    answer = tree.call("POST", "/orders/preview", body)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["would_be_taken"] is True
    assert said["preview"]["commission"] == "6.6"
    assert tree.get("/orders")["items"] == []
    assert not venue.books().orders


@pytest.mark.parametrize(
    ("habit", "code"),
    [('what_if = "mute"', "PREVIEW_UNANSWERED"), ("read_only = true", "PREVIEW_REFUSED")],
)
def test_an_entry_of_which_the_venue_does_not_say_what_it_costs_is_not_placed(
    tmp_path: Path, venue: Venue, habit: str, code: str
) -> None:
    wait_for_open_market()
    scenario = tmp_path / "habit.toml"
    scenario.write_text(f'title = "t"\nsource = "s"\nstory = "w"\n[habits]\n{habit}\n')
    venue.start("--market", "still", "--scenario", str(scenario))
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        order = {"symbol": "BHP/AUD", "side": "BUY", "quantity": "20", "type": "MARKET"}
        refused = tree.call("POST", "/orders", order | {"client_order_id": "KLP-1"})
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert tree.state("KLP-1") == ""
        assert tree.desk().reserved == 0
    assert len(previews(venue)) == 1
    assert not venue.books().orders


def test_a_child_is_changed_after_its_parent_has_gone(tmp_path: Path, venue: Venue) -> None:
    """Near a pain: TWS answers 135 to a change that names a parent which is no more."""
    wait_for_open_market()
    scenario = SCENARIOS / "near_child_change_135.toml"
    venue.start("--market", "still", "--scenario", str(scenario))
    with growing(tmp_path, venue.port) as tree:
        tree.wait_until_ready()
        entry = quoted(tree, "ask") + Decimal("0.05")
        assert bracket(tree, "KLP-1", entry).status_code == 202
        tree.wait_for_state("KLP-1", "FILLED")
        until(partial(stands, tree, "KLP-1-S"), "the stop stands")
        amend(tree, "KLP-1-S", stop_price=str(entry - 1))
        amended(tree, "KLP-1-S")
    assert at_broker(venue, "KLP-1-S").request.stop_price == entry - 1


# -- market orders -----------------------------------------------------------------------------


def test_a_market_order_goes_as_a_limit_a_bounded_way_through_the_touch(
    tree: Tree, venue: Venue
) -> None:
    ask = quoted(tree, "ask")
    assert tree.propose("KLP-1").status_code == 202
    tree.wait_for_state("KLP-1", "FILLED")
    there = at_broker(venue, "KLP-1").request
    assert there.limit_price is not None
    assert ask <= there.limit_price <= ask * Decimal("1.005")
    assert there.tif.value == "IOC"
    detail = tree.get("/orders/KLP-1")
    assert (detail["type"], detail["asked_as"]) == ("LIMIT", "MARKET")
    assert tree.propose("KLP-1").status_code == 202  # the same again is harmless
    until(lambda: [p["held"] for p in tree.get("/positions")["items"]] == ["20"], "IB's word")
    assert tree.propose("KLP-2", side="SELL").status_code == 202
    tree.wait_for_state("KLP-2", "FILLED")
    sold = at_broker(venue, "KLP-2").request
    assert sold.limit_price is not None and sold.tif.value == "DAY"
