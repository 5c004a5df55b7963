"""The desk's word that an order may go: made by `domain.gates` and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.orders import OrderRequest
from domain.terms import Amendment
from domain.venue import OrderPreview


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
    remark: str = ""
    """What the owner should know of it all the same; empty mostly."""
    preview: OrderPreview | None = None
    """What the venue said beforehand that it would cost, where it was asked."""
    attached: tuple[Admission, ...] = ()
    """Those that leave with it, in one piece, or not at all."""

    @property
    def members(self) -> tuple[Admission, ...]:
        """Itself and those that leave with it, in the order in which they are written."""
        return (self, *self.attached)


@dataclass(frozen=True, slots=True)
class AmendmentAdmission:
    """A change of an order's terms that has passed the gates."""

    amendment: Amendment
    request: OrderRequest
    """The order on the new terms."""
    venue: str
    value: Decimal
    """The worst that it can cost on these terms, in the base currency."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order may not go: a stable code, one sentence, what to do."""

    client_order_id: str
    code: str
    sentence: str
    cure: str
