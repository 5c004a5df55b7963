"""What the desk shows of its gates and limits, and the strategist of its signals. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.gate_words import GateWord
from domain.orders import Side
from domain.risk_figures import RiskFigures
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class LimitView:
    """One limit; its unit and sentence stand in the settings."""

    name: str
    limit: Decimal | None
    """As it holds now; None limits nothing."""
    in_settings: Decimal | None
    """As the owner has set it; another where it was tightened since."""
    used: Decimal | None
    """What of it is used; None for a limit of single orders, and where it is not known."""
    shut: bool
    """Nothing new may be opened, for this limit alone."""
    since: datetime | None
    """Since when it has been shut, UTC; None while it is not."""


@dataclass(frozen=True, slots=True)
class RiskView:
    """All limits, and the day; money in the base currency, None where it is not known."""

    at: datetime
    base_currency: str
    limits: tuple[LimitView, ...]
    exposure: Decimal | None
    ours: Decimal | None
    positions: int
    free_cash: Decimal | None
    result_today: Decimal | None
    below_peak: Decimal | None
    fees_today: Decimal | None
    fees_this_month: Decimal | None
    result_since_start: Decimal | None
    """By fills, marks and fees, since the book began; what a person gave in or took out of
    Kelpie's management is in it at its price of that moment."""
    fees_since_start: Decimal | None
    missing: str
    """Of what a price or a rate is missing; empty when nothing is."""
    cooling: tuple[tuple[Symbol, str], ...]
    """Symbols that cool down, until when and why."""


@dataclass(frozen=True, slots=True)
class GateView:
    """A gate, and since when it has been as it is, as far as anybody looked; UTC."""

    word: GateWord
    since: datetime


@dataclass(frozen=True, slots=True)
class WhyNotView:
    """What every gate says of a new position in a symbol, as it would be asked for."""

    symbol: Symbol
    at: datetime
    side: Side
    quantity: Decimal
    price: Decimal | None
    """None without a fresh quote."""
    gates: tuple[GateView, ...]


@dataclass(frozen=True, slots=True)
class SignalView:
    """The strategist's last word on a symbol."""

    symbol: Symbol
    wants: bool
    """There is a signal to enter, and nothing of its own holds it back."""
    sentence: str
    last: str = ""
    """What became of its last proposal; empty without one."""


def uses_of(figures: RiskFigures, largest: Decimal | None) -> Mapping[str, Decimal | None]:
    """What is used of each limit that holds over orders; `largest` is the largest position."""
    exposure, result, pace = figures.exposure, figures.result, figures.pace
    lost = None
    if result.lowest is not None and result.today is not None:
        lost = max(-min(result.lowest, result.today), Decimal(0))
    return {
        "purse": exposure.ours,
        "max_position_value": largest,
        "max_total_exposure": exposure.total,
        "max_positions": Decimal(exposure.positions),
        "min_cash": figures.cash,
        "max_daily_loss": lost,
        "max_drawdown": result.below_peak,
        "max_fees_per_day": result.fees_today,
        "max_fees_per_month": result.fees_this_month,
        "max_orders_per_minute": Decimal(pace.last_minute),
        "max_orders_per_day": Decimal(pace.today),
    }


_BEYOND = ("max_daily_loss", "max_drawdown", "max_fees_per_day", "max_fees_per_month")
_OF_ONE_SYMBOL = ("max_position_value", "max_positions")


def is_shut(name: str, used: Decimal | None, limit: Decimal | None) -> bool:
    """It keeps back whatever would be opened, however small; what is not known is shut."""
    if limit is None or name in _OF_ONE_SYMBOL:
        return False
    if used is None:
        return True
    if name == "min_cash":
        return used <= limit
    return used > limit if name in _BEYOND else used >= limit
