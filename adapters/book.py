"""The ledger's book: what it promises, whatever stores it.

Every method that writes is durable when it returns, unless it runs inside `group()`,
which makes one commit of many. Reads never change anything. One process, one writer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from adapters.money import MoneyKeeping
from adapters.plan_book import PlanBook
from domain.adoption import Adoption
from domain.costs import CostEstimate
from domain.decisions import Decision
from domain.orders import Order, OrderState, Side
from domain.outside_facts import EVERY_KIND, FactKind, OutsideFact
from domain.restating import Split
from domain.symbols import Symbol
from domain.terms import Amendment, AmendmentState, Terms
from domain.used_rates import UsedRate
from domain.venue import CommissionReport, ExecutionReport, OrderPreview


class BookError(Exception):
    """The book cannot be opened or written.

    `code`: `LOCKED` (another process has it), `WRONG_BOOK` (other mode or account),
    `DAMAGED`, `TOO_NEW` (written by a newer Kelpie), `DISK_FULL`, `DISK_FAILED` (it does not
    read, write or sync), `DISK` (any other failure); for whoever only reads also `NO_BOOK` and
    `TOO_OLD` (not brought forward yet).
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code

    @property
    def may_pass(self) -> bool:
        """The disk's affair, not that of what was to be written: it is to be tried again."""
        return self.code in ("DISK_FULL", "LOCKED", "DISK_FAILED")


class Booking(StrEnum):
    """What booking a report did."""

    NEW = "NEW"
    DUPLICATE = "DUPLICATE"
    """Known with at least this revision: nothing changed."""
    CORRECTED = "CORRECTED"
    """Replaces an earlier revision of the same execution."""
    EARLY = "EARLY"
    """A commission before its execution: kept until it comes."""
    FOREIGN = "FOREIGN"
    """Not of an order of this book: noted apart, never managed."""


@dataclass(frozen=True, slots=True)
class Fill:
    """An execution as booked, with its commission when that is known."""

    execution_id: str
    execution_key: str
    client_order_id: str
    venue_order_id: str | None
    symbol: Symbol
    side: Side
    quantity: Decimal
    price: Decimal
    time: datetime
    exchange: str
    liquidity: str
    commission: Decimal | None
    commission_currency: str | None
    commission_final: bool
    """The venue has reported it, of this revision."""
    venue: str
    revision: int
    """0 or 1 as first reported; higher once it was corrected."""
    rate: UsedRate | None = None
    """Base currency for one unit of the symbol's, when it was booked; None: nobody told one."""
    commission_rate: UsedRate | None = None
    """The same for the commission's currency."""


@dataclass(frozen=True, slots=True)
class ForeignFill:
    """An execution in this account of an order that this book never wrote."""

    venue: str
    execution_id: str
    client_order_id: str | None
    venue_order_id: str | None
    symbol: Symbol | None
    """None for an instrument that has no symbol of ours."""
    side: Side
    quantity: Decimal
    price: Decimal
    time: datetime
    exchange: str
    commission: Decimal | None
    commission_currency: str | None


