"""Orders that have traded, as a person looks back at them: how much, what it cost, what it made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.cost_report import OrderCost
from domain.orders import OrderState, Purpose


@dataclass(frozen=True, slots=True)
class Trade:
    """An order with at least one fill."""

    cost: OrderCost
    """What traded, and what it was reckoned to cost and did cost."""
    last: datetime
    """Of its newest fill, by the venue's clock, UTC."""
    known: datetime
    """When the book last learned something of the order: its last fill, or its end; UTC."""
    state: OrderState
    purpose: Purpose
    realised: Decimal
    """What its fills have realised, fees not deducted, in the symbol's currency."""

    @property
    def average(self) -> Decimal | None:
        """The price of what filled; None where the venue took all of it back."""
        return self.cost.value / self.cost.filled if self.cost.filled else None

    @property
    def closes(self) -> bool:
        """It has closed something: only then `realised` says anything."""
        return self.purpose is not Purpose.CONVERT and (
            self.purpose is not Purpose.ENTRY or self.realised != 0
        )
