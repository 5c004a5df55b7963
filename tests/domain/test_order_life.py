"""Whatever the order, repetition or absence of the venue's messages: one end, by the fills.

An order is driven as `actors.orders` drives it: the state is its own, what is filled comes from
the ledger, which books each execution once.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.order_life import (
    AwaitFills,
    AwaitLists,
    Change,
    Claim,
    on_fill,
    on_less_filled,
    on_report,
    revives,
)
from domain.orders import Order, OrderRequest, OrderState, OrderType, Side
from domain.symbols import Symbol
from domain.venue import OrderReport, VenueStatus

QUANTITY = Decimal(100)
REQUEST = OrderRequest(
    "KLP-1", Symbol("BHP", "AUD"), Side.BUY, QUANTITY, OrderType.LIMIT, Decimal(40)
)
START = Order.intended(REQUEST, "ib", datetime(2026, 1, 5, tzinfo=UTC))


@dataclass(frozen=True)
class Execution:
    id: str
    quantity: Decimal


def report(
    status: VenueStatus, filled: int | None = 0, *, completed: bool = False, reason: str = ""
) -> OrderReport:
    told = None if filled is None else Decimal(filled)
    return OrderReport(
        client_order_id="KLP-1",
        venue_order_id="7",
        status=status,
        filled=told,
        remaining=None,
        average_price=None,
        reason=reason,
        completed=completed,
    )


@dataclass
class Life:
    """An order, and the executions that the ledger has booked for it."""

    order: Order = START
    booked: dict[str, Decimal] = field(default_factory=dict)
    awaits: AwaitFills | None = None
    claims: list[str] = field(default_factory=list)
    states: list[OrderState] = field(default_factory=list)

    def hears(self, message: OrderReport | Execution) -> None:
        if isinstance(message, Execution):
            self._books(message)
            return
        if revives(self.order, message):
            self.order = replace(self.order, state=OrderState.UNKNOWN)
        meaning = on_report(self.order, message)
        if isinstance(meaning, Change):
            self._becomes(meaning)
        elif isinstance(meaning, AwaitFills):
            self.awaits = meaning
        elif isinstance(meaning, Claim):
            self.claims.append(meaning.text)

    def _books(self, execution: Execution) -> None:
        if execution.id in self.booked:
            return
        self.booked[execution.id] = execution.quantity
        filled = sum(self.booked.values(), Decimal(0))
        self.order = replace(self.order, filled=filled)
        change, end = on_fill(self.order), self.awaits
        if end is not None and filled >= end.filled:
            self.awaits = None
            self._becomes(Change(OrderState.FILLED) if filled >= QUANTITY else end.then)
        elif change is not None:
            self._becomes(change)

    def _becomes(self, change: Change) -> None:
        pending = None if change.state.is_final else change.pending_change
        self.order = replace(self.order, state=change.state, pending_change=pending)
        self.states.append(change.state)
        if change.state.is_final:
            self.awaits = None


Message = OrderReport | Execution
HALF, REST = Execution("1", Decimal(40)), Execution("2", Decimal(60))
FILLED: tuple[Message, ...] = (
    report(VenueStatus.HELD),
    report(VenueStatus.WORKING, 40),
    report(VenueStatus.PENDING_CANCEL, 40),
    report(VenueStatus.FILLED, 100),
    HALF,
    REST,
)
CANCELLED: tuple[Message, ...] = (
    report(VenueStatus.HELD),
    report(VenueStatus.WORKING, 40),
    report(VenueStatus.PENDING_CANCEL, 40),
    report(VenueStatus.CANCELLED, 40),
    HALF,
)
# The cancel and the last fill cross: the gateway words a cancel first, of what it knew then.
CROSSED: tuple[Message, ...] = (
    report(VenueStatus.WORKING, 40),
    report(VenueStatus.PENDING_CANCEL, 40),
    report(VenueStatus.CANCELLED, 40),
    report(VenueStatus.FILLED, 100),
    HALF,
    REST,
)
# As `completedOrder` words an end: without, or with a wrong, number of what was filled.
COMPLETED: tuple[Message, ...] = (
    report(VenueStatus.WORKING, 40),
    report(VenueStatus.FILLED, None, completed=True),
    report(VenueStatus.FILLED, 0, completed=True),
    HALF,
    REST,
)
STORIES = {
    "filled": (FILLED, OrderState.FILLED, QUANTITY),
    "cancelled": (CANCELLED, OrderState.CANCELLED, Decimal(40)),
    "crossed": (CROSSED, OrderState.FILLED, QUANTITY),
    "completed": (COMPLETED, OrderState.FILLED, QUANTITY),
}


def check(messages: tuple[Message, ...], end: OrderState, filled: Decimal) -> None:
    life = Life()
    for message in messages:
        life.hears(message)
        if life.order.state is OrderState.FILLED:
            assert life.order.filled == QUANTITY, f"FILLED with {life.order.filled} booked"
    assert (life.order.state, life.order.filled) == (end, filled), messages
    assert life.awaits is None and life.order.pending_change is None


@pytest.mark.parametrize("story", STORIES)
def test_every_order_of_the_messages_ends_the_same(story: str) -> None:
    messages, end, filled = STORIES[story]
    for permutation in itertools.permutations(messages):
        check(permutation, end, filled)


@pytest.mark.parametrize("story", STORIES)
def test_one_message_twice_changes_nothing(story: str) -> None:
    messages, end, filled = STORIES[story]
    for twice in messages:
        for permutation in itertools.permutations(messages):
            check((*permutation, twice), end, filled)


@pytest.mark.parametrize("story", STORIES)
def test_what_says_only_how_it_went_may_be_missing(story: str) -> None:
    messages, end, filled = STORIES[story]
    ends = (VenueStatus.CANCELLED, VenueStatus.FILLED)
    telling = [m for m in messages if isinstance(m, Execution) or m.status in ends]
    others = [m for m in messages if m not in telling]
    for count in range(len(others)):
        for some in itertools.combinations(others, count):
            for permutation in itertools.permutations((*telling, *some)):
                check(permutation, end, filled)


@given(
    st.sampled_from(sorted(STORIES)).flatmap(
        lambda story: st.tuples(
            st.just(story),
            st.permutations(STORIES[story][0]),
            st.lists(st.sampled_from(STORIES[story][0]), max_size=8),
        )
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=500, deadline=None)
def test_any_number_of_repetitions_in_any_place(
    told: tuple[str, list[Message], list[Message]],
    chance: object,
) -> None:
    story, messages, again = told
    _, end, filled = STORIES[story]
    mixed = [*messages, *again]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    check(tuple(mixed), end, filled)


def test_all_executions_alone_fill_it_and_some_make_it_work() -> None:
    life = Life()
    life.hears(HALF)
    life.hears(REST)
    assert life.states == [OrderState.WORKING, OrderState.FILLED]


@pytest.mark.parametrize(
    "state", [OrderState.UNKNOWN, OrderState.NOT_SENT, OrderState.SENT, OrderState.HELD]
)
def test_a_fill_brings_back_what_was_thought_lost(state: OrderState) -> None:
    life = Life(replace(START, state=state))
    life.hears(HALF)
    assert life.order.state is OrderState.WORKING


def test_an_end_waits_for_the_fills_that_it_announces() -> None:
    life = Life(replace(START, state=OrderState.WORKING))
    life.hears(report(VenueStatus.CANCELLED, 40))
    assert life.states == []
    assert life.awaits == AwaitFills(Decimal(40), Change(OrderState.CANCELLED, "cancelled"))
    life.hears(HALF)
    assert life.order.state is OrderState.CANCELLED


@pytest.mark.parametrize(
    ("status", "completed", "end"),
    [
        (VenueStatus.CANCELLED, False, OrderState.CANCELLED),
        (VenueStatus.EXPIRED, False, OrderState.EXPIRED),
        (VenueStatus.INACTIVE, True, OrderState.REJECTED),
    ],
)
def test_how_it_ends_unfilled(status: VenueStatus, completed: bool, end: OrderState) -> None:
    life = Life(replace(START, state=OrderState.WORKING))
    life.hears(report(status, 0, completed=completed, reason="because"))
    assert life.order.state is end
    life.hears(report(VenueStatus.PENDING, 0))
    assert life.order.state is end, "a late word revives nothing"
    life.hears(report(VenueStatus.WORKING, 0))
    judged = end is OrderState.REJECTED
    assert (life.order.state is OrderState.WORKING) is judged, "unless we may have judged wrongly"


@pytest.mark.parametrize(
    ("status", "completed", "end"),
    [
        (VenueStatus.CANCELLED, False, OrderState.CANCELLED),
        (VenueStatus.CANCELLED, True, OrderState.CANCELLED),
        (VenueStatus.EXPIRED, True, OrderState.EXPIRED),
        (VenueStatus.INACTIVE, True, OrderState.REJECTED),
    ],
)
def test_an_end_that_names_no_number_waits_for_the_lists(
    status: VenueStatus, completed: bool, end: OrderState
) -> None:
    working = replace(START, state=OrderState.WORKING)
    meaning = on_report(working, report(status, None, completed=completed, reason="because"))
    assert meaning == AwaitLists(Change(end, "because"))


def test_inactive_with_a_reason_to_be_held_is_held() -> None:
    life = Life(replace(START, state=OrderState.SENT))
    life.hears(replace(report(VenueStatus.INACTIVE), why_held="locate"))
    assert (life.order.state, life.claims) == (OrderState.HELD, [])


@pytest.mark.parametrize("state", [state for state in OrderState if state.is_final])
def test_a_fill_that_no_end_announced_wakes_it(state: OrderState) -> None:
    woken = on_fill(replace(START, state=state, filled=Decimal(40)))
    if state is OrderState.FILLED:
        assert woken is None
    else:
        assert woken is not None and woken.state is OrderState.WORKING
        assert woken.reason == f"it traded after it had ended as {state}"


@pytest.mark.parametrize("state", OrderState)
def test_of_a_filled_order_that_is_corrected_nobody_knows_the_rest(state: OrderState) -> None:
    change = on_less_filled(replace(START, state=state, filled=Decimal(90)))
    if state is OrderState.FILLED:
        assert change is not None and change.state is OrderState.UNKNOWN
        assert "90 of 100" in (change.reason or "")
    else:
        assert change is None
    assert on_less_filled(replace(START, state=state, filled=QUANTITY)) is None


def test_inactive_alone_is_a_claim_and_no_end() -> None:
    life = Life(replace(START, state=OrderState.SENT))
    life.hears(report(VenueStatus.INACTIVE, 0, reason="201: no"))
    assert life.order.state is OrderState.SENT and life.claims == ["201: no"]


@pytest.mark.parametrize(
    ("state", "status", "then"),
    [
        (OrderState.INTENDED, VenueStatus.PENDING, OrderState.SENT),
        (OrderState.WORKING, VenueStatus.PENDING, OrderState.WORKING),
        (OrderState.WORKING, VenueStatus.HELD, OrderState.HELD),
        (OrderState.HELD, VenueStatus.PENDING, OrderState.HELD),
        (OrderState.HELD, VenueStatus.WORKING, OrderState.WORKING),
        (OrderState.UNKNOWN, VenueStatus.WORKING, OrderState.WORKING),
        (OrderState.UNKNOWN, VenueStatus.PENDING_CANCEL, OrderState.WORKING),
        (OrderState.INTENDED, VenueStatus.PENDING_CANCEL, OrderState.SENT),
        (OrderState.NOT_SENT, VenueStatus.WORKING, OrderState.WORKING),
    ],
)
def test_a_sign_of_life(state: OrderState, status: VenueStatus, then: OrderState) -> None:
    life = Life(replace(START, state=state))
    life.hears(report(status))
    assert life.order.state is then


def test_one_that_has_traded_is_not_held_again_by_a_late_word() -> None:
    life = Life(replace(START, state=OrderState.WORKING))
    life.hears(HALF)
    life.hears(report(VenueStatus.HELD))
    assert life.order.state is OrderState.WORKING


def test_a_cancel_on_its_way_is_not_forgotten_while_it_works() -> None:
    life = Life(replace(START, state=OrderState.WORKING))
    life.hears(report(VenueStatus.PENDING_CANCEL))
    life.hears(HALF)
    life.hears(report(VenueStatus.WORKING, 40))
    assert (life.order.state, life.order.pending_change) == (OrderState.WORKING, "CANCEL")
