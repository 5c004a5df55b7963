"""Brackets and groups as values: who belongs, on which side, and what they may sell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.admission import Admission, Refusal
from domain.holdings import working_of
from domain.order_groups import (
    MOST_MEMBERS,
    OcaKind,
    OrderGroup,
    Protection,
    bracket,
    decide_group,
    oca_kind,
    one_cancels_all,
    refuse_in_bracket,
)
from domain.orders import Order, OrderError, OrderState, OrderType, Purpose, Side, Tif
from domain.symbols import Symbol
from tests.domain.test_gates import BHP, CALM, ENTRY, EXIT

STOP, TARGET = Protection(Decimal("38.00")), Decimal("43.00")
NOTHING_HELD = replace(CALM, managed=Decimal(0), held=Decimal(0))
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def test_a_bracket_leaves_what_its_parent_enters() -> None:
    group = bracket(ENTRY, STOP, TARGET)
    target, stop = group.attached
    assert (target.client_order_id, stop.client_order_id) == ("KLP-1-T", "KLP-1-S")
    assert (target.type, target.limit_price, target.purpose) == (
        OrderType.LIMIT,
        TARGET,
        Purpose.EXIT,
    )
    assert (stop.type, stop.stop_price, stop.purpose) == (
        OrderType.STOP,
        STOP.stop_price,
        Purpose.PROTECTION,
    )
    for child in group.attached:
        assert (child.side, child.quantity, child.tif) == (Side.SELL, ENTRY.quantity, Tif.GTC)
        assert (child.parent, child.oca_group) == ("KLP-1", "KLP-1.1")
        # After a part of the target the stop must still stand over the rest.
        assert oca_kind(child) is OcaKind.REDUCE
    limited = bracket(ENTRY, Protection(Decimal(38), Decimal("37.50")), None)
    assert limited.attached[0].type is OrderType.STOP_LIMIT
    # An exit without a target joins it there.
    assert limited.attached[0].oca_group == "KLP-1.1"


@pytest.mark.parametrize(
    ("side", "stop", "target", "sound"),
    [
        (Side.BUY, "38", "43", True),
        (Side.BUY, "40", "43", False),
        (Side.BUY, "38", "40", False),
        (Side.BUY, "43", "38", False),
        (Side.SELL, "43", "38", True),
        (Side.SELL, "38", "43", False),
    ],
)
def test_the_prices_of_a_bracket_do_not_cross(
    side: Side, stop: str, target: str, sound: bool
) -> None:
    entry = replace(ENTRY, side=side)
    if sound:
        bracket(entry, Protection(Decimal(stop)), Decimal(target))
    else:
        with pytest.raises(OrderError) as raised:
            bracket(entry, Protection(Decimal(stop)), Decimal(target))
        assert raised.value.code == "BRACKET_CROSSED"


def test_what_is_no_bracket_and_no_group() -> None:
    with pytest.raises(OrderError) as raised:
        bracket(ENTRY, None, None)
    assert raised.value.code == "BRACKET_EMPTY"
    for orders in ([ENTRY], [ENTRY] * (MOST_MEMBERS + 1)):
        with pytest.raises(OrderError) as raised:
            one_cancels_all("G", orders)
        assert raised.value.code == "GROUP_SIZE"
    with pytest.raises(OrderError) as raised:
        one_cancels_all("G", [ENTRY, replace(ENTRY, symbol=Symbol("CBA", "AUD"))])
    assert raised.value.code == "GROUP_MIXED"


def refusal(group: OrderGroup) -> str:
    decision = decide_group(group, NOTHING_HELD)
    return decision.code if isinstance(decision, Refusal) else ""


def test_a_bracket_is_admitted_whole_or_not_at_all() -> None:
    admission = decide_group(bracket(ENTRY, STOP, TARGET), NOTHING_HELD)
    assert isinstance(admission, Admission)
    names = [each.request.client_order_id for each in admission.members]
    assert names == ["KLP-1", "KLP-1-T", "KLP-1-S"]
    between = bracket(ENTRY, Protection(Decimal("38.005")), TARGET)
    decision = decide_group(between, NOTHING_HELD)
    assert isinstance(decision, Refusal)
    assert decision.code == "PRICE_BETWEEN_STEPS" and "KLP-1-S" in decision.sentence
    leaving = replace(EXIT, type=OrderType.LIMIT, limit_price=Decimal(40))
    assert refusal(OrderGroup(leaving, bracket(ENTRY, STOP, None).attached)) == (
        "BRACKET_NOT_AN_ENTRY"
    )


def test_a_group_does_not_mix_what_enters_with_what_leaves() -> None:
    second = replace(ENTRY, client_order_id="KLP-9", limit_price=Decimal("39.00"))
    assert refusal(one_cancels_all("G", [ENTRY, second])) == ""
    assert refusal(one_cancels_all("G", [ENTRY, ENTRY])) == "GROUP_MIXED"
    assert refusal(one_cancels_all("G", [ENTRY, EXIT])) == "GROUP_MIXED"
    assert oca_kind(ENTRY) is OcaKind.CANCEL


def working(*states: tuple[OrderState, int], parent_filled: int) -> tuple[Decimal, Decimal]:
    """What a bracket whose members stand so may buy and sell; the second figure is what filled."""
    requests = bracket(ENTRY, STOP, TARGET).members
    orders = [
        replace(Order.intended(request, "ib", NOW), state=state, filled=Decimal(filled))
        for request, (state, filled) in zip(requests, states, strict=True)
    ]
    orders[0] = replace(orders[0], filled=Decimal(parent_filled))
    found = working_of(orders, BHP)
    return found.buys, found.sells


def test_what_guards_a_plan_is_reserved_with_all_of_its_lot() -> None:
    """A venue that sets the children after each fill tells of 20 when it is at 50 already."""
    stop = replace(bracket(ENTRY, STOP, TARGET).members[1], plan="KLP-1", quantity=Decimal(20))
    order = replace(Order.intended(stop, "ib", NOW), state=OrderState.WORKING)
    assert working_of([order], BHP).sells == 20
    assert working_of([order], BHP, {"KLP-1": Decimal(50)}).sells == 50
    assert working_of([order], BHP, {"KLP-2": Decimal(50)}).sells == 20
    gone = replace(order, state=OrderState.CANCELLED)
    assert working_of([gone], BHP, {"KLP-1": Decimal(50)}).sells == 0


def test_children_are_reserved_up_to_what_the_parent_filled_and_once_for_both() -> None:
    held, filled = OrderState.HELD, OrderState.FILLED
    waiting = working((OrderState.WORKING, 0), (held, 0), (held, 0), parent_filled=0)
    assert waiting == (Decimal(50), Decimal(0))
    partly = working((OrderState.WORKING, 0), (held, 0), (held, 0), parent_filled=20)
    assert partly == (Decimal(30), Decimal(20))
    bought = working((filled, 50), (OrderState.WORKING, 10), (held, 0), parent_filled=50)
    assert bought == (Decimal(0), Decimal(50))


# -- changes while the parent is open ----------------------------------------------------------


def family(**parent: object) -> list[Order]:
    """A bracket of 50 that works: bought at 40, stop 38, target 43."""
    group = bracket(ENTRY, STOP, TARGET)
    orders = [
        replace(Order.intended(o, "ib", NOW), state=OrderState.WORKING) for o in group.members
    ]
    return [replace(orders[0], **parent), *orders[1:]]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("member", "change", "code"),
    [
        (0, {"quantity": Decimal(60)}, "BRACKET_QUANTITY"),
        (0, {"quantity": Decimal(40)}, "BRACKET_QUANTITY"),
        (0, {"limit_price": Decimal("37.00")}, "BRACKET_CROSSED"),
        (0, {"limit_price": Decimal("41.00")}, ""),
        (1, {"limit_price": Decimal("39.00")}, "BRACKET_CROSSED"),
        (2, {"stop_price": Decimal("41.00")}, "BRACKET_CROSSED"),
        (2, {"stop_price": Decimal("39.00")}, ""),
        (2, {"quantity": Decimal(40)}, ""),
    ],
)
def test_a_change_never_tears_a_bracket_apart(
    member: int, change: dict[str, Decimal], code: str
) -> None:
    orders = family()
    order = orders[member]
    refusal = refuse_in_bracket(order, replace(order.request.terms, **change), orders)
    assert (refusal.code if refusal else "") == code


def test_once_the_parent_has_filled_its_stop_may_follow_the_market() -> None:
    for orders in (family(filled=Decimal(10)), family()[1:]):
        terms = replace(orders[-1].request.terms, stop_price=Decimal("41.00"))
        assert refuse_in_bracket(orders[-1], terms, orders) is None
    alone = family()[0]
    assert refuse_in_bracket(alone, replace(ENTRY.terms, quantity=Decimal(60)), [alone]) is None
