"""A round whose snapshot the ledger owes: no fault of the venue's, so its link is kept."""

from __future__ import annotations

from datetime import timedelta

from actors import names
from actors.messages import (
    AskRound,
    BookSnapshot,
    Introduce,
    LinkUp,
    NotReconciled,
    Reconciled,
    ReconcileNow,
    RenewLink,
    RoundEnded,
)
from actors.resync import Resync
from adapters.venue import LinkOpened
from domain.venue import Round
from tests.actors.company import Company, gathered
from tests.store.material import ACCOUNT, NOON

CONNECTION, ORDERS = names.connection(names.IB), names.orders(names.IB)
RESYNC, QUOTES = names.resync(names.IB), names.quotes(names.IB)


def _answer(company: Company, number: int, *, booked: bool) -> None:
    asked = company.heard.wait_for(AskRound, times=number)
    at = NOON + timedelta(minutes=number)
    company.tell(RESYNC, RoundEnded(asked.epoch, Round(asked.number, at, at, ())))
    if booked:
        company.tell(RESYNC, BookSnapshot(asked.number, (), ()))


def test_while_the_book_is_not_written_what_was_agreed_on_stands() -> None:
    actors = {RESYNC: lambda s, seat: Resync(s, seat, venue=names.IB, readers=(names.DESK,))}
    with gathered(actors, CONNECTION, ORDERS, QUOTES, names.DESK) as company:
        company.heard.wait_for(Introduce, seat=CONNECTION)
        opened = LinkOpened(176, ACCOUNT, (ACCOUNT,), NOON)
        company.tell(RESYNC, LinkUp(names.IB, 1, opened))
        _answer(company, 1, booked=True)
        company.heard.wait_for(Reconciled)
        company.tell(RESYNC, ReconcileNow("a test"))
        _answer(company, 2, booked=False)
        for _ in range(5):
            company.leap(61.0)
            company.state(RESYNC)
        company.drain(CONNECTION)
        company.drain(names.DESK)
        assert company.heard.of(RenewLink) == []
        assert company.heard.of(NotReconciled) == []
        assert len(company.heard.of(AskRound)) == 2
        company.tell(RESYNC, BookSnapshot(2, (), ()))
        company.heard.wait_for(Reconciled, times=2)
        # And a venue that does not answer is renewed as before.
        company.tell(RESYNC, ReconcileNow("a test"))
        company.heard.wait_for(AskRound, times=3)
        company.leap(61.0)
        assert company.heard.wait_for(RenewLink).cause == "NO_ANSWER"
