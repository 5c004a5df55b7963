"""What resync takes for proven; the connection, orders and the ledger answer by the test's hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from actors import names
from actors.messages import (
    AskRound,
    BookSnapshot,
    Introduce,
    LinkUp,
    NotReconciled,
    OrderJudged,
    PositionChanged,
    QueryOrder,
    Reconciled,
    ReconcileNow,
    RenewLink,
    Resubscribe,
    RoundEnded,
    RoundFed,
    VenueFact,
    VenueSaid,
)
from actors.resync import Resync
from adapters.book import ManagedPosition
from adapters.venue import LinkOpened
from domain.orders import Order, OrderState
from domain.venue import NoticeEffect, OrderReport, PositionReport, Round, VenueNotice, VenueStatus
from tests.actors.company import Company, gathered
from tests.store.material import ACCOUNT, BHP, intent

RESYNC, ORDERS = names.resync(names.IB), names.orders(names.IB)
CONNECTION, QUOTES = names.connection(names.IB), names.quotes(names.IB)
NOON = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""Mid-day at the gateway: no day ends within a test."""


class Venue:
    """Answers the rounds as it is told to; a minute goes by from one round to the next."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.heard = company.heard
        self.rounds = 0
        self.epoch = 0
        self.begins = NOON

    def link(self, gateway_time: datetime | None = NOON) -> None:
        """A new link; resync asks at once."""
        self.epoch += 1
        opened = LinkOpened(176, ACCOUNT, (ACCOUNT,), gateway_time)
        self.company.tell(RESYNC, LinkUp(names.IB, self.epoch, opened))

    def ask(self) -> None:
        """Have a round asked for."""
        self.company.tell(RESYNC, ReconcileNow("the test"))

    def answer(
        self,
        *orders: Order,
        held: str = "0",
        managed: str = "0",
        shown: tuple[OrderReport, ...] = (),
        shown_open: tuple[OrderReport, ...] = (),
        unended: tuple[str, ...] = (),
    ) -> None:
        """Answer the round that was asked for, with the ledger's snapshot behind it."""
        self.rounds += 1
        asked = self.heard.wait_for(AskRound, times=self.rounds)
        at = self.begins + timedelta(minutes=self.rounds)
        positions = (PositionReport(ACCOUNT, BHP, "BHP", Decimal(held), Decimal(45)),)
        answers = Round(
            asked.number,
            at,
            at,
            unended,
            completed_orders=shown,
            open_orders=shown_open,
            positions=positions,
        )
        self.company.tell(RESYNC, RoundEnded(asked.epoch, answers))
        if unended:
            return
        ours = (
            ManagedPosition(
                symbol=BHP,
                venue=names.IB,
                quantity=Decimal(managed),
                average_price=Decimal(45),
                opened_at=NOON,
                realised_pnl=Decimal(0),
                commissions=(),
            ),
        )
        self.company.tell(RESYNC, BookSnapshot(asked.number, orders, ours))

    def says(self, effect: NoticeEffect) -> None:
        told = VenueSaid(names.IB, VenueNotice(1100, "a notice", effect=effect))
        self.company.tell(RESYNC, told)

    def judged(self) -> list[OrderState]:
        self.company.drain(ORDERS)
        return [message.state for message in self.heard.of(OrderJudged)]

    def renewals(self) -> list[RenewLink]:
        self.company.drain(CONNECTION)
        return self.heard.of(RenewLink)

    def reconciled(self) -> list[Reconciled]:
        self.company.drain(names.DESK)
        return self.heard.of(Reconciled, names.DESK)


@pytest.fixture
def venue() -> Iterator[Venue]:
    actors = {RESYNC: lambda s, seat: Resync(s, seat, venue=names.IB, readers=(names.DESK,))}
    with gathered(actors, CONNECTION, ORDERS, QUOTES, names.DESK) as company:
        company.heard.wait_for(Introduce, seat=CONNECTION)
        yield Venue(company)


SENT = replace(intent(created_at=NOON), state=OrderState.SENT, sent_at=NOON)
WORKING = replace(SENT, state=OrderState.WORKING, venue_order_id="9001")
SHOWN = OrderReport("K-1", "9001", VenueStatus.WORKING, Decimal(0), Decimal(100), None)


# -- rounds and the reach of the venue -----------------------------------------------------


def test_a_position_that_moves_during_a_round_is_not_set_back_by_its_list(venue: Venue) -> None:
    """Set back, an exit would find nothing to sell until the next round, minutes later."""
    venue.link()
    venue.heard.wait_for(AskRound)
    moved = PositionReport(ACCOUNT, BHP, "BHP", Decimal(20), Decimal(45))
    venue.company.tell(RESYNC, PositionChanged(names.IB, moved))
    venue.answer(held="0", managed="20")
    assert venue.heard.wait_for(Reconciled).held == (moved,)
    # And what the next list does not show is held no more.
    venue.ask()
    venue.answer(held="0", managed="0")
    [last] = venue.heard.wait_for(Reconciled, times=2).held
    assert last.quantity == 0


