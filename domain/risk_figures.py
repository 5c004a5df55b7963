"""What the gates of risk look at, beside the figures of the desk: one part for each subject.

The defaults hold nothing back, so that whoever makes figures names only what is asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.limits import NO_LIMITS, Limits
from domain.orders import OrderRequest
from domain.phases import Phase
from domain.quotes import Quote

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Exposure:
    """Held and working at the worst, in the base currency; None where a part is not known."""

    total: Decimal | None = _NOTHING
    """Of the whole account, long and short by absolute value."""
    ours: Decimal | None = _NOTHING
    """The managed part of it, and our own entries: what is used of the purse."""
    long: Decimal | None = _NOTHING
    """Of the symbol, should all its purchases fill; negative while it is short."""
    short: Decimal | None = _NOTHING
    """Of the symbol, should all its sales fill; negative while it is long."""
    ours_long: Decimal | None = _NOTHING
    """The managed part of `long`."""
    ours_short: Decimal | None = _NOTHING
    positions: int = 0
    """Symbols in which Kelpie holds something or has an entry working."""
    in_symbol: bool = False
    """This symbol is one of them."""


@dataclass(frozen=True, slots=True)
class MarketFigures:
    """The market of the symbol; without `entry_phases` it is not asked in which phase it is."""

    entry_phases: tuple[Phase, ...] | None = None
    """In which new positions may be opened."""
    phase: Phase = Phase.UNKNOWN
    next_open: datetime | None = None
    """When continuous trading begins next, UTC; None where nobody knows."""
    quote: Quote | None = None
    """A live quote that is not stale; None without one."""


@dataclass(frozen=True, slots=True)
class PaceFigures:
    """How much was asked for lately."""

    last_minute: int = 0
    """Orders of ours of which the intent was made in the last 60 s."""
    today: int = 0
    """The same since Sydney's midnight."""
    cooling: str = ""
    """Until when (Sydney) and why nothing new is opened in the symbol; empty when it may be."""
    working: tuple[OrderRequest, ...] = ()
    """Our entries in the symbol that have not ended."""
    own: tuple[OrderRequest, ...] = ()
    """Those of them that whoever asks has proposed, or may have."""


@dataclass(frozen=True, slots=True)
class ResultFigures:
    """What Kelpie has made or lost by fills, marks and commissions, in the base currency.

    Money that somebody pays in or takes out changes none of these. None: not known.
    """

    today: Decimal | None = _NOTHING
    """Since Sydney's midnight; negative is a loss."""
    lowest: Decimal | None = _NOTHING
    """The least that `today` has been."""
    below_peak: Decimal | None = _NOTHING
    """How far the result stands below the best that it has ever been."""
    fees_today: Decimal | None = _NOTHING
    fees_this_month: Decimal | None = _NOTHING
    missing: str = ""
    """Of what the price or the rate is not known; empty when all is."""


@dataclass(frozen=True, slots=True)
class RiskFigures:
    """All that the gates of risk decide by."""

    limits: Limits = NO_LIMITS
    market: MarketFigures = MarketFigures()
    pace: PaceFigures = PaceFigures()
    exposure: Exposure = Exposure()
    result: ResultFigures = ResultFigures()
    cash: Decimal | None = None
    """In all currencies, less what open purchases may still take; None where it is not known."""


NO_RISK = RiskFigures()
"""Holds nothing back."""
