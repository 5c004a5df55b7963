"""An intent over which the ledger crashed: reserved until the book shows that it is not there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from actors import names
from actors.lanes import Quarantined
from actors.messages import (
    BookLoaded,
    GetVerdict,
    LoadBook,
    RecordIntent,
    SetPaused,
    Verdict,
)
from domain.orders import Order
from tests.actors.company import Company
from tests.actors.conftest import LIMIT
from tests.actors.test_desk import DESK, MONITOR, company, proposed, request
from tests.store.material import NOON

__all__ = ["company"]


@pytest.fixture
def doubted(company: Company) -> Iterator[tuple[Company, RecordIntent, int]]:
    """An intent on its way, over which the ledger has crashed twice; and the desk's ticket."""
    assert proposed(company, request("K-1", quantity="200")).admitted
    intent = company.heard.wait_for(RecordIntent, seat=names.LEDGER)
    quarantined = Quarantined(names.LEDGER, "01A", "RecordIntent(…)", what=intent)
    company.tell(DESK, quarantined)
    ask = company.heard.wait_for(LoadBook, lambda m: m.ticket > 0, seat=names.LEDGER)
    yield company, intent, ask.ticket


def reserved(company: Company) -> bool:
    """Its id is taken: the desk counts it still."""
    return proposed(company, request("K-1")).code == "ORDER_ID_TAKEN"


def test_it_stays_reserved_until_the_book_has_answered(
    doubted: tuple[Company, RecordIntent, int],
) -> None:
    company, _, ticket = doubted
    assert reserved(company)
    company.tell(DESK, BookLoaded((), (), (), ticket - 1))
    assert reserved(company), "an answer to an older question"


def test_it_is_released_when_it_is_not_in_the_book(
    doubted: tuple[Company, RecordIntent, int],
) -> None:
    company, _, ticket = doubted
    company.tell(DESK, SetPaused(True, "me", "a trial"))
    company.tell(DESK, BookLoaded((), (), (("paused", ""),), ticket))
    refused = company.heard.wait_for(
        Verdict, lambda m: m.code == "INTENT_NOT_WRITTEN", seat=MONITOR
    )
    assert refused.client_order_id == "K-1" and not refused.admitted
    late = company.system.ask(DESK, GetVerdict("K-1")).get(timeout=LIMIT)
    assert late == refused
    assert not reserved(company)
    assert company.state(DESK)["paused"], "a pause that the book did not know yet stands"


@pytest.mark.parametrize("ended", [False, True])
def test_it_stays_when_it_is_in_the_book(
    doubted: tuple[Company, RecordIntent, int], ended: bool
) -> None:
    company, intent, ticket = doubted
    order = Order.intended(intent.admission.request, names.IB, NOON)
    found = ((), (order,)) if ended else ((order,), ())
    company.tell(DESK, BookLoaded(found[0], (), (), ticket, found[1]))
    assert reserved(company)
    assert not [m for m in company.heard.of(Verdict) if m.code == "INTENT_NOT_WRITTEN"]
