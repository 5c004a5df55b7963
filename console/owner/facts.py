"""What the seats answered, and from which the overview is made; None where one did not in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actors.messages.alerts import AlertsView
from adapters.book import Fill
from console.owner.quiet import Quiet
from domain.arming import Checklist
from domain.orders import Order
from domain.risk_views import RiskView
from domain.upcoming import Coming
from domain.views import DeskView


@dataclass(frozen=True, slots=True)
class Backups:
    """How the book is backed up; times in UTC."""

    wanted: bool
    """False: BACKUP_EVERY_HOURS is 0."""
    newest: datetime | None = None
    trouble: str = ""
    """Why the last one failed; empty when it did not."""
    drilled: datetime | None = None
    """When a back-up was last restored beside the book, to see that it is sound."""
    sound: bool | None = None
    """Whether it was; None: none was tried yet."""
    second_place: str = "not set"
    """How the copies to the second place go: `not set`, `well` or `failed`."""
    next: datetime | None = None
    next_drill: datetime | None = None
    """When the newest is restored beside the book, to see that it is sound."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A part that is not known, and why, as a sentence."""

    part: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All at one moment, as far as it was told."""

    mode: str
    version: str
    started_at: datetime
    now: datetime
    desk: DeskView | None
    risk: RiskView | None
    orders: tuple[Order, ...] | None
    """Those that are not final, newest first."""
    fills: tuple[Fill, ...] | None
    """The newest, and empty when there was none."""
    alerts: AlertsView | None
    quarantined: int
    """Facts that crashed their handlers and are kept apart."""
    backups: Backups | None
    quiet: tuple[Quiet, ...] | None
    """The gates and the signal of each symbol that may be traded."""
    coming: Coming
    checklist: Checklist | None
    """In live alone."""
    protects: bool
    """Kelpie places stops (PROTECT_ENTRIES)."""
    silent: tuple[Silent, ...] = ()
