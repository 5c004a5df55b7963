"""What is done next about a lot: tables, each row one state of things at its edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.amendments import Wanted
from domain.guarding import judge
from domain.order_groups import Protection, bracket
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side, Tif
from domain.protection import (
    AskList,
    Cancel,
    Change,
    Leaving,
    Listed,
    Lot,
    Place,
    Scene,
    generation_of,
    listed_of,
    plan_of,
)
from domain.terms import Amendment, AmendmentState, Terms
from domain.venue import OrderReport, PriceStep, VenueStatus
from tests.store.material import BHP

NOW = datetime(2026, 1, 5, tzinfo=UTC)
STEP = (PriceStep(Decimal(0), Decimal("0.01")),)
ENTRY = OrderRequest(
    "K-1", BHP, Side.BUY, Decimal(100), OrderType.LIMIT, Decimal(45), plan="K-1", tif=Tif.GTC
)
TARGET, STOP = bracket(ENTRY, Protection(Decimal(44)), Decimal(47)).attached
LOT = Lot("K-1", BHP, Side.SELL, Decimal(100), Decimal(44), Decimal(47))
GO = Leaving("its age", Decimal("45.00"), Decimal("44.95"))
BLIND = Leaving("its age", None, None, blind=True)


def order(request: OrderRequest, state: str = "HELD", **more: Any) -> Order:
    return replace(Order.intended(request, "ib", NOW), state=OrderState(state), **more)


def scene(*orders: Order, listed: bool = True, lot: Lot = LOT, **more: Any) -> Scene:
    """All that is in the book is on the venue's list, and all that is held is ours."""
    rows = {o.client_order_id: Listed(o.remaining, awake=True) for o in orders}
    given = {"entry": None, "cap": lot.quantity, "generation": 2, "fresh_id": "x"} | more
    return Scene(lot=lot, orders=orders, listed=rows if listed else None, steps=STEP, **given)


T, S = order(TARGET, "WORKING"), order(STOP)


def smaller(request: OrderRequest, quantity: int) -> OrderRequest:
    return replace(request, quantity=Decimal(quantity))


def test_a_lot_under_its_stop_needs_nothing() -> None:
    said = judge(scene(T, S))
    assert (said.steps, said.cause, said.protected) == ((), "", Decimal(100))


def test_after_its_entry_has_ended_the_venue_is_asked_before_anything_is_done() -> None:
    said = judge(scene(T, S, listed=False))
    assert said.steps == (AskList(),) and "being read" in said.cause


def test_nothing_is_resized_while_the_entry_works() -> None:
    entry = order(ENTRY, "WORKING", filled=Decimal(30))
    lot = replace(LOT, quantity=Decimal(30))
    asleep = {o.client_order_id: Listed(o.remaining, awake=False) for o in (T, S)}
    bare = scene(T, S, lot=lot, entry=entry)
    bare = replace(bare, listed=asleep)
    assert judge(bare).steps == () and "waits for the rest" in judge(bare).cause
    late = replace(bare, asleep_seconds=5.0)
    assert judge(late).steps == (Cancel(("K-1",)),), "shares are not left bare for long"
    awake = scene(
        order(smaller(TARGET, 30)), order(smaller(STOP, 30)), lot=lot, entry=entry,
        asleep_seconds=60.0,
    )  # fmt: skip
    assert (judge(awake).steps, judge(awake).cause) == ((), "")


def test_children_that_are_gone_are_placed_anew_in_a_group_of_the_next_generation() -> None:
    lot = replace(LOT, quantity=Decimal(30))
    [place] = judge(scene(lot=lot)).steps
    assert isinstance(place, Place)
    stop, target = place.requests
    assert [r.client_order_id for r in place.requests] == ["K-1-S2", "K-1-T2"]
    assert {r.oca_group for r in place.requests} == {"K-1.2"}
    assert {(r.quantity, r.side, r.tif, r.plan) for r in place.requests} == {
        (Decimal(30), Side.SELL, Tif.GTC, "K-1")
    }
    assert (stop.type, stop.stop_price, stop.purpose) == (
        OrderType.STOP,
        Decimal(44),
        Purpose.PROTECTION,
    )
    assert (target.type, target.limit_price, target.purpose) == (
        OrderType.LIMIT,
        Decimal(47),
        Purpose.EXIT,
    )


