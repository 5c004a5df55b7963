"""The terms of an order that can be changed while it works, and the changing of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Terms:
    """How much of it, and at which prices; in shares or units, in the symbol's currency."""

    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


class AmendmentState(StrEnum):
    """Where an amendment stands. Until it is settled both the old and the new terms may hold."""

    INTENDED = "INTENDED"
    SENT = "SENT"
    UNKNOWN = "UNKNOWN"
    """Sent, and no answer came: the venue's open orders will tell."""
    CONFIRMED = "CONFIRMED"
    REFUSED = "REFUSED"
    NOT_SENT = "NOT_SENT"

    @property
    def is_settled(self) -> bool:
        """Nothing more is expected of it."""
        return self in (
            AmendmentState.CONFIRMED,
            AmendmentState.REFUSED,
            AmendmentState.NOT_SENT,
        )


@dataclass(frozen=True, slots=True)
class Amendment:
    """One change of an order's terms: an intent of its own, sent once at most."""

    amendment_id: str
    client_order_id: str
    was: Terms
    terms: Terms
    """All of them, changed or not."""
    state: AmendmentState
    created_at: datetime
    sent_at: datetime | None = None
    reason: str | None = None