@dataclass(frozen=True, slots=True)
class ExecutionWord:
    """What a venue said of an execution at one revision; `booked_at` is when it came."""

    revision: int
    execution_id: str
    side: Side
    quantity: Decimal
    price: Decimal
    time: datetime
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class CommissionWord:
    """What a venue once said that an execution cost; a later word may say otherwise."""

    revision: int
    execution_id: str
    amount: Decimal
    currency: str
    realised_pnl: Decimal | None
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """An order with all that the book has about it."""

    order: Order
    amendments: tuple[Amendment, ...]
    """Oldest first."""
    related: tuple[Order, ...]
    """Those that left with it: parent, children, the others of its group."""
    preview: OrderPreview | None
    estimate: CostEstimate | None = None
    """What it was reckoned to cost; None where nobody could."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the journal: what was written of an order, and when."""

    seq: int
    at: datetime
    kind: str
    detail: Mapping[str, Any]
    """As JSON has it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that the book has about one order, in the order of its writing."""

    client_order_id: str
    venue: str
    symbol: Symbol
    state: OrderState
    filled: str
    created_at: datetime
    updated_at: datetime | None
    correlation: str
    related: tuple[str, ...]
    """Those that left with it."""
    decision: Mapping[str, Any] | None
    """How the desk came to it, as JSON has it; None where that was not written down."""
    decided_with: str
    """The order whose decision that is: its own, or that of the one that it left with."""
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class ManagedPosition:
    """What our own fills and adoptions add up to; short is negative.

    `opened_at`: when it last left zero.
    """

    symbol: Symbol
    venue: str
    quantity: Decimal
    average_price: Decimal
    opened_at: datetime
    realised_pnl: Decimal
    """In the currency of the symbol, commissions not deducted."""
    commissions: tuple[tuple[str, Decimal], ...]
    """By currency."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Something a person or the process did."""

    at: datetime
    who: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class KeptFact:
    """A fact that crashed its handler twice, or again after it was released."""

    id: str
    at: datetime
    seat: str
    message: str
    content: str
    cause: str
    correlation: str
    times: int


class OutsideBook(Protocol):
    """What statements, files and persons told, each fact once by its id."""

    def record(self, facts: Sequence[OutsideFact], who: str, at: datetime) -> int:
        """Write those that are not there yet, all of them or none; gives how many they are."""
        ...

    def known(self, ids: Sequence[str]) -> tuple[OutsideFact, ...]:
        """Those of these ids that are in the book."""
        ...

    def all(self, kinds: Collection[FactKind] = EVERY_KIND) -> tuple[OutsideFact, ...]:
        """All of these kinds, withdrawn ones included, by day."""
        ...


