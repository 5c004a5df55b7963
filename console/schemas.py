"""What the hook answers and what it takes: one model for each body, with its units.

Decimals travel as strings in plain notation, quotes as numbers, times as RFC 3339 in UTC;
null means *not known* and never zero. Lists are `{"items": [...]}`.
The programs of the console know these shapes and nothing of the actors.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from domain.farms import FarmKind, FarmState
from domain.maintenance import WindowKind
from domain.orders import OrderState, OrderType, Side, Tif
from domain.outage import Health
from domain.phases import Phase
from domain.quotes import DataType

Plain = Annotated[Decimal, PlainSerializer(lambda value: format(value, "f"), return_type=str)]
"""A decimal as a string without an exponent."""


class Answer(BaseModel):
    """The base of all answers."""

    model_config = ConfigDict(frozen=True)


class Problem(Answer):
    """Why a request was refused (RFC 9457). `code` is stable; `detail` says what to do as well."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    client_order_id: str | None = Field(
        default=None, description="The order that it is about, where there is one."
    )


# -- health ------------------------------------------------------------------------------


class WedgedOut(Answer):
    """An actor that is past its budget."""

    actor: str
    handling: str
    seconds: float


class LiveOut(Answer):
    """Whether every permanent actor is within its budget."""

    live: bool
    actors: int
    wedged: list[WedgedOut]


class VenueReadyOut(Answer):
    """Whether a venue is tradable; if not why, since when, and when it is tried again."""

    venue: str
    tradable: bool
    reason: str
    since: datetime | None
    next_try: datetime | None
    cause: str = Field(description="A stable code for the reason; empty when it is tradable.")
    health: Health | None = Field(
        description="green: tradable; amber: for a moment not, or as announced; red: not."
    )
    expected_until: datetime | None = Field(
        description="The end of the announced window that is on."
    )


class ReadyOut(Answer):
    """Whether each active venue is tradable."""

    ready: bool
    mode: str
    version: str
    started_at: datetime
    reason: str
    venues: list[VenueReadyOut]


# -- actors ------------------------------------------------------------------------------


class ExitOut(Answer):
    """How an incarnation ended."""

    kind: str
    cause: str
    sentence: str


class NodeOut(Answer):
    """A seat in the tree; supervisors have children and a strategy."""

    name: str
    strategy: str | None
    phase: str | None = Field(description="As its supervisor sees it; null at the root.")
    restart: str | None
    incarnation: int
    restarts: int
    backoff_until: datetime | None
    waiting_for: str | None
    last_exit: ExitOut | None
    state_age_seconds: float | None = Field(
        description="Of what a supervisor says; above zero when it did not answer in time."
    )
    children: list[NodeOut]


class HandlingOut(Answer):
    """The message that is being handled, and for how long."""

    message: str
    seconds: float


class ActorOut(Answer):
    """An actor in numbers. Times in seconds, of the last 512 messages."""

    name: str
    parent: str
    incarnation: int
    restarts: int
    answers: bool = Field(description="Within the budget of its handler.")
    uptime_seconds: float | None
    mailbox: dict[str, int] = Field(description="Waiting messages by lane.")
    oldest_seconds: float | None = Field(description="How long the oldest of them has waited.")
    handled: int
    handle_seconds_p50: float
    handle_seconds_p99: float
    handling: HandlingOut | None
    last_exit: ExitOut | None


class ActorsOut(Answer):
    """All actors, in the order in which their seats were made."""

    items: list[ActorOut]


class ActorDetailOut(ActorOut):
    """An actor with its own account of itself."""

    answered: bool = Field(description="False: it hangs, and `state` is what it said last.")
    state: dict[str, Any] | None
    state_age_seconds: float | None
    counts: dict[str, int] = Field(description="Handled messages by type.")
    facts_peak: int
    quotes_conflated: int
    last_error: str


class RestartIn(BaseModel):
    """Why an actor is restarted; it goes into the audit."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(default="asked for over the hook", max_length=400)


class RestartOut(Answer):
    """The supervisor has been asked; `incarnation` is the one that is to end."""

    name: str
    supervisor: str
    incarnation: int


# -- market and account ------------------------------------------------------------------


class MismatchOut(Answer):
    """A symbol that is not traded until a person has looked."""

    symbol: str
    reason: str


class InstrumentOut(Answer):
    """An instrument that may be traded, and the phase of its market."""

    symbol: str
    name: str
    type: str = Field(description="STK, ETF or CASH; empty while it has not been described.")
    exchange: str
    phase: Phase
    next_open: datetime | None = Field(description="Of continuous trading; null: nobody knows.")
    next_close: datetime | None
    hours_differ: list[str] = Field(
        description="Where the venue's announced hours are others than the calendar's."
    )
    refused_code: str = Field(description="Why it cannot be traded at all; empty when it can.")
    refused: str


class WindowOut(Answer):
    """A window in which the venue may be out of reach, as announced."""

    kind: WindowKind
    starts: datetime
    ends: datetime
    reason: str


class FarmOut(Answer):
    """One of the venue's data farms, as it last said."""

    kind: FarmKind
    name: str
    state: FarmState


class AlertOut(Answer):
    """An alert that stands; `told` counts how often it was said."""

    level: str
    code: str
    sentence: str
    cure: str
    since: datetime
    told: int


