"""Orders, resync and the ledger with its book, all real; the venue answers by the test's hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from actors import names
from actors.ledger import Ledger
from actors.messages import (
    AskRound,
    LinkUp,
    OrderRecorded,
    Reconciled,
    RoundEnded,
    VenueFact,
)
from actors.orders import Orders
from actors.resync import Resync
from adapters.store import SqliteBook, open_book, open_emergency
from adapters.venue import LinkOpened
from domain.orders import Order, OrderState
from domain.symbols import Symbol
from domain.venue import ExecutionReport, OrderFact, OrderReport, PositionReport, Round
from tests.actors.company import Company, gathered
from tests.store.material import ACCOUNT, NOON, StandingClock, intent
from tests.tree.waiting import until

ORDERS, LEDGER, RESYNC = names.orders(names.IB), names.LEDGER, names.resync(names.IB)
CONNECTION, QUOTES = names.connection(names.IB), names.quotes(names.IB)
READER = "reader"
Lists = Callable[[], Sequence[OrderFact]]


def the_book(folder: Path) -> SqliteBook:
    """The book of these tests; nobody else may have it open."""
    return open_book(folder, "demo", ACCOUNT, StandingClock())


class BackOffice:
    """A company of three, and what its venue holds."""

    def __init__(self, company: Company, held: dict[Symbol, Decimal]) -> None:
        self.company = company
        self.heard = company.heard
        self.held = held
        self.rounds = 0
        self._links = 0

    def hears(self, *facts: OrderFact) -> None:
        """Put the venue's words into the mailbox of orders, as the wire does."""
        self.company.put(ORDERS, *(VenueFact(names.IB, fact) for fact in facts))

    def link(self) -> None:
        """A new link; resync asks for all lists at once."""
        self._links += 1
        opened = LinkOpened(176, ACCOUNT, (ACCOUNT,), NOON)
        for seat in (ORDERS, RESYNC):
            self.company.tell(seat, LinkUp(names.IB, self._links, opened))
        self.heard.wait_for(AskRound, times=self.rounds + 1)

    def answer(self, facts: Sequence[OrderFact]) -> Reconciled:
        """Answer the next round: its facts come one by one, and then they are gathered."""
        self.rounds += 1
        ask = self.heard.wait_for(AskRound, times=self.rounds)
        self.hears(*facts)
        at = NOON + timedelta(minutes=self.rounds)
        reports = [fact for fact in facts if isinstance(fact, OrderReport)]
        answers = Round(
            ask.number,
            at,
            at,
            (),
            open_orders=tuple(each for each in reports if not each.completed),
            completed_orders=tuple(each for each in reports if each.completed),
            executions=tuple(fact for fact in facts if isinstance(fact, ExecutionReport)),
            positions=tuple(
                PositionReport(ACCOUNT, symbol, "", quantity, Decimal(10))
                for symbol, quantity in self.held.items()
            ),
        )
        self.company.tell(RESYNC, RoundEnded(ask.epoch, answers))
        reconciled = self.heard.wait_for(Reconciled, times=self.rounds)
        self.settle()
        return reconciled

    def asks(self) -> bool:
        """A round was asked for that has no answer yet."""
        self.company.drain(CONNECTION)
        return len(self.heard.of(AskRound)) > self.rounds

    def reconcile(self, lists: Lists, at_most: int = 4) -> Reconciled:
        """On a new link, answer every round with these lists until no more is asked for."""
        self.link()
        while True:
            last = self.answer(lists())
            if not self.asks():
                return last
            assert self.rounds < at_most, "it asks round upon round"

    def restart(self) -> None:
        """Ledger and orders begin anew."""
        for seat in (LEDGER, ORDERS):
            before = self.company.system.seat(seat).incarnation
            self.company.restart(seat)
            self.loaded(seat, before + 1)

    def loaded(self, seat: str = ORDERS, incarnation: int = 1) -> None:
        """Wait until this incarnation of a seat is there, and orders know the book."""

        def is_so() -> bool:
            self.company.state("root")
            there = self.company.system.seat(seat).incarnation >= incarnation
            return there and bool(self.company.state(ORDERS)["loaded"])

        until(is_so, f"{seat} has the book", every=0.001)

    def settle(self) -> None:
        """Wait until what was told has gone round and nobody has anything to do."""
        quiet = 0
        for _ in range(1_000_000):
            waiting = 0
            for name in (ORDERS, LEDGER, RESYNC):
                waiting += sum(self.company.system.seat(name).mailbox.depths().values())
                self.company.state(name)  # answered between two messages
                waiting += sum(self.company.system.seat(name).mailbox.depths().values())
            quiet = quiet + 1 if not waiting else 0
            if quiet == 20:  # no chain of messages is longer
                return
        raise AssertionError("they never come to rest")

    def told(self, name: str = "K-1") -> list[Order]:
        """What the ledger has told of an order, in order."""
        return self.told_of_all()[name]

    def told_of_all(self) -> defaultdict[str, list[Order]]:
        """What it has told of each, in order."""
        told: defaultdict[str, list[Order]] = defaultdict(list)
        for each in self.heard.of(OrderRecorded, READER):
            told[each.order.client_order_id].append(each.order)
        return told

    def order(self, name: str = "K-1") -> Order:
        """The order as the ledger told it last."""
        return self.told(name)[-1]


@contextmanager
def back_office(
    folder: Path,
    orders: dict[str, Symbol],
    *,
    state: OrderState = OrderState.SENT,
    held: dict[Symbol, Decimal] | None = None,
) -> Iterator[BackOffice]:
    """Orders of this state, sent at noon, are in the book; the venue holds what is given."""
    book = the_book(folder)
    with book.group():
        for name, symbol in orders.items():
            book.record_intent(intent(name, symbol=symbol), "c")
            book.record_state(name, state, NOON, sent_at=NOON)
    book.close()
    actors = {
        LEDGER: lambda s, seat: Ledger(
            s,
            seat,
            open_book=lambda: the_book(folder),
            open_emergency=lambda: open_emergency(folder / "emergency.intents"),
            readers=(READER, names.DESK),
        ),
        ORDERS: lambda s, seat: Orders(s, seat, venue=names.IB),
        RESYNC: lambda s, seat: Resync(s, seat, venue=names.IB, readers=(names.DESK,)),
    }
    with gathered(actors, CONNECTION, QUOTES, READER, names.DESK) as company:
        office = BackOffice(company, held or {})
        office.loaded()
        yield office