class Book(MoneyKeeping, Protocol):
    """One mode's and account's book."""

    @property
    def outside(self) -> OutsideBook: ...

    @property
    def plans(self) -> PlanBook: ...

    def record_intent(
        self,
        order: Order,
        correlation: str,
        *,
        attached: Sequence[Order] = (),
        preview: OrderPreview | None = None,
        estimates: Mapping[str, CostEstimate] = MappingProxyType({}),
        decision: Decision | None = None,
    ) -> None:
        """Write the intent, with those that leave in one piece with it: all of them or none.

        `estimates` are what they were reckoned to cost, by client order id.

        Raises:
            DuplicateIntent: a client order id is taken; carries the order on record.
        """
        ...

    def record_amendment(self, amendment: Amendment, correlation: str) -> Order:
        """Write the intent to change an order; gives the order with it.

        Raises:
            DuplicateAmendment: the order has one under this id; carries it.
            LookupError: no such order is in the book.
        """
        ...

    def record_amended(
        self,
        client_order_id: str,
        amendment_id: str,
        state: AmendmentState,
        at: datetime,
        *,
        reason: str | None = None,
        sent_at: datetime | None = None,
    ) -> Order:
        """Write what became of an amendment; confirmed, its terms are the order's from now on."""
        ...

    def record_terms(self, client_order_id: str, terms: Terms, at: datetime, why: str) -> Order:
        """Write terms that the venue itself has changed."""
        ...

    def amendments(self, client_order_id: str) -> Sequence[Amendment]:
        """Of an order, oldest first."""
        ...

    def preview(self, client_order_id: str) -> OrderPreview | None:
        """What the venue foretold of an order; None where it was not asked."""
        ...

    def estimate(self, client_order_id: str) -> CostEstimate | None:
        """What an order was reckoned to cost; None where nobody could."""
        ...

    def related(self, client_order_id: str) -> Sequence[Order]:
        """Those that left with it: parent, children, and the others of its group."""
        ...

    def record_state(
        self,
        client_order_id: str,
        state: OrderState,
        at: datetime,
        *,
        reason: str | None = None,
        venue_order_id: str | None = None,
        pending_change: str | None = None,
        sent_at: datetime | None = None,
    ) -> Order:
        """Set the state; every change is journalled.

        None leaves `reason`, `venue_order_id` and `sent_at` as they are; `pending_change` is
        always set.
        """
        ...

    def book_fill(
        self, venue: str, report: ExecutionReport, at: datetime
    ) -> tuple[Booking, Fill | None]:
        """Book an execution once, by its venue and key.

        Updates the order's `filled` and `average_price` and the managed position. The order's
        state is not touched.
        """
        ...

    def book_commission(
        self, venue: str, report: CommissionReport, at: datetime
    ) -> tuple[Booking, Fill | None]:
        """Book what an execution cost; the last word at its highest revision stands."""
        ...

    def record_adoption(self, adoption: Adoption, at: datetime) -> ManagedPosition:
        """Write what a person said is ours to manage; gives the position since."""
        ...

    def record_split(self, split: Split, at: datetime) -> ManagedPosition:
        """Write a split that a person has confirmed; gives the position, at the same cost."""
        ...

    def adoption(self, adoption_id: str) -> Adoption | None: ...

    def adoptions(self, *, limit: int = 100) -> Sequence[Adoption]:
        """Newest first."""
        ...

    def record_setting(self, key: str, value: str, at: datetime) -> None:
        """A durable switch, such as `paused`."""
        ...

    def record_audit(self, row: AuditRow) -> None: ...

    def quarantine(self, fact: KeptFact) -> None:
        """Keep a fact that could not be handled, to be looked at after a restart too."""
        ...

    def end_quarantine(self, id: str, at: datetime, who: str, outcome: str, reason: str) -> None:
        """It is kept apart no longer."""
        ...

    def quarantined(self) -> Sequence[KeptFact]:
        """Those that are kept apart, oldest first."""
        ...

    def group(self) -> AbstractContextManager[None]:
        """One transaction around many writes; all or nothing."""
        ...

    def order(self, client_order_id: str) -> Order | None: ...

    def order_by_venue_id(self, venue: str, venue_order_id: str) -> Order | None: ...

    def open_orders(self) -> Sequence[Order]:
        """All that are not final, UNKNOWN included, oldest first."""
        ...

    def orders(
        self, *, limit: int = 100, symbol: Symbol | None = None, state: OrderState | None = None
    ) -> Sequence[Order]:
        """Newest first."""
        ...

    def fills(
        self,
        *,
        limit: int = 100,
        symbol: Symbol | None = None,
        client_order_id: str | None = None,
    ) -> Sequence[Fill]:
        """Newest first."""
        ...

    def foreign_fills(
        self, *, limit: int = 100, symbol: Symbol | None = None
    ) -> Sequence[ForeignFill]:
        """Newest first."""
        ...

    def execution_words(self, venue: str, execution_key: str) -> Sequence[ExecutionWord]:
        """By revision; nothing that the venue said is ever replaced here."""
        ...

    def commission_words(self, venue: str, execution_key: str) -> Sequence[CommissionWord]:
        """In the order in which they came."""
        ...

    def explanation(self, client_order_id: str) -> Explanation | None:
        """All about one order; None where there is none of this id."""
        ...

    def position(self, venue: str, symbol: Symbol) -> ManagedPosition | None:
        """None for what was never traded there."""
        ...

    def positions(self) -> Sequence[ManagedPosition]:
        """Those that are not flat, and those that have ever been traded."""
        ...

    def settings(self) -> dict[str, str]: ...

    def audit(self, *, limit: int = 100, what: str = "") -> Sequence[AuditRow]:
        """Newest first; those of one kind alone where `what` names it."""
        ...

    def has_audited(self, row: AuditRow) -> bool:
        """This very row is in the book."""
        ...

    def close(self) -> None: ...


class DuplicateIntent(Exception):
    """There is an intent under this client order id already."""

    def __init__(self, existing: Order) -> None:
        super().__init__(f"There is an order {existing.client_order_id} already.")
        self.existing = existing


class DuplicateAmendment(Exception):
    """The order has an amendment under this id already."""

    def __init__(self, existing: Amendment) -> None:
        super().__init__(
            f"{existing.client_order_id} has an amendment {existing.amendment_id} already."
        )
        self.existing = existing
