"""What the console asks. Answered with values, not with messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actors.lanes import Lane, Message
from domain.orders import OrderState
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class GetOrders(Message):
    """To the ledger. Answered with a tuple of `Order`, newest first."""

    lane: ClassVar[Lane] = Lane.QUERY
    limit: int = 100
    symbol: Symbol | None = None
    state: OrderState | None = None


@dataclass(frozen=True, slots=True)
class GetOrder(Message):
    """To the ledger. Answered with an `Order` or None."""

    lane: ClassVar[Lane] = Lane.QUERY
    client_order_id: str


@dataclass(frozen=True, slots=True)
class GetOrderDetail(Message):
    """To the ledger. Answered with an `OrderDetail` or None."""

    lane: ClassVar[Lane] = Lane.QUERY
    client_order_id: str


@dataclass(frozen=True, slots=True)
class GetExplanation(Message):
    """To the ledger. Answered with an `Explanation` or None."""

    lane: ClassVar[Lane] = Lane.QUERY
    client_order_id: str


@dataclass(frozen=True, slots=True)
class GetVerdict(Message):
    """To the desk: what became of a proposal that was pending. Answered with `Verdict` or None."""

    lane: ClassVar[Lane] = Lane.QUERY
    client_order_id: str


@dataclass(frozen=True, slots=True)
class GetFills(Message):
    """To the ledger. Answered with a tuple of `Fill`, newest first."""

    lane: ClassVar[Lane] = Lane.QUERY
    limit: int = 100
    symbol: Symbol | None = None
    client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class GetForeignFills(Message):
    """To the ledger. Answered with a tuple of `ForeignFill`, newest first."""

    lane: ClassVar[Lane] = Lane.QUERY
    limit: int = 100
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True)
class GetAdoption(Message):
    """To the ledger. Answered with a `domain.adoption.Adoption` or None."""

    lane: ClassVar[Lane] = Lane.QUERY
    adoption_id: str


@dataclass(frozen=True, slots=True)
class GetSwitch(Message):
    """To the ledger: who threw a durable switch last. Answered with an `AuditRow` or None."""

    lane: ClassVar[Lane] = Lane.QUERY
    key: str
    """`paused`, …"""


@dataclass(frozen=True, slots=True)
class GetQuotes(Message):
    """To `quotes`. Answered with a tuple of (`Quote`, stale?)."""

    lane: ClassVar[Lane] = Lane.QUERY


@dataclass(frozen=True, slots=True)
class GetDesk(Message):
    """To the desk. Answered with `domain.views.DeskView`."""

    lane: ClassVar[Lane] = Lane.QUERY
