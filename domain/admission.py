"""The desk's word that an order may go: made by `domain.gates` and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.costs import CostEstimate
from domain.gate_words import Figures, GateWord
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
    value: Decimal | None
    """The worst that it can cost, in the base currency; None for what leaves without a price."""
    base_currency: str
    price: Decimal | None
    """What the value was reckoned with, in the currency of the symbol."""
    remark: str = ""
    """What the owner should know of it all the same; empty mostly."""
    preview: OrderPreview | None = None
    """What the venue said beforehand that it would cost, where it was asked."""
    attached: tuple[Admission, ...] = ()
    """Those that leave with it, in one piece, or not at all."""
    estimate: CostEstimate | None = None
    """What it is reckoned to cost; None where that is not known."""
    words: tuple[GateWord, ...] = ()
    """What each gate said of it, in their order."""

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
    value: Decimal | None
    """The worst that it can cost on these terms, in the base currency; None: not known."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an order may not go: a stable code, one sentence, what to do."""

    client_order_id: str
    code: str
    sentence: str
    cure: str
    figures: Figures = ()
    """Name and value with its unit, as in the word of the gate that refused."""
    words: tuple[GateWord, ...] = ()
    """What the gates said of it, in their order, up to the one that was shut."""
