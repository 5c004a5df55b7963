"""What the ledger is told to write, and what it tells once that is on disk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from adapters.book import Fill, ManagedPosition
from domain.admission import Admission, AmendmentAdmission
from domain.orders import Order, OrderState
from domain.terms import Amendment, AmendmentState, Terms
from domain.venue import (
    CommissionReport,
    ExecutionReport,
)


@dataclass(frozen=True, slots=True)
class RecordIntent(Message):
    """To the ledger: make this durable, then tell `orders`. Not before."""

    admission: Admission
    deadline: float
    epoch: int


@dataclass(frozen=True, slots=True)
class IntentDurable(Command):
    """From the ledger to `orders`: the intent is on disk and may be sent."""

    admission: Admission
    order: Order
    epoch: int
    attached: tuple[Order, ...] = ()
    """Those that leave in one piece with it; their admissions are attached to its own."""


@dataclass(frozen=True, slots=True)
class IntentRefused(Message):
    """From the ledger to the desk: the id is taken. Nothing was written."""

    client_order_id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RecordCancel(Message):
    """To the ledger: make durable that this order is to be cancelled, then tell `orders`."""

    client_order_id: str
    who: str
    deadline: float


@dataclass(frozen=True, slots=True)
class CancelDurable(Command):
    """From the ledger to `orders`: the wish to cancel is on disk and may be sent."""

    order: Order


@dataclass(frozen=True, slots=True)
class RecordAmendment(Message):
    """To the ledger: make the change of an order durable, then tell `orders`. Not before."""

    admission: AmendmentAdmission
    who: str
    deadline: float
    epoch: int


@dataclass(frozen=True, slots=True)
class AmendmentDurable(Command):
    """From the ledger to `orders`: the amendment is on disk and may be sent."""

    admission: AmendmentAdmission
    order: Order
    epoch: int


@dataclass(frozen=True, slots=True)
class AmendmentRefused(Message):
    """From the ledger to the desk: nothing was written, for the order as it stands now."""

    client_order_id: str
    amendment_id: str
    code: str
    sentence: str
    cure: str


@dataclass(frozen=True, slots=True)
class RecordAmended(Message):
    """To the ledger: what became of an amendment."""

    client_order_id: str
    amendment_id: str
    state: AmendmentState
    reason: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AmendmentSettled(Message):
    """From the ledger to the desk, after the commit: an amendment came to its end."""

    order: Order
    amendment: Amendment


@dataclass(frozen=True, slots=True)
class RecordTerms(Message):
    """To the ledger: the venue itself has changed the terms of an order."""

    client_order_id: str
    terms: Terms
    why: str


@dataclass(frozen=True, slots=True)
class RecordState(Message):
    """To the ledger: this order has a new state."""

    client_order_id: str
    state: OrderState
    reason: str | None = None
    venue_order_id: str | None = None
    pending_change: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BookFill(Message):
    """To the ledger: an execution at a venue."""

    venue: str
    report: ExecutionReport


@dataclass(frozen=True, slots=True)
class BookCommission(Message):
    """To the ledger: what an execution at a venue cost."""

    venue: str
    report: CommissionReport


@dataclass(frozen=True, slots=True)
class RecordSetting(Message):
    """To the ledger: a durable switch."""

    key: str
    value: str
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecordAudit(Message):
    """To the ledger: write down what a person (or somebody in their name) has done."""

    lane: ClassVar[Lane] = Lane.FACT
    who: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class OrderRecorded(Message):
    """From the ledger, after the commit: how an order stands now."""

    order: Order


@dataclass(frozen=True, slots=True)
class FillRecorded(Message):
    """From the ledger, after the commit: a fill or its commission, and the position since."""

    fill: Fill
    position: ManagedPosition
    new: bool
    """It is a fill not seen before (not a correction, not a commission)."""


@dataclass(frozen=True, slots=True)
class LoadBook(Message):
    """To the ledger: tell this seat what is open. Answered with `BookLoaded`.

    `ticket` comes back with the answer: one that an earlier incarnation asked for is too old.
    """

    reply_to: str
    ticket: int = 0


@dataclass(frozen=True, slots=True)
class BookLoaded(Message):
    """From the ledger: open orders, positions and switches, as of now; and what ended last."""

    open_orders: tuple[Order, ...]
    positions: tuple[ManagedPosition, ...]
    settings: tuple[tuple[str, str], ...]
    ticket: int = 0
    ended: tuple[Order, ...] = ()
    """Oldest first: a late word may be about one of these."""


@dataclass(frozen=True, slots=True)
class TakeSnapshot(Message):
    """To the ledger, behind the facts of a round: how the book stands after them."""

    reply_to: str
    number: int


@dataclass(frozen=True, slots=True)
class BookSnapshot(Message):
    """From the ledger: the book after all facts of that round."""

    number: int
    open_orders: tuple[Order, ...]
    positions: tuple[ManagedPosition, ...]
