"""What the ledger is told to write, and what it tells once that is on disk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from adapters.book import Fill, ManagedPosition
from domain.admission import Admission, AmendmentAdmission
from domain.adoption import Adoption
from domain.decisions import Decision
from domain.orders import Order, OrderState
from domain.plans import Plan
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
    plan: Plan | None = None
    """What guards the position that an entry opens; written with it."""
    decision: Decision | None = None
    """How the desk came to it: written with it."""


@dataclass(frozen=True, slots=True)
class IntentDurable(Command):
    """From the ledger to `orders`: the intent is on disk and may be sent."""

    admission: Admission
    order: Order
    epoch: int
    attached: tuple[Order, ...] = ()
    """Those that leave in one piece with it; their admissions are attached to its own."""
    emergency: bool = False
    """It is on the emergency file: the book could not be written."""


@dataclass(frozen=True, slots=True)
class IntentRefused(Message):
    """From the ledger to the desk: nothing was written; mostly since the id is taken."""

    client_order_id: str
    sentence: str
    code: str = "ORDER_ID_TAKEN"
    cure: str = "Give each order an id of its own, or none."


@dataclass(frozen=True, slots=True)
class RecordCancel(Message):
    """To the ledger: make durable that this order is to be cancelled, then tell `orders`."""

    client_order_id: str
    who: str
    deadline: float
    venue: str
    handed: bool = False
    """`orders` was told already: the book could not be written, and a cancel does not wait."""


@dataclass(frozen=True, slots=True)
class CancelDurable(Command):
    """From the ledger to `orders`: the wish to cancel may be sent.

    It is on disk, or the disk is dead: a cancel needs no identity, so it may go all the same.
    """

    client_order_id: str


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
class RecordAdoption(Message):
    """To the ledger: a holding that a person gave into our management, or took out of it.

    Written with its audit row, if what is managed is still what it was decided by.
    """

    adoption: Adoption


@dataclass(frozen=True, slots=True)
class PositionAdopted(Message):
    """From the ledger, after the commit: the position since."""

    adoption: Adoption
    position: ManagedPosition


@dataclass(frozen=True, slots=True)
class RecordSetting(Message):
    """To the ledger: a durable switch."""

    key: str
    value: str
    who: str
    reason: str
    audited: bool = True
    """Somebody did it; what Kelpie notes for itself is no matter of the audit."""


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
class BookHealth(Message):
    """From the ledger to the desk: whether the book can be written."""

    trouble: str
    """Why nothing is written, as a sentence; empty when it is."""
    exits: bool = True
    """Exits can leave all the same, on the emergency file."""


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
    plans: tuple[Plan, ...] = ()
    """All that are not closed, oldest first."""
    groups: tuple[str, ...] = ()
    """Names of all groups that orders of these plans have had: none is used again."""


@dataclass(frozen=True, slots=True)
class TakeSnapshot(Message):
    """To the ledger, behind the facts of a round: how the book stands after them."""

    reply_to: str
    number: int
    names: tuple[str, ...] = ()
    """Client order ids that the venue lists as open: those that ended here come with it."""


@dataclass(frozen=True, slots=True)
class BookSnapshot(Message):
    """From the ledger: the book after all facts of that round."""

    number: int
    open_orders: tuple[Order, ...]
    positions: tuple[ManagedPosition, ...]
    ended: tuple[Order, ...] = ()
    """Of the names that were asked for, those that have ended."""
