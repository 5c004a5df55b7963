"""What the desk shows of itself: plain values for the console, taken at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.farms import Farm
from domain.maintenance import Window
from domain.outage import Health
from domain.phases import Phase
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
    unrealised_pnl: Decimal | None
    """Of the managed part, in the currency of the symbol; None without a price."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account as the venue last said; amounts in the base currency."""

    venue: str
    account: str
    base_currency: str
    net_liquidation: Decimal | None
    total_cash: Decimal | None
    available_funds: Decimal | None
    buying_power: Decimal | None
    cash: tuple[tuple[str, Decimal], ...]
    """By currency, in that currency."""
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeskView:
    """Everything that the desk decides by, at one moment."""

    at: datetime
    paused: bool
    paused_reason: str
    venues: tuple[VenueView, ...]
    positions: tuple[PositionView, ...]
    accounts: tuple[AccountView, ...]
    working_orders: int
    reserved: Decimal
    max_order_value: Decimal
    base_currency: str
