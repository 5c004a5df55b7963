"""What resync takes for proven; the connection, orders and the ledger answer by the test's hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from actors import names
from actors.lanes import Quarantined
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
from domain.orders import Order, OrderState, OrderType, Side, Tif
from domain.venue import (
    NoticeEffect,
    OrderReport,
    OrderTerms,
    PositionReport,
    Round,
    VenueNotice,
    VenueStatus,
)
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
        ended: tuple[Order, ...] = (),
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
        self.company.tell(RESYNC, BookSnapshot(asked.number, orders, ours, ended))

    def unanswered(self) -> AskRound:
        """The next round is asked for, and `answer` is for the one after it."""
        self.rounds += 1
        return self.heard.wait_for(AskRound, times=self.rounds)

    def later(self, seconds: float, *orders: Order) -> None:
        """So much later resync asks by itself, for something is in doubt; answer that."""
        self.company.leap(seconds)
        self.answer(*orders)

    def says(self, effect: NoticeEffect) -> None:
        notice = VenueNotice(1100, "a notice", effect=effect)
        told = VenueSaid(names.IB, self.epoch, notice)
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
TERMS = OrderTerms(BHP, Side.SELL, Decimal(10), OrderType.LIMIT, Decimal(50), None, Tif.DAY)
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


def test_beside_an_order_of_others_a_move_asks_again_and_the_same_word_does_not(
    venue: Venue,
) -> None:
    """The lists themselves tell each position again: they must not ask for more lists."""
    theirs = replace(SHOWN, client_order_id=None, foreign=True, terms=TERMS)
    venue.link()
    venue.answer(held="100", managed="100", shown_open=(theirs,))
    venue.heard.wait_for(Reconciled)
    for held, asked in ((Decimal(100), 1), (Decimal(90), 2)):
        told = PositionReport(ACCOUNT, BHP, "BHP", held, Decimal(45))
        venue.company.tell(RESYNC, PositionChanged(names.IB, told))
        venue.company.state(RESYNC)
        venue.company.leap(3.0)
        venue.company.state(RESYNC)
        venue.company.drain(CONNECTION)
        assert len(venue.heard.of(AskRound)) == asked


def test_two_rounds_in_reach_prove_that_an_order_never_came(venue: Venue) -> None:
    venue.link()
    venue.answer(SENT)
    venue.later(31.0, SENT)
    venue.later(11.1, SENT)
    assert venue.judged() == [OrderState.UNKNOWN, OrderState.UNKNOWN, OrderState.NOT_SENT]


def test_a_wall_clock_that_steps_ahead_proves_nothing(venue: Venue) -> None:
    """By its hour two rounds of one second lie an hour apart, and long after the send."""
    venue.link()
    venue.answer(SENT)
    for _ in range(3):
        venue.begins += timedelta(hours=1)
        venue.ask()
        venue.answer(SENT)
    assert OrderState.NOT_SENT not in venue.judged()


def test_a_wall_clock_that_steps_back_hides_nothing(venue: Venue) -> None:
    """The send seems to lie ahead; that the order is in doubt is said all the same."""
    venue.link()
    ahead = replace(SENT, sent_at=NOON + timedelta(days=1), created_at=NOON)
    venue.answer(ahead)
    venue.ask()
    venue.answer(ahead)
    assert venue.judged() == [OrderState.UNKNOWN]


def test_no_proof_reaches_across_the_midnight_of_the_gateways_own_zone(venue: Venue) -> None:
    """Its executions reach back to that: what was filled before is on no list."""
    venue.begins = datetime(2026, 11, 23, 12, 59, 30, tzinfo=UTC)  # in Sydney nearly midnight
    sent = replace(intent(created_at=venue.begins), state=OrderState.SENT, sent_at=venue.begins)
    venue.link(venue.begins.astimezone(ZoneInfo("Australia/Sydney")))
    venue.answer(sent)
    for seconds in (31.0, 11.1, 11.1):
        venue.later(seconds, sent)
    assert venue.judged() == [OrderState.UNKNOWN] * 4


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
def test_no_proof_reaches_across_a_loss(
    venue: Venue, effect: NoticeEffect, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else it might ask by itself before the loss is told, half a second after the leap.
    monkeypatch.setattr("actors.resync.AGAIN_IN_DOUBT", 30.0)
    venue.link()
    venue.answer(SENT)
    venue.later(31.0, SENT)
    venue.company.clock.leap(10.5)
    venue.says(effect)
    if effect is NoticeEffect.DOWN:
        venue.says(NoticeEffect.UP)
    venue.answer(SENT)
    assert venue.judged() == [OrderState.UNKNOWN] * 3
    venue.later(30.1, SENT)
    assert venue.judged()[3:] == [OrderState.NOT_SENT]


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


def test_what_an_older_incarnation_asked_for_is_no_answer_to_a_newer_one(venue: Venue) -> None:
    """With a slow book its snapshot comes late: of before the facts of the round in hand."""
    venue.link()
    old = venue.heard.wait_for(AskRound)
    venue.company.restart(RESYNC)
    venue.heard.wait_for(Introduce, seat=CONNECTION, times=2)
    venue.link()
    asked = venue.heard.wait_for(AskRound, times=2)
    at = NOON + timedelta(minutes=1)
    venue.company.tell(RESYNC, RoundEnded(asked.epoch, Round(asked.number, at, at, ())))
    venue.company.tell(RESYNC, BookSnapshot(old.number, (SENT,), ()))
    assert (venue.judged(), venue.reconciled()) == ([], [])
    # Nor does it stand in the way of the one that is.
    venue.company.tell(RESYNC, BookSnapshot(asked.number, (), ()))
    assert len(venue.reconciled()) == 1
    assert venue.renewals() == []


def test_what_was_said_of_reach_on_a_link_that_is_gone_is_not_said_of_the_next(
    venue: Venue,
) -> None:
    """A gateway that says 1100 and closes: on the next link nobody says that it is back in reach.

    While it is out of reach nothing is reconciled, for an hour at most.
    """
    venue.link()
    venue.says(NoticeEffect.DOWN)
    venue.unanswered()
    venue.link()
    venue.answer()
    assert venue.heard.wait_for(Reconciled).epoch == 2
    venue.company.leap(3601.0)
    assert venue.renewals() == []


def test_what_is_said_of_reach_before_the_link_is_told_holds(venue: Venue) -> None:
    """It may say so while the link is still being opened."""
    venue.epoch = 1
    venue.says(NoticeEffect.DOWN)
    venue.epoch = 0
    venue.link()
    venue.answer()
    assert venue.reconciled() == []


def test_a_link_that_follows_at_once_is_asked_at_once(venue: Venue) -> None:
    """Links that come and go are told to the seat, and read one after the other when it is taken.

    Nobody answers on a link that is gone: to wait for that would hold all entries for a minute.
    """
    venue.link()
    venue.unanswered()
    venue.link()
    venue.answer()
    assert venue.heard.wait_for(Reconciled).epoch == 2


def test_lists_of_a_link_that_is_gone_reconcile_nothing(venue: Venue) -> None:
    """They had ended, and the book was asked: it answers after the next link has come."""
    venue.link()
    asked = venue.unanswered()
    venue.company.tell(RESYNC, RoundEnded(asked.epoch, Round(asked.number, NOON, NOON, ())))
    venue.heard.wait_for(RoundFed, seat=ORDERS)
    venue.link()
    venue.company.tell(RESYNC, BookSnapshot(asked.number, (), ()))
    assert venue.reconciled() == []
    venue.answer()
    assert venue.heard.wait_for(Reconciled).epoch == 2


def test_after_a_quarantine_only_lists_that_were_asked_for_since_reconcile(venue: Venue) -> None:
    """The question to the book may be what was quarantined: nothing may wait for its answer."""
    venue.link()
    asked = venue.heard.wait_for(AskRound)
    at = NOON + timedelta(minutes=1)
    venue.company.tell(RESYNC, RoundEnded(asked.epoch, Round(asked.number, at, at, ())))
    venue.company.tell(RESYNC, Quarantined(names.LEDGER, "L-1", "TakeSnapshot(…)"))
    again = venue.heard.wait_for(AskRound, times=2)
    venue.company.tell(RESYNC, BookSnapshot(asked.number, (), ()))
    assert venue.reconciled() == []
    venue.company.tell(RESYNC, RoundEnded(again.epoch, Round(again.number, at, at, ())))
    venue.company.tell(RESYNC, BookSnapshot(again.number, (), ()))
    assert len(venue.reconciled()) == 1
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
    venue.answer(SENT)
    for seconds in (31.0, 11.1):
        venue.later(seconds, SENT)
    assert venue.judged()[-1] is end
