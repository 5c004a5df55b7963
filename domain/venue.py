"""What a venue tells us, in our own words: the facts that everything else is built on.

An adapter makes these from the wire and nothing else does. They are idempotent by their keys,
may come twice, late or in any order, and are never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.farms import Farm
from domain.orders import OrderType, Side, Tif
from domain.symbols import Symbol


class VenueStatus(StrEnum):
    """An order's status as the venue words it, reduced to what differs for us."""

    PENDING = "PENDING"
    """Taken by the venue's gateway, not acknowledged further (PendingSubmit, ApiPending)."""
    HELD = "HELD"
    """Accepted and held by the broker: a stop, outside hours (PreSubmitted)."""
    WORKING = "WORKING"
    PENDING_CANCEL = "PENDING_CANCEL"
    """A cancel was sent; it may still fill."""
    CANCELLED = "CANCELLED"
    FILLED = "FILLED"
    INACTIVE = "INACTIVE"
    """Refused or parked: not final by itself."""
    EXPIRED = "EXPIRED"

    @property
    def is_live(self) -> bool:
        """It may still trade, by the venue's own word."""
        return self in (
            VenueStatus.PENDING,
            VenueStatus.HELD,
            VenueStatus.WORKING,
            VenueStatus.PENDING_CANCEL,
        )

    @property
    def is_done(self) -> bool:
        """It will not trade again."""
        return self in (VenueStatus.CANCELLED, VenueStatus.FILLED, VenueStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What an order asks for, as the venue has it (openOrder, completedOrder)."""

    symbol: Symbol | None
    """None for an instrument that has no symbol of ours."""
    side: Side
    quantity: Decimal
    type: OrderType | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    tif: Tif | None


@dataclass(frozen=True, slots=True)
class OrderReport:
    """The venue's word on an order: a status, an open order or a completed one.

    `client_order_id` is None where the message does not carry it; then `venue_order_id` is there.
    """

    client_order_id: str | None
    venue_order_id: str | None
    """The venue's permanent id (IB's permId), as text."""
    status: VenueStatus
    filled: Decimal | None
    remaining: Decimal | None
    average_price: Decimal | None
    why_held: str = ""
    reason: str = ""
    completed: bool = False
    """From the list of completed orders: it will not trade again."""
    foreign: bool = False
    """It belongs to another client, or was placed by hand."""
    terms: OrderTerms | None = None
    client_id: int | None = None
    """The client of the venue's interface that placed it; None where it was not told."""


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One trade. A correction carries the same `execution_key` and a higher `revision`."""

    execution_id: str
    """As the venue writes it."""
    execution_key: str
    """Without the revision: what a correction shares with what it corrects."""
    revision: int
    client_order_id: str | None
    venue_order_id: str | None
    symbol: Symbol | None
    side: Side
    quantity: Decimal
    price: Decimal
    time: datetime
    exchange: str
    liquidity: str
    """`added`, `removed`, `routed` or `unknown`."""
    account: str


@dataclass(frozen=True, slots=True)
class CommissionReport:
    """What a trade cost, in the currency given; negative for a rebate."""

    execution_id: str
    execution_key: str
    revision: int
    commission: Decimal
    currency: str
    realised_pnl: Decimal | None
    """None where the venue gave none (an opening trade), which is not zero."""


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """What the venue says that an order would cost, without taking it (whatIf).

    None is *not told*, never zero. Commission in `currency`; margins and equity in the account's
    base currency. `minimum` and `maximum` bound a commission that is not known exactly.
    """

    commission: Decimal | None
    minimum: Decimal | None
    maximum: Decimal | None
    currency: str
    initial_margin_change: Decimal | None
    maintenance_margin_change: Decimal | None
    equity_with_loan_change: Decimal | None
    initial_margin_after: Decimal | None
    equity_with_loan_after: Decimal | None
    warning: str

    @property
    def exceeds_margin(self) -> bool:
        """The equity after it would not cover the margin after it."""
        equity, margin = self.equity_with_loan_after, self.initial_margin_after
        return equity is not None and margin is not None and equity < margin


class NoticeEffect(StrEnum):
    """What a code of the venue says about whatever it was sent for."""

    NONE = "none"
    """Nothing: it informs."""
    REJECT = "reject"
    """A claim that an order or request was refused; of an order, a query has to confirm it."""
    CANCELLED = "cancelled"
    """A claim that an order was cancelled; the order's own messages say whether it was."""
    CANCEL_REFUSED = "cancel_refused"
    """A cancel was not taken; what became of the order, its own messages say."""
    CHANGE_REFUSED = "change_refused"
    """A change of an order was not taken; the order itself, on its old terms, goes on."""
    QUERY = "query"
    """Ours and the venue's idea of an order differ, or the code is not known: ask."""
    NOT_SENT = "not_sent"
    """Taken back by the adapter before a byte of it had left."""
    NO_DATA = "no_data"
    """A subscription or data request brings nothing."""
    RESUBSCRIBE = "resubscribe"
    """Subscriptions were dropped and have to be asked for again."""
    ACCOUNT = "account"
    """Account updates go elsewhere now: ask for the account again."""
    DOWN = "down"
    """The venue cannot be reached though the link stands."""
    UP = "up"
    """The venue can be reached again; what happened meanwhile has to be asked for."""
    LINK = "link"
    """The link ends, or has to be made anew."""
    PACING = "pacing"
    """Too much was asked too fast."""


