"""How the ledger keeps money beside the trades: rates, the equity curve, cash held to the venue's.

The venue's cash is compared when a round of its lists was complete; `domain.cash_differences`
says when a difference is proven. Then it is booked as unexplained, and a person is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from actors import names
from actors.base import on
from actors.ledger_plans import LedgerPlans
from actors.messages import (
    Alert,
    CashTold,
    GetBalances,
    GetCashDifference,
    GetCashDifferences,
    GetEquity,
    GetTrades,
    RatesTold,
    RecordEquity,
    TypeCash,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import AuditRow, Book
from adapters.emergency import Emergency
from domain.cash_differences import OPENING, CashDifference, CashLook, is_quiet, proven
from domain.equity_curve import EquityPoint
from domain.trades import Trade

MONEY_WRITES = (RatesTold, CashTold, RecordEquity, TypeCash)


class LedgerMoney(LedgerPlans):
    """Writes rates and worth, and watches cash."""

    def __init__(
        self,
        system: ActorSystem,
        seat: Seat,
        *,
        open_book: Callable[[], Book],
        open_emergency: Callable[[], Emergency],
        readers: Sequence[str],
        plan_readers: Sequence[str] = (),
    ) -> None:
        super().__init__(
            system,
            seat,
            open_book=open_book,
            open_emergency=open_emergency,
            readers=readers,
            plan_readers=plan_readers,
        )
        self._moved: dict[str, datetime] = {}
        """When something that moves a venue's cash was last booked, by venue."""
        self._began = self.clock.now()
        """What was booked before that, and when, is not remembered."""
        self._looks: dict[tuple[str, str], CashLook] = {}
        """The first of the quiet looks at a difference, by venue and currency."""

    def cash_moved(self, venue: str) -> None:
        """Something was booked that the venue's rows may not show yet."""
        self._moved[venue] = self.clock.now()

    @on(RatesTold)
    def _rates(self, message: RatesTold) -> None:
        self.book.take_rates(dict(message.rates), self.clock.now())

    @on(RecordEquity)
    def _equity(self, message: RecordEquity) -> None:
        self.book.record_equity(message.row)

    @on(CashTold)
    def _cash(self, message: CashTold) -> None:
        """Hold it against ours, if nothing is under way that would explain a difference."""
        venue, at = message.venue, message.at
        moved = self._moved.get(venue, self._began)
        if not is_quiet(at, moved) or self.book.awaits_commissions(venue, at):
            return
        if not self.book.cash_is_seen(venue):
            self._see_cash(message)
            return
        for currency, theirs in message.cash:
            look = CashLook(theirs, self.book.cash(venue, currency), at)
            place = (venue, currency)
            difference = proven(self._looks.get(place), look)
            if difference is not None:
                del self._looks[place]
                self._unexplained(venue, currency, difference, look)
            elif look.is_agreed:
                self._looks.pop(place, None)
            elif not look.shows_as(self._looks.get(place)):
                self._looks[place] = look

    def _see_cash(self, message: CashTold) -> None:
        """The first look at a venue: what is there beyond our rows was there before them."""
        seen = []
        for currency, theirs in message.cash:
            ours = self.book.cash(message.venue, currency)
            look = CashLook(theirs, ours, message.at)
            seen.append(self._difference(message.venue, currency, look.difference, look, OPENING))
        self.book.record_cash_seen(seen)

    def _unexplained(self, venue: str, currency: str, amount: Decimal, look: CashLook) -> None:
        difference = self._difference(venue, currency, amount, look)
        self.book.record_cash_difference(difference)
        sentence = (
            f"The cash at {venue} is {currency} {look.theirs}, and by the book {currency} "
            f"{look.ours}: {currency} {amount:+} is not explained."
        )
        cure = (
            f"Say what it was: `kelpie money type {difference.difference_id} dividend` (or "
            "interest, deposit, withdrawal, fee, conversion, tax, other), or import a statement."
        )
        self.log.warning("{} {}", sentence, cure)
        alert = Alert(
            venue, "warning", "CASH_UNEXPLAINED", sentence, cure, look.at, told=1, stands=False
        )
        for name in names.ALERT_READERS:
            self._later(name, alert)

    def _difference(
        self, venue: str, currency: str, amount: Decimal, look: CashLook, type: str | None = None
    ) -> CashDifference:
        return CashDifference(
            difference_id=self.runtime.new_id(),
            venue=venue,
            currency=currency,
            amount=amount,
            theirs=look.theirs,
            ours=look.ours,
            at=look.at,
            type=type,
        )

    @on(TypeCash)
    def _type(self, message: TypeCash) -> None:
        now = self.clock.now()
        try:
            typed = self.book.type_cash_difference(
                message.difference_id, message.type, now, message.who, message.note
            )
        except LookupError as error:
            self.log.warning("Nothing is typed: {}.", error)  # whoever asked looks, and sees it
            return
        words = (
            f"{typed.difference_id}: {typed.currency} {typed.amount:+} at {typed.venue} is "
            f"{typed.type}: {typed.note}"
        )
        self.book.record_audit(AuditRow(now, message.who, "cash", words))

    @on(GetCashDifferences)
    def _differences(self, message: GetCashDifferences) -> tuple[CashDifference, ...]:
        return tuple(self.book.cash_differences(limit=message.limit, untyped=message.untyped))

    @on(GetCashDifference)
    def _one_difference(self, message: GetCashDifference) -> CashDifference | None:
        return self.book.cash_difference(message.difference_id)

    @on(GetEquity)
    def _curve(self, message: GetEquity) -> tuple[EquityPoint, ...]:
        found = self.book.equity(message.venue, message.since, limit=message.limit, why=message.why)
        return tuple(found)

    @on(GetBalances)
    def _balances(self, message: GetBalances) -> tuple[tuple[str, str, str, Decimal], ...]:
        return tuple(self.book.balances())

    @on(GetTrades)
    def _trades(self, message: GetTrades) -> tuple[Trade, ...]:
        return tuple(self.book.trades(limit=message.limit, before=message.before))
