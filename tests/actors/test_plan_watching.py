"""The plan monitor among listeners: levels, trails, the end of the day, and what persons want."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from actors import names
from actors.messages import (
    Alert,
    BookLoaded,
    ChangePlan,
    InstrumentKnown,
    LeavePlan,
    LoadBook,
    OrderRecorded,
    PlanAnswer,
    PlanRecorded,
    Propose,
    ProposeCancel,
    QuoteUpdate,
    RecordPlan,
)
from actors.plan_knowledge import MonitorOptions
from actors.plan_monitor import PlanMonitor
from adapters.book import ManagedPosition
from domain.exits import Urgency
from domain.orders import Order, OrderState, OrderType, Purpose, Side
from domain.plan_terms import Overnight, PlanTerms, Trail
from domain.plans import Plan, PlanChange, PlanState
from domain.quotes import DataType, Quote
from domain.trailing import TrailRules
from domain.venue import InstrumentDetails, PriceStep, TradingSession
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.store.material import BHP, NOON, intent
from tests.tree.waiting import until

MONITOR = names.PLAN_MONITOR
AROUND = (names.DESK, names.LEDGER, names.NARRATOR, names.connection("ib"), names.quotes("ib"))
STEP = PriceStep(Decimal(0), Decimal("0.01"))
#: An ordinary day of the ASX, as IB announces it; `NOON` is 12:00 in Sydney.
CLOSE = NOON + timedelta(hours=4)


def plan(name: str = "K-1", **changes: Any) -> Plan:
    """100 BHP bought at 45, an hour ago, stop 44, target 47."""
    terms = PlanTerms(Decimal(44), Decimal(47))
    made = Plan(
        name,
        2,
        BHP,
        "ib",
        Side.BUY,
        Decimal(100),
        terms,
        Decimal(44),
        Decimal(47),
        NOON - timedelta(hours=1),
        "",
        state=PlanState.OPEN,
        lot=Decimal(100),
        entry_price=Decimal(45),
        opened_at=NOON - timedelta(hours=1),
    )
    return replace(made, **changes)


def with_terms(**changes: Any) -> Plan:
    made = plan()
    return replace(made, terms=replace(made.terms, **changes))


@contextmanager
def watching(*plans: Plan, options: MonitorOptions | None = None) -> Iterator[Company]:
    """A monitor that has read the book; nobody answers it but the test."""
    options = options or MonitorOptions("K", ("ib",), stale_after_seconds=15.0)
    with gathered({MONITOR: lambda s, at: PlanMonitor(s, at, options=options)}, *AROUND) as company:
        company.heard.wait_for(LoadBook)
        managed = sum((p.side.sign * p.lot for p in plans), Decimal(0))
        held = ManagedPosition(BHP, "ib", managed, Decimal(45), NOON, Decimal(0), ())
        session = TradingSession(
            CLOSE - timedelta(hours=6, minutes=1),
            CLOSE + timedelta(minutes=11),
            CLOSE - timedelta(hours=6, minutes=1),
            CLOSE,
        )
        day = timedelta(days=1)
        other = replace(
            session,
            opens=session.opens + day,
            closes=session.closes + day,
            liquid_opens=CLOSE - timedelta(hours=6, minutes=1) + day,
            liquid_closes=CLOSE + day,
        )
        details = InstrumentDetails(
            BHP, "BHP", "STK", "ASX", "Australia/Sydney", (STEP,), Decimal(1), (session, other)
        )
        loaded = BookLoaded((), (held,) if managed else (), (), plans=plans)
        company.tell(MONITOR, InstrumentKnown("ib", details), loaded)
        yield company


def quote(
    company: Company,
    bid: float,
    *,
    ask: float | None = None,
    last: float = 45.0,
    after: float = 0.3,
) -> list[Propose]:
    """Some time goes by, then it is quoted so; all that was proposed so far."""
    company.leap(after)
    now, at = company.clock.now(), company.clock.monotonic()
    offered = bid + 0.02 if ask is None else ask
    told = Quote(BHP, now, at, bid, offered, 1, 1, last, 1, 1, 45.0, DataType.LIVE)
    company.tell(MONITOR, QuoteUpdate("ib", told))
    company.drain(names.DESK)
    return company.heard.of(Propose)


def go_to(company: Company, moment: datetime) -> None:
    """Leap there, and let it look round; the proposals before then are handled."""
    company.leap((moment - company.clock.now()).total_seconds())
    look_round(company)


def look_round(company: Company) -> None:
    company.leap(5.1)
    company.state(MONITOR)
    company.drain(names.DESK)
    company.drain(names.LEDGER)


def ask(company: Company, message: ChangePlan | LeavePlan) -> PlanAnswer:
    answer = company.system.ask(MONITOR, message).get(timeout=LIMIT)
    assert isinstance(answer, PlanAnswer)
    return answer


def deadline(company: Company) -> float:
    return company.clock.monotonic() + 5.0


def works(company: Company, proposed: Propose) -> None:
    """The exit is at the venue."""
    order = Order.intended(proposed.request, "ib", NOON)
    company.tell(MONITOR, OrderRecorded(replace(order, state=OrderState.WORKING)))


def ends(company: Company, proposed: Propose) -> None:
    order = Order.intended(proposed.request, "ib", NOON)
    company.tell(MONITOR, OrderRecorded(replace(order, state=OrderState.CANCELLED)))


# -- levels ----------------------------------------------------------------------------------


def test_a_stop_is_read_twice_and_the_exit_names_its_plan() -> None:
    with watching(plan()) as company:
        assert quote(company, 43.9) == []
        assert quote(company, 44.1) == [], "one print"
        assert quote(company, 43.9) == []
        (leave,) = quote(company, 43.8)
        request = leave.request
        assert (request.side, request.quantity, request.plan) == (Side.SELL, Decimal(100), "K-1")
        assert (request.limit_price, request.purpose) == (Decimal("43.75"), Purpose.EXIT)
        assert leave.reason.startswith("stop")


def test_a_target_by_the_bid_not_by_the_ask() -> None:
    with watching(plan()) as company:
        for _ in range(3):
            assert quote(company, 46.9, ask=47.5) == []
        quote(company, 47.0)
        (leave,) = quote(company, 47.1)
        assert leave.reason.startswith("target")


def test_a_trade_through_it_is_enough() -> None:
    with watching(plan()) as company:
        quote(company, 44.5)
        (leave,) = quote(company, 43.9, last=43.9)
        assert leave.reason.startswith("stop")


def test_each_plan_of_a_symbol_is_left_by_its_own_levels() -> None:
    near = plan("K-2", stop=Decimal("44.8"), lot=Decimal(40))
    with watching(plan(), near) as company:
        quote(company, 44.7)
        (leave,) = quote(company, 44.7)
        assert (leave.request.plan, leave.request.quantity) == ("K-2", Decimal(40))
        works(company, leave)
        quote(company, 43.7)
        assert [each.request.plan for each in quote(company, 43.7)] == ["K-2", "K-1"]


def test_what_is_pending_or_closed_is_not_left() -> None:
    pending = plan(state=PlanState.PENDING, lot=Decimal(0), opened_at=None)
    with watching(pending) as company:
        for _ in range(3):
            assert quote(company, 40.0) == []
        company.tell(MONITOR, PlanRecorded(plan(version=3)))
        quote(company, 40.0)
        assert len(quote(company, 40.0)) == 1
        company.tell(MONITOR, PlanRecorded(plan(version=4, state=PlanState.CLOSED, lot=Decimal(0))))
        assert company.state(MONITOR)["plans"] == {}


def test_outside_of_continuous_trading_no_level_counts() -> None:
    with watching(plan()) as company:
        go_to(company, CLOSE + timedelta(seconds=1))
        for _ in range(4):
            assert quote(company, 40.0) == []


# -- trails ----------------------------------------------------------------------------------


def test_the_stop_follows_a_price_that_stood_and_is_written_down() -> None:
    trail = Trail(Decimal(1), Decimal("0.80"))
    with watching(with_terms(trail=trail, target=None)) as company:
        company.tell(MONITOR, PlanRecorded(replace(with_terms(trail=trail), target=None)))
        quote(company, 46.5, after=1.0)
        assert company.heard.of(RecordPlan) == [], "one print is not followed"
        quote(company, 46.4)
        recorded = company.heard.wait_for(RecordPlan)
        assert (recorded.plan.stop, recorded.plan.best) == (Decimal("45.60"), Decimal("46.4"))
        assert recorded.who == ""
        quote(company, 47.4)
        quote(company, 47.4)
        assert len(company.heard.of(RecordPlan)) == 1, "not within 30 s"
        quote(company, 47.4, after=31.0)
        quote(company, 47.4)
        moved = company.heard.wait_for(RecordPlan, times=2).plan
        assert moved.stop == Decimal("46.60")
        # It holds at once here, though the ledger has not answered; an older word does not undo it.
        company.tell(MONITOR, PlanRecorded(plan(version=3, lot=Decimal(90))))
        quote(company, 46.5)
        (leave,) = quote(company, 46.5)
        assert (leave.reason.split()[0], leave.request.quantity) == ("stop:", Decimal(90))


# -- the end of the day ----------------------------------------------------------------------


def test_a_day_ends_at_15_45_and_what_remains_goes_into_the_auction_at_the_bound() -> None:
    with watching(with_terms(overnight=Overnight.CLOSE)) as company:
        go_to(company, CLOSE - timedelta(minutes=15, seconds=10))
        assert quote(company, 45.5) == []
        look_round(company)
        (leave,) = quote(company, 45.5)
        assert "15 minutes to the close" in leave.reason
        assert leave.request.limit_price == Decimal("45.45")
        works(company, leave)
        company.leap(10.1)
        taken_back = company.heard.wait_for(ProposeCancel)
        assert taken_back.client_order_id == leave.request.client_order_id
        go_to(company, CLOSE - timedelta(minutes=2))
        assert len(quote(company, 45.4)) == 1, "one exit at a time"
        ends(company, leave)
        again = quote(company, 45.4)[-1]
        assert "2 minutes to the close" in again.reason
        assert again.request.limit_price == Decimal("45.35")
        works(company, again)
        go_to(company, CLOSE)
        ends(company, again)
        look_round(company)
        bound = company.heard.of(Propose)[-1]
        assert "closing auction" in bound.reason
        assert (bound.request.type, bound.request.limit_price) == (
            OrderType.LIMIT,
            Decimal("44.49"),  # 2 % below the last bid of continuous trading
        )
        works(company, bound)
        before = len(company.heard.of(ProposeCancel))
        company.leap(60.0)
        look_round(company)
        assert len(company.heard.of(ProposeCancel)) == before, "it waits for the auction"


def test_after_the_auction_nothing_is_sent_and_a_person_is_told_once() -> None:
    with watching(with_terms(overnight=Overnight.CLOSE)) as company:
        go_to(company, CLOSE + timedelta(minutes=10))
        look_round(company)
        assert company.heard.of(Propose) == []
        alert = company.heard.wait_for(Alert, seat=names.DESK)
        assert (alert.code, alert.stands) == ("DAY_END_NOT_LEFT", True)
        assert "100 BHP/AUD (K-1)" in alert.sentence
        go_to(company, CLOSE + timedelta(hours=18, seconds=30))  # 10:00 of the next day
        (leave,) = quote(company, 45.5)
        assert "before the last close" in leave.reason
        company.tell(MONITOR, PlanRecorded(plan(version=9, state=PlanState.CLOSED, lot=Decimal(0))))
        look_round(company)
        told = company.heard.of(Alert, names.DESK)
        assert [each.stands for each in told] == [True, False]


def test_one_that_is_held_over_night_stays() -> None:
    with watching(plan()) as company:
        for moment in (CLOSE - timedelta(minutes=15), CLOSE, CLOSE + timedelta(minutes=10)):
            go_to(company, moment)
            quote(company, 45.5)
        assert company.heard.of(Propose) == []
        assert company.heard.of(Alert) == []


def test_a_night_gives_back_a_part_and_the_morning_takes_it_again() -> None:
    options = MonitorOptions(
        "K", ("ib",), stale_after_seconds=15.0, trail=TrailRules(night_room=Decimal("0.5"))
    )
    with watching(plan(stop=Decimal(46)), options=options) as company:
        go_to(company, CLOSE)
        night = company.heard.wait_for(RecordPlan).plan
        assert (night.stop, night.day_stop) == (Decimal(45), Decimal(46))
        go_to(company, CLOSE + timedelta(hours=18, seconds=30))
        quote(company, 46.5)
        quote(company, 46.5)
        day = company.heard.wait_for(RecordPlan, times=2).plan
        assert (day.stop, day.day_stop) == (Decimal(46), None)


# -- what persons want -----------------------------------------------------------------------


def test_a_person_tightens_a_stop_and_never_loosens_it() -> None:
    with watching(plan()) as company:
        wanted = PlanChange(stop=Decimal("44.503"))
        answer = ask(company, ChangePlan(deadline(company), "K-1", wanted, "owner"))
        assert answer.plan is not None and answer.plan.stop == Decimal("44.51")
        recorded = company.heard.wait_for(RecordPlan)
        assert (recorded.who, recorded.plan.stop) == ("owner", Decimal("44.51"))
        looser = PlanChange(stop=Decimal("44.50"))
        answer = ask(company, ChangePlan(deadline(company), "K-1", looser, "owner"))
        assert answer.code == "PLAN_STOP_LOOSER"
        answer = ask(company, ChangePlan(deadline(company), "K-9", wanted, "owner"))
        assert answer.code == "PLAN_NOT_OPEN"
        answer = ask(company, ChangePlan(company.clock.monotonic() - 1, "K-1", wanted, "owner"))
        assert answer.code == "ORDER_EXPIRED_UNSENT"


def test_a_monitor_that_begins_anew_does_not_say_that_there_is_no_plan() -> None:
    """What is open it knows from the book, and that has not come yet."""
    with watching(plan()) as company:
        before = company.system.seat(MONITOR).incarnation
        company.restart(MONITOR)
        until(lambda: company.system.seat(MONITOR).incarnation > before, "it begins anew")
        answers = (
            ask(company, ChangePlan(deadline(company), "K-1", PlanChange(target=None), "owner")),
            ask(company, LeavePlan(deadline(company), "K-1", "done", Urgency.PRICED, "owner")),
        )
        assert [each.code for each in answers] == ["BOOK_NOT_READ"] * 2
        assert company.heard.of(RecordPlan) == []


def test_a_person_leaves_a_plan_and_the_wish_outlives_the_monitor() -> None:
    with watching(plan()) as company:
        quote(company, 45.5)
        answer = ask(company, LeavePlan(deadline(company), "K-1", "done", Urgency.PRICED, "owner"))
        assert answer.code == ""
        (leave,) = quote(company, 45.5)
        assert leave.reason == "done, asked by owner"
        wish = company.heard.wait_for(RecordPlan).plan
        assert wish.terms.latest_age == timedelta(0)
    with watching(replace(wish, version=3)) as company:
        (leave,) = quote(company, 45.5)
        assert leave.request.plan == "K-1"


def test_a_holding_without_a_plan_is_given_one_and_once() -> None:
    with watching() as company:
        position = ManagedPosition(BHP, "ib", Decimal(30), Decimal(45), NOON, Decimal(0), ())
        company.tell(MONITOR, BookLoaded((), (position,), ()))
        recorded = company.heard.wait_for(RecordPlan).plan
        assert (recorded.wanted, recorded.side, recorded.stop) == (
            Decimal(30),
            Side.BUY,
            Decimal("44.82"),
        )
        assert recorded.plan_id.startswith("K-H-")
        quote(company, 44.8)
        (leave,) = quote(company, 44.8)
        assert (leave.request.plan, leave.request.quantity) == (recorded.plan_id, Decimal(30))
        assert len(company.heard.of(RecordPlan)) == 1


def test_an_exit_of_an_older_kelpie_that_names_no_plan_is_waited_for() -> None:
    with watching(plan()) as company:
        old = intent("K-P-OLD", side=Side.SELL)
        company.tell(MONITOR, OrderRecorded(replace(old, state=OrderState.WORKING)))
        quote(company, 43.0)
        assert quote(company, 43.0) == []


@pytest.mark.parametrize("state", [PlanState.OPEN, PlanState.PENDING])
def test_an_age_counts_from_the_first_fill(state: PlanState) -> None:
    aged = replace(with_terms(latest_age=timedelta(minutes=30)), state=state)
    if state is PlanState.PENDING:
        aged = replace(aged, opened_at=None, lot=Decimal(0))
    with watching(aged) as company:
        assert len(quote(company, 45.5)) == (1 if state is PlanState.OPEN else 0)
