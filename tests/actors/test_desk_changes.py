"""The desk asks before it enters, admits groups as one, and reserves a change at its larger end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from actors import names
from actors.desk import Desk
from actors.desk_knowledge import DeskOptions
from actors.messages import (
    AmendmentRefused,
    AmendmentSettled,
    AskPreview,
    BookLoaded,
    GetDesk,
    GetVerdict,
    InstrumentKnown,
    LinkUp,
    LoadBook,
    OrderRecorded,
    PositionChanged,
    PreviewCame,
    Propose,
    ProposeAmend,
    QuoteUpdate,
    Reconciled,
    RecordAmendment,
    RecordIntent,
    SetPaused,
    Standing,
    Verdict,
)
from adapters.book import ManagedPosition
from adapters.venue import LinkOpened
from domain.amendments import Wanted
from domain.order_groups import Protection, bracket
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side, Tif
from domain.quotes import DataType, Quote
from domain.terms import AmendmentState
from domain.venue import (
    InstrumentDetails,
    OrderPreview,
    PositionReport,
    PriceStep,
    TradingSession,
)
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.actors.test_desk import AROUND, DESK, MONITOR, OPTIONS
from tests.store.material import ACCOUNT, BHP, intent

CONNECTION = names.connection(names.IB)
TOLD = OrderPreview(
    Decimal("6.60"), None, None, "AUD", None, None, None, Decimal(1500), Decimal(99_000), ""
)
STEP = PriceStep(Decimal(0), Decimal("0.01"))


@contextmanager
def desk(options: DeskOptions, *orders: Order, in_auction: bool = False) -> Iterator[Company]:
    """A desk that may trade, with these orders open."""
    actors = {DESK: lambda s, seat: Desk(s, seat, options=options)}
    with gathered(actors, names.LEDGER, MONITOR, names.STARTS, *AROUND) as company:
        company.heard.wait_for(LoadBook)
        now, at = company.clock.now(), company.clock.monotonic()
        opens = now + timedelta(seconds=5) if in_auction else now - timedelta(hours=1)
        session = TradingSession(
            now - timedelta(hours=2), now + timedelta(hours=2), opens, now + timedelta(hours=1)
        )
        details = InstrumentDetails(
            BHP, "BHP", "STK", "ASX", "Australia/Sydney", (STEP,), Decimal(1), (session,)
        )
        quote = Quote(BHP, now, at, 45.0, 45.02, 1, 1, 45.0, 1, 1, 45.0, DataType.LIVE)
        company.tell(
            DESK,
            BookLoaded(orders, (), ()),
            Standing(False, "", ""),
            LinkUp(names.IB, 1, LinkOpened(176, ACCOUNT, (ACCOUNT,), None)),
            InstrumentKnown(names.IB, details),
            Reconciled(names.IB, 1, now, (), (), (), 0),
            QuoteUpdate(names.IB, quote),
        )
        yield company


ASKING = replace(OPTIONS, previews=True, preview_seconds=60.0)


def entry(name: str, quantity: str = "20") -> OrderRequest:
    return intent(name, quantity=quantity).request


def proposed(company: Company, order: OrderRequest, **more: object) -> Verdict:
    propose = Propose(company.clock.monotonic() + 5, order, MONITOR, "a test", **more)  # type: ignore[arg-type]
    verdict = company.system.ask(DESK, propose).get(timeout=LIMIT)
    assert isinstance(verdict, Verdict)
    return verdict


def outcome(company: Company, name: str) -> Verdict | None:
    verdict = company.system.ask(DESK, GetVerdict(name)).get(timeout=LIMIT)
    assert verdict is None or isinstance(verdict, Verdict)
    return verdict


def test_the_first_entry_of_its_kind_waits_for_the_venues_word_and_holds_its_place() -> None:
    with desk(ASKING) as company:
        assert proposed(company, entry("K-1")).pending
        asked = company.heard.wait_for(AskPreview, seat=CONNECTION)
        assert (asked.request.client_order_id, asked.epoch) == ("K-1", 1)
        view = company.system.ask(DESK, GetDesk()).get(timeout=LIMIT)
        assert view.reserved == Decimal(20) * Decimal("45.10")
        assert outcome(company, "K-1") is None
        company.drain(names.LEDGER)
        assert company.heard.of(RecordIntent) == []
        company.tell(DESK, PreviewCame("K-1", asked.ticket, TOLD))
        record = company.heard.wait_for(RecordIntent)
        assert record.admission.preview == TOLD
        assert company.heard.wait_for(Verdict, lambda m: m.admitted, seat=MONITOR)
        late = outcome(company, "K-1")
        assert late is not None and late.admitted
        # Another of the same size goes at once; a large one is asked about.
        assert proposed(company, entry("K-2")).admitted
        assert proposed(company, entry("K-3", "150")).pending


def test_without_an_answer_the_entry_is_refused_and_its_place_is_free() -> None:
    with desk(ASKING) as company:
        assert proposed(company, entry("K-1")).pending
        asked = company.heard.wait_for(AskPreview, seat=CONNECTION)
        company.leap(60.6)
        refused = company.heard.wait_for(Verdict, seat=MONITOR)
        assert (refused.admitted, refused.code) == (False, "PREVIEW_UNANSWERED")
        # What comes after that is too late.
        company.tell(DESK, PreviewCame("K-1", asked.ticket, TOLD))
        company.drain(names.LEDGER)
        assert company.heard.of(RecordIntent) == []
        assert company.system.ask(DESK, GetDesk()).get(timeout=LIMIT).reserved == 0


@pytest.mark.parametrize(
    ("preview", "code"),
    [
        (None, "PREVIEW_REFUSED"),
        (replace(TOLD, equity_with_loan_after=Decimal(1)), "PREVIEW_MARGIN"),
    ],
)
def test_what_the_venue_would_not_take_is_refused(preview: OrderPreview | None, code: str) -> None:
    with desk(ASKING) as company:
        assert proposed(company, entry("K-1")).pending
        ticket = company.heard.wait_for(AskPreview, seat=CONNECTION).ticket
        company.tell(DESK, PreviewCame("K-1", ticket, preview, "PREVIEW_REFUSED", "no"))
        assert company.heard.wait_for(Verdict, seat=MONITOR).code == code
        assert company.heard.of(RecordIntent) == []


def test_after_the_answer_the_gates_are_walked_again() -> None:
    with desk(ASKING) as company:
        assert proposed(company, entry("K-1")).pending
        ticket = company.heard.wait_for(AskPreview, seat=CONNECTION).ticket
        company.tell(DESK, SetPaused(True, "me", "a walk"), PreviewCame("K-1", ticket, TOLD))
        assert company.heard.wait_for(Verdict, seat=MONITOR).code == "PAUSED"
        assert company.heard.of(RecordIntent) == []


def test_a_proposal_whose_time_is_over_when_the_answer_comes_is_not_sent() -> None:
    with desk(ASKING) as company:
        propose = Propose(company.clock.monotonic() + 30, entry("K-1"), MONITOR, "a test")
        assert company.system.ask(DESK, propose).get(timeout=LIMIT).pending
        ticket = company.heard.wait_for(AskPreview, seat=CONNECTION).ticket
        company.leap(30.5)
        company.tell(DESK, PreviewCame("K-1", ticket, TOLD))
        assert company.heard.wait_for(Verdict, seat=MONITOR).code == "ORDER_EXPIRED_UNSENT"
        assert company.heard.of(RecordIntent) == []


def test_an_exit_never_waits() -> None:
    bought = replace(intent("K-0", quantity="100"), state=OrderState.FILLED)
    with desk(ASKING, bought) as company:
        leaving = OrderRequest(
            "K-1", BHP, Side.SELL, Decimal(100), OrderType.MARKET, purpose=Purpose.FLATTEN
        )
        verdict = proposed(company, leaving)
        assert (verdict.pending, verdict.code) == (False, "MORE_THAN_HELD")
        assert company.heard.of(AskPreview) == []


@pytest.mark.parametrize(("there", "doubted"), [("60", "0"), ("100", "40")])
def test_a_plan_leaves_with_what_is_provably_held(there: str, doubted: str) -> None:
    """Somebody sold 40 of ours by hand, or nobody knows what became of an order to sell them."""
    bought = ManagedPosition(
        BHP, names.IB, Decimal(100), Decimal(45), intent().created_at, Decimal(0), ()
    )
    selling = replace(intent("K-0", side=Side.SELL, quantity="40"), state=OrderState.UNKNOWN)
    orders = () if doubted == "0" else (selling,)
    leaving = OrderRequest(
        "K-1", BHP, Side.SELL, Decimal(100), OrderType.LIMIT, Decimal(44), purpose=Purpose.EXIT
    )
    with desk(OPTIONS) as company:
        now = company.clock.now()
        word = PositionReport(ACCOUNT, BHP, "BHP", Decimal(there), Decimal(45))
        mismatch = ((BHP, "Kelpie bought 100, the venue holds 60"),) if there == "60" else ()
        company.tell(
            DESK,
            BookLoaded(orders, (bought,), ()),
            Reconciled(names.IB, 1, now, (word,), mismatch, (), 0),
        )
        # A person is told; a plan gets the rest out.
        by_hand = Propose(company.clock.monotonic() + 5, leaving, "me", "a test")
        verdict = company.system.ask(DESK, by_hand).get(timeout=LIMIT)
        assert verdict.code == "MORE_THAN_HELD"
        assert proposed(company, leaving).admitted
        assert company.heard.wait_for(RecordIntent).admission.request.quantity == Decimal(60)
        assert proposed(company, replace(leaving, client_order_id="K-2")).code == "MORE_THAN_HELD"


def test_a_preview_alone_places_nothing() -> None:
    with desk(OPTIONS) as company:
        assert proposed(company, entry("K-1"), preview_only=True).pending
        ticket = company.heard.wait_for(AskPreview, seat=CONNECTION).ticket
        company.tell(DESK, PreviewCame("K-1", ticket, TOLD))
        said = outcome(company, "K-1")
        assert said is not None and (said.admitted, said.preview) == (True, TOLD)
        company.drain(names.LEDGER)
        assert company.heard.of(RecordIntent) == []


def test_a_bracket_is_one_proposal_and_one_intent() -> None:
    with desk(OPTIONS) as company:
        group = bracket(entry("K-1"), Protection(Decimal(44)), Decimal(47))
        assert proposed(company, group.first, attached=group.attached).admitted
        record = company.heard.wait_for(RecordIntent)
        assert [each.request.client_order_id for each in record.admission.members] == [
            "K-1",
            "K-1-T",
            "K-1-S",
        ]
        # Each id is taken from now on.
        assert proposed(company, entry("K-1-S")).code == "ORDER_ID_TAKEN"


def test_a_market_order_in_the_opening_auction_is_no_ioc() -> None:
    """IB announces 09:59 as liquid; until ten the auction runs, where IOC would end unmatched."""
    with desk(OPTIONS) as company:
        sydney = ZoneInfo("Australia/Sydney")
        tomorrow = company.clock.now().astimezone(sydney).date() + timedelta(days=1)
        opens = datetime.combine(tomorrow, time(9, 59), sydney).astimezone(UTC)
        company.leap((opens - company.clock.now()).total_seconds() + 30)
        closes = opens + timedelta(hours=6, minutes=1)
        session = TradingSession(opens, closes + timedelta(minutes=11), opens, closes)
        details = InstrumentDetails(
            BHP, "BHP", "STK", "ASX", "Australia/NSW", (STEP,), Decimal(1), (session,)
        )
        sent: list[RecordIntent] = []
        for name in ("K-1", "K-2"):
            now, at = company.clock.now(), company.clock.monotonic()
            quote = Quote(BHP, now, at, 45.0, 45.02, 1, 1, 45.0, 1, 1, 45.0, DataType.LIVE)
            company.tell(DESK, InstrumentKnown(names.IB, details), QuoteUpdate(names.IB, quote))
            order = OrderRequest(name, BHP, Side.BUY, Decimal(20), OrderType.MARKET)
            assert proposed(company, order).admitted
            sent.append(company.heard.wait_for(RecordIntent, times=len(sent) + 1))
            company.leap(31)
        assert [each.admission.request.tif for each in sent] == [Tif.DAY, Tif.IOC]


# -- amendments --------------------------------------------------------------------------------


def amended(company: Company, name: str = "A-1", **changes: str) -> Verdict:
    wanted = Wanted(**{key: Decimal(value) for key, value in changes.items()})
    propose = ProposeAmend(company.clock.monotonic() + 5, "K-1", name, wanted, MONITOR)
    verdict = company.system.ask(DESK, propose).get(timeout=LIMIT)
    assert isinstance(verdict, Verdict)
    return verdict


WORKING = replace(intent(quantity="20"), state=OrderState.WORKING, venue_order_id="9")


def test_a_second_change_waits_for_the_first_and_a_refused_one_frees_it() -> None:
    with desk(OPTIONS, WORKING) as company:
        assert amended(company, quantity="30").admitted
        assert amended(company, "A-2", quantity="40").code == "AMENDMENT_PENDING"
        assert amended(company, "A-3", quantity="30").admitted  # the same again is harmless
        company.drain(names.LEDGER)
        assert len(company.heard.of(RecordAmendment)) == 1
        refused = AmendmentRefused("K-1", "A-1", "CANCEL_PENDING", "It is being cancelled.", "")
        company.tell(DESK, refused)
        assert company.heard.wait_for(Verdict, lambda m: m.code == "CANCEL_PENDING", seat=MONITOR)
        assert amended(company, "A-4", quantity="40").admitted


def test_a_change_refused_in_an_auction_is_tried_once_at_the_next_phase() -> None:
    with desk(OPTIONS, WORKING, in_auction=True) as company:
        assert amended(company, quantity="30").admitted
        first = company.heard.wait_for(RecordAmendment).admission.amendment
        refused = replace(first, state=AmendmentState.REFUSED, reason="201: auction")
        company.tell(DESK, OrderRecorded(WORKING), AmendmentSettled(WORKING, refused))
        company.leap(6)
        again = company.heard.wait_for(RecordAmendment, times=2).admission.amendment
        assert (again.amendment_id, again.terms) == ("A-1-again", first.terms)
        # Refused once more it is given up.
        company.tell(DESK, AmendmentSettled(WORKING, replace(again, state=AmendmentState.REFUSED)))
        company.leap(7200)
        company.drain(names.LEDGER)
        assert len(company.heard.of(RecordAmendment)) == 2


def test_a_stop_grows_with_what_is_held_whatever_its_target_still_offers() -> None:
    held = ManagedPosition(
        BHP, names.IB, Decimal(30), Decimal(45), intent().created_at, Decimal(0), ()
    )
    children = bracket(intent(quantity="20").request, Protection(Decimal(44)), Decimal(47)).attached
    orders = [
        replace(Order.intended(child, names.IB, intent().created_at), state=OrderState.WORKING)
        for child in children
    ]
    with desk(OPTIONS) as company:
        word = PositionReport(ACCOUNT, BHP, "BHP", Decimal(30), Decimal(45))
        company.tell(DESK, BookLoaded(tuple(orders), (held,), ()), PositionChanged(names.IB, word))

        def grown(quantity: int) -> Verdict:
            propose = ProposeAmend(
                company.clock.monotonic() + 5,
                "K-1-S",
                f"A-{quantity}",
                Wanted(quantity=Decimal(quantity)),
                MONITOR,
            )
            verdict = company.system.ask(DESK, propose).get(timeout=LIMIT)
            assert isinstance(verdict, Verdict)
            return verdict

        assert grown(31).code == "MORE_THAN_HELD"
        assert grown(30).admitted
        # The parent has ended: named, the venue would refuse the change of its child.
        assert company.heard.wait_for(RecordAmendment).admission.request.parent is None
