"""The venue's lists held against the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from domain.claims import ClaimedBy
from domain.foreign import ForeignOrder
from domain.orders import OrderState
from domain.symbols import Symbol
from domain.venue import (
    PositionReport,
    Round,
)


@dataclass(frozen=True, slots=True)
class AskRound(Command):
    """To the connection: ask for all lists."""

    number: int
    epoch: int
    list_seconds: float


@dataclass(frozen=True, slots=True)
class RoundEnded(Message):
    """From the connection to `resync`: the answers."""

    epoch: int
    round: Round


@dataclass(frozen=True, slots=True)
class RoundFed(Message):
    """From `resync` to `orders`: all facts of that round have been sent to you."""

    number: int
    asked_at: datetime | None = None
    """When its lists were asked for."""
    names: tuple[str, ...] = ()
    """The client order ids that the venue lists as open."""


@dataclass(frozen=True, slots=True)
class RenewLink(Command):
    """From `resync` to the connection: this link answers no longer, make a new one."""

    epoch: int
    cause: str
    sentence: str


@dataclass(frozen=True, slots=True)
class QueryOrder(Message):
    """To `resync`: the venue made a claim about this order; ask, and tell what is true."""

    client_order_id: str
    claim: str
    """`REJECTED`, `FILLS_MISSING`, `UNKNOWN_CODE`, …"""
    text: str
    state: OrderState | None = None
    """The end that is claimed, where one is."""
    by: ClaimedBy = ClaimedBy.CODE


@dataclass(frozen=True, slots=True)
class OrderJudged(Message):
    """From `resync` to `orders`: what complete answers prove."""

    client_order_id: str
    state: OrderState
    reason: str


@dataclass(frozen=True, slots=True)
class Reconciled(Message):
    """From `resync`: the ledger and the venue have been held against each other."""

    venue: str
    epoch: int
    at: datetime
    held: tuple[PositionReport, ...]
    mismatches: tuple[tuple[Symbol, str], ...]
    """Symbols that are not traded until a person has looked, and why."""
    in_doubt: tuple[str, ...]
    """Client order ids whose fate is not proven."""
    foreign_orders: int
    foreign: tuple[ForeignOrder, ...] = ()
    """Those orders: counted at their worst, and left alone."""


@dataclass(frozen=True, slots=True)
class NotReconciled(Message):
    """From `resync`: it could not be done; why, and when it is tried again."""

    venue: str
    epoch: int
    cause: str
    sentence: str
    held: tuple[PositionReport, ...] | None = None
    """All that the account holds, where that list has ended; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class ReconcileNow(Message):
    """To `resync`, from a person: do it now."""

    lane: ClassVar[Lane] = Lane.CONTROL
    who: str


@dataclass(frozen=True, slots=True)
class GetReconciliation(Message):
    """To `resync`. Answered with `domain.views.ReconciliationView`."""

    lane: ClassVar[Lane] = Lane.QUERY
