"""The words that the simulated exchange, broker and gateway share.

Values only. Prices, quantities and money are exact decimals; times are aware and in UTC.
Order statuses are those of the TWS API.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.orders import OrderType, Side, Tif
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is listed: the fields of a TWS contract and of its details."""

    symbol: Symbol
    con_id: int
    sec_type: str
    """`STK` or `CASH`."""
    exchange: str
    """Where it is listed: `ASX`, `NYSE`, `NASDAQ` or `IDEALPRO`."""
    valid_exchanges: tuple[str, ...]
    local_symbol: str
    trading_class: str
    long_name: str
    isin: str
    stock_type: str
    """`COMMON`, `ETF`, `ADR` or empty."""
    time_zone_id: str
    """`Australia/NSW` or `US/Eastern`."""
    market_rule_id: int
    price_steps: tuple[tuple[Decimal, Decimal], ...]
    """(lowest price of the band, step), lowest band first."""
    lot: Decimal


class Phase(StrEnum):
    """What a market does at a moment."""

    CLOSED = "CLOSED"
    PRE_OPEN = "PRE_OPEN"
    OPENING_AUCTION = "OPENING_AUCTION"
    OPEN = "OPEN"
    PRE_CLOSE = "PRE_CLOSE"
    CLOSING_AUCTION = "CLOSING_AUCTION"
    POST_CLOSE = "POST_CLOSE"
    """At the price of the closing auction alone; only where the habits have it."""


@dataclass(frozen=True, slots=True)
class Session:
    """One trading session of an instrument.

    Trading hours run from `opens` to `auction_ends`, liquid hours from `opens` to `closes`;
    where trading hours are `extended` they run from one moment to another instead.
    """

    opens: datetime
    closes: datetime
    auction_ends: datetime
    extended: tuple[datetime, datetime] | None = None

    @property
    def trading(self) -> tuple[datetime, datetime]:
        """When trading hours begin and end."""
        return self.extended or (self.opens, self.auction_ends)


@dataclass(frozen=True, slots=True)
class TopOfBook:
    """Level 1. None where there is no such price (an empty side, no trade yet)."""

    time: datetime
    phase: Phase
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal | None
    last_size: Decimal
    volume: Decimal
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    previous_close: Decimal | None
    halted: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `start` is when it begins. Volume is None where there is none (currencies)."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    average: Decimal | None
    count: int | None
    day: date | None = None
    """The trading day, of bars of a day and more the first one; an evening may belong to the next.
    None for shorter bars."""


@dataclass(frozen=True, slots=True)
class Trail:
    """How a stop follows the market: by an amount of its currency, or by so many percent."""

    amount: Decimal | None
    percent: Decimal | None
    limit_offset: Decimal | None = None
    """How far the limit of a trailing stop limit is beyond the stop."""
    anchored: bool = False
    """The client named the first stop price; else it begins where the market is."""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as a client of the gateway sends it."""

    client_id: int
    order_id: int
    order_ref: str
    account: str
    con_id: int
    exchange: str
    """As routed by the client: `SMART`, `ASX`, `IDEALPRO`."""
    side: Side
    quantity: Decimal
    type: OrderType
    limit_price: Decimal | None
    stop_price: Decimal | None
    tif: Tif
    parent_id: int = 0
    """The order id of the order that it is attached to; 0 for none."""
    transmit: bool = True
    """False: kept back until it, or one of its bracket, comes with True."""
    oca_group: str = ""
    oca_type: int = 3
    """1 cancel the others with block, 2 reduce them with block, 3 reduce without block."""
    trail: Trail | None = None
    """Of a trailing stop; its stop price is where it stands now."""
    market_to_limit: bool = False
    """Of a market order: what does not trade at once stays at the price that it got."""
    fill_or_kill: bool = False

    @property
    def blocks(self) -> bool:
        """No two orders of its group can trade at the same moment."""
        return self.oca_type in (1, 2)


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """An order in the broker's books."""

    request: NewOrder
    perm_id: int
    status: str
    """A TWS status: PreSubmitted, Submitted, PendingCancel, Cancelled, Filled, Inactive."""
    filled: Decimal
    average_price: Decimal
    last_fill_price: Decimal
    why_held: str
    placed_at: datetime
    completed_at: datetime | None
    completed_status: str
    """As in a completed order: `Filled Size: 10`, `Cancelled by Trader`, …; empty while open."""
    asleep: Decimal = Decimal(0)
    """Of an attached order: what its parent has not filled yet, on top of its quantity."""

    @property
    def is_open(self) -> bool:
        """It can still trade."""
        return self.completed_at is None

    @property
    def remaining(self) -> Decimal:
        """What is left to trade."""
        return self.request.quantity - self.filled

    @property
    def waits_at_broker(self) -> bool:
        """The exchange has not been told of it: kept back, attached, or not located yet."""
        return not self.request.transmit or self.why_held in ("child", "locate")