def test_two_rounds_in_reach_prove_that_an_order_never_came(venue: Venue) -> None:
    venue.link()
    venue.answer(SENT)
    venue.ask()
    venue.answer(SENT)
    assert venue.judged() == [OrderState.UNKNOWN, OrderState.NOT_SENT]


def test_no_proof_reaches_across_the_midnight_of_the_gateways_own_zone(venue: Venue) -> None:
    """Its executions reach back to that: what was filled before is on no list."""
    venue.begins = datetime(2026, 11, 23, 12, 59, 30, tzinfo=UTC)  # in Sydney nearly midnight
    sent = replace(intent(created_at=venue.begins), state=OrderState.SENT, sent_at=venue.begins)
    venue.link(venue.begins.astimezone(ZoneInfo("Australia/Sydney")))
    for _ in range(2):
        venue.answer(sent)
        venue.ask()
    assert venue.judged() == [OrderState.UNKNOWN, OrderState.UNKNOWN]


def test_rounds_that_are_asked_out_of_reach_prove_nothing(venue: Venue) -> None:
    venue.link()
    venue.says(NoticeEffect.DOWN)
    venue.answer(SENT, managed="100")
    for _ in range(2):
        venue.ask()
        venue.answer(SENT, managed="100")
    assert venue.judged() == []
    assert venue.reconciled() == []
    assert venue.heard.of(NotReconciled, names.DESK)[-1].cause == "OUT_OF_REACH"


@pytest.mark.parametrize("effect", [NoticeEffect.DOWN, NoticeEffect.UP, NoticeEffect.RESUBSCRIBE])
def test_no_proof_reaches_across_a_loss(venue: Venue, effect: NoticeEffect) -> None:
    venue.link()
    venue.answer(SENT)
    venue.says(effect)
    if effect is NoticeEffect.DOWN:
        venue.says(NoticeEffect.UP)
    venue.answer(SENT)
    assert venue.judged() == [OrderState.UNKNOWN, OrderState.UNKNOWN]
    venue.ask()
    venue.answer(SENT)
    assert venue.judged()[2:] == [OrderState.NOT_SENT]


def test_a_round_during_which_the_venue_was_lost_proves_nothing(venue: Venue) -> None:
    venue.link()
    venue.says(NoticeEffect.DOWN)
    venue.says(NoticeEffect.UP)
    venue.answer(SENT)  # asked before it was lost
    assert venue.judged() == []
    assert venue.reconciled() == []
    venue.company.leap(11.1)
    venue.answer(SENT)
    assert len(venue.reconciled()) == 1


def test_lists_that_do_not_end_three_times_renew_the_link(venue: Venue) -> None:
    venue.link()
    for _ in range(2):
        venue.answer(unended=("executions",))
        venue.company.leap(5.1)
    venue.heard.wait_for(AskRound, times=3)
    assert venue.renewals() == []
    venue.answer(unended=("executions",))
    renew = venue.heard.wait_for(RenewLink)
    assert (renew.epoch, renew.cause) == (1, "LIST_NOT_ENDED")


def test_out_of_reach_the_link_is_kept_though_no_list_ends(venue: Venue) -> None:
    """1100: the gateway cannot answer, and only this link hears that it is over."""
    venue.link()
    venue.says(NoticeEffect.DOWN)
    for _ in range(4):
        venue.answer(unended=("completed_orders",))
        venue.company.leap(5.1)
    venue.answer(unended=("completed_orders",))
    assert venue.renewals() == []
    venue.says(NoticeEffect.UP)
    for _ in range(3):
        assert venue.renewals() == []
        venue.answer(unended=("completed_orders",))
        venue.company.leap(5.1)
    assert [renew.cause for renew in venue.renewals()] == ["LIST_NOT_ENDED"]


def test_the_word_that_it_is_back_in_reach_is_not_waited_for_for_ever(venue: Venue) -> None:
    venue.link()
    venue.says(NoticeEffect.DOWN)
    venue.answer()
    venue.company.leap(1800.0)
    venue.says(NoticeEffect.DOWN)
    venue.answer()
    assert venue.renewals() == []
    venue.company.leap(1801.0)
    renew = venue.heard.wait_for(RenewLink)
    assert (renew.epoch, renew.cause) == (1, "OUT_OF_REACH")


