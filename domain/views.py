"""What the desk shows of itself: plain values for the console, taken at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.account import AccountSummary
from domain.farms import Farm
from domain.findings import Reconciliation
from domain.foreign import ForeignOrder
from domain.guard import Guard
from domain.maintenance import Window
from domain.outage import Health
from domain.permits import Hold
from domain.phases import Phase
from domain.rates import Rate
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class InstrumentView:
    """An instrument that may be traded, and its market; empty while it has not been described."""

    symbol: Symbol
    name: str = ""
    type: str = ""
    """`STK`, `ETF` or `CASH`."""
    exchange: str = ""
    phase: Phase = Phase.UNKNOWN
    next_open: datetime | None = None
    """When continuous trading begins next; None where nobody knows."""
    next_close: datetime | None = None
    hours_differ: tuple[str, ...] = ()
    """Where the venue's announced hours are others than the calendar's, a sentence each."""
    refused_code: str = ""
    """Why it cannot be traded at all: `UNKNOWN_SYMBOL`, …; empty when it can."""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert that stands; `told` counts how often it was said."""

    level: str
    code: str
    sentence: str
    cure: str
    since: datetime
    told: int


@dataclass(frozen=True, slots=True)
class VenueView:
    """How a venue stands. It is tradable when all four conditions hold."""

    venue: str
    connected: bool
    synchronised: bool
    """Every list of the venue has ended, on this link."""
    reconciled: bool
    circuit: str
    """`closed`, `open` or `half-open`."""
    tradable: bool
    reason: str
    """Why it is not tradable, for people; empty when it is."""
    since: datetime
    """Since when it has been tradable, or has not."""
    next_try_seconds: float | None
    epoch: int
    server_version: int | None
    in_doubt: tuple[str, ...]
    mismatches: tuple[tuple[Symbol, str], ...]
    foreign_orders: int
    cause: str
    """The stable code of `reason`; empty when it is tradable."""
    health: Health
    expected_until: datetime | None
    """The end of the announced window that is on; None when none is."""
    on_hold: str
    """Until when and why no new positions are opened; empty when nothing announced holds them."""
    windows: tuple[Window, ...]
    """Announced for the next days, and the one that is on."""
    farms: tuple[Farm, ...]
    alerts: tuple[AlertView, ...]
    instruments: tuple[InstrumentView, ...] = ()


@dataclass(frozen=True, slots=True)
class PositionView:
    """One holding. Short is negative; `held` is the venue's word, `managed` our own fills'."""

    symbol: Symbol
    venue: str
    held: Decimal
    managed: Decimal
    external: Decimal
    average_price: Decimal | None
    market_price: float | None
    """Half-way between bid and ask, else the last trade."""
    price_age_seconds: float | None
    price_stale: bool
    """The price is too old, delayed, or missing."""
    market_value: Decimal | None
    """Of all that is held, in the currency of the symbol; None without a price."""
    unrealised_pnl: Decimal | None
    """Of the managed part, in the currency of the symbol; None without a price."""
    rate: Rate | None
    """By which the two below are converted; None when nobody has told one."""
    market_value_base: Decimal | None
    unrealised_pnl_base: Decimal | None
    guard: Guard | None = None
    """How it is protected at the venue; None where nobody has said yet."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account as the venue last said."""

    venue: str
    account: str
    summary: AccountSummary


@dataclass(frozen=True, slots=True)
class EquityView:
    """What everything is worth, in the base currency; None where a part of it is not known."""

    base_currency: str
    equity: Decimal | None
    """As the venues say."""
    cash: Decimal | None
    holdings: Decimal | None
    reckoned: Decimal | None
    """Cash and holdings at the prices and rates that we know."""
    unexplained: Decimal | None
    """`equity` less `reckoned`: accruals, prices of another moment, what nobody quotes to us."""
    unrealised_pnl: Decimal | None
    """Of what we manage."""
    stale: bool
    """A price or rate behind a figure is too old or missing."""


@dataclass(frozen=True, slots=True)
class ReconciliationView:
    """How the ledger and a venue were last held against each other."""

    venue: str
    epoch: int | None
    """The link; None while there is none."""
    asking: bool
    """Lists are being asked for, or judged."""
    trouble: str
    """Why the last attempt came to nothing; empty when it did not."""
    cause: str
    """The stable code of that."""
    number: int
    """How many rounds of lists have been asked for on this link."""
    asked: float | None
    """Monotonic: when the lists were asked for by which `outcome` was judged."""
    at: datetime | None
    """When it was judged, UTC."""
    outcome: Reconciliation | None


@dataclass(frozen=True, slots=True)
class DeskView:
    """Everything that the desk decides by, at one moment."""

    at: datetime
    paused: bool
    paused_reason: str
    venues: tuple[VenueView, ...]
    positions: tuple[PositionView, ...]
    accounts: tuple[AccountView, ...]
    equity: EquityView
    working_orders: int
    reserved: Decimal | None
    """What open orders may still take up, at their worst; None where a rate is not known."""
    max_order_value: Decimal
    base_currency: str
    holds: tuple[Hold, ...] = ()
    """What keeps entries back everywhere, whatever the symbol."""
    shadow: tuple[PositionView, ...] = ()
    """What the shadow book holds, in mode *observe*; in none of the figures above."""
    foreign: tuple[tuple[str, ForeignOrder], ...] = ()
    """Open orders of others, each with its venue: counted, and left alone."""
    foreign_reserved: Decimal | None = Decimal(0)
    """What purchases of others may still take up, at their worst; None: not known."""
