"""Orders on their way to the wire, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from actors.lanes import Command, Message
from domain.admission import Admission, AmendmentAdmission
from domain.orders import OrderRequest
from domain.venue import OrderFact, OrderPreview


@dataclass(frozen=True, slots=True)
class VenueFact(Message):
    """From the wire to `orders`: an order, an execution, a commission, or a notice on one."""

    venue: str
    fact: OrderFact


@dataclass(frozen=True, slots=True)
class PlaceOrder(Command):
    """To the connection: write it to the socket, with those attached to it in one piece.

    Answered for each of them by `OrderHanded` or `OrderNotSent`.
    """

    admission: Admission
    epoch: int


@dataclass(frozen=True, slots=True)
class AmendOrder(Command):
    """To the connection: write the order's new terms. Answered by `AmendHanded` or `AmendNotSent`.

    One of the two is told for every one of these, whatever becomes of it.
    """

    admission: AmendmentAdmission
    epoch: int


@dataclass(frozen=True, slots=True)
class AmendHanded(Message):
    """From the connection: the bytes of the amendment have left, or may have."""

    client_order_id: str
    amendment_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AmendNotSent(Message):
    """From the connection: not one byte of the amendment has left, and none will."""

    client_order_id: str
    amendment_id: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AskPreview(Command):
    """To the connection: what would this order cost? Answered to the desk by `PreviewCame`."""

    request: OrderRequest
    ticket: int
    seconds: float
    epoch: int


@dataclass(frozen=True, slots=True)
class PreviewCame(Message):
    """From the connection to the desk: `preview` is None when there is none, with the reason."""

    client_order_id: str
    ticket: int
    preview: OrderPreview | None
    code: str = ""
    sentence: str = ""


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
    """From the connection: the cancel has left, on the link of that epoch."""

    client_order_id: str
    epoch: int


@dataclass(frozen=True, slots=True)
class CancelNotSent(Message):
    """From the connection: the cancel has not left."""

    client_order_id: str
    code: str
    sentence: str
