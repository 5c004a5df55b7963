"""A flatten at the desk: the stop stands while nothing could take its place, and it says why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from actors import names
from actors.desk import Desk
from actors.desk_knowledge import DeskOptions
from actors.messages import (
    Alert,
    BookLoaded,
    EndFlatten,
    FillRecorded,
    Flatten,
    GetFlatten,
    InstrumentKnown,
    LinkDown,
    LinkUp,
    LoadBook,
    NotReconciled,
    OrderRecorded,
    Propose,
    QuoteUpdate,
    Reconciled,
    RecordCancel,
    RecordIntent,
    RecordSetting,
    Standing,
    Verdict,
)
from adapters.book import Fill, ManagedPosition
from adapters.venue import LinkOpened
from domain.flatten import FlattenView, Progress
from domain.orders import Order, OrderState, OrderType, Purpose, Side, Tif
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PositionReport, PriceStep, TradingSession
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.actors.test_desk import AROUND, DESK, MONITOR, OPTIONS
from tests.store.material import ACCOUNT, BHP, intent

CBA = Symbol("CBA", "AUD")
BTC, OTHER = Symbol("BTC", "USD"), "other"
STEP = PriceStep(Decimal(0), Decimal("0.01"))


def stop(state: OrderState = OrderState.WORKING) -> Order:
    order = intent("K-STOP", side=Side.SELL, quantity="100")
    request = replace(
        order.request,
        type=OrderType.STOP,
        limit_price=None,
        stop_price=Decimal(40),
        purpose=Purpose.PROTECTION,
        tif=Tif.GTC,
    )
    return replace(order, request=request, state=state)


def position(quantity: int, company: Company) -> ManagedPosition:
    opened = company.clock.now()
    return ManagedPosition(BHP, names.IB, Decimal(quantity), Decimal(45), opened, Decimal(0), ())


def filled(after: ManagedPosition) -> FillRecorded:
    """A sale of which nothing has been heard before, and the position since."""
    fill = Fill(
        *("X-1", "X-1", "K-STOP", None, after.symbol, Side.SELL, Decimal(1), Decimal(45)),
        *(after.opened_at, "ASX", "added", None, None, False, after.venue, 1),
    )
    return FillRecorded(fill, after, False)


@contextmanager
def desk(
    *orders: Order,
    settings: tuple[tuple[str, str], ...] = (),
    known: bool = True,
    held: int = 100,
    options: DeskOptions = OPTIONS,
) -> Iterator[Company]:
    """A desk with 100 BHP by the book, so many by the venue's word, and these orders open."""
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    others = (each for venue in options.venues[1:] for each in names.of_venue(venue))
    around = (names.LEDGER, MONITOR, names.NARRATOR, names.STARTS, *AROUND, *others)
    with gathered(actors, *around) as company:
        company.heard.wait_for(LoadBook)
        now, at = company.clock.now(), company.clock.monotonic()
        session = TradingSession(now - timedelta(hours=2), now + timedelta(hours=2), None, None)
        details = InstrumentDetails(
            BHP, "BHP", "STK", "ASX", "Australia/Sydney", (STEP,), Decimal(1), (session,)
        )
        quote = Quote(BHP, now, at, 45.0, 45.02, 1, 1, 45.0, 1, 1, 45.0, DataType.LIVE)
        report = PositionReport(ACCOUNT, BHP, "BHP", Decimal(held), Decimal(45))
        company.tell(
            DESK,
            BookLoaded(orders, (position(100, company),), settings),
            Standing(False, "", ""),
            LinkUp(names.IB, 1, LinkOpened(176, ACCOUNT, (ACCOUNT,), None)),
            Reconciled(names.IB, 1, now, (report,), (), (), 0),
        )
        if known:
            company.tell(DESK, InstrumentKnown(names.IB, details), QuoteUpdate(names.IB, quote))
        yield company


def ask(company: Company, **more: Any) -> FlattenView:
    message = Flatten(company.clock.monotonic() + 5, (), "a person", "a test", **more)
    view = company.system.ask(DESK, message).get(timeout=LIMIT)
    assert isinstance(view, FlattenView), view
    return view


