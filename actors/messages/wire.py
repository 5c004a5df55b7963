"""Orders on their way to the wire, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actors.lanes import Command, Message
from domain.admission import Admission
from domain.venue import (
    OrderFact,
)


@dataclass(frozen=True, slots=True)
class VenueFact(Message):
    """From the wire to `orders`: an order, an execution, a commission, or a notice on one."""

    venue: str
    fact: OrderFact


@dataclass(frozen=True, slots=True)
class PlaceOrder(Command):
    """To the connection: write it to the socket. Answered by `OrderHanded` or `OrderNotSent`."""

    admission: Admission
    epoch: int


@dataclass(frozen=True, slots=True)
class CancelOrder(Command):
    """To the connection: write a cancel. Answered by `CancelHanded` or `CancelNotSent`."""

    client_order_id: str
    venue_order_id: str | None


@dataclass(frozen=True, slots=True)
class OrderHanded(Message):
    """From the connection: its bytes have left, or may have."""

    client_order_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderNotSent(Message):
    """From the connection: not one byte has left, and none will."""

    client_order_id: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CancelHanded(Message):
    """From the connection: the cancel has left."""

    client_order_id: str


@dataclass(frozen=True, slots=True)
class CancelNotSent(Message):
    """From the connection: the cancel has not left."""

    client_order_id: str
    code: str
    sentence: str