@dataclass(frozen=True, slots=True)
class VenueNotice:
    """A code and a text from the venue, about an order, an instrument or the link."""

    code: int
    text: str
    client_order_id: str | None = None
    symbol: Symbol | None = None
    effect: NoticeEffect = NoticeEffect.NONE
    alert: bool = False
    """A person should hear of it."""
    retry: str = "never"
    """`never`, `later` (as it is), `changed` (after a correction)."""
    farms: tuple[Farm, ...] = ()
    """How these are from now on."""


@dataclass(frozen=True, slots=True)
class PositionReport:
    """What the account holds of an instrument; short is negative.

    Cash pairs are left out: the venue shows them a second time as positions.
    """

    account: str
    symbol: Symbol | None
    description: str
    quantity: Decimal
    average_cost: Decimal


@dataclass(frozen=True, slots=True)
class AccountValue:
    """One row of the account: `tag` as IB names it, `value` as text, `currency` may be empty."""

    account: str
    tag: str
    value: str
    currency: str


@dataclass(frozen=True, slots=True)
class PriceStep:
    """From `low_edge` upwards (inclusive) prices move by `increment`."""

    low_edge: Decimal
    increment: Decimal


@dataclass(frozen=True, slots=True)
class TradingSession:
    """One session, in UTC. Liquid hours leave out the closing auction."""

    opens: datetime
    closes: datetime
    liquid_opens: datetime | None
    liquid_closes: datetime | None


@dataclass(frozen=True, slots=True)
class InstrumentDetails:
    """What the venue says of an instrument."""

    symbol: Symbol
    name: str
    kind: str
    """`STK`, `ETF` or `CASH`."""
    exchange: str
    time_zone: str
    price_steps: tuple[PriceStep, ...]
    lot: Decimal
    sessions: tuple[TradingSession, ...]
    contract_id: str = ""
    """The venue's own number of it: for telemetry, and nothing is decided by it."""


@dataclass(frozen=True, slots=True)
class InstrumentRefused:
    """The instrument cannot be traded."""

    symbol: Symbol
    code: str
    """`UNKNOWN_SYMBOL`, `AMBIGUOUS_SYMBOL`, `FORBIDDEN_INSTRUMENT` or `INSTRUMENT_CHANGED`."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Round:
    """The answers to one round of all lists, asked at one time over one link.

    A list that did not end within its time stands in `unended`; what it brought is then a part
    at best and proves nothing about what it did not bring.
    """

    number: int
    asked_at: datetime
    ended_at: datetime
    unended: tuple[str, ...]
    """Of `positions`, `open_orders`, `completed_orders`, `executions`, `account`."""
    open_orders: tuple[OrderReport, ...] = ()
    completed_orders: tuple[OrderReport, ...] = ()
    executions: tuple[ExecutionReport, ...] = ()
    positions: tuple[PositionReport, ...] = ()
    account_values: tuple[AccountValue, ...] = ()

    @property
    def complete(self) -> bool:
        """Every list ended: only then does absence mean anything."""
        return not self.unended


OrderFact = OrderReport | ExecutionReport | CommissionReport | VenueNotice
