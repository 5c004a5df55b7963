"""Orders as values: what may be asked for, and the states an order goes through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.symbols import Symbol
from domain.terms import Amendment, Terms


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a purchase, -1 for a sale."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How an order is priced."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"

    @property
    def needs_limit(self) -> bool:
        """A limit price belongs to it."""
        return self in (OrderType.LIMIT, OrderType.STOP_LIMIT)

    @property
    def needs_stop(self) -> bool:
        """A stop price belongs to it."""
        return self in (OrderType.STOP, OrderType.STOP_LIMIT)


class Tif(StrEnum):
    """How long an order works."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"


class Purpose(StrEnum):
    """What an order is for; the table of what may be sent when speaks of these."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"
    PROTECTION = "PROTECTION"
    FLATTEN = "FLATTEN"
    CONVERT = "CONVERT"


class OrderState(StrEnum):
    """Where an order stands, by the venue's own messages alone."""

    INTENDED = "INTENDED"
    SENT = "SENT"
    WORKING = "WORKING"
    HELD = "HELD"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    NOT_SENT = "NOT_SENT"
    UNKNOWN = "UNKNOWN"

    @property
    def is_final(self) -> bool:
        """Nothing more is expected; a late fill is booked all the same."""
        return self in _FINAL


_FINAL = frozenset(
    {
        OrderState.FILLED,
        OrderState.CANCELLED,
        OrderState.REJECTED,
        OrderState.EXPIRED,
        OrderState.NOT_SENT,
    }
)


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as somebody proposes it. Prices and quantity are exact decimals.

    `quantity` is in shares, or in units of the base currency of a pair.
    """

    client_order_id: str
    symbol: Symbol
    side: Side
    quantity: Decimal
    type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    tif: Tif = Tif.DAY
    purpose: Purpose = Purpose.ENTRY
    parent: str | None = None
    """The client order id of the entry that it waits for and whose fills it leaves."""
    oca_group: str | None = None
    """Those of one name cancel or reduce each other at the venue (one cancels all)."""
    market_tif: Tif | None = None
    """Asked for as a market order of this time in force, and given its limit by the desk."""
    plan: str | None = None
    """The plan whose lot it opens, leaves or guards: the client order id of the plan's entry."""

    @property
    def terms(self) -> Terms:
        """What of it can be changed while it works."""
        return Terms(self.quantity, self.limit_price, self.stop_price)

    def amended(self, terms: Terms) -> OrderRequest:
        """The same order on other terms."""
        return replace(
            self,
            quantity=terms.quantity,
            limit_price=terms.limit_price,
            stop_price=terms.stop_price,
        )


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the ledger knows it: the request, and what the venue has said of it since.

    `filled` and `average_price` follow the fills booked; `reason` says why it ended as it did.
    """

    request: OrderRequest
    venue: str
    state: OrderState
    created_at: datetime
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    venue_order_id: str | None = None
    pending_change: str | None = None
    reason: str | None = None
    sent_at: datetime | None = None
    updated_at: datetime | None = None
    amending: Amendment | None = None
    """A change of its terms that is not settled yet."""

    @classmethod
    def intended(cls, request: OrderRequest, venue: str, at: datetime) -> Order:
        """An order of which nothing has happened yet."""
        return cls(request=request, venue=venue, state=OrderState.INTENDED, created_at=at)

    @property
    def client_order_id(self) -> str:
        """The identity of the order, ours (IB's `orderRef`)."""
        return self.request.client_order_id

    @property
    def remaining(self) -> Decimal:
        """What is not filled yet, never below zero."""
        return max(self.request.quantity - self.filled, Decimal(0))

    @property
    def most(self) -> Decimal:
        """The most that it may come to fill: by its terms, or by those on their way."""
        if self.amending is None:
            return self.request.quantity
        return max(self.request.quantity, self.amending.terms.quantity)

    @property
    def exposed(self) -> Decimal:
        """What may still be filled at the worst, never below zero."""
        return max(self.most - self.filled, Decimal(0))


class OrderError(ValueError):
    """A request that makes no sense as an order, whatever the market does.

    `code` is stable, the text says what is wrong and what to do.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


#: Beyond so many places no market goes, and decimals would no longer be exact.
_MOST_DIGITS = 12


def check_request(request: OrderRequest) -> None:
    """Refuse what is no order at all: a quantity of zero, a limit without a price.

    Raises:
        OrderError: with the code of the first fault found.
    """
    if not request.quantity.is_finite() or request.quantity <= 0:
        raise OrderError(
            "QUANTITY_NOT_POSITIVE",
            f"The quantity {request.quantity} is not above zero. Give a positive quantity; "
            "to sell, say side SELL.",
        )
    for figure in (request.quantity, request.limit_price, request.stop_price):
        if figure is not None and figure.is_finite() and abs(figure.adjusted()) > _MOST_DIGITS:
            raise OrderError(
                "NUMBER_OUT_OF_RANGE",
                f"{figure} is beyond what any order can have. Check its size.",
            )
    for name, price, needed in (
        ("limit_price", request.limit_price, request.type.needs_limit),
        ("stop_price", request.stop_price, request.type.needs_stop),
    ):
        if needed and price is None:
            raise OrderError(
                "PRICE_MISSING", f"A {request.type} order needs a {name}. Add it and send it again."
            )
        if not needed and price is not None:
            raise OrderError(
                "PRICE_NOT_WANTED",
                f"A {request.type} order takes no {name}. Leave it out, or choose another type.",
            )
        if price is not None and (not price.is_finite() or price <= 0):
            raise OrderError("PRICE_NOT_POSITIVE", f"The {name} {price} is not above zero.")