def shown(company: Company) -> FlattenView:
    view = company.system.ask(DESK, GetFlatten()).get(timeout=LIMIT)
    assert isinstance(view, FlattenView)
    return view


def wait(company: Company, seconds: float) -> None:
    """Let time go by, second by second, as the desk's own timer runs."""
    for _ in range(int(seconds)):
        company.leap(1.0)
        company.state(DESK)
    company.drain(names.LEDGER)


def exits(company: Company) -> list[RecordIntent]:
    company.drain(names.LEDGER)
    return company.heard.of(RecordIntent)


def recorded(intent: RecordIntent, state: OrderState, at: Any, filled: int = 0) -> OrderRecorded:
    admission = intent.admission
    order = Order.intended(admission.request, admission.venue, at)
    return OrderRecorded(replace(order, state=state, filled=Decimal(filled), reason="no"))


def test_the_stop_stands_while_the_exit_that_follows_would_be_refused() -> None:
    """Nobody has described the share yet: let go, the position would be bare."""
    with desk(stop(), known=False) as company:
        assert ask(company).running
        wait(company, 3)
        assert company.heard.of(RecordCancel) == []
        [item] = shown(company).items
        assert "has not described BHP/AUD" in item.note


def test_a_stop_over_what_the_venue_does_not_hold_is_left_standing_and_it_ends_saying_so() -> None:
    with desk(stop(), held=0) as company:
        assert ask(company).running
        wait(company, 122)
        [item] = shown(company).items
        assert item.progress is Progress.LEFT and "said to hold 0" in item.note
        assert company.heard.of(RecordCancel) == [] and exits(company) == []
        alert = company.heard.wait_for(Alert, seat=names.NARRATOR)
        assert (alert.code, alert.level) == ("FLATTEN_LEFT", "error")
        last = company.heard.wait_for(RecordSetting, lambda m: m.value == "")
        assert last.key == "flatten", "the durable wish has ended, too"


def test_the_exit_waits_for_the_end_of_the_stop_and_takes_what_then_is_there() -> None:
    with desk(stop()) as company:
        ask(company)
        assert company.heard.wait_for(RecordCancel).client_order_id == "K-STOP"
        asked = replace(stop(), pending_change="CANCEL")
        company.tell(DESK, OrderRecorded(asked))
        wait(company, 5)
        assert exits(company) == [] and len(company.heard.of(RecordCancel)) == 1
        fill = filled(position(70, company))
        company.tell(DESK, fill, OrderRecorded(replace(asked, state=OrderState.CANCELLED)))
        [exit] = exits(company)
        request = exit.admission.request
        assert (request.side, request.quantity) == (Side.SELL, Decimal(70))
        assert (request.purpose, request.type) == (Purpose.FLATTEN, OrderType.LIMIT)
        assert request.market_tif is Tif.DAY, "a market order, with its bound"


def test_an_exit_that_is_refused_again_and_again_is_given_up_loudly() -> None:
    with desk() as company:
        ask(company)
        for times in range(1, 6):
            company.heard.wait_for(RecordIntent, times=times)
            now = company.clock.now()
            company.tell(DESK, recorded(exits(company)[-1], OrderState.REJECTED, now))
            wait(company, 1)
            assert len(exits(company)) == times, "not at once"
            wait(company, 5)
        assert len(exits(company)) == 5
        [item] = shown(company).items
        assert (item.progress, item.note) == (Progress.LEFT, "no")


