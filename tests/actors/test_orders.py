"""Orders with a real ledger below: what survives a restart, and what ends in doubt."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from actors import names
from actors.ledger import Ledger
from actors.messages import (
    BookFill,
    BookLoaded,
    CancelDurable,
    CancelHanded,
    CancelNotSent,
    CancelOrder,
    GetOrder,
    Introduce,
    LinkUp,
    LoadBook,
    OrderJudged,
    OrderNotSent,
    OrderRecorded,
    QueryOrder,
    RecordCancel,
    RoundFed,
    VenueFact,
)
from actors.orders import Orders
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.store import SqliteBook, open_book, open_emergency
from adapters.venue import LinkOpened
from domain.orders import Order, OrderState
from domain.venue import NoticeEffect, OrderFact, OrderReport, VenueNotice, VenueStatus
from tests.actors.company import Build, Company, gathered
from tests.actors.conftest import LIMIT
from tests.store.material import ACCOUNT, StandingClock, execution, intent
from tests.tree.waiting import until

ORDERS, LEDGER = names.orders(names.IB), names.LEDGER
CONNECTION, RESYNC = names.connection(names.IB), names.resync(names.IB)
READER = "reader"


def up(epoch: int) -> LinkUp:
    return LinkUp(names.IB, epoch, LinkOpened(176, ACCOUNT, (ACCOUNT,), None))


def fact(content: OrderFact) -> VenueFact:
    return VenueFact(names.IB, content)


def report(status: VenueStatus, filled: str = "0", name: str = "K-1") -> VenueFact:
    done = Decimal(filled)
    return fact(OrderReport(name, "9001", status, done, Decimal(100) - done, None))


def notice(effect: NoticeEffect, code: int = 201, text: str = "no", name: str = "K-1") -> VenueFact:
    return fact(VenueNotice(code, text, name, effect=effect))


@contextmanager
def trading(folder: Path, *orders: Order, hold: threading.Event | None = None) -> Iterator[Company]:
    """Orders and a ledger whose book has these orders; connection and resync listen.

    The second ledger waits for `hold` before it begins.
    """
    book = open_book(folder, "demo", ACCOUNT, StandingClock())
    for order in orders:
        book.record_intent(replace(order, state=OrderState.INTENDED), "c")
        if order.state is not OrderState.INTENDED:
            book.record_state(
                order.client_order_id,
                order.state,
                order.created_at,
                venue_order_id=order.venue_order_id,
                pending_change=order.pending_change,
                sent_at=order.created_at,
            )
    book.close()

    def ledger(system: ActorSystem, seat: Seat) -> Ledger:
        def opened() -> SqliteBook:
            if hold is not None and seat.incarnation > 1:
                assert hold.wait(LIMIT)
            return open_book(folder, "demo", ACCOUNT, StandingClock())

        return Ledger(
            system,
            seat,
            open_book=opened,
            open_emergency=lambda: open_emergency(folder / "emergency.intents"),
            readers=(READER,),
        )

    actors: dict[str, Build] = {
        LEDGER: ledger,
        ORDERS: lambda s, seat: Orders(s, seat, venue=names.IB),
    }
    with gathered(actors, CONNECTION, RESYNC, READER, names.DESK) as company:
        wait_until_loaded(company)
        yield company


def wait_until_loaded(company: Company) -> None:
    """Ask again and again: each answer comes after what was handled before it."""
    seat = company.system.seat(ORDERS)
    for number in range(10_000):
        company.state("root")
        if seat.incarnation and company.state(ORDERS)["loaded"]:
            return
        company.tell(LEDGER, LoadBook(READER, number))
    raise AssertionError("the book never came")


def ends(company: Company, state: OrderState, name: str = "K-1") -> Order:
    recorded = company.heard.wait_for(
        OrderRecorded,
        lambda m: m.order.client_order_id == name and m.order.state is state,
        seat=READER,
    )
    return recorded.order


def order(state: OrderState = OrderState.WORKING, name: str = "K-1", **fields: object) -> Order:
    at_venue = {"venue_order_id": "9001"} if state is OrderState.WORKING else {}
    return replace(intent(name), state=state, **{**at_venue, **fields})  # type: ignore[arg-type]


# -- from one incarnation to the next ------------------------------------------------------


def test_what_came_before_the_book_waits_for_the_next_incarnation() -> None:
    """Here the ledger is a listener, so that the book never comes to the first incarnation."""
    actors = {ORDERS: lambda s, seat: Orders(s, seat, venue=names.IB)}
    with gathered(actors, LEDGER, CONNECTION, RESYNC) as company:
        company.heard.wait_for(LoadBook)
        deadline = company.clock.monotonic() + 60
        working = order(pending_change="CANCEL")
        company.tell(ORDERS, fact(execution()), CancelDurable(deadline, "K-1"))
        company.restart(ORDERS)
        asked = company.heard.wait_for(LoadBook, times=2)
        assert asked.ticket == 2
        company.drain(LEDGER)
        assert company.heard.of(BookFill) == []
        company.tell(ORDERS, BookLoaded((working,), (), (), asked.ticket))
        booked = company.heard.wait_for(BookFill)
        assert booked.report == execution()
        assert company.heard.wait_for(CancelOrder).client_order_id == "K-1"


def test_what_the_ledger_told_before_the_book_takes_no_fill_back() -> None:
    """After a full disk it tells all at once, and orders may have begun anew meanwhile."""
    actors = {ORDERS: lambda s, seat: Orders(s, seat, venue=names.IB)}
    with gathered(actors, LEDGER, CONNECTION, RESYNC) as company:
        asked = company.heard.wait_for(LoadBook)
        filled = order(state=OrderState.FILLED, filled=Decimal(100))
        company.tell(
            ORDERS,
            OrderRecorded(order(state=OrderState.SENT)),
            BookLoaded((), (), (), asked.ticket, (filled,)),
        )
        assert company.state(ORDERS)["open"] == {}
        assert company.heard.of(QueryOrder) == []


def test_a_book_that_an_earlier_incarnation_asked_for_is_too_old() -> None:
    actors = {ORDERS: lambda s, seat: Orders(s, seat, venue=names.IB)}
    with gathered(actors, LEDGER, CONNECTION, RESYNC) as company:
        company.heard.wait_for(LoadBook)
        company.state(ORDERS)  # the root has been told that it runs
        company.restart(ORDERS)
        company.heard.wait_for(LoadBook, times=2)
        company.tell(ORDERS, BookLoaded((order(),), (), (), 1))
        assert company.state(ORDERS)["loaded"] is False
        company.tell(ORDERS, BookLoaded((), (), (), 2))
        state = company.state(ORDERS)
        assert (state["loaded"], state["open"]) == (True, {})


# -- not sent, or in doubt -----------------------------------------------------------------


@pytest.mark.parametrize("state", [OrderState.INTENDED, OrderState.SENT, OrderState.UNKNOWN])
@pytest.mark.parametrize("word", ["from the connection", "from the link"])
def test_the_proof_that_nothing_left_is_believed_while_the_venue_is_silent(
    tmp_path: Path, state: OrderState, word: str
) -> None:
    proof: OrderNotSent | VenueFact = OrderNotSent("K-1", "LINK_CHANGED", "taken back")
    if word == "from the link":
        proof = notice(NoticeEffect.NOT_SENT, -2, "taken back")
    with trading(tmp_path, order(state)) as company:
        company.tell(ORDERS, proof)
        assert ends(company, OrderState.NOT_SENT).reason == "taken back"


def test_that_proof_is_not_believed_of_an_order_that_the_venue_knows(tmp_path: Path) -> None:
    known = order(OrderState.UNKNOWN, venue_order_id="9001")
    with trading(tmp_path, known) as company:
        company.tell(ORDERS, notice(NoticeEffect.NOT_SENT), OrderNotSent("K-1", "X", "taken back"))
        assert company.state(ORDERS)["open"] == {"UNKNOWN": 1}


@pytest.mark.parametrize("state", [OrderState.INTENDED, OrderState.SENT])
@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=1)])
def test_an_order_of_which_no_word_comes_is_unknown_whatever_the_wall_clock_says(
    tmp_path: Path, state: OrderState, ahead: timedelta
) -> None:
    # Made an hour ahead: the wall clock has since stepped back.
    made = intent().created_at + ahead
    with trading(tmp_path, order(state, created_at=made)) as company:
        company.leap(0.5)
        assert company.state(ORDERS)["open"] == {state.value: 1}
        company.leap(5.0)
        ends(company, OrderState.UNKNOWN)
        assert company.heard.wait_for(QueryOrder).claim == "IN_DOUBT"


def test_an_order_that_the_venue_speaks_of_again_is_not_in_doubt(tmp_path: Path) -> None:
    with trading(tmp_path, order(OrderState.SENT)) as company:
        company.tell(ORDERS, report(VenueStatus.PENDING))
        company.leap(6.0)
        company.tell(ORDERS, report(VenueStatus.WORKING))
        ends(company, OrderState.WORKING)
        told = [m.order.state for m in company.heard.of(OrderRecorded, READER)]
        assert OrderState.UNKNOWN not in told


# -- fills that do not come ----------------------------------------------------------------


def test_an_end_without_its_fills_is_unknown_in_the_end_and_filled_when_they_come(
    tmp_path: Path,
) -> None:
    with trading(tmp_path, order()) as company:
        for _ in range(22):
            # Said again and again, as each round says it: the wait does not begin anew.
            company.tell(ORDERS, report(VenueStatus.FILLED, "100"))
            company.leap(2.5)
        ends(company, OrderState.UNKNOWN)
        company.leap(60.0)
        company.state(ORDERS)
        company.drain(RESYNC)
        asked = [query.claim for query in company.heard.of(QueryOrder)]
        assert asked == ["FILLS_MISSING"] * 3, "it is not asked for ever"
        company.tell(ORDERS, fact(execution()))
        assert ends(company, OrderState.FILLED).filled == 100


# -- cancels -------------------------------------------------------------------------------


def test_a_wish_to_cancel_is_handed_once_on_each_new_link(tmp_path: Path) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1), RoundFed(1))
        wish = RecordCancel("K-1", "a person", company.clock.monotonic() + 60, names.IB)
        company.tell(LEDGER, wish)
        company.heard.wait_for(CancelOrder)
        company.tell(ORDERS, RoundFed(2))
        company.drain(CONNECTION)
        assert len(company.heard.of(CancelOrder)) == 1, "handed on this link already"

        company.restart(ORDERS)
        company.heard.wait_for(Introduce, times=2)
        wait_until_loaded(company)
        for epoch in (2, 3):
            company.tell(ORDERS, up(epoch))
            company.drain(CONNECTION)
            assert len(company.heard.of(CancelOrder)) == epoch - 1, "not before its orders are fed"
            company.tell(ORDERS, RoundFed(1))
            company.heard.wait_for(CancelOrder, times=epoch)
            company.tell(ORDERS, RoundFed(2))
            company.drain(CONNECTION)
            assert len(company.heard.of(CancelOrder)) == epoch


def test_a_wish_that_met_a_link_before_it_was_heard_of_is_not_said_on_it_again(
    tmp_path: Path,
) -> None:
    """It was on its way to the connection when the link came about."""
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        wish = RecordCancel("K-1", "a person", company.clock.monotonic() + 60, names.IB)
        company.tell(LEDGER, wish)
        company.heard.wait_for(CancelOrder)
        company.tell(ORDERS, CancelHanded("K-1", 2), up(2), RoundFed(1))
        company.drain(CONNECTION)
        assert len(company.heard.of(CancelOrder)) == 1
        company.tell(ORDERS, up(3), RoundFed(1))
        company.heard.wait_for(CancelOrder, times=2)


def test_a_cancel_that_the_venue_refuses_is_no_wish_any_more(tmp_path: Path) -> None:
    with trading(tmp_path, order(pending_change="CANCEL")) as company:
        refused = notice(NoticeEffect.CANCEL_REFUSED, 10148, "cannot be cancelled")
        company.tell(ORDERS, refused)
        told = company.heard.wait_for(OrderRecorded, seat=READER)
        assert (told.order.state, told.order.pending_change) == (OrderState.WORKING, None)
        assert company.heard.wait_for(QueryOrder).claim == "CANCEL_REFUSED"
        company.tell(ORDERS, up(2), RoundFed(1))
        company.drain(CONNECTION)
        assert company.heard.of(CancelOrder) == []


@pytest.mark.parametrize("code", ["NO_LINK", "ORDER_NOT_KNOWN", "EXPIRED"])
def test_a_cancel_that_could_not_leave_is_said_again_once_the_orders_are_known(
    tmp_path: Path, code: str
) -> None:
    """The owner asked for it while the link was down, and has gone to sleep since."""
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        deadline = company.clock.monotonic() + 60
        company.tell(LEDGER, RecordCancel("K-1", "a person", deadline, names.IB))
        company.heard.wait_for(CancelOrder)
        company.tell(ORDERS, CancelNotSent("K-1", code, "It has not left."))
        known = company.system.ask(LEDGER, GetOrder("K-1")).get(timeout=LIMIT)
        assert known.pending_change == "CANCEL"
        company.tell(ORDERS, up(2), RoundFed(1))
        company.heard.wait_for(CancelOrder, times=2)
        company.tell(ORDERS, RoundFed(2))
        company.drain(CONNECTION)
        assert len(company.heard.of(CancelOrder)) == 2


def test_a_cancel_that_came_too_late_is_said_at_the_next_lists(tmp_path: Path) -> None:
    with trading(tmp_path, order()) as company:
        deadline = company.clock.monotonic() - 1
        company.tell(LEDGER, RecordCancel("K-1", "a person", deadline, names.IB))
        company.system.ask(LEDGER, GetOrder("K-1")).get(timeout=LIMIT)
        company.tell(ORDERS, up(1))
        company.drain(CONNECTION)
        assert company.heard.of(CancelOrder) == []
        company.tell(ORDERS, RoundFed(1))
        company.heard.wait_for(CancelOrder)


def test_a_word_of_the_venue_on_its_way_to_the_ledger_does_not_wipe_out_a_cancel(
    tmp_path: Path,
) -> None:
    begun = threading.Event()
    with trading(tmp_path, order(OrderState.SENT), hold=begun) as company:
        company.tell(ORDERS, up(1))
        company.restart(LEDGER)
        until(lambda: company.system.seat(LEDGER).incarnation == 2, "it begins anew")
        wish = RecordCancel("K-1", "a person", company.clock.monotonic() + 60, names.IB)
        company.put(LEDGER, wish)
        company.tell(ORDERS, report(VenueStatus.WORKING))
        begun.set()
        company.heard.wait_for(CancelOrder)
        known = company.system.ask(LEDGER, GetOrder("K-1")).get(timeout=LIMIT)
        assert (known.state, known.pending_change) == (OrderState.WORKING, "CANCEL")


@pytest.mark.parametrize("judged", [OrderState.REJECTED, OrderState.NOT_SENT])
@pytest.mark.parametrize("asked", [-1, 1])
def test_a_verdict_on_lists_ends_nothing_that_has_shown_life_since_they_were_asked_for(
    tmp_path: Path, judged: OrderState, asked: int
) -> None:
    with trading(tmp_path, order(OrderState.SENT)) as company:
        asked_at = company.clock.now() + timedelta(minutes=asked)
        company.tell(ORDERS, notice(NoticeEffect.REJECT), report(VenueStatus.WORKING))
        company.tell(ORDERS, RoundFed(1, asked_at), OrderJudged("K-1", judged, "not there"))
        known = company.system.ask(LEDGER, GetOrder("K-1")).get(timeout=LIMIT)
        assert known.state is (OrderState.WORKING if asked < 0 else judged)


# -- the venue's own words -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "end", "state"),
    [
        (NoticeEffect.REJECT, VenueStatus.INACTIVE, OrderState.REJECTED),
        (NoticeEffect.CANCELLED, VenueStatus.CANCELLED, OrderState.CANCELLED),
    ],
)
def test_the_text_of_the_venue_is_the_reason(
    tmp_path: Path, effect: NoticeEffect, end: VenueStatus, state: OrderState
) -> None:
    with trading(tmp_path, order()) as company:
        closing = OrderReport("K-1", "9001", end, Decimal(0), Decimal(0), None, completed=True)
        company.tell(ORDERS, notice(effect, 201, "Order rejected: no funds"), fact(closing))
        assert ends(company, state).reason == "201: Order rejected: no funds"
