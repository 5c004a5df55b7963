"""Limits and gates: made tighter, looked at, and what a strategist has to say of a symbol."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from actors.lanes import Lane, Message
from domain.orders import Side
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class TightenLimits(Message):
    """To the desk, from a person: these limits allow less from now on. Durable, audited.

    Answered with a `domain.risk_views.RiskView`, or with a `Verdict` that refuses all of it.
    """

    lane: ClassVar[Lane] = Lane.CONTROL
    wanted: tuple[tuple[str, Decimal], ...]
    """Name, as the settings have it, and value."""
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class GetRisk(Message):
    """To the desk. Answered with a `domain.risk_views.RiskView`."""

    lane: ClassVar[Lane] = Lane.QUERY


@dataclass(frozen=True, slots=True)
class GetWhyNot(Message):
    """To the desk: why nothing is opened in this symbol.

    Answered with a `domain.risk_views.WhyNotView`, or with None for a symbol that is not traded.
    Without a quantity the smallest sensible one is asked about.
    """

    lane: ClassVar[Lane] = Lane.QUERY
    symbol: Symbol
    side: Side = Side.BUY
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class GetTrialOrder(Message):
    """To the desk: the smallest order that rests, of a symbol or of the first that is open.

    Answered with a `domain.trial_order.TrialOrder`, or with a `domain.admission.Refusal`. Nothing
    is placed.
    """

    lane: ClassVar[Lane] = Lane.QUERY
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True)
class GetSignal(Message):
    """To the strategist. Answered with a `domain.risk_views.SignalView`."""

    lane: ClassVar[Lane] = Lane.QUERY
    symbol: Symbol
