"""Pains 7 to 9: a code, a status, a silence: what was refused, what is held, what trades yet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from actors import names
from actors.messages import VenueSaid
from domain.orders import Order, OrderState
from domain.venue import NoticeEffect, OrderFact, VenueNotice, VenueStatus
from tests.actors.back_office import RESYNC, BackOffice, back_office, the_book
from tests.actors.broker_stories import says, symbol_of, trades

NAME = "K-1"
NO_FUNDS = VenueNotice(
    201,
    "Order rejected - reason: YOUR ORDER IS NOT ACCEPTED.",
    NAME,
    effect=NoticeEffect.REJECT,
    alert=True,
)
REASON = "201: Order rejected - reason: YOUR ORDER IS NOT ACCEPTED."


def inactive(why_held: str = "") -> OrderFact:
    return says(VenueStatus.INACTIVE, "0", why_held=why_held)(NAME)


def listed(status: VenueStatus, filled: str | None = None, *, completed: bool = False) -> OrderFact:
    return says(status, filled, completed=completed)(NAME)


def counted(order: Order) -> bool:
    """It takes up room: it may trade."""
    return not order.state.is_final


@pytest.fixture
def office(tmp_path: Path) -> Iterator[BackOffice]:
    with back_office(tmp_path, {NAME: symbol_of(NAME)}) as opened:
        opened.link()
        opened.answer([listed(VenueStatus.PENDING)])
        yield opened


def asked_about(office: BackOffice, facts: Sequence[OrderFact]) -> None:
    """Answer with these lists for as long as it asks; it must not ask for ever."""
    office.settle()
    for _ in range(3):
        if not office.asks():
            return
        office.answer(facts)
    assert not office.asks(), "it asks round upon round"


@pytest.mark.parametrize("why_held", ["", "locate"])
@pytest.mark.parametrize("refusal", ["before", "after", "none"])
@pytest.mark.parametrize("later", ["filled", "submitted", "nothing"])
@pytest.mark.parametrize("shown", ["parked", "nowhere", "completed"])
def test_pain_8_inactive_is_refused_with_its_reason_or_held_and_counted(
    office: BackOffice, why_held: str, refusal: str, later: str, shown: str
) -> None:
    words = [inactive(why_held)]
    if refusal != "none":
        words.insert(0 if refusal == "before" else 1, NO_FUNDS)
    office.hears(*words)
    lists: dict[str, list[OrderFact]] = {
        "parked": [listed(VenueStatus.INACTIVE)],
        "nowhere": [],
        "completed": [listed(VenueStatus.INACTIVE, "0", completed=True)],
    }
    asked_about(office, lists[shown])
    order = office.order()
    if shown == "parked" or (why_held and refusal == "none"):
        assert order.state is OrderState.HELD
        assert counted(order), "what may trade yet takes up its room"
    else:
        reason = "the venue set it inactive" if shown == "nowhere" else "refused by the venue"
        assert order.state is OrderState.REJECTED
        assert order.reason == (reason if refusal == "none" else REASON)

    if later == "filled":
        office.hears(trades("100")(NAME))
        office.settle()
        assert (office.order().state, office.order().filled) == (OrderState.FILLED, Decimal(100))
    elif later == "submitted":
        office.hears(listed(VenueStatus.WORKING, "0"))
        office.settle()
        assert office.order().state is OrderState.WORKING
        asked_about(office, [listed(VenueStatus.WORKING)])
        assert office.order().state is OrderState.WORKING


def test_an_order_that_is_parked_is_not_asked_about_round_upon_round(office: BackOffice) -> None:
    office.hears(inactive())
    office.settle()
    assert office.asks()
    office.answer([listed(VenueStatus.INACTIVE)])
    assert office.order().state is OrderState.HELD
    assert not office.asks()
    office.hears(inactive(), inactive())
    office.settle()
    assert not office.asks()
    # A code is news, and asked about; gone from the lists, the refusal is believed.
    office.hears(NO_FUNDS)
    office.settle()
    assert office.asks()
    office.answer([])
    assert (office.order().state, office.order().reason) == (OrderState.REJECTED, REASON)


def test_a_refusal_of_a_change_keeps_the_order_that_the_lists_show(office: BackOffice) -> None:
    office.hears(listed(VenueStatus.WORKING, "0"), NO_FUNDS)
    asked_about(office, [listed(VenueStatus.WORKING)])
    assert office.order().state is OrderState.WORKING


def test_a_cancel_that_only_a_code_tells_of_is_asked_about(office: BackOffice) -> None:
    told = VenueNotice(202, "Order Canceled - reason:", NAME, effect=NoticeEffect.CANCELLED)
    office.hears(listed(VenueStatus.WORKING, "0"), told)
    office.settle()
    assert office.order().state is OrderState.WORKING
    office.answer([listed(VenueStatus.CANCELLED, completed=True), trades("40")(NAME)])
    asked_about(office, [listed(VenueStatus.CANCELLED, completed=True), trades("40")(NAME)])
    order = office.order()
    assert (order.state, order.filled) == (OrderState.CANCELLED, Decimal(40))
    assert order.reason == "202: Order Canceled - reason:"


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(
    "end", [OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED, OrderState.NOT_SENT]
)
def test_a_fill_after_an_end_is_booked_and_wakes_the_order(
    tmp_path: Path, end: OrderState, restarted: bool
) -> None:
    with back_office(tmp_path, {NAME: symbol_of(NAME)}, state=end) as office:
        if restarted:
            office.restart()
        office.link()
        office.answer([])
        office.hears(trades("40")(NAME))
        office.settle()
        order = office.order()
        assert (order.state, order.filled) == (OrderState.WORKING, Decimal(40))
        assert order.reason == f"it traded after it had ended as {end}"
        assert office.asks(), "what works at the venue, its lists have to say"
        office.answer([listed(VenueStatus.CANCELLED, "40", completed=True), trades("40")(NAME)])
        assert office.order().state is OrderState.CANCELLED


@pytest.mark.parametrize("end", [OrderState.REJECTED, OrderState.NOT_SENT])
def test_what_we_judged_dead_is_taken_up_again_when_the_venue_shows_it(
    tmp_path: Path, end: OrderState
) -> None:
    with back_office(tmp_path, {NAME: symbol_of(NAME)}, state=end) as office:
        office.link()
        office.answer([listed(VenueStatus.WORKING)])
        assert office.order().state is OrderState.WORKING
        asked_about(office, [listed(VenueStatus.WORKING)])
        assert office.order().state is OrderState.WORKING


@pytest.mark.parametrize("end", [OrderState.CANCELLED, OrderState.FILLED, OrderState.EXPIRED])
def test_the_venues_own_word_on_an_end_is_not_taken_back_by_a_late_one(
    tmp_path: Path, end: OrderState
) -> None:
    with back_office(tmp_path, {NAME: symbol_of(NAME)}, state=end) as office:
        office.hears(listed(VenueStatus.WORKING, "0"), listed(VenueStatus.HELD))
        office.settle()
        assert office.told() == []


def test_a_correction_of_an_order_of_before_the_restart_leaves_it_in_doubt(tmp_path: Path) -> None:
    with back_office(tmp_path, {NAME: symbol_of(NAME)}) as office:
        office.hears(trades("100")(NAME))
        office.settle()
        assert office.order().state is OrderState.FILLED
        office.restart()
        office.hears(trades("90", revision=2)(NAME))
        office.settle()
        order = office.order()
        assert (order.state, order.filled) == (OrderState.UNKNOWN, Decimal(90))
        office.reconcile(
            lambda: [listed(VenueStatus.WORKING, "90"), trades("90", revision=2)(NAME)]
        )
        assert office.order().state is OrderState.WORKING


def test_pain_9_what_fills_while_a_cancel_is_on_its_way_counts(office: BackOffice) -> None:
    words = [
        listed(VenueStatus.WORKING, "0"),
        listed(VenueStatus.PENDING_CANCEL, "0"),
        trades("60")(NAME),
        listed(VenueStatus.CANCELLED, "60"),
    ]
    office.hears(*words)
    office.settle()
    states = [(order.state, order.filled) for order in office.told()]
    ended = [filled for state, filled in states if state.is_final]
    assert set(ended) == {Decimal(60)}, "no end before its fills"
    assert office.order().state is OrderState.CANCELLED
    assert office.order().remaining == Decimal(40)


def test_an_order_that_only_its_executions_show_is_in_doubt_and_counted(
    office: BackOffice,
) -> None:
    office.hears(listed(VenueStatus.WORKING, "40"), trades("40")(NAME))
    office.settle()
    office.company.leap(301)
    last = office.answer([trades("40")(NAME)])
    assert last.in_doubt == (NAME,)
    assert office.order().state is OrderState.UNKNOWN
    office.hears(listed(VenueStatus.CANCELLED, "40"))
    office.settle()
    assert office.order().state is OrderState.CANCELLED


def test_no_code_of_any_effect_changes_a_state(tmp_path: Path) -> None:
    effects = [each for each in NoticeEffect if each is not NoticeEffect.NOT_SENT]
    states = [OrderState.SENT, OrderState.HELD, OrderState.WORKING, OrderState.UNKNOWN]
    for number, (effect, state) in enumerate(itertools.product(effects, states)):
        folder = tmp_path / str(number)
        with back_office(folder, {NAME: symbol_of(NAME)}, state=state) as office:
            office.link()
            office.hears(VenueNotice(1, "words", NAME, effect=effect))
            office.settle()
            assert {order.state for order in office.told()} <= {state}, (effect, state)


def test_pain_1_what_trades_while_the_venue_is_out_of_reach_is_booked_once(tmp_path: Path) -> None:
    done: list[OrderFact] = [
        listed(VenueStatus.FILLED, "100", completed=True),
        trades("100")(NAME),
    ]
    some: tuple[list[OrderFact], ...] = ([], [trades("100")(NAME)], done)
    for number, heard in enumerate(some):
        folder = tmp_path / str(number)
        with back_office(folder, {NAME: symbol_of(NAME)}, state=OrderState.WORKING) as office:
            office.link()
            office.answer([listed(VenueStatus.WORKING)])
            for code, effect in ((1100, NoticeEffect.DOWN), (1102, NoticeEffect.UP)):
                said = VenueSaid(names.IB, 1, VenueNotice(code, "words", effect=effect))
                office.company.tell(RESYNC, said)
                if effect is NoticeEffect.DOWN:
                    office.hears(*heard)
                    office.settle()
            assert office.asks(), "what happened meanwhile has to be asked for"
            office.answer(done)
            assert (office.order().state, office.order().filled) == (
                OrderState.FILLED,
                Decimal(100),
            )
        book = the_book(folder)
        assert [fill.quantity for fill in book.fills()] == [Decimal(100)]
        book.close()
