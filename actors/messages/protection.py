"""Protection: what the venue itself lists, and how each symbol is guarded."""

from __future__ import annotations

from dataclasses import dataclass

from actors.lanes import Message
from domain.guard import Guard
from domain.venue import ExecutionReport, OrderReport, PositionReport


@dataclass(frozen=True, slots=True)
class VenueListed(Message):
    """From `resync`: a complete round of lists that was judged; the book has what it brought."""

    venue: str
    epoch: int
    asked: float
    """Monotonic: when the lists were asked for."""
    open_orders: tuple[OrderReport, ...]
    positions: tuple[PositionReport, ...]
    executions: tuple[ExecutionReport, ...] = ()
    """Of the day, ours and others'."""


@dataclass(frozen=True, slots=True)
class GuardChanged(Message):
    """From protection: how a symbol is guarded from now on."""

    guard: Guard