def test_what_is_left_is_its_plans_again_while_another_symbol_is_still_on_its_way_out() -> None:
    doubtful = replace(stop(), state=OrderState.UNKNOWN)
    other = intent("K-CBA")
    other = replace(other, request=replace(other.request, symbol=CBA), state=OrderState.WORKING)
    with desk(doubtful, other) as company:
        assert ask(company).running
        wait(company, 122)
        progress = {item.symbol: item.progress for item in shown(company).items}
        assert progress == {BHP: Progress.LEFT, CBA: Progress.RUNNING}
        company.tell(DESK, OrderRecorded(replace(doubtful, state=OrderState.CANCELLED)))
        now, at = company.clock.now(), company.clock.monotonic()
        quote = Quote(BHP, now, at, 45.0, 45.02, 1, 1, 45.0, 1, 1, 45.0, DataType.LIVE)
        order = intent("KLP-P-1", side=Side.SELL).request
        propose = Propose(at + 5, replace(order, purpose=Purpose.EXIT), MONITOR, "its stop")
        company.tell(DESK, QuoteUpdate(names.IB, quote))
        verdict = company.system.ask(DESK, propose).get(timeout=LIMIT)
        assert verdict.admitted, verdict.sentence


def test_an_exit_whose_price_was_left_behind_is_priced_anew() -> None:
    with desk() as company:
        ask(company)
        first = company.heard.wait_for(RecordIntent)
        company.tell(DESK, recorded(first, OrderState.WORKING, company.clock.now()))
        wait(company, 5)
        assert company.heard.of(RecordCancel) == []
        wait(company, 7)
        name = first.admission.request.client_order_id
        assert company.heard.wait_for(RecordCancel).client_order_id == name
        company.tell(DESK, recorded(first, OrderState.CANCELLED, company.clock.now()))
        assert len(exits(company)) == 2


def test_what_the_book_says_was_asked_for_is_carried_on_by_the_next_desk() -> None:
    with desk() as company:
        ask(company)
        wish = company.heard.wait_for(RecordSetting)
        assert (wish.key, wish.who) == ("flatten", "a person")
    with desk(settings=(("flatten", wish.value),)) as company:
        wait(company, 6)
        company.heard.wait_for(RecordIntent)
        view = shown(company)
        assert (view.running, view.who, view.reason) == (True, "a person", "a test")


def test_asked_again_it_is_the_same_one_and_a_person_can_end_it() -> None:
    with desk() as company:
        assert ask(company).running and ask(company).running
        wait(company, 3)
        assert len(exits(company)) == 1
        end = EndFlatten(company.clock.monotonic() + 5, "a person", "enough")
        ended = company.system.ask(DESK, end).get(timeout=LIMIT)
        assert not ended.running and "enough" in ended.items[0].note
        assert company.heard.of(RecordCancel) == [], "what was sent stands"


def test_what_was_held_on_an_older_link_proves_nothing_on_the_next() -> None:
    """Somebody may have sold meanwhile: only the venue's word on this link counts."""
    with desk() as company:
        opened = LinkOpened(176, ACCOUNT, (ACCOUNT,), None)
        company.tell(
            DESK,
            LinkDown(names.IB, 1, "PEER_CLOSED", "gone", None),
            LinkUp(names.IB, 2, opened),
            NotReconciled(names.IB, 2, "LIST_NOT_ENDED", "positions did not end"),
        )
        asked = ask(company)
        assert asked.confirm_because and asked.items[0].quantity == 0
        assert ask(company, confirmation=asked.confirmation).running
        wait(company, 3)
        assert exits(company) == []
        told = PositionReport(ACCOUNT, BHP, "BHP", Decimal(40), Decimal(45))
        ended = NotReconciled(names.IB, 2, "LIST_NOT_ENDED", "open orders did not end", (told,))
        company.tell(DESK, ended)
        [exit] = exits(company)
        assert exit.admission.request.quantity == 40


def test_one_that_runs_can_be_confirmed_when_that_comes_to_be_needed() -> None:
    with desk(stop()) as company:
        assert ask(company).running
        ended = replace(stop(), state=OrderState.CANCELLED)
        unsure = NotReconciled(names.IB, 1, "LIST_NOT_ENDED", "no end")
        company.tell(DESK, unsure, OrderRecorded(ended))
        asked = ask(company)
        assert asked.confirmation and exits(company) == []
        assert ask(company, confirmation=asked.confirmation).running
        wait(company, 7)
        assert len(exits(company)) == 1


