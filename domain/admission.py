"""The desk's word that an order may go: made by `domain.gates` and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.orders import OrderRequest


@dataclass(frozen=True, slots=True)
class Admission:
    """An order that has passed every gate, with what is reserved for it.

    What `orders` is handed is one of these, so nothing reaches a venue past the desk.
    """

    request: OrderRequest
    venue: str
    value: Decimal
    """The worst that it can cost, in the base currency."""
    base_currency: str
    price: Decimal
    """What the value was reckoned with, in the currency of the symbol."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order may not go: a stable code, one sentence, what to do."""

    client_order_id: str
    code: str
    sentence: str
    cure: str
