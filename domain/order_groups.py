"""Orders that leave as one piece: a bracket, and one that cancels the others.

A bracket is an entry with its protection, its target, or both. At the venue the children wait
until their parent fills, and end with it. Among themselves they are a group of which one cancels
the others (IB's *OCA*). Which of IB's kinds of group, `oca_kind` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import IntEnum
from itertools import pairwise

from domain.admission import Admission, Refusal
from domain.figures import RISK_REDUCING, DeskFigures
from domain.gates import decide
from domain.orders import Order, OrderError, OrderRequest, OrderType, Purpose, Side, Tif
from domain.terms import Terms

MOST_MEMBERS = 8
"""Of a group. IB takes 20 orders a side for each instrument; the budget 43 in a second."""


class OcaKind(IntEnum):
    """What a fill of one member does to the others (IB's numbers for `ocaType`)."""

    CANCEL = 1
    """They are cancelled; only one is at the market at a time."""
    REDUCE = 2
    """They are made smaller by as much; only one is at the market at a time."""


@dataclass(frozen=True, slots=True)
class OrderGroup:
    """Orders to be written in one piece: `first`, then those that depend on it."""

    first: OrderRequest
    attached: tuple[OrderRequest, ...]

    @property
    def members(self) -> tuple[OrderRequest, ...]:
        """All, in the order in which they are written."""
        return (self.first, *self.attached)


def are_of_one_piece(one: OrderRequest, other: OrderRequest) -> bool:
    """They left together: parent and child, children of one parent, or members of one group."""
    if one.client_order_id == other.client_order_id:
        return False
    family = (one.parent or one.client_order_id) == (other.parent or other.client_order_id)
    return family or (one.oca_group is not None and one.oca_group == other.oca_group)


def oca_kind(request: OrderRequest) -> OcaKind:
    """Which kind of group a member belongs to.

    An exit's is REDUCE: after a part of the target has filled, the stop must still stand over
    the rest, where CANCEL would leave it bare. An entry's is CANCEL: one position was wanted, and
    with the first fill of one member the others have no business any more. Both are the kinds
    *with block*, in which two members cannot fill at once.
    """
    return OcaKind.REDUCE if request.purpose in RISK_REDUCING else OcaKind.CANCEL


@dataclass(frozen=True, slots=True)
class Protection:
    """The stop under an entry; with a limit price it is a stop-limit."""

    stop_price: Decimal
    limit_price: Decimal | None = None


def group_name(plan_id: str, generation: int) -> str:
    """The group of what leaves a plan, by the id of its entry; a name is never used again.

    IB ends a whole group with one of its members, and takes its name no more (facts/ib.md 3.5).
    """
    return f"{plan_id}.{generation}"


def bracket(
    entry: OrderRequest, protection: Protection | None, target: Decimal | None
) -> OrderGroup:
    """An entry with what leaves it again; ids of the children are the parent's with -S and -T.

    The children are GTC: they must outlive the day for as long as the position does. A stop alone
    is a group, too: an exit that has no target to reprice joins it there.

    Raises:
        OrderError: `BRACKET_EMPTY`, or `BRACKET_CROSSED` where stop and target are not on their
            own sides of the entry.
    """
    if protection is None and target is None:
        raise OrderError("BRACKET_EMPTY", "A bracket needs a protection or a target.")
    _check_sides(entry, protection, target)
    name = entry.client_order_id
    family = group_name(name, 1)
    leaving = Side.SELL if entry.side is Side.BUY else Side.BUY
    child = replace(
        entry,
        side=leaving,
        tif=Tif.GTC,
        limit_price=None,
        stop_price=None,
        parent=name,
        oca_group=family,
        market_tif=None,
    )
    attached = []
    if target is not None:
        attached.append(
            replace(
                child,
                client_order_id=f"{name}-T",
                type=OrderType.LIMIT,
                limit_price=target,
                purpose=Purpose.EXIT,
            )
        )
    if protection is not None:
        has_limit = protection.limit_price is not None
        attached.append(
            replace(
                child,
                client_order_id=f"{name}-S",
                type=OrderType.STOP_LIMIT if has_limit else OrderType.STOP,
                limit_price=protection.limit_price,
                stop_price=protection.stop_price,
                purpose=Purpose.PROTECTION,
            )
        )
    return OrderGroup(entry, tuple(attached))


def _check_sides(
    entry: OrderRequest, protection: Protection | None, target: Decimal | None
) -> None:
    """Below a purchase its stop, above it its target; the other way round for a sale."""
    sign = entry.side.sign
    stop = protection.stop_price if protection is not None else None
    entered = entry.limit_price if entry.limit_price is not None else entry.stop_price
    ladder = [price for price in (stop, entered, target) if price is not None]
    if any((above - below) * sign <= 0 for below, above in pairwise(ladder)):
        words = " < ".join(str(price) for price in ladder)
        raise OrderError(
            "BRACKET_CROSSED",
            f"The prices of the bracket cross: for a {entry.side} they must run "
            f"{'up' if sign > 0 else 'down'} from stop over entry to target, not {words}.",
        )


def refuse_in_bracket(order: Order, terms: Terms, open_orders: Sequence[Order]) -> Refusal | None:
    """Refuse a change that would tear a bracket apart whose parent is open yet.

    The venue does not size the children by their parent: of a larger one the rest would be bare,
    of a smaller one the stop would sell more than there is. And before anything is filled the
    prices must not come to cross.
    """
    name, above = order.client_order_id, order.request.parent
    parent = order if above is None else _found(above, open_orders)
    children = [o for o in open_orders if parent and o.request.parent == parent.client_order_id]
    if parent is None or not children:
        return None
    if parent is order and terms.quantity != order.request.quantity:
        return Refusal(
            name,
            "BRACKET_QUANTITY",
            f"{name} has orders attached to it, which are for {order.request.quantity} as well; "
            "they would not follow.",
            "Cancel it, which takes them with it, and place the bracket anew.",
        )
    if parent.filled:
        return None
    family = [parent, *(o for o in children if o is not parent)]
    entry, *leaving = (o.request.amended(terms) if o is order else o.request for o in family)
    stop, target = None, None
    for request in leaving:
        if request.stop_price is not None:
            stop = Protection(request.stop_price)
        else:
            target = request.limit_price
    try:
        _check_sides(entry, stop, target)
    except OrderError as error:
        return Refusal(name, error.code, str(error), "Mend the amendment.")
    return None


def _found(name: str, orders: Sequence[Order]) -> Order | None:
    return next((order for order in orders if order.client_order_id == name), None)


def one_cancels_all(name: str, requests: Sequence[OrderRequest]) -> OrderGroup:
    """Orders of which one cancels (or reduces) the others.

    Raises:
        OrderError: `GROUP_SIZE` or `GROUP_MIXED`.
    """
    if not 2 <= len(requests) <= MOST_MEMBERS:
        raise OrderError(
            "GROUP_SIZE", f"A group has 2 to {MOST_MEMBERS} orders, not {len(requests)}."
        )
    if len({request.symbol for request in requests}) > 1:
        raise OrderError("GROUP_MIXED", "The orders of a group are all in one symbol.")
    first, *others = (replace(request, oca_group=name) for request in requests)
    return OrderGroup(first, tuple(others))


def decide_group(group: OrderGroup, figures: DeskFigures) -> Admission | Refusal:
    """Walk the gates for every member; all are admitted or none is.

    What waits for its parent may leave as much as the parent brings. Members that cancel each
    other never stand in each other's way.
    """
    members = group.members
    names = [request.client_order_id for request in members]
    if len(set(names)) != len(names):
        return Refusal(
            names[0], "GROUP_MIXED", "Two orders of a group have one id.", "Give each its own."
        )
    if group.first.purpose in RISK_REDUCING and any(request.parent for request in members):
        return Refusal(
            names[0],
            "BRACKET_NOT_AN_ENTRY",
            f"{group.first.side} {group.first.symbol} leaves a position; a bracket enters one.",
            "Leave out protection and target, or check the side.",
        )
    kinds = {oca_kind(request) for request in members if request.parent is None}
    if len(kinds) > 1:
        return Refusal(
            names[0],
            "GROUP_MIXED",
            "A group mixes orders that enter with orders that leave.",
            "Make a group of either; an entry with its exits is a bracket.",
        )
    admissions = []
    for request in members:
        seen = figures
        if request.parent is not None:
            brought = group.first.side.sign * group.first.quantity
            seen = replace(
                figures,
                managed=brought,
                held=brought,
                working_buys=Decimal(0),
                working_sells=Decimal(0),
            )
        decision = decide(request, seen)
        if isinstance(decision, Refusal):
            return replace(decision, sentence=_of_member(decision.sentence, request, group))
        admissions.append(decision)
    return replace(admissions[0], attached=tuple(admissions[1:]))


def _of_member(sentence: str, request: OrderRequest, group: OrderGroup) -> str:
    if request is group.first:
        return sentence
    return f"Of the group's order {request.client_order_id}: {sentence}"
