"""The order book below its top: the prices at which a venue shows size, best first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class DepthLevel:
    """One price of one side, and the size shown there (shares, or units of the base currency)."""

    price: float
    size: float


@dataclass(frozen=True, slots=True)
class Depth:
    """Both sides at one moment (UTC), best price first; a side may be empty."""

    symbol: Symbol
    time: datetime
    bids: tuple[DepthLevel, ...]
    asks: tuple[DepthLevel, ...]

    @property
    def book_imbalance(self) -> float | None:
        """From -1 (all size is offered) to 1 (all is bid for), over the levels shown."""
        bid = sum(level.size for level in self.bids)
        ask = sum(level.size for level in self.asks)
        return (bid - ask) / (bid + ask) if bid and ask else None
