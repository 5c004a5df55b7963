"""The desk's view of a venue does not hang on who is heard first."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from actors import names
from actors.desk_view import VenueState
from actors.messages import (
    Alert,
    CircuitChanged,
    LinkDown,
    LinkUp,
    NotReconciled,
    Reconciled,
)
from adapters.venue import LinkOpened
from domain.symbols import Symbol
from domain.venue import PositionReport

BHP = Symbol("BHP", "AUD")
NOW = datetime(2026, 1, 5, tzinfo=UTC)
DOWN = LinkDown(names.IB, 1, "GONE", "the link is gone", 1.0)


def up(epoch: int) -> LinkUp:
    return LinkUp(names.IB, epoch, LinkOpened(176, "DU9000001", ("DU9000001",), None))


def reconciled(epoch: int) -> Reconciled:
    return Reconciled(names.IB, epoch, NOW, (), (), (), 0)


def not_reconciled(epoch: int) -> NotReconciled:
    return NotReconciled(names.IB, epoch, "LIST_NOT_ENDED", "the venue did not finish")


def test_a_comparison_that_is_heard_before_its_link_counts_once_the_link_is_heard_of() -> None:
    state = VenueState(names.IB, NOW)
    state.take_reconciled(reconciled(1), NOW)
    assert not state.reconciled
    state.link_up(up(1), NOW)
    assert state.reason() == ""
    assert state.reconciled


def test_a_link_that_is_told_of_again_undoes_no_comparison() -> None:
    state = VenueState(names.IB, NOW)
    state.link_up(up(1), NOW)
    state.take_reconciled(reconciled(1), NOW)
    state.take_position(PositionReport("DU9000001", BHP, "BHP", Decimal(7), Decimal(40)))
    state.link_up(up(1), NOW)
    assert state.reason() == ""
    assert state.held(BHP) == 7


def test_the_comparison_of_one_link_says_nothing_of_the_next() -> None:
    state = VenueState(names.IB, NOW)
    state.link_up(up(1), NOW)
    state.take_reconciled(reconciled(1), NOW)
    state.link_down(DOWN, NOW, None)
    state.take_reconciled(reconciled(1), NOW)
    assert not state.reconciled
    state.link_up(up(2), NOW)
    assert not state.reconciled


def test_a_later_word_takes_the_comparison_back() -> None:
    state = VenueState(names.IB, NOW)
    state.take_reconciled(reconciled(1), NOW)
    state.take_not_reconciled(not_reconciled(1), NOW)
    state.link_up(up(1), NOW)
    assert not state.reconciled


def told(code: str, by: str = "") -> Alert:
    return Alert(names.IB, "error", code, "A sentence.", "A cure.", NOW, told=1, stands=True, by=by)


def test_a_supervisor_that_begins_anew_takes_back_its_own_alerts_alone() -> None:
    state = VenueState(names.IB, NOW)
    state.take_alert(told("VENUE_DOWN"))
    state.take_alert(told("SAFE_MODE", by="starts"))
    state.forget_alerts()
    assert [alert.code for alert in state.view(0.0, NOW, ()).alerts] == ["SAFE_MODE"]


def test_what_the_book_says_of_the_circuit_counts_until_its_supervisor_has_spoken() -> None:
    early, late = VenueState(names.IB, NOW), VenueState(names.IB, NOW)
    early.book_says_circuit("over night", NOW)
    assert early.circuit == "forced-open"
    early.take_circuit(CircuitChanged(names.IB, "closed", ""), NOW)
    assert early.circuit == "closed"
    late.take_circuit(CircuitChanged(names.IB, "closed", "released meanwhile"), NOW)
    late.book_says_circuit("over night", NOW)
    assert late.circuit == "closed"
    late.book_says_circuit("", NOW)
    assert late.circuit == "closed"


def test_what_has_left_of_too_small_a_holding_is_not_there_to_be_sold_again() -> None:
    """20 managed, 15 held: once 15 are sold nothing is left, whenever the venue says so."""
    word = PositionReport("DU9000001", BHP, "BHP", Decimal(15), Decimal(40))
    state = VenueState(names.IB, NOW)
    state.link_up(up(1), NOW)
    state.take_reconciled(reconciled(1), NOW)
    state.take_position(word)
    state.take_fill(BHP, Decimal(20), Decimal(5), "1")
    assert state.held(BHP) == 15
    assert state.provably_held(BHP) == 0
    state.take_position(word)
    assert state.provably_held(BHP) == 15, "the venue has spoken since"
    # Where it holds as much as we manage, its late word hides nothing: nothing is taken off.
    state.take_fill(BHP, Decimal(15), Decimal(5), "2")
    assert state.provably_held(BHP) == 15


def test_the_venues_word_that_comes_before_our_fill_is_on_the_disk_has_it_in_it() -> None:
    """100 held, 60 sold: the venue says 40 while the fill is being written. 40 can be sold."""
    state = VenueState(names.IB, NOW)
    state.link_up(up(1), NOW)
    state.take_reconciled(reconciled(1), NOW)
    state.take_position(PositionReport("DU9000001", BHP, "BHP", Decimal(100), Decimal(40)))
    word = PositionReport("DU9000001", BHP, "BHP", Decimal(40), Decimal(40))
    state.take_position(word, ("1",))
    state.take_fill(BHP, Decimal(100), Decimal(40), "1")
    assert state.provably_held(BHP) == 40
    # Another one of which that word could not know is taken off.
    state.take_fill(BHP, Decimal(60), Decimal(40), "2")
    assert state.provably_held(BHP) == 20