def test_what_was_shown_on_a_calm_day_confirms_nothing_once_the_lists_are_in_doubt() -> None:
    with desk(stop()) as company:
        calm = ask(company, preview_only=True, in_two_steps=True)
        assert calm.confirmation and not calm.confirm_because
        company.tell(DESK, NotReconciled(names.IB, 1, "LIST_NOT_ENDED", "orders did not end"))
        told = ask(company, confirmation=calm.confirmation, in_two_steps=True)
        assert not told.running, "nobody was told of the doubt when they said yes"
        assert "orders did not end" in told.confirm_because
        assert told.confirmation != calm.confirmation, "whoever saw the first has not seen this"
        assert ask(company, confirmation=told.confirmation, in_two_steps=True).running


def test_a_doubt_that_has_gone_takes_no_confirmation_away() -> None:
    with desk(stop()) as company:
        company.tell(DESK, NotReconciled(names.IB, 1, "LIST_NOT_ENDED", "orders did not end"))
        doubtful = ask(company, preview_only=True, in_two_steps=True)
        report = PositionReport(ACCOUNT, BHP, "BHP", Decimal(100), Decimal(45))
        now = company.clock.now()
        company.tell(DESK, Reconciled(names.IB, 1, now, (report,), (), (), 0))
        assert ask(company, confirmation=doubtful.confirmation, in_two_steps=True).running


def test_a_symbol_that_is_not_ours_holds_nothing_up() -> None:
    with desk() as company:
        message = Flatten(company.clock.monotonic() + 5, (CBA, BHP), "a person", "a test")
        view = company.system.ask(DESK, message).get(timeout=LIMIT)
        assert isinstance(view, FlattenView) and view.running
        assert [item.symbol for item in view.items] == [BHP]


def test_without_a_new_confirmation_it_waits_until_the_venue_is_reconciled_again() -> None:
    with desk(stop()) as company:
        assert ask(company).running
        unsure = NotReconciled(names.IB, 1, "OUT_OF_REACH", "1100")
        ended = replace(stop(), state=OrderState.CANCELLED)
        company.tell(DESK, unsure, OrderRecorded(ended))
        wait(company, 7)
        assert exits(company) == []
        assert "confirmed" in shown(company).items[0].note
        assert shown(company).running
        report = PositionReport(ACCOUNT, BHP, "BHP", Decimal(100), Decimal(45))
        now = company.clock.now()
        company.tell(DESK, Reconciled(names.IB, 1, now, (report,), (), (), 0))
        wait(company, 6)
        assert len(exits(company)) == 1


def test_one_venue_that_is_not_there_holds_up_nothing_at_another() -> None:
    options = replace(OPTIONS, venues=(names.IB, OTHER), venue_of={BHP: names.IB, BTC: OTHER})
    with desk(options=options) as company:
        at_gemini = replace(position(1, company), symbol=BTC, venue=OTHER)
        company.tell(DESK, filled(at_gemini))
        view = ask(company)
        assert view.running and {each.symbol for each in view.items} == {BHP, BTC}
        wait(company, 7)
        [exit] = exits(company)
        assert exit.admission.request.symbol == BHP
        progress = {item.symbol: item.progress for item in shown(company).items}
        assert progress[BTC] is Progress.RUNNING, "it waits for its venue"


@pytest.mark.parametrize("mode", ["observing", "not connected"])
def test_where_nothing_may_be_sent_it_is_refused(mode: str) -> None:
    options = replace(OPTIONS, observing=mode == "observing")
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    with gathered(actors, names.LEDGER, names.STARTS, *AROUND) as company:
        company.heard.wait_for(LoadBook)
        company.tell(DESK, BookLoaded((), (position(100, company),), ()))
        message = Flatten(company.clock.monotonic() + 5, (BHP,), "a person", "a test")
        refused = company.system.ask(DESK, message).get(timeout=LIMIT)
        assert isinstance(refused, Verdict)
        wanted = "OBSERVING" if mode == "observing" else "VENUE_NOT_TRADABLE"
        assert (refused.admitted, refused.code) == (False, wanted)
