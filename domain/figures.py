"""What the desk knows at one moment about a request's symbol, and about everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from domain.account import SpendableCash
from domain.costs import Fees
from domain.orders import OrderRequest, OrderType, Purpose, Side
from domain.risk_figures import NO_RISK, RiskFigures
from domain.venue import InstrumentDetails, OrderPreview

RISK_REDUCING = (Purpose.EXIT, Purpose.PROTECTION, Purpose.FLATTEN)
"""Purposes that leave a position or guard it: they go on while entries may not."""

LEAVING = (Purpose.EXIT, Purpose.FLATTEN)
"""Purposes that leave a position: they go on even while the book cannot be written."""


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
    foreign_buys: Decimal = Decimal(0)
    """What orders of others in the account may still trade of the symbol, at their worst."""
    foreign_sells: Decimal = Decimal(0)
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
    venue_connected: bool = True
    """There is a link; without one not even a confirmed flatten can be sent."""
    venue_mismatch: str = ""
    """What the ledger and the venue do not agree about, whatever the symbol; empty when nothing."""
    standing_known: bool = True
    """It was said how this start stands: in safe mode or not."""
    unheard: str = ""
    """Why no alert would reach the owner; empty when one would."""
    safe_mode: str | None = None
    """Why this start is in safe mode; None when it is not."""
    away: str = ""
    """Why nothing is opened before a login that nobody will make; empty when nothing is so."""
    flattening: str = ""
    """Who has the symbol taken out just now; empty when nobody has."""
    book_trouble: str = ""
    """Why the book cannot be written; empty when it can."""
    short_selling: bool = False
    """Shares may be sold that nobody holds."""
    open_plans: int = 0
    """Of the symbol, with entries on their way to the disk."""
    max_plans: int = 0
    """0 is no bound."""
    exits_written: bool = True
    """Exits can be written down all the same."""
    fees: Fees | None = None
    """What trading the symbol costs now; None where nobody reckons it."""
    max_round_trip: Decimal | None = None
    """The most that getting in and out may cost, as a part of the value; None for any."""
    previews: Mapping[str, OrderPreview] = field(default_factory=dict)
    """What the venue was asked beforehand, by client order id."""
    spends: SpendableCash | None = None
    """The currency with which it is paid; None where it may be borrowed, or nothing is paid."""
    risk: RiskFigures = NO_RISK
    """The limits, and what is used of them."""

    @property
    def free_of_others(self) -> Decimal:
        """What is held, less what orders of others may still take of it."""
        if self.held > 0:
            return max(self.held - self.foreign_sells, Decimal(0))
        return min(self.held + self.foreign_buys, Decimal(0))


def worst_price(request: OrderRequest, figures: DeskFigures) -> Decimal | None:
    """What a unit may cost: a purchase its limit, a sale at least what the market pays."""
    if request.type is OrderType.STOP:
        prices = [request.stop_price, figures.price]
    elif request.side is Side.BUY and request.limit_price is not None:
        return request.limit_price
    else:
        prices = [request.limit_price, figures.price]
    known = [price for price in prices if price is not None]
    return max(known) if known else None
