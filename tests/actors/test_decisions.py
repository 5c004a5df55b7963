"""Each decision of the desk is written with its intent, or told as refused; none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from actors import names
from actors.desk import Desk
from actors.messages import (
    DecisionMade,
    GetExplanation,
    IntentDurable,
    IntentRefused,
    LoadBook,
    OrderRecorded,
    Propose,
    RecordIntent,
    SetPaused,
    Standing,
)
from domain.orders import Order, OrderState, OrderType
from tests.actors.company import Company, gathered
from tests.actors.conftest import LIMIT
from tests.actors.disk_world import LARGE, LEDGER, ORDERS, Disk, disk, keeping, leaving
from tests.actors.test_desk import AROUND, DESK, MONITOR, OPTIONS, all_is_well, proposed, request
from tests.actors.test_ledger_outage import healed, told_of_trouble
from tests.store.story import decided

__all__ = ["disk"]

TELLING = replace(OPTIONS, telemetry=names.TELEMETRY)


@pytest.fixture
def company() -> Iterator[Company]:
    """A desk that may trade, and that has somebody to tell."""
    actors = {DESK: lambda s, seat: Desk(s, seat, options=TELLING)}
    listeners = (names.LEDGER, MONITOR, names.NARRATOR, names.STARTS, names.TELEMETRY, *AROUND)
    with gathered(actors, *listeners) as gathering:
        gathering.heard.wait_for(LoadBook)
        all_is_well(gathering)
        gathering.tell(DESK, Standing(False, "", ""))
        yield gathering


def told(company: Company) -> list[DecisionMade]:
    company.drain(names.TELEMETRY)
    return company.heard.of(DecisionMade)


def test_an_admission_goes_with_its_intent_and_is_told_once_the_order_has_left(
    company: Company,
) -> None:
    market = replace(request("K-1"), type=OrderType.MARKET, limit_price=None)
    assert proposed(company, market).admitted
    wish = company.heard.wait_for(RecordIntent)
    decision = wish.decision
    assert decision is not None and decision.admitted
    assert (decision.proposer, decision.reason) == (MONITOR, "a test")
    assert decision.asked == market
    assert decision.request == wish.admission.request, "with the bound that it goes with"
    assert decision.quote is not None and decision.quote.ask == 45.02
    assert (decision.value, decision.rate) == (wish.admission.value, Decimal(1))
    assert told(company) == [], "it would have held the order back"
    intended = Order.intended(decision.request, names.IB, company.clock.now())
    company.tell(DESK, OrderRecorded(intended))
    assert told(company) == []
    company.tell(DESK, OrderRecorded(replace(intended, state=OrderState.SENT)))
    assert [each.decision for each in told(company)] == [decision]


def test_the_quote_and_the_time_of_the_proposer_count_for_more(company: Company) -> None:
    seen = decided("K-1").quote
    at = company.clock.now()
    deadline = company.clock.monotonic() + 5.0
    propose = Propose(deadline, request("K-1"), MONITOR, "a test", quote=seen, decided_at=at)
    company.tell(DESK, propose)
    decision = company.heard.wait_for(RecordIntent).decision
    assert decision is not None
    assert (decision.quote, decision.proposed_at) == (seen, at)


@pytest.mark.parametrize(
    ("quantity", "code"), [("0", "QUANTITY_NOT_POSITIVE"), ("900", "ORDER_TOO_LARGE")]
)
def test_a_refusal_is_told_at_once_with_its_code(
    company: Company, quantity: str, code: str
) -> None:
    proposed(company, request("K-1", quantity=quantity))
    [refused] = told(company)
    decision = refused.decision
    assert (decision.code, decision.client_order_id) == (code, "K-1")
    assert decision.sentence and decision.cure and decision.value is None


def test_what_is_paused_or_comes_too_late_is_told_too(company: Company) -> None:
    company.tell(DESK, SetPaused(True, "me", "lunch"))
    proposed(company, request("K-1"))
    proposed(company, request("K-2"), seconds=-1.0)
    codes = [each.decision.code for each in told(company)]
    assert codes == ["PAUSED", "ORDER_EXPIRED_UNSENT"]


def test_an_admission_that_could_not_be_written_is_told_as_refused(company: Company) -> None:
    proposed(company, request("K-1"))
    company.tell(DESK, IntentRefused("K-1", "The disk is full.", "BOOK_NOT_WRITABLE", "Free it."))
    [refused] = told(company)
    assert (refused.decision.code, refused.decision.admitted) == ("BOOK_NOT_WRITABLE", False)


def test_an_exit_that_left_with_the_disk_dead_has_its_decision_once_it_writes(disk: Disk) -> None:
    wish = leaving("X-1")
    decision = replace(decided("X-1"), request=wish.admission.request)
    disk.full = True
    with keeping(disk, LARGE) as company:
        told_of_trouble(company)
        company.put(LEDGER, replace(wish, decision=decision))
        company.heard.wait_for(IntentDurable, seat=ORDERS)
        disk.free()
        healed(company)
        told = company.system.ask(LEDGER, GetExplanation("X-1")).get(timeout=LIMIT)
        assert told.decision is not None and told.decision["reason"] == decision.reason
