"""What the hook answers about fills: ours, and those of others in the account."""

from __future__ import annotations

from datetime import datetime

from console.schemas import Answer, Plain
from domain.orders import Side


class FillOut(Answer):
    """An execution; `commission_final` when the venue has reported the commission."""

    execution_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Plain
    price: Plain
    commission: Plain | None
    commission_currency: str | None
    commission_final: bool
    time: datetime


class ForeignFillOut(Answer):
    """An execution in the account of an order that was never Kelpie's: shown, never managed."""

    venue: str
    execution_id: str
    client_order_id: str | None
    venue_order_id: str | None
    symbol: str | None
    side: Side
    quantity: Plain
    price: Plain
    commission: Plain | None
    commission_currency: str | None
    time: datetime


class ForeignFillsOut(Answer):
    """Fills of others, newest first."""

    items: list[ForeignFillOut]


class FillsOut(Answer):
    """Fills, newest first."""

    items: list[FillOut]