def test_lists_that_end_between_are_no_reason_to_renew_the_link(venue: Venue) -> None:
    venue.link()
    for _ in range(3):
        venue.answer(unended=("executions",))
        venue.company.leap(5.1)
        venue.answer()
        venue.ask()
    venue.answer()
    assert venue.renewals() == []


def test_dropped_subscriptions_are_asked_for_again(venue: Venue) -> None:
    venue.link()
    venue.says(NoticeEffect.UP)
    venue.company.drain(QUOTES)
    assert venue.heard.of(Resubscribe) == []
    venue.says(NoticeEffect.RESUBSCRIBE)
    venue.heard.wait_for(Resubscribe, seat=QUOTES)


def test_facts_of_a_round_are_not_told_again(venue: Venue) -> None:
    """They went to orders as they came; an old word must not follow a newer one."""
    venue.link()
    venue.answer(WORKING, shown_open=(SHOWN,))
    venue.company.drain(ORDERS)
    assert venue.heard.of(VenueFact, ORDERS) == []
    assert [fed.number for fed in venue.heard.of(RoundFed, ORDERS)] == [1]


# -- claims --------------------------------------------------------------------------------


def test_a_claim_is_settled_only_by_a_round_that_is_asked_after_it(venue: Venue) -> None:
    venue.link()
    venue.company.tell(RESYNC, QueryOrder("K-1", "REJECTED", "201: no", OrderState.REJECTED))
    venue.answer(WORKING)  # asked before the claim
    assert OrderState.REJECTED not in venue.judged()
    venue.answer(WORKING)
    rejected = venue.heard.wait_for(OrderJudged, lambda m: m.state is OrderState.REJECTED)
    assert (rejected.client_order_id, rejected.reason) == ("K-1", "201: no")


def test_a_claim_made_again_during_a_round_is_settled_by_the_next(venue: Venue) -> None:
    venue.link()
    venue.answer(WORKING)
    for text in ("202: cancelled", "201: no"):
        venue.company.tell(RESYNC, QueryOrder("K-1", "REJECTED", text, OrderState.REJECTED))
    venue.answer(WORKING, shown_open=(SHOWN,))  # asked between the two
    assert OrderState.REJECTED not in venue.judged()
    venue.answer(WORKING)
    assert venue.judged()[-1] is OrderState.REJECTED


def test_a_claim_is_not_believed_of_an_order_that_a_list_shows(venue: Venue) -> None:
    venue.link()
    venue.answer(WORKING)
    venue.company.tell(RESYNC, QueryOrder("K-1", "REJECTED", "201: no", OrderState.REJECTED))
    filled = OrderReport(
        "K-1", "9001", VenueStatus.FILLED, Decimal(100), Decimal(0), None, completed=True
    )
    venue.answer(WORKING, shown=(filled,))
    assert OrderState.REJECTED not in venue.judged()
    assert venue.company.state(RESYNC)["claims"] == []


# -- positions -----------------------------------------------------------------------------


def test_a_difference_of_positions_counts_when_two_comparisons_show_it(venue: Venue) -> None:
    venue.link()
    venue.answer()
    for held in ("0", "100", "0", "0"):
        venue.ask()
        venue.answer(held=held, managed="100")
    found = [bool(reconciled.mismatches) for reconciled in venue.reconciled()]
    assert found == [False, False, False, False, True]


def test_a_difference_on_a_new_link_counts_at_once(venue: Venue) -> None:
    venue.link()
    venue.answer(managed="100")
    assert [bool(reconciled.mismatches) for reconciled in venue.reconciled()] == [True]


def test_a_live_position_reaches_the_desk_and_whoever_comes_later(venue: Venue) -> None:
    venue.link()
    venue.answer(held="0")
    report = PositionReport(ACCOUNT, BHP, "BHP", Decimal(70), Decimal(45))
    venue.company.tell(RESYNC, PositionChanged(names.IB, report))
    assert venue.heard.wait_for(PositionChanged, seat=names.DESK).report == report
    venue.company.tell(RESYNC, Introduce(names.DESK))
    assert venue.heard.wait_for(Reconciled, seat=names.DESK, times=2).held == (report,)


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        (UTC, OrderState.NOT_SENT),
        (ZoneInfo("Australia/Perth"), OrderState.NOT_SENT),
        # There midnight has gone by since the send: its lists show nothing of the day before.
        (timezone(timedelta(hours=-1, minutes=-1)), OrderState.UNKNOWN),
        (None, OrderState.UNKNOWN),
    ],
)
def test_absence_is_proven_within_one_day_of_the_gateway_alone(
    venue: Venue, zone: tzinfo | None, end: OrderState
) -> None:
    venue.link(NOON.astimezone(zone) if zone is not None else None)
    for _ in range(3):
        venue.answer(SENT)
        venue.ask()
    assert venue.judged()[-1] is end
