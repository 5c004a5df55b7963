"""What both clients do in the scripted session, and what they have to have seen after it."""

from __future__ import annotations

from dataclasses import dataclass, field

SYMBOL, CURRENCY, CON_ID = "BHP", "AUD", 4036812
QUANTITY = 10
FILLED_REF, CANCELLED_REF = "SCRIPT-FILL", "SCRIPT-CANCEL"
SUMMED_TAGS = ("NetLiquidation", "TotalCashValue", "AvailableFunds")

#: The market of the demo rests for some seconds between its sessions.
FILL_SECONDS = 40.0
ANSWER_SECONDS = 10.0

#: Where an order bids so that it trades at once, and so that it never does, off the quote.
ABOVE_ASK, BELOW_BID = 0.05, 2.0


@dataclass
class SeenOrder:
    """An order as the client's callbacks told of it."""

    order_id: int
    perm_id: int
    order_ref: str
    statuses: list[str]
    filled: float
    remaining: float
    average_price: float
    side: str
    quantity: float
    limit_price: float
    tif: str


@dataclass
class SeenFill:
    """An execution as the client's callbacks told of it."""

    execution_id: str
    order_id: int
    perm_id: int
    client_id: int
    order_ref: str
    account: str
    con_id: int
    side: str
    quantity: float
    price: float
    cumulative: float
    average_price: float
    exchange: str
    epoch: int
    liquidity: int


@dataclass
class SeenCompleted:
    """A completed order as the client's callback told of it."""

    perm_id: int
    order_ref: str
    status: str
    completed_status: str | None
    filled: float


@dataclass
class Seen:
    """Everything that one client was told, in terms that both clients share."""

    version: int = 0
    accounts: list[str] = field(default_factory=list)
    server_epoch: int = 0
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    details: dict[str, object] = field(default_factory=dict)
    rule: list[tuple[float, float]] = field(default_factory=list)
    bid: float = -1.0
    ask: float = -1.0
    bars: list[tuple[int, float, float, float, float, float, float, int]] = field(
        default_factory=list
    )
    bars_end: str = ""
    orders: dict[str, SeenOrder] = field(default_factory=dict)
    live_fills: list[SeenFill] = field(default_factory=list)
    asked_fills: list[SeenFill] = field(default_factory=list)
    commissions: dict[str, tuple[float, str, float]] = field(default_factory=dict)
    completed: list[SeenCompleted] = field(default_factory=list)
    open_orders: int = -1
    positions: dict[int, tuple[float, float]] = field(default_factory=dict)
    errors: list[tuple[int, int, str]] = field(default_factory=list)
