"""Settling by hand what cannot be proven: what a person's word makes of an UNKNOWN order.

Pure. Beyond the horizon of proof nothing is inferred; a person looks at the broker's own pages
and says what they show. What the venue itself says later counts for more.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.order_life import BY_HAND
from domain.orders import Order, OrderError, OrderState

BY_HAND_KEY = "by-hand-"
"""How the key of an execution begins that stands for a person's word."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a person says: `quantity` filled in all, at `price` what is not booked yet.

    None for the quantity: nothing but what is booked, the venue does not have it.
    """

    quantity: Decimal | None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What that makes of the order."""

    client_order_id: str
    was: OrderState
    state: OrderState
    booked: Decimal
    """What is booked as filled beside what is booked already."""
    price: Decimal | None
    reason: str


def resolve(order: Order, outcome: Outcome, who: str) -> Resolution:
    """Reckon what is booked, and how the order ends.

    Raises:
        OrderError: `ORDER_NOT_UNKNOWN`, `RESOLVED_BELOW_FILLED`, `RESOLVED_ABOVE_QUANTITY`,
            `PRICE_MISSING` or `PRICE_NOT_POSITIVE`.
    """
    name = order.client_order_id
    if order.state is not OrderState.UNKNOWN:
        raise OrderError(
            "ORDER_NOT_UNKNOWN",
            f"The fate of {name} is not in doubt: it is {order.state}. Only an UNKNOWN order is "
            "settled by hand; to end another, cancel it.",
        )
    filled = order.filled if outcome.quantity is None else outcome.quantity
    if filled < order.filled:
        raise OrderError(
            "RESOLVED_BELOW_FILLED",
            f"{order.filled} of {name} are booked by the venue's own executions, so it cannot "
            f"have filled {filled}. Give the quantity filled in all.",
        )
    if filled > order.most:
        raise OrderError(
            "RESOLVED_ABOVE_QUANTITY",
            f"{name} was for {order.most}, so it cannot have filled {filled}. "
            "Give the quantity filled of this order alone.",
        )
    booked = filled - order.filled
    if booked and outcome.price is None:
        raise OrderError(
            "PRICE_MISSING", f"{booked} of {name} would be booked; at which price? Give it."
        )
    if outcome.price is not None and outcome.price <= 0:
        raise OrderError("PRICE_NOT_POSITIVE", f"The price {outcome.price} is not above zero.")
    if filled >= order.request.quantity:
        state, words = OrderState.FILLED, f"filled {filled}"
    elif filled:
        state, words = OrderState.CANCELLED, f"filled {filled}, the rest is gone"
    elif outcome.quantity is not None and order.venue_order_id is not None:
        state, words = OrderState.CANCELLED, "nothing filled, all of it is gone"
    else:
        state, words = OrderState.NOT_SENT, "the venue does not have it"
    return Resolution(
        client_order_id=name,
        was=order.state,
        state=state,
        booked=booked,
        price=outcome.price if booked else None,
        reason=f"{BY_HAND} ({who}): {words}",
    )
