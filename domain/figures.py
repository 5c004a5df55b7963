"""What the desk knows at one moment about a request's symbol, and about everything."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.orders import Purpose
from domain.venue import InstrumentDetails

RISK_REDUCING = (Purpose.EXIT, Purpose.PROTECTION, Purpose.FLATTEN)
"""Purposes that leave a position or guard it: they go on while entries may not."""


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """One consistent view. Money of limits is in the base currency."""

    venue: str
    base_currency: str
    observing: bool
    """A real gateway is watched, and nothing is sent to it."""
    disarmed: str
    """Why no new positions are opened in this mode; empty when they may be."""
    paused: bool
    paused_reason: str
    facts_waiting: int
    """Facts that wait to be handled, above the soft mark; 0 below it."""
    venue_reason: str
    """Why the venue may not be traded; empty when it may."""
    venue_reconciled: bool
    circuit_closed: bool
    instrument: InstrumentDetails | None
    allowed: bool
    """The symbol is among those that the owner allows."""
    symbol_blocked: str
    """Why this symbol is on hold (in doubt, mismatch); empty when it is not."""
    price: Decimal | None
    """The worst price of a fresh quote for the side, in the currency of the symbol."""
    rate: Decimal | None
    """Base currency for one unit of the symbol's currency."""
    managed: Decimal
    held: Decimal
    working_buys: Decimal
    working_sells: Decimal
    max_order_value: Decimal
    active_buys: int = 0
    """Orders of the symbol that have not ended, by side."""
    active_sells: int = 0
    usd_rate: Decimal | None = None
    """Base currency for one US dollar."""
    odd_lots_allowed: bool = False
    idealpro_minimum_usd: Decimal = Decimal(25_000)
    """Below it a currency order is an odd lot (facts/ib.md 6.5)."""
    announced: str = ""
    """Until when and why new positions wait, for a window that was announced; empty when none."""
