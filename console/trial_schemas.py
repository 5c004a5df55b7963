"""What a test order would be, as the hook says it."""

from __future__ import annotations

from pydantic import Field

from console.schemas import Answer, Plain
from domain.orders import OrderType, Side


class ShutOut(Answer):
    """A gate that would refuse it now."""

    gate: str
    detail: str


class TrialOrderOut(Answer):
    """The smallest order that rests. Nothing has been placed; `POST /orders` takes these terms."""

    mode: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Plain
    type: OrderType
    limit_price: Plain
    bid: Plain = Field(description="The market's best bid, far above the limit.")
    shut: list[ShutOut] = Field(description="The gates that would refuse it now.")
