"""The desk: whoever proposed hears what became of it, and nothing is opened while facts pile up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from actors import names
from actors.desk import Desk
from actors.desk_knowledge import DeskOptions
from actors.lanes import FactsPileUp, Message
from actors.messages import (
    AdoptPosition,
    AlertsBegin,
    ArmingChanged,
    BookHealth,
    BookLoaded,
    GetDesk,
    InstrumentKnown,
    IntentRefused,
    Introduce,
    LinkUp,
    LoadBook,
    PositionChanged,
    Propose,
    ProposeAmend,
    ProposeCancel,
    QuoteUpdate,
    Reconciled,
    RecordAdoption,
    RecordIntent,
    Standing,
    Verdict,
)
from adapters.book import ManagedPosition
from adapters.venue import LinkOpened
from domain.adoption import AdoptionPlan
from domain.amendments import Wanted
from domain.orders import OrderRequest
from domain.quotes import DataType, Quote
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PositionReport, PriceStep
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.store.material import ACCOUNT, BHP, intent

DESK, MONITOR, ORDERS = names.DESK, names.PLAN_MONITOR, names.orders(names.IB)
AROUND = names.of_venue(names.IB)
OPTIONS = DeskOptions(
    observing=False,
    disarmed="",
    base_currency="AUD",
    max_order_value=Decimal(10_000),
    stale_after_seconds=15.0,
    command_seconds=10.0,
    venues=(names.IB,),
    venue_of={BHP: names.IB},
    previews=False,
)


@pytest.fixture
def company() -> Iterator[Company]:
    """A desk that may trade: connected, reconciled, one share known and quoted."""
    actors = {DESK: lambda s, seat: Desk(s, seat, options=OPTIONS)}
    with gathered(
        actors, names.LEDGER, MONITOR, names.NARRATOR, names.STARTS, *AROUND
    ) as gathering:
        gathering.heard.wait_for(LoadBook)
        all_is_well(gathering)
        gathering.tell(DESK, Standing(False, "", ""))
        yield gathering


def all_is_well(gathering: Company) -> None:
    """All but how this start stands."""
    step = PriceStep(Decimal(0), Decimal("0.01"))
    details = InstrumentDetails(
        BHP, "BHP", "STK", "ASX", "Australia/Sydney", (step,), Decimal(1), ()
    )
    now, at = gathering.clock.now(), gathering.clock.monotonic()
    quote = Quote(BHP, now, at, 45.0, 45.02, 1, 1, 45.0, 1, 1, 45.0, DataType.LIVE)
    gathering.tell(
        DESK,
        BookLoaded((), (), ()),
        LinkUp(names.IB, 1, LinkOpened(176, ACCOUNT, (ACCOUNT,), None)),
        InstrumentKnown(names.IB, details),
        Reconciled(names.IB, 1, now, (), (), (), 0),
        QuoteUpdate(names.IB, quote),
    )


def request(name: str, quantity: str = "100") -> OrderRequest:
    return intent(name, quantity=quantity).request


def proposed(company: Company, order: OrderRequest, seconds: float = 5.0) -> Verdict:
    """What the desk answers to the monitor's proposal; the monitor is told the same."""
    propose = Propose(company.clock.monotonic() + seconds, order, MONITOR, "a test")
    verdict = company.system.ask(DESK, propose).get(timeout=LIMIT)
    assert isinstance(verdict, Verdict)
    assert company.heard.wait_for(Verdict, lambda m: m is verdict, seat=MONITOR)
    return verdict


def test_an_expired_proposal_is_told_to_its_proposer(company: Company) -> None:
    verdict = proposed(company, request("K-1"), seconds=-1.0)
    assert (verdict.admitted, verdict.code) == (False, "ORDER_EXPIRED_UNSENT")
    company.drain(names.LEDGER)
    assert company.heard.of(RecordIntent) == []


def test_a_refused_proposal_is_told_to_its_proposer(company: Company) -> None:
    assert proposed(company, request("K-1", quantity="0")).code == "QUANTITY_NOT_POSITIVE"


def test_a_proposal_brings_the_quote_that_it_was_made_on(company: Company) -> None:
    """Commands are served before quotes: after a silence the desk would know only the old one."""
    now, at = company.clock.now(), company.clock.monotonic()

    def quote(age: float) -> Quote:
        return Quote(BHP, now, at - age, 45.0, 45.02, 1, 1, 45.0, 1, 1, 45.0, DataType.LIVE)

    company.tell(DESK, QuoteUpdate(names.IB, quote(age=20)))
    company.drain(DESK)

    def verdict(name: str, on: Quote | None) -> Verdict:
        propose = Propose(at + LIMIT, request(name), MONITOR, "a test", quote=on)
        found = company.system.ask(DESK, propose).get(timeout=LIMIT)
        assert isinstance(found, Verdict)
        return found

    assert verdict("K-1", None).code == "NO_FRESH_QUOTE"
    assert verdict("K-2", quote(age=30)).code == "NO_FRESH_QUOTE"
    assert verdict("K-3", quote(age=1)).admitted
    assert not verdict("K-4", quote(age=25)).code, "an older one takes nothing away"


