"""The desk's view of a venue does not hang on who is heard first."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from actors import names
from actors.desk_view import VenueState
from actors.messages import LinkDown, LinkUp, NotReconciled, Reconciled
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
