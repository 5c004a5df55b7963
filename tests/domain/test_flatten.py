"""What is to be done next to take a symbol out; two sales of one holding never work at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.flatten import (
    Cancel,
    Flat,
    Leave,
    Progress,
    Wait,
    after_cancels,
    exit_request,
    next_step,
    previewed,
)
from domain.order_groups import Protection, bracket
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side
from domain.symbols import Symbol

BHP = Symbol("BHP", "AUD")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ONE = Decimal(1)


def order(
    name: str,
    quantity: int,
    *,
    side: Side = Side.SELL,
    purpose: Purpose = Purpose.PROTECTION,
    state: OrderState = OrderState.WORKING,
    filled: int = 0,
) -> Order:
    request = OrderRequest(
        name, BHP, side, Decimal(quantity), OrderType.LIMIT, Decimal(40), purpose=purpose
    )
    intended = Order.intended(request, "ib", NOW)
    return replace(intended, state=state, filled=Decimal(filled))


STOP = order("K-STOP", 60)
TARGET = order("K-TARGET", 40, purpose=Purpose.EXIT)
ENTRY = order("K-ENTRY", 50, side=Side.BUY, purpose=Purpose.ENTRY)
MINE = order("K-F-1", 100, purpose=Purpose.FLATTEN)


def step(
    *orders: Order, managed: int = 100, held: int = 150, lot: int = 1, overdue: str = ""
) -> Cancel | Leave | Wait | Flat:
    return next_step(orders, Decimal(managed), Decimal(held), Decimal(lot), [overdue])


def test_whatever_works_is_taken_back_first() -> None:
    assert step(ENTRY, STOP, TARGET) == Cancel(("K-ENTRY",), ("K-STOP", "K-TARGET"))
    assert step(ENTRY, managed=0) == Cancel(("K-ENTRY",), ())
    asked = replace(STOP, pending_change="CANCEL")
    assert step(asked) == Cancel((), ("K-STOP",)), "until the venue has said that it has ended"


def test_then_what_is_managed_and_held_is_left_by_one_order() -> None:
    assert step() == Leave(Side.SELL, Decimal(100))
    assert step(managed=-100, held=-100) == Leave(Side.BUY, Decimal(100))
    assert step(held=70) == Leave(Side.SELL, Decimal(70))
    assert step(managed=105, lot=10) == Leave(Side.SELL, Decimal(100))
    assert isinstance(step(MINE), Wait)
    assert step(MINE, overdue="K-F-1") == Cancel((), ("K-F-1",)), "its price was left behind"
    assert step(managed=0) == Flat()


def test_what_cannot_be_sold_for_certain_is_not_sold() -> None:
    """Held by nobody's word, or perhaps sold already by an order whose fate is not known."""
    stuck = step(held=0)
    assert isinstance(stuck, Wait) and stuck.stuck and "said to hold 0" in stuck.why
    lost = replace(STOP, state=OrderState.UNKNOWN)
    assert step(lost) == Leave(Side.SELL, Decimal(40))
    whole = step(lost, managed=60)
    assert isinstance(whole, Wait) and whole.stuck and "K-STOP is not known" in whole.why
    bought = replace(ENTRY, state=OrderState.UNKNOWN)
    later = step(bought, managed=0)
    assert isinstance(later, Wait) and later.stuck, "it may still come"


def test_cash_is_never_converted_back() -> None:
    converting = order("K-CASH", 50, purpose=Purpose.CONVERT)
    assert step(converting, managed=0) == Flat()
    assert step(converting) == Leave(Side.SELL, Decimal(100))


def test_with_the_parent_its_children_go_at_the_venue() -> None:
    entry = OrderRequest("K-1", BHP, Side.BUY, Decimal(50), OrderType.LIMIT, Decimal(45))
    group = bracket(entry, Protection(Decimal(40)), Decimal(50))
    family = [
        replace(Order.intended(each, "ib", NOW), state=OrderState.HELD) for each in group.members
    ]
    assert next_step(family, Decimal(0), Decimal(0), ONE) == Cancel(("K-1",), ())
    left = family[1:]
    assert next_step(left, Decimal(0), Decimal(0), ONE) == Cancel((), ("K-1-T", "K-1-S"))


def test_the_exit_is_a_persons_at_the_market() -> None:
    request = exit_request("K-F-1", BHP, Leave(Side.SELL, Decimal(5)))
    assert (request.type, request.purpose) == (OrderType.MARKET, Purpose.FLATTEN)


def test_the_preview_says_what_would_be_done_and_what_would_be_left() -> None:
    lost = order("K-LOST", 30, state=OrderState.UNKNOWN)
    item = previewed(BHP, [ENTRY, STOP, lost], Decimal(100), Decimal(150), ONE)
    assert item.cancels == ("K-ENTRY", "K-STOP")
    assert (item.progress, item.side, item.quantity) == (Progress.PREVIEW, Side.SELL, Decimal(70))
    assert "30 of 100 are not provably held" in item.note
    assert previewed(BHP, [], Decimal(0), Decimal(9), ONE).progress is Progress.FLAT


_STATES = st.sampled_from([s for s in OrderState if not s.is_final])
_ORDERS = st.lists(
    st.builds(
        order,
        st.uuids().map(str),
        st.integers(1, 200),
        side=st.sampled_from(Side),
        purpose=st.sampled_from(Purpose),
        state=_STATES,
    ),
    max_size=5,
)


@given(orders=_ORDERS, managed=st.integers(-200, 200), held=st.integers(-300, 300))
def test_an_exit_is_sent_only_where_nothing_else_can_leave_what_it_leaves(
    orders: list[Order], managed: int, held: int
) -> None:
    done = next_step(orders, Decimal(managed), Decimal(held), ONE)
    ours = [each for each in orders if each.request.purpose is not Purpose.CONVERT]
    if isinstance(done, Leave):
        assert all(each.state is OrderState.UNKNOWN for each in ours)
        doubtful = sum(each.remaining for each in ours if each.request.side is done.side)
        sign = -done.side.sign
        assert 0 < done.quantity + doubtful <= min(managed * sign, held * sign)
    elif isinstance(done, Cancel):
        assert {*done.names} <= {
            o.client_order_id for o in ours if o.state is not OrderState.UNKNOWN
        }
        assert not isinstance(after_cancels(orders, Decimal(managed), Decimal(held), ONE), Cancel)
    elif isinstance(done, Flat):
        assert managed == 0 and not ours