def test_a_target_whose_stop_is_gone_goes_before_the_next_generation_comes() -> None:
    assert judge(scene(T)).steps == (Cancel(("K-1-T",)),)


@pytest.mark.parametrize(("held", "wanted"), [(30, 30), (99, 99)])
def test_what_is_too_large_is_made_smaller_first(held: int, wanted: int) -> None:
    lot = replace(LOT, quantity=Decimal(held))
    small = order(smaller(TARGET, held - 5), "WORKING")
    steps = judge(scene(small, S, lot=lot)).steps
    assert steps == (Change("K-1-S", Wanted(quantity=Decimal(wanted))),), "excess before shortage"
    shrunk = order(smaller(STOP, held))
    assert judge(scene(small, shrunk, lot=lot)).steps == (), "a small target leaves nothing bare"


def test_a_stop_that_is_too_small_is_made_larger_or_comes_anew_with_its_target() -> None:
    short = order(smaller(STOP, 60))
    said = judge(scene(short))
    assert said.steps == (Change("K-1-S", Wanted(quantity=Decimal(100))),)
    assert said.protected == 60 and "60 of 100" in said.cause
    # A fill of the target, while the change is on its way, would leave the stop too large.
    assert judge(scene(T, short)).steps == (Cancel(("K-1-T", "K-1-S")),)


def test_what_is_filled_of_a_stop_counts_into_its_quantity() -> None:
    lot = replace(LOT, quantity=Decimal(50))
    part = order(STOP, filled=Decimal(40))
    assert judge(scene(part, lot=lot)).steps == (Change("K-1-S", Wanted(quantity=Decimal(90))),)


def test_no_more_is_offered_than_the_venue_holds_for_certain() -> None:
    steps = judge(scene(S, cap=Decimal(60))).steps
    assert steps == (Change("K-1-S", Wanted(quantity=Decimal(60))),)
    said = judge(scene(order(smaller(STOP, 60)), cap=Decimal(60)))
    assert said.steps == () and said.grave and "60 of the 100" in said.cause
    assert judge(scene(S, cap=Decimal(0))).steps == (Cancel(("K-1-S",)),)
    said = judge(scene(cap=Decimal(0)))
    assert said.steps == () and said.grave


def test_of_two_groups_the_older_goes() -> None:
    newer = order(replace(STOP, client_order_id="K-1-S2", oca_group="K-1.2", parent=None))
    assert judge(scene(T, S, newer)).steps == (Cancel(("K-1-T", "K-1-S")),)


def test_a_child_that_still_sleeps_after_its_parent_is_replaced() -> None:
    asleep = replace(scene(S), listed={"K-1-S": Listed(Decimal(100), awake=False)})
    said = judge(asleep)
    assert said.steps == (Cancel(("K-1-S",)),) and said.protected == 0


@pytest.mark.parametrize("state", ["SENT", "INTENDED"])
def test_what_is_in_flight_is_waited_for(state: str) -> None:
    said = judge(scene(order(STOP, state)))
    assert said.steps == () and said.cause and not said.grave and said.protected == 0
    terms = Terms(Decimal(90), None, Decimal(44))
    amending = Amendment("A", "K-1-S", STOP.terms, terms, AmendmentState.SENT, NOW)
    for busy in (replace(S, amending=amending), replace(S, pending_change="CANCEL")):
        assert judge(scene(busy)).steps == () and judge(scene(busy)).cause
    assert judge(scene(S, busy=frozenset({"K-1-S"}))).steps == ()