@dataclass(frozen=True, slots=True)
class Execution:
    """A trade of one of our orders."""

    execution_id: str
    """As TWS writes it, `0000e0d5.67fe667b.01.01`: a correction raises the last part."""
    order: BrokerOrder
    """The order as it stood after this trade."""
    time: datetime
    exchange: str
    quantity: Decimal
    price: Decimal
    cumulative_quantity: Decimal
    average_price: Decimal
    liquidity: int
    """1 added, 2 removed, 3 routed out."""


@dataclass(frozen=True, slots=True)
class Commission:
    """What an execution cost; `realised_pnl` is None where it only opens."""

    execution_id: str
    amount: Decimal
    currency: str
    realised_pnl: Decimal | None


@dataclass(frozen=True, slots=True)
class Payment:
    """Cash that came or went beside trades; negative went."""

    number: int
    type: str
    """As an IB statement words it: `Dividends`, `Withholding Tax`, `Broker Interest Paid`, …"""
    currency: str
    amount: Decimal
    at: datetime
    con_id: int | None
    """Of the instrument that paid."""
    ex_date: date | None
    description: str


@dataclass(frozen=True, slots=True)
class Margin:
    """What the account is worth and what its shares tie up, in the base currency."""

    equity: Decimal
    initial: Decimal
    maintenance: Decimal


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would cost and tie up; nothing of it is kept."""

    order: BrokerOrder
    """As it would stand; without a permanent id (0)."""
    before: Margin
    after: Margin
    commission: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order has a new status, fill or price."""

    order: BrokerOrder


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """TWS would answer with this error; `order` is set where the books hold it (as Inactive)."""

    client_id: int
    order_id: int
    code: int
    text: str
    order: BrokerOrder | None = None


@dataclass(frozen=True, slots=True)
class OrderNotice:
    """TWS would say this of an order that lives on (399, 202 after a cancel, 2109 …)."""

    client_id: int
    order_id: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Traded:
    """One of the broker's orders traded."""

    execution: Execution


@dataclass(frozen=True, slots=True)
class CommissionCharged:
    """A commission became known, after its execution."""

    commission: Commission
    order: BrokerOrder
    """As it stood after the execution."""


@dataclass(frozen=True, slots=True)
class OrderBound:
    """An order that was entered by hand has an id of client 0 from now on."""

    order: BrokerOrder


@dataclass(frozen=True, slots=True)
class BookMoved:
    """The top of an instrument's book changed, or somebody traded."""

    con_id: int


BrokerEvent = (
    OrderChanged | OrderRefused | OrderNotice | Traded | CommissionCharged | OrderBound | BookMoved
)


@dataclass(frozen=True, slots=True)
class BrokerPosition:
    """What the account holds; short is negative. The average cost includes commission."""

    instrument: Instrument
    quantity: Decimal
    average_cost: Decimal
    market_price: Decimal
    realised_pnl: Decimal
