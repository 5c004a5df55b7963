"""The book: `adapters.book.Book` on one SQLite file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import MappingProxyType

from adapters.book import (
    AuditRow,
    Booking,
    CommissionWord,
    ExecutionWord,
    Explanation,
    Fill,
    ForeignFill,
    KeptFact,
    ManagedPosition,
)
from adapters.store.adoptions import Adoptions
from adapters.store.amendments import Amendments
from adapters.store.anchor import Anchor
from adapters.store.commissions import Commissions
from adapters.store.connection import Connection
from adapters.store.estimates import Estimates
from adapters.store.explaining import explain
from adapters.store.fills import Fills
from adapters.store.foreign import ForeignExecutions
from adapters.store.journal import Journal
from adapters.store.locks import StateLock
from adapters.store.money_book import MoneyBook
from adapters.store.order_rows import Entry
from adapters.store.orders import Orders
from adapters.store.outside import Outside
from adapters.store.plans import Plans
from adapters.store.positions import Positions
from adapters.store.previews import Previews
from adapters.store.quarantine import ENDED, KEPT, ended_row, kept_row, open_facts
from adapters.store.splits import Splits
from adapters.store.tables import Audit, Setting
from adapters.store.words import Words
from domain.adoption import Adoption
from domain.costs import CostEstimate
from domain.decisions import Decision
from domain.orders import Order, OrderState
from domain.restating import Split
from domain.symbols import Symbol
from domain.terms import Amendment, AmendmentState, Terms
from domain.venue import CommissionReport, ExecutionReport, OrderPreview


class SqliteBook(MoneyBook):
    """One mode's and account's book, made by `open_book`; used by one thread at a time.

    Every method may raise `BookError`; what it was about to write is then not in the book.
    """

    def __init__(
        self,
        connection: Connection,
        lock: StateLock,
        journal: Journal,
        anchor: Anchor,
        base_currency: str,
    ) -> None:
        super().__init__(connection, journal, base_currency)
        self._lock = lock
        self._anchor = anchor
        connection.after_commit = self._committed
        self._positions = Positions(connection)
        self._adoptions = Adoptions(connection, journal, self._positions, self._money)
        self._splits = Splits(connection, journal, self._positions)
        self.outside = Outside(connection, journal, self._differences)
        self._orders = Orders(connection, journal)
        self._amendments = Amendments(connection, journal)
        self._previews = Previews(connection, journal)
        self._estimates = Estimates(connection, journal)
        self.plans = Plans(connection, journal)
        self._words = Words(connection, journal)
        self._foreign = ForeignExecutions(connection, journal, self._money)
        self._fills = Fills(
            connection,
            journal,
            self._orders,
            self._positions,
            self._foreign,
            self._words,
            self._money,
            self._rates,
        )
        self._commissions = Commissions(
            connection, journal, self._positions, self._words, self._money, self._rates
        )

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
        """Write the intent of an order, and of those that leave with it: all of them or none.

        With the venue's word beforehand and the desk's decision, where there are any;
        `estimates` are by client order id.

        Raises:
            DuplicateIntent: a client order id is taken; carries the order on record.
            ValueError: an order says that some of it is filled: only fills may say that.
        """
        for each in (order, *attached):
            if each.filled:
                raise ValueError(f"an intent cannot be filled, as {each.client_order_id} claims")
            self._orders.refuse_duplicate(each.client_order_id)
        with self.connection.write():
            self._orders.insert(order, correlation, decision)
            for each in attached:
                self._orders.insert(each, correlation)
            if preview is not None:
                self._previews.insert(order.client_order_id, preview, order.created_at, correlation)
            for name, estimate in estimates.items():
                self._estimates.insert(name, estimate, order.created_at, correlation)

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
        """Set the state and what is given; every call is journalled, a repeated one too.

        Raises:
            LookupError: no such order is in the book.
        """
        entry = self._entry(client_order_id)
        with self.connection.write():
            self._orders.set_state(
                entry,
                state,
                at,
                reason=reason,
                venue_order_id=venue_order_id,
                pending_change=pending_change,
                sent_at=sent_at,
            )
            return self._entry(client_order_id).order

    def record_amendment(self, amendment: Amendment, correlation: str) -> Order:
        """Write the intent to change an order; gives the order with it.

        Raises:
            DuplicateAmendment: the order has one under this id; carries it.
            LookupError: no such order is in the book.
        """
        entry = self._entry(amendment.client_order_id)
        self._amendments.refuse_duplicate(amendment)
        with self.connection.write():
            self._amendments.insert(amendment, correlation)
            self._orders.set_amending(entry, amendment.amendment_id, amendment.created_at)
            return self._entry(amendment.client_order_id).order

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
        """Write what became of an amendment; confirmed, its terms are the order's from now on.

        Raises:
            LookupError: no such order or amendment is in the book.
        """
        entry = self._entry(client_order_id)
        amendment = self._amendments.one(client_order_id, amendment_id)
        if amendment is None:
            raise LookupError(f"{client_order_id} has no amendment {amendment_id} in the book")
        with self.connection.write():
            self._amendments.set_state(
                amendment,
                state,
                at,
                reason=reason,
                sent_at=sent_at,
                correlation=entry.correlation,
            )
            if state is AmendmentState.CONFIRMED:
                self._orders.set_terms(entry, amendment.terms, at, f"amendment {amendment_id}")
            if state.is_settled:
                self._orders.set_amending(entry, None, at)
            return self._entry(client_order_id).order

    def record_terms(self, client_order_id: str, terms: Terms, at: datetime, why: str) -> Order:
        """Write terms that the venue itself has changed.

        Raises:
            LookupError: no such order is in the book.
        """
        entry = self._entry(client_order_id)
        with self.connection.write():
            self._orders.set_terms(entry, terms, at, why)
            return self._entry(client_order_id).order

    def book_fill(
        self, venue: str, report: ExecutionReport, at: datetime
    ) -> tuple[Booking, Fill | None]:
        """Book an execution of a venue once by its key; a higher revision replaces a lower.

        It belongs to the order that it names; one that names none, to the order of its venue's
        id. The symbol and the venue are the order's. No fill comes back for a foreign one.

        Raises:
            ValueError: its quantity is below zero (zero is a bust), or an amount is not finite.
        """
        with self.connection.write():
            return self._fills.book(venue, report, at)

    def book_commission(
        self, venue: str, report: CommissionReport, at: datetime
    ) -> tuple[Booking, Fill | None]:
        """Book what an execution of a venue cost; negative is a rebate.

        It stands until the venue says another amount, of this revision or of a higher one.
        With the fill as it is now, where that is ours.
        """
        with self.connection.write():
            booking = self._commissions.book(venue, report, at)
        return booking, self._fills.fill(venue, report.execution_key)

    def record_adoption(self, adoption: Adoption, at: datetime) -> ManagedPosition:
        """Write what a person said is ours to manage, or is not any more; the position since."""
        with self.connection.write():
            self._adoptions.add(adoption, at)
            position = self._positions.one(adoption.venue, adoption.symbol)
            assert position is not None, "an adoption leaves a position, be it of nothing"
            return position

    def record_split(self, split: Split, at: datetime) -> ManagedPosition:
        """Write a split that a person has confirmed; the position since."""
        with self.connection.write():
            self._splits.add(split, at)
            position = self._positions.one(split.venue, split.symbol)
            assert position is not None, "a split is of a position"
            return position

    def adoption(self, adoption_id: str) -> Adoption | None:
        """What a person once said, by its id."""
        return self._adoptions.one(adoption_id)

    def adoptions(self, *, limit: int = 100) -> Sequence[Adoption]:
        """All that persons have said of holdings, newest first."""
        return self._adoptions.newest(limit)

    def record_setting(self, key: str, value: str, at: datetime) -> None:
        """Set a durable switch, such as `paused`."""
        with self.connection.write(), self.connection.coded:
            Setting.insert(key=key, value=value, changed=at).on_conflict_replace().execute(
                self.connection.database
            )
            self._journal.append(at, "setting", key, {"value": value})

    def record_audit(self, row: AuditRow) -> None:
        """Write down what a person or the process did."""
        with self.connection.write(), self.connection.coded:
            Audit.insert(at=row.at, who=row.who, what=row.what, detail=row.detail).execute(
                self.connection.database
            )
            detail = {"who": row.who, "what": row.what, "detail": row.detail}
            self._journal.append(row.at, "audit", row.what, detail)

    def group(self) -> AbstractContextManager[None]:
        """One transaction around many writes; all or nothing. Not to be nested.

        A write that failed inside fails the whole group at its end, caught or not; refusals
        made before any write (`DuplicateIntent`, `LookupError`) do not.
        """
        return self.connection.group()

    def order(self, client_order_id: str) -> Order | None:
        """The order under this id of ours."""
        entry = self._orders.entry(client_order_id)
        return None if entry is None else entry.order

    def amendments(self, client_order_id: str) -> Sequence[Amendment]:
        """Of an order, oldest first."""
        return self._amendments.of(client_order_id)

    def preview(self, client_order_id: str) -> OrderPreview | None:
        """What the venue foretold of an order; None where it was not asked."""
        return self._previews.of(client_order_id)

    def estimate(self, client_order_id: str) -> CostEstimate | None:
        """What an order was reckoned to cost; None where nobody could."""
        return self._estimates.of(client_order_id)

    def related(self, client_order_id: str) -> Sequence[Order]:
        """Those that left with it: parent, children, and the others of its group.

        Raises:
            LookupError: no such order is in the book.
        """
        return self._orders.related(self._entry(client_order_id).order)

    def order_by_venue_id(self, venue: str, venue_order_id: str) -> Order | None:
        """The newest order that the venue knows under this permanent id."""
        entry = self._orders.entry_by_venue_id(venue, venue_order_id)
        return None if entry is None else entry.order

    def open_orders(self) -> Sequence[Order]:
        """All that are not final, UNKNOWN included, oldest first."""
        return self._orders.open()

    def orders(
        self, *, limit: int = 100, symbol: Symbol | None = None, state: OrderState | None = None
    ) -> Sequence[Order]:
        """Newest first, by the order in which the intents were written."""
        return self._orders.newest(limit, symbol, state)

    def fills(
        self,
        *,
        limit: int = 100,
        symbol: Symbol | None = None,
        client_order_id: str | None = None,
    ) -> Sequence[Fill]:
        """Newest first, by time of trading."""
        return self._fills.newest(limit, symbol, client_order_id)

    def foreign_fills(
        self, *, limit: int = 100, symbol: Symbol | None = None
    ) -> Sequence[ForeignFill]:
        """What others traded in this account, newest first, by time of trading."""
        return self._foreign.newest(limit, symbol)

    def execution_words(self, venue: str, execution_key: str) -> Sequence[ExecutionWord]:
        """Every revision of an execution that the venue has told, the first one first."""
        return self._words.on_execution(venue, execution_key)

    def commission_words(self, venue: str, execution_key: str) -> Sequence[CommissionWord]:
        """Every commission that the venue has told of an execution, as they came."""
        return self._words.on_commission(venue, execution_key)

    def explanation(self, client_order_id: str) -> Explanation | None:
        """All that is here about one order; None where there is none of this id."""
        with self.connection.coded:
            return explain(self.connection.link, client_order_id)

    def position(self, venue: str, symbol: Symbol) -> ManagedPosition | None:
        """What our fills of a symbol at a venue add up to; None for what was never traded."""
        return self._positions.one(venue, symbol)

    def positions(self) -> Sequence[ManagedPosition]:
        """Those that are not flat, and those that have ever been traded."""
        return self._positions.all()

    def settings(self) -> dict[str, str]:
        """Every switch that was ever set."""
        with self.connection.coded:
            rows = Setting.select().execute(self.connection.database)
            return {row.key: row.value for row in rows}

    def audit(self, *, limit: int = 100, what: str = "") -> Sequence[AuditRow]:
        """Newest first."""
        newest = Audit.select().order_by(Audit.id.desc()).limit(limit)
        with self.connection.coded:
            asked = newest.where(Audit.what == what) if what else newest
            rows = asked.execute(self.connection.database)
            return [AuditRow(row.at, row.who, row.what, row.detail) for row in rows]

    def has_audited(self, row: AuditRow) -> bool:
        """This very thing was written down, at this very moment of the wall clock."""
        same = (Audit.at == row.at) & (Audit.who == row.who)
        same &= (Audit.what == row.what) & (Audit.detail == row.detail)
        with self.connection.coded:
            found = Audit.select().where(same).limit(1).execute(self.connection.database)
            return any(True for _ in found)

    def quarantine(self, fact: KeptFact) -> None:
        """Keep a fact that could not be handled, to be looked at after a restart too."""
        self.record_audit(kept_row(fact))

    def end_quarantine(self, id: str, at: datetime, who: str, outcome: str, reason: str) -> None:
        """It is kept apart no longer."""
        self.record_audit(ended_row(id, at, who, outcome, reason))

    def quarantined(self) -> Sequence[KeptFact]:
        """Those that are kept apart, oldest first."""
        with self.connection.coded:
            rows = (
                Audit.select()
                .where(Audit.what.in_((KEPT, ENDED)))
                .order_by(Audit.id)
                .execute(self.connection.database)
            )
            return open_facts(AuditRow(row.at, row.who, row.what, row.detail) for row in rows)

    def _entry(self, client_order_id: str) -> Entry:
        entry = self._orders.entry(client_order_id)
        if entry is None:
            raise LookupError(f"no order {client_order_id} is in the book")
        return entry

    def _committed(self) -> None:
        appended = self._journal.appended()
        if appended is not None:
            self._anchor.keep(appended)

    def close(self) -> None:
        """Close the file and let its lock go; harmless when it is closed."""
        try:
            self.connection.close()
        finally:
            self._anchor.close()
            self._lock.release()