def test_of_what_nobody_knows_nothing_is_done() -> None:
    said = judge(scene(T, order(STOP, "UNKNOWN")))
    assert said.steps == () and "fate of K-1-S" in said.cause


def test_a_stop_that_the_list_does_not_show_is_not_counted_on() -> None:
    said = judge(replace(scene(S), listed={}))
    assert (said.steps, said.protected) == ((), Decimal(0)) and "does not list K-1-S" in said.cause


def test_what_is_left_over_of_a_flat_lot_is_taken_back() -> None:
    flat = replace(LOT, quantity=Decimal(0))
    assert judge(scene(S, lot=flat, listed=False)).steps == (AskList(),)
    assert judge(scene(T, S, lot=flat)).steps == (Cancel(("K-1-T", "K-1-S")),)
    assert judge(scene(lot=flat)).cause == ""


# -- leaving -------------------------------------------------------------------------------

LEFT = replace(LOT, leaving=GO)


def test_an_exit_reprices_the_target() -> None:
    for listed in (True, False):
        said = judge(scene(T, S, lot=LEFT, listed=listed))
        assert said.steps == (Change("K-1-T", Wanted(limit_price=Decimal("44.95")), priced=True),)
    priced = order(replace(TARGET, limit_price=Decimal("44.95")), "WORKING")
    assert judge(scene(priced, S, lot=LEFT)).steps == (), "it is at the market"
    behind = order(replace(TARGET, limit_price=Decimal("45.01")), "WORKING")
    assert judge(scene(behind, S, lot=LEFT, unpriced_seconds=9.0)).steps == ()
    assert judge(scene(behind, S, lot=LEFT, unpriced_seconds=10.0)).steps != ()


def test_without_a_target_it_joins_the_group_of_the_stop() -> None:
    [place] = judge(scene(S, lot=LEFT)).steps
    assert isinstance(place, Place)
    [exit] = place.requests
    assert (exit.client_order_id, exit.oca_group, exit.quantity) == (
        "K-1-E-x",
        "K-1.1",
        Decimal(100),
    )
    assert (exit.limit_price, exit.purpose, exit.tif) == (
        Decimal("44.95"),
        Purpose.EXIT,
        Tif.DAY,
    )


@pytest.mark.parametrize("dead", [{"spent": frozenset({"K-1.1"})}, {}])
def test_of_a_group_that_is_dead_the_stop_goes_first(dead: dict[str, Any]) -> None:
    stop = S if dead else order(STOP, filled=Decimal(10))
    lot = replace(LEFT, quantity=stop.remaining)
    assert judge(scene(stop, lot=lot, **dead)).steps == (Cancel(("K-1-S",)),)
    # Not before its end is known does the exit go, with a stop beside it, for the true remainder.
    ending = replace(stop, pending_change="CANCEL")
    assert judge(scene(ending, lot=lot, **dead)).steps == ()
    assert judge(scene(lot=lot, listed=False, **dead)).steps == (AskList(),)
    [place] = judge(scene(lot=lot, **dead)).steps
    assert isinstance(place, Place)
    assert [r.client_order_id for r in place.requests] == ["K-1-S2", "K-1-E-x"]
    assert {(r.oca_group, r.quantity) for r in place.requests} == {("K-1.2", lot.quantity)}


def test_without_a_quote_the_stop_stands_unless_it_leaves_blind() -> None:
    unpriced = replace(GO, touch=None, limit=None)
    assert judge(scene(T, S, lot=replace(LOT, leaving=unpriced))).steps == ()
    blind = replace(LOT, leaving=BLIND)
    for standing in ((S,), (T, S)):
        [place] = judge(scene(*standing, lot=blind)).steps
        assert isinstance(place, Place), "the stop is not taken away for it"
        [exit] = place.requests
        assert (exit.type, exit.oca_group) == (OrderType.MARKET, "K-1.1")
        for lot in (blind, replace(LOT, leaving=GO)):
            assert judge(scene(*standing, order(exit, "WORKING"), lot=lot)).steps == ()
    spent = scene(T, S, lot=blind, spent=frozenset({"K-1.1"}))
    assert judge(spent).steps == (Cancel(("K-1-T", "K-1-S")),)