class VenueOut(VenueReadyOut):
    """How a venue stands."""

    connected: bool
    synchronised: bool
    reconciled: bool
    circuit: str
    epoch: int
    server_version: int | None
    in_doubt: list[str]
    mismatches: list[MismatchOut]
    foreign_orders: int
    instruments: list[InstrumentOut]
    on_hold: str = Field(description="Until when and why no new positions are opened.")
    windows: list[WindowOut]
    farms: list[FarmOut]
    alerts: list[AlertOut]


class VenuesOut(Answer):
    """All active venues."""

    items: list[VenueOut]


class QuoteOut(Answer):
    """The top of a book as last received."""

    symbol: str
    bid: float | None
    ask: float | None
    last: float | None
    bid_size: float | None
    ask_size: float | None
    data_type: DataType
    age_seconds: float
    stale: bool
    missing: list[str] = Field(description="Which of bid, ask and last there is no price of.")
    crossed: bool = Field(description="The bid is above the ask: neither is a price.")
    halted: bool


class QuotesOut(Answer):
    """The quotes of all venues that answered."""

    items: list[QuoteOut]


class RateOut(Answer):
    """Base currency for one unit; `source` is `base`, `quote` or `account`."""

    rate: Plain
    age_seconds: float
    stale: bool
    source: str


class GuardOut(Answer):
    """How a holding is protected: `GREEN`, `AMBER` (a change is in flight) or `RED`."""

    colour: str
    since: datetime
    cause: str = Field(description="Why it is not GREEN; empty when it is.")
    protected: Plain = Field(description="How much of what is managed stops stand over.")


class PositionOut(Answer):
    """A holding; short is negative. `unrealised_pnl` is of the managed part, in `currency`.

    `market_value` is of all that is held; both again in the base currency by `rate`.
    """

    symbol: str
    held: Plain
    managed: Plain
    external: Plain
    average_price: Plain | None
    currency: str
    market_price: float | None
    unrealised_pnl: Plain | None
    price_age_seconds: float | None
    price_stale: bool
    market_value: Plain | None
    rate: RateOut | None
    market_value_base: Plain | None
    unrealised_pnl_base: Plain | None
    protection: GuardOut | None = Field(description="Null while nothing was said of it.")


class PositionsOut(Answer):
    """All holdings."""

    items: list[PositionOut]


class CashOut(Answer):
    """The cash of one currency; negative is borrowed. `in_base` is null without a rate."""

    currency: str
    amount: Plain
    rate: RateOut | None
    in_base: Plain | None


class AccountOut(Answer):
    """An account as its venue last said, in its base currency."""

    venue: str
    account: str = Field(description="Masked: the first two and the last three characters.")
    base_currency: str
    net_liquidation: Plain | None
    equity_with_loan: Plain | None
    total_cash: Plain | None
    available_funds: Plain | None
    excess_liquidity: Plain | None
    buying_power: Plain | None
    initial_margin: Plain | None
    maintenance_margin: Plain | None
    gross_position_value: Plain | None
    unrealised_pnl: Plain | None
    realised_pnl: Plain | None
    cash: list[CashOut]
    cash_in_base: Plain | None
    rates_stale: bool
    updated_at: datetime | None


class EquityOut(Answer):
    """What everything is worth, in the base currency; null where a part is not known.

    `reckoned` is cash and holdings at known prices, `unexplained` what the venue says beyond it.
    """

    at: datetime
    base_currency: str
    equity: Plain | None
    cash: Plain | None
    holdings: Plain | None
    reckoned: Plain | None
    unexplained: Plain | None
    unrealised_pnl: Plain | None
    stale: bool


class HoldOut(Answer):
    """A state of things that keeps entries back everywhere."""

    code: str
    detail: str


class AccountsOut(Answer):
    """The accounts, and what the desk may do; amounts in `base_currency`."""

    at: datetime
    mode: str
    paused: bool
    paused_reason: str
    holds: list[HoldOut]
    base_currency: str
    working_orders: int
    reserved: Plain | None
    max_order_value: Plain
    foreign_orders: int = Field(description="Open orders of others in the accounts.")
    foreign_reserved: Plain | None = Field(
        description="What purchases of others may still take up; null where that is not known."
    )
    items: list[AccountOut]


# -- orders ------------------------------------------------------------------------------


class OrderOut(Answer):
    """An order as the ledger knows it."""

    client_order_id: str
    symbol: str
    side: Side
    quantity: Plain
    filled: Plain
    remaining: Plain
    type: OrderType
    limit_price: Plain | None
    stop_price: Plain | None
    tif: Tif
    state: OrderState
    pending_change: str | None
    average_price: Plain | None
    venue_order_id: str | None
    reason: str | None
    created_at: datetime


class OrdersOut(Answer):
    """Orders, newest first."""

    items: list[OrderOut]


class ReasonIn(BaseModel):
    """Why somebody does something; it goes into the audit."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(default="asked for over the hook", max_length=400)


class PauseIn(ReasonIn):
    """No new entries; with `cancel_entries` those that work are taken back, and stops stay."""

    cancel_entries: bool = False


class ResumeIn(ReasonIn):
    """Entries again; with `end_safe_mode` also after repeated unclean starts."""

    end_safe_mode: bool = False


class TradingOut(Answer):
    """Whether new entries are allowed, and what else keeps them back."""

    paused: bool
    reason: str
    holds: list[HoldOut]
    cancelled: list[str] = Field(
        default_factory=list,
        description="Client order ids of entries that are being cancelled with a pause.",
    )
