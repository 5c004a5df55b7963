"""What resync does about what it finds: whom it tells, and when it looks again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actors import names
from actors.messages import (
    Alert,
    AskRound,
    GetReconciliation,
    OrderJudged,
    PositionChanged,
    Reconciled,
)
from domain.orders import OrderState
from domain.venue import OrderTerms, PositionReport
from domain.views import ReconciliationView
from tests.actors.conftest import LIMIT
from tests.actors.test_resync import ORDERS, RESYNC, SHOWN, WORKING, Venue, venue
from tests.store.material import ACCOUNT, BHP

__all__ = ["venue"]

TERMS = OrderTerms(
    BHP,
    WORKING.request.side,
    WORKING.request.quantity,
    WORKING.request.type,
    WORKING.request.limit_price,
    None,
    WORKING.request.tif,
)
OURS = replace(SHOWN, terms=TERMS)
THEIRS = replace(OURS, client_order_id=None, venue_order_id="77", foreign=True, client_id=0)


def view(venue: Venue) -> ReconciliationView:
    seen = venue.company.system.ask(RESYNC, GetReconciliation()).get(timeout=LIMIT)
    assert isinstance(seen, ReconciliationView)
    return seen


def test_a_position_that_moves_beside_orders_of_others_has_the_lists_asked_for(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of their orders the lists alone tell: one of them may have traded just now."""
    monkeypatch.setattr("actors.resync._MOVED_SECONDS", 60.0)
    venue.link()
    venue.answer(WORKING, shown_open=(OURS, THEIRS))
    told = venue.heard.wait_for(Reconciled)
    assert [order.venue_order_id for order in told.foreign] == ["77"]
    moved = PositionReport(ACCOUNT, BHP, "BHP", WORKING.request.quantity, TERMS.quantity)
    venue.company.tell(RESYNC, PositionChanged(names.IB, moved))
    venue.company.leap(30.0)
    venue.company.drain(names.connection(names.IB))
    assert len(venue.heard.of(AskRound)) == 1
    venue.company.leap(31.0)
    venue.heard.wait_for(AskRound, times=2)
    # Where nobody else has an order, our own fills make no such noise.
    venue.answer(WORKING, shown_open=(OURS,))
    venue.company.tell(RESYNC, PositionChanged(names.IB, moved))
    venue.company.leap(61.0)
    venue.company.drain(names.connection(names.IB))
    assert len(venue.heard.of(AskRound)) == 2


def test_what_is_not_taken_over_is_looked_at_again_soon_and_then_holds_the_symbol(
    venue: Venue,
) -> None:
    """Its fact may be quarantined: nobody may trade on as if it had been told."""
    stuck = replace(WORKING, state=OrderState.SENT)
    venue.link()
    venue.answer(stuck, shown_open=(OURS,))
    assert venue.reconciled()[-1].mismatches == ()
    outcome = view(venue).outcome
    assert outcome is not None and outcome.is_provisional
    venue.company.leap(11.1)
    venue.answer(stuck, shown_open=(OURS,))
    [(symbol, sentence)] = venue.reconciled()[-1].mismatches
    assert symbol == BHP and "not taken it over" in sentence
    # Taken over after all: it ends by itself.
    venue.company.leap(11.1)
    venue.answer(WORKING, shown_open=(OURS,))
    assert venue.reconciled()[-1].mismatches == ()


def test_two_under_one_id_stand_as_an_alert_until_one_is_gone(venue: Venue) -> None:
    venue.link()
    twin = replace(OURS, venue_order_id="9002")
    for _ in range(2):
        venue.answer(WORKING, shown_open=(OURS, twin))
        venue.ask()
    alerts = [a for a in venue.heard.of(Alert, names.DESK) if a.code == "DUPLICATE_ORDER"]
    assert [(a.level, a.stands) for a in alerts] == [("error", True)], "told once"
    assert venue.reconciled()[-1].mismatches[0][0] == BHP
    venue.answer(WORKING, shown_open=(OURS,))
    over = venue.heard.wait_for(Alert, lambda a: not a.stands and a.code == "DUPLICATE_ORDER")
    assert over.level == "error" and venue.reconciled()[-1].mismatches == ()


def test_an_order_that_ended_here_and_is_listed_twice_is_judged_to_work(venue: Venue) -> None:
    venue.link()
    cancelled = replace(WORKING, state=OrderState.CANCELLED)
    venue.answer(shown_open=(OURS,), ended=(cancelled,))
    venue.company.drain(ORDERS)
    assert venue.heard.of(OrderJudged) == []
    venue.company.leap(11.1)
    venue.answer(shown_open=(OURS,), ended=(cancelled,))
    judged = venue.heard.wait_for(OrderJudged)
    assert (judged.client_order_id, judged.state) == ("K-1", OrderState.WORKING)