def test_an_entry_that_works_yet_is_taken_back_before_its_plan_is_left() -> None:
    entry = order(ENTRY, "WORKING", filled=Decimal(30))
    assert judge(scene(T, S, lot=LEFT, entry=entry)).steps == (Cancel(("K-1",)),)


# -- moving, renewing, holding back --------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "since", "loosened", "moves"),
    [
        ("44.01", 30.0, False, True),
        ("44.02", 29.9, False, False),
        ("43.90", 30.0, False, False),
        ("43.90", 30.0, True, True),
        ("44.00", 30.0, True, False),
    ],
)
def test_the_stop_moves_in_favour_and_not_too_often(
    to: str, since: float, loosened: bool, moves: bool
) -> None:
    lot = replace(LOT, stop=Decimal(to), loosened=loosened)
    steps = judge(scene(T, S, lot=lot, unmoved_seconds=since)).steps
    assert steps == ((Change("K-1-S", Wanted(stop_price=Decimal(to))),) if moves else ())


def test_the_stop_of_a_short_position_moves_down() -> None:
    request = replace(STOP, side=Side.BUY, stop_price=Decimal(46))
    lot = Lot("K-1", BHP, Side.BUY, Decimal(100), Decimal(45))
    assert judge(scene(order(request), lot=lot)).steps != ()
    assert judge(scene(order(request), lot=replace(lot, stop=Decimal(47)))).steps == ()


def test_a_stop_limit_takes_its_limit_with_it() -> None:
    [place] = judge(scene(stop_limit=True)).steps
    assert isinstance(place, Place)
    stop = place.requests[0]
    assert (stop.type, stop.stop_price, stop.limit_price) == (
        OrderType.STOP_LIMIT,
        Decimal(44),
        Decimal("43.78"),
    )
    lot = replace(LOT, stop=Decimal("44.50"))
    moved = Wanted(stop_price=Decimal("44.50"), limit_price=Decimal("44.27"))
    assert judge(scene(order(stop), lot=lot)).steps == (Change("K-1-S2", moved),)


def test_an_old_stop_is_renewed_whole() -> None:
    assert judge(scene(T, S, old=True)).steps == (Cancel(("K-1-T", "K-1-S")),)
    assert judge(scene(T, S, old=True, held_back="a split")).steps == ()


def test_held_back_nothing_is_placed_and_it_is_said() -> None:
    said = judge(scene(held_back="a split is suspected"))
    assert said.steps == () and said.grave and "split" in said.cause
    assert judge(scene(T, S, held_back="a split is suspected")).cause == "", "what stands, stands"


# -- names ---------------------------------------------------------------------------------


def test_names_lead_to_their_plan() -> None:
    joined = replace(STOP, parent=None, plan=None)
    assert plan_of(STOP) == plan_of(joined) == plan_of(ENTRY) == "K-1"
    assert plan_of(replace(joined, oca_group=None)) == ""
    assert generation_of("K-1.7", "K-1") == 7
    assert generation_of("K-1.7", "K-2") == generation_of(None, "K-1") == 0


def test_the_venues_list_as_it_is_read() -> None:
    def report(name: str | None, **more: Any) -> OrderReport:
        given = {"remaining": Decimal(7)} | more
        return OrderReport(name, "9", VenueStatus.HELD, Decimal(0), average_price=None, **given)

    child = report("A", why_held="child")
    strange, done = report("B", foreign=True), replace(report("C"), status=VenueStatus.FILLED)
    listed = listed_of((child, strange, done, report(None), report("D")))
    assert listed == {
        "A": Listed(Decimal(7), awake=False),
        "D": Listed(Decimal(7), awake=True),
    }
