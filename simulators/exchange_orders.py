"""Our orders as the exchange sees them, and what it says has happened to them.

The exchange knows no account and no client: an order has a permanent id, a side and a price in
units of the price grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.orders import OrderType, Side, Tif
from simulators.order_book import MARKET_BUY, MARKET_SELL


class What(StrEnum):
    """What became of an order."""

    WORKING = "WORKING"
    HELD = "HELD"
    TRIGGERED = "TRIGGERED"
    TRAILED = "TRAILED"
    """A trailing stop moved; `price` is where it is now, `limit` its limit, if it has one."""
    FILLED = "FILLED"
    EXPIRED = "EXPIRED"
    LIMITED = "LIMITED"
    """A market-to-limit order has got its limit, `price`."""
    KILLED = "KILLED"
    """The remainder of an IOC order is gone."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to an order of ours; price and quantity belong to FILLED."""

    what: What
    perm_id: int
    time: datetime
    price: Decimal = Decimal(0)
    quantity: Decimal = Decimal(0)
    liquidity: int = 0
    limit: Decimal | None = None


@dataclass(slots=True)
class MarketOrder:
    """An order at the exchange, with what is left of it. Prices in units of the grid."""

    perm_id: int
    side: Side
    type: OrderType
    remaining: int
    limit: int | None
    stop: int | None
    tif: Tif
    session_opens: datetime
    """A DAY order dies when a later session is next."""
    resting: bool = False
    """It stands in the book."""
    triggered: bool = False
    market_to_limit: bool = False
    odd_lot: bool = False
    """Too small for the book of IDEALPRO: it trades beside it, a step worse."""
    trails: bool = False
    trail_amount: int | None = None
    trail_percent: Decimal = Decimal(0)
    limit_offset: int | None = None

    @property
    def worst_price(self) -> int:
        """The limit that matching goes by."""
        if self.limit is not None:
            return self.limit
        return MARKET_BUY if self.side is Side.BUY else MARKET_SELL

    @property
    def waits_for_stop(self) -> bool:
        """Its stop price has not been touched yet."""
        return self.stop is not None and not self.triggered
