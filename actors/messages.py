"""What the actors of trading tell each other.

Facts are true whoever reads them and are idempotent by their keys. Commands carry a deadline
(monotonic seconds) and the epoch of the link on which they were decided; past either they are
not carried out.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actors.lanes import Command, Lane, Message
from adapters.book import Fill, ManagedPosition
from adapters.venue import BarSeries, LinkOpened
from domain.admission import Admission
from domain.orders import Order, OrderRequest, OrderState
from domain.quotes import Quote
from domain.symbols import Symbol
from domain.venue import (
    AccountValue,
    CommissionReport,
    ExecutionReport,
    InstrumentDetails,
    InstrumentRefused,
    OrderFact,
    PositionReport,
    Round,
    VenueNotice,
)

# -- the link ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkUp(Message):
    """The link stands, not synchronised yet. `epoch` rises with every link of the process."""

    venue: str
    epoch: int
    opened: LinkOpened


@dataclass(frozen=True, slots=True)
class Introduce(Message):
    """To a venue's seats: somebody has (re)started and has missed what you last said. Say it again.

    Answered with the messages themselves: `LinkUp`, `InstrumentKnown`, `Reconciled`,
    `QuoteUpdate`, …
    """

    seat: str


@dataclass(frozen=True, slots=True)
class LinkDown(Message):
    """There is no link; the next try is in `next_try_seconds`, None when nobody tries.

    `epoch` is that of the link, or of the attempt, that has ended.
    """

    venue: str
    epoch: int
    cause: str
    sentence: str
    next_try_seconds: float | None


@dataclass(frozen=True, slots=True)
class CircuitChanged(Message):
    """The venue's circuit: `closed`, `open` or `half-open`, and why."""

    venue: str
    state: str
    sentence: str


@dataclass(frozen=True, slots=True)
class VenueExposed(Message):
    """To the venue's supervisor: something is open or working there, so reconnect faster."""

    venue: str
    exposed: bool


@dataclass(frozen=True, slots=True)
class InstrumentKnown(Message):
    """The venue described an instrument."""

    venue: str
    details: InstrumentDetails


@dataclass(frozen=True, slots=True)
class InstrumentFailed(Message):
    """The venue knows no such instrument."""

    venue: str
    refused: InstrumentRefused


@dataclass(frozen=True, slots=True)
class VenueSaid(Message):
    """A notice about the link, a farm or an instrument."""

    venue: str
    notice: VenueNotice


@dataclass(frozen=True, slots=True)
class AccountChanged(Message):
    """A row of the account."""

    venue: str
    value: AccountValue


@dataclass(frozen=True, slots=True)
class PositionChanged(Message):
    """What the account holds of an instrument, live."""

    venue: str
    report: PositionReport


# -- quotes and bars ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuoteUpdate(Message):
    """The newest quote of an instrument, with the extremes since it was last read."""

    lane: ClassVar[Lane] = Lane.QUOTE
    venue: str
    quote: Quote

    def slot(self) -> Hashable:
        """One slot per instrument."""
        return self.quote.symbol

    def replacing(self, older: QuoteUpdate) -> QuoteUpdate:
        """This one, with the extremes of the one that nobody read."""
        return QuoteUpdate(self.venue, self.quote.after(older.quote))


@dataclass(frozen=True, slots=True)
class Subscribe(Command):
    """To the connection: have quotes of this instrument sent."""

    symbol: Symbol
    epoch: int


@dataclass(frozen=True, slots=True)
class Resubscribe(Message):
    """To `quotes`: the venue has dropped its subscriptions; ask for all of them again."""

    venue: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AskBars(Command):
    """To the connection, through history: bars in IB's words."""

    symbol: Symbol
    duration: str
    bar_size: str
    epoch: int


@dataclass(frozen=True, slots=True)
class BarsCame(Message):
    """The answer; `series` is None when there is none, with the code and the venue's text."""

    symbol: Symbol
    series: BarSeries | None
    code: str = ""
    sentence: str = ""


# -- proposing and admitting -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Propose(Command):
    """To the desk: somebody would like this order. Answered with `Verdict`."""

    request: OrderRequest
    proposer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict(Message):
    """From the desk to the proposer. `code` is empty when it was admitted."""

    client_order_id: str
    admitted: bool
    code: str = ""
    sentence: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class ProposeCancel(Command):
    """To the desk: take this order back."""

    client_order_id: str
    proposer: str


@dataclass(frozen=True, slots=True)
class SetPaused(Message):
    """To the desk: no new entries from now on, or entries again. Durable, audited."""

    lane: ClassVar[Lane] = Lane.CONTROL
    paused: bool
    who: str
    reason: str


# -- the ledger --------------------------------------------------------------------------


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
    """To the ledger: an execution."""

    report: ExecutionReport


@dataclass(frozen=True, slots=True)
class BookCommission(Message):
    """To the ledger: a commission."""

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
    """From the ledger: open orders, positions and switches, as of now."""

    open_orders: tuple[Order, ...]
    positions: tuple[ManagedPosition, ...]
    settings: tuple[tuple[str, str], ...]
    ticket: int = 0


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


# -- orders and the wire -----------------------------------------------------------------


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


# -- the venue's truth -------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class NotReconciled(Message):
    """From `resync`: it could not be done; why, and when it is tried again."""

    venue: str
    epoch: int
    cause: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReconcileNow(Message):
    """To `resync`, from a person: do it now."""

    lane: ClassVar[Lane] = Lane.CONTROL
    who: str


# -- questions of the console ------------------------------------------------------------


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
class GetFills(Message):
    """To the ledger. Answered with a tuple of `Fill`, newest first."""

    lane: ClassVar[Lane] = Lane.QUERY
    limit: int = 100
    symbol: Symbol | None = None
    client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class GetQuotes(Message):
    """To `quotes`. Answered with a tuple of (`Quote`, stale?)."""

    lane: ClassVar[Lane] = Lane.QUERY


@dataclass(frozen=True, slots=True)
class GetDesk(Message):
    """To the desk. Answered with `domain.views.DeskView`."""

    lane: ClassVar[Lane] = Lane.QUERY
