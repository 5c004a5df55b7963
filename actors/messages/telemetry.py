"""What is told for the record alone, behind what it is about, and asked of that record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actors.lanes import Lane, Message
from domain.decisions import Decision
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class DecisionMade(Message):
    """From the desk: what it admitted, once that has left or ended, and what it refused."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class OrderAnswered(Message):
    """From `orders`: the venue's first word on an order, and the way to it (all UTC)."""

    client_order_id: str
    durable_at: datetime
    """When its intent, on disk, was taken up."""
    sent_at: datetime | None
    """When its bytes had left."""
    acknowledged_at: datetime


@dataclass(frozen=True, slots=True)
class DataAnswered(Message):
    """From `quotes` or `history`: what became of a request for data."""

    venue: str
    kind: str
    """`quotes` or `bars`."""
    symbol: Symbol
    what: str
    """Which of it: a series of bars, as text; empty for quotes."""
    at: datetime
    """When the answer came (UTC)."""
    seconds: float
    """From the asking to the answer."""
    items: int
    """Bars that came, or 1 for the first quote."""
    code: str = ""
    """Why nothing came; empty when something did."""


@dataclass(frozen=True, slots=True)
class GetRefusal(Message):
    """To the telemetry: a refused proposal, by its id. Answered with its JSON object or None."""

    lane: ClassVar[Lane] = Lane.QUERY
    client_order_id: str