def test_an_intent_that_the_ledger_refuses_is_told_to_its_proposer(company: Company) -> None:
    assert proposed(company, request("K-1")).admitted
    company.tell(DESK, IntentRefused("K-1", "There is an order K-1 already."))
    refused = company.heard.wait_for(Verdict, lambda m: not m.admitted, seat=MONITOR)
    assert (refused.client_order_id, refused.code) == ("K-1", "ORDER_ID_TAKEN")


def test_facts_that_pile_up_shut_entries_until_they_are_handled(company: Company) -> None:
    company.tell(DESK, FactsPileUp(ORDERS, 1_001, False))
    assert proposed(company, request("K-1")).code == "FALLING_BEHIND"
    company.tell(DESK, FactsPileUp(ORDERS, 0, False))
    assert proposed(company, request("K-2")).admitted


def test_nothing_is_adopted_while_the_book_cannot_be_written(company: Company) -> None:
    """The person would be told that it failed, and hours later it would be done."""
    report = PositionReport(ACCOUNT, BHP, "BHP", Decimal(100), Decimal(45))
    company.tell(DESK, PositionChanged(names.IB, report), BookHealth("The disk is full.", True))

    def adopt(*, dry_run: bool) -> object:
        until = company.clock.monotonic() + 5
        wish = AdoptPosition(until, BHP, Decimal(50), None, None, "a person", "mine", dry_run)
        return company.system.ask(DESK, wish).get(timeout=LIMIT)

    assert isinstance(adopt(dry_run=True), AdoptionPlan)
    refused = adopt(dry_run=False)
    assert isinstance(refused, Verdict) and refused.code == "BOOK_NOT_WRITABLE"
    company.drain(names.LEDGER)
    assert company.heard.of(RecordAdoption) == []
    company.tell(DESK, BookHealth(""))
    assert isinstance(adopt(dry_run=False), AdoptionPlan)
    company.heard.wait_for(RecordAdoption)


def test_a_venue_that_begins_anew_does_not_hide_that_the_book_cannot_be_written(
    company: Company,
) -> None:
    company.tell(DESK, BookHealth("The disk is full.", True), AlertsBegin(names.IB))
    view = company.system.ask(DESK, GetDesk()).get(timeout=LIMIT)
    assert [each.code for each in view.venues[0].alerts] == ["BOOK_NOT_WRITABLE"]
    company.tell(DESK, BookHealth(""))
    view = company.system.ask(DESK, GetDesk()).get(timeout=LIMIT)
    assert view.venues[0].alerts == ()


def test_before_the_book_has_come_it_says_of_no_order_that_it_is_not_open(
    company: Company,
) -> None:
    """What is not known is not nothing: the desk begins anew, and the order works at the venue."""

    def said() -> list[str]:
        until = company.clock.monotonic() + 5
        wanted = Wanted(limit_price=Decimal("45.00"))
        asked = (
            ProposeCancel(until, "K-1", MONITOR),
            ProposeAmend(until, "K-1", "A-1", wanted, MONITOR),
        )
        return [company.system.ask(DESK, each).get(timeout=LIMIT).code for each in asked]

    assert said() == ["ORDER_NOT_OPEN"] * 2
    company.restart(DESK)
    company.heard.wait_for(LoadBook, times=2)
    assert said() == ["BOOK_NOT_READ"] * 2


def test_what_is_held_and_no_longer_allowed_is_told_until_somebody_acts(company: Company) -> None:
    gone = ManagedPosition(
        symbol=Symbol("CBA", "AUD"),
        venue=names.IB,
        quantity=Decimal(7),
        average_price=Decimal(100),
        opened_at=company.clock.now(),
        realised_pnl=Decimal(0),
        commissions=(),
    )
    company.tell(DESK, BookLoaded((), (gone,), ()))
    view = company.system.ask(DESK, GetDesk()).get(timeout=LIMIT)
    [alert] = view.venues[0].alerts
    assert alert.code == "HELD_NOT_ALLOWED"
    assert "CBA/AUD" in alert.sentence


def test_until_it_is_said_how_this_start_stands_nothing_is_entered(company: Company) -> None:
    company.restart(DESK)
    company.heard.wait_for(Introduce, lambda m: m.seat == DESK, seat=names.STARTS, times=2)
    all_is_well(company)
    assert proposed(company, request("K-1")).code == "STANDING_NOT_KNOWN"
    words: tuple[tuple[Message, str], ...] = (
        (Standing(True, "", "five starts died"), "SAFE_MODE"),
        (Standing(False, "2 unclean starts", ""), ""),
        (ArmingChanged("a mismatch"), "DISARMED"),
        (ArmingChanged(""), ""),
    )
    for number, (word, code) in enumerate(words):
        company.tell(DESK, word)
        assert proposed(company, request(f"K-2{number}")).code == code
    view = company.system.ask(DESK, GetDesk()).get(timeout=LIMIT)
    assert view.holds == ()
