"""Amendments in the order machine, with a real ledger below: races, losses, doubt, proof."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from actors import names
from actors.messages import (
    AmendHanded,
    AmendmentDurable,
    AmendmentRefused,
    AmendmentSettled,
    AmendNotSent,
    AmendOrder,
    BookFill,
    CancelOrder,
    IntentDurable,
    IntentRefused,
    OrderHanded,
    OrderRecorded,
    PlaceOrder,
    QueryOrder,
    RecordAmendment,
    RecordCancel,
    RecordIntent,
    ResolveOrder,
    RoundFed,
    VenueFact,
    Verdict,
)
from domain.admission import Admission, AmendmentAdmission
from domain.order_groups import Protection, bracket
from domain.orders import OrderState, OrderType, Side, Tif
from domain.resolution import Outcome, Resolution
from domain.terms import Amendment, AmendmentState, Terms
from domain.venue import NoticeEffect, OrderReport, OrderTerms, VenueStatus
from tests.actors.company import Company
from tests.actors.conftest import LIMIT
from tests.actors.test_orders import (
    CONNECTION,
    LEDGER,
    ORDERS,
    READER,
    RESYNC,
    ends,
    fact,
    notice,
    order,
    report,
    trading,
    up,
)
from tests.store.material import BHP, execution, intent

DESK = names.DESK
NEW = Terms(Decimal(150), Decimal("45.20"))


def admission(terms: Terms = NEW, name: str = "A-1") -> AmendmentAdmission:
    was = intent().request
    amendment = Amendment(
        name, "K-1", was.terms, terms, AmendmentState.INTENDED, intent().created_at
    )
    return AmendmentAdmission(amendment, was.amended(terms), names.IB, Decimal(1))


def deadline(company: Company, seconds: float = 10.0) -> float:
    return company.clock.monotonic() + seconds


def propose(company: Company, name: str = "A-1", epoch: int = 1, seconds: float = 10.0) -> None:
    """What the desk tells the ledger when it has admitted a change."""
    record = RecordAmendment(admission(name=name), "a test", deadline(company, seconds), epoch)
    company.put(LEDGER, record)


def handed(company: Company) -> None:
    """Proposed, on disk, and its bytes have left."""
    propose(company)
    company.heard.wait_for(AmendOrder, seat=CONNECTION)
    company.tell(ORDERS, AmendHanded("K-1", "A-1", company.clock.now()))


def shown(terms: Terms, status: VenueStatus = VenueStatus.WORKING) -> VenueFact:
    """An open order of the venue with these terms."""
    told = OrderTerms(
        BHP, Side.BUY, terms.quantity, OrderType.LIMIT, terms.limit_price, None, Tif.DAY
    )
    return fact(OrderReport("K-1", "9001", status, None, None, None, terms=told))


def settled(company: Company, state: AmendmentState) -> AmendmentSettled:
    return company.heard.wait_for(AmendmentSettled, lambda m: m.amendment.state is state, seat=DESK)


def test_the_terms_of_the_open_order_confirm_it_and_nothing_else_does(tmp_path: Path) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        handed(company)
        company.tell(ORDERS, shown(intent().request.terms), report(VenueStatus.WORKING))
        assert company.state(ORDERS)["amending"] == ["K-1"]
        company.tell(ORDERS, shown(NEW))
        told = settled(company, AmendmentState.CONFIRMED)
        assert (told.order.request.terms, told.order.amending) == (NEW, None)
        assert len(company.heard.of(AmendOrder, CONNECTION)) == 1


@pytest.mark.parametrize("effect", [NoticeEffect.REJECT, NoticeEffect.CHANGE_REFUSED])
def test_a_refused_change_leaves_the_order_alive_on_its_old_terms(
    tmp_path: Path, effect: NoticeEffect
) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        handed(company)
        company.tell(ORDERS, notice(effect, 110, "The price does not conform"))
        told = settled(company, AmendmentState.REFUSED)
        assert told.order.state is OrderState.WORKING
        assert told.order.request.terms == intent().request.terms
        assert told.amendment.reason == "110: The price does not conform"
        # That the order itself still stands is asked, not believed.
        company.heard.wait_for(QueryOrder, seat=RESYNC)


def test_a_change_of_which_nobody_speaks_is_settled_by_a_later_round(tmp_path: Path) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        handed(company)
        sent = company.clock.now()
        company.leap(5.1)
        company.heard.wait_for(QueryOrder, lambda m: m.claim == "AMENDMENT_UNANSWERED", seat=RESYNC)
        # One that was asked too early proves nothing, nor does one that does not show it.
        company.tell(ORDERS, shown(intent().request.terms), RoundFed(1, sent))
        company.tell(ORDERS, RoundFed(2, company.clock.now() + timedelta(seconds=1)))
        assert company.state(ORDERS)["amending"] == ["K-1"]
        asked = company.clock.now()
        company.tell(ORDERS, shown(intent().request.terms), RoundFed(3, asked))
        told = settled(company, AmendmentState.REFUSED)
        assert "old terms" in (told.amendment.reason or "")


def test_a_change_that_was_handed_over_is_not_handed_over_again(tmp_path: Path) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        handed(company)
        again = AmendmentDurable(deadline(company), admission(), order(), 1)
        company.tell(ORDERS, again, again)
        company.drain(CONNECTION)
        assert len(company.heard.of(AmendOrder, CONNECTION)) == 1


def test_a_change_whose_link_was_lost_is_in_doubt_until_the_terms_are_seen(
    tmp_path: Path,
) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        handed(company)
        company.restart(ORDERS)
        while company.system.seat(ORDERS).incarnation < 2:
            company.state("root")
        company.tell(ORDERS, up(2))
        assert len(company.heard.of(AmendOrder, CONNECTION)) == 1, "sent a second time"
        company.heard.wait_for(OrderRecorded, lambda m: m.order.amending is not None, seat=READER)
        company.tell(ORDERS, shown(NEW))
        assert settled(company, AmendmentState.CONFIRMED).order.request.terms == NEW


def test_what_is_decided_on_another_link_or_too_late_is_not_sent(tmp_path: Path) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(2))
        propose(company, epoch=1)
        settled(company, AmendmentState.NOT_SENT)
        propose(company, "A-2", epoch=2, seconds=-1.0)
        company.heard.wait_for(AmendmentSettled, seat=DESK, times=2)
        assert company.heard.of(AmendOrder, CONNECTION) == []


def test_a_change_decided_on_terms_that_hold_no_longer_is_not_sent(tmp_path: Path) -> None:
    """Its target sold a part, and the venue made the stop smaller: it must not grow again."""
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1), shown(Terms(Decimal(60), Decimal("45.10"))))
        propose(company)
        told = settled(company, AmendmentState.NOT_SENT)
        assert told.order.request.terms == Terms(Decimal(60), Decimal("45.10"))
        company.drain(CONNECTION)
        assert company.heard.of(AmendOrder) == []


def test_what_the_connection_could_not_write_is_not_sent(tmp_path: Path) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        propose(company)
        company.heard.wait_for(AmendOrder, seat=CONNECTION)
        company.tell(ORDERS, AmendNotSent("K-1", "A-1", "PEER_CLOSED", "closing"))
        assert settled(company, AmendmentState.NOT_SENT).order.state is OrderState.WORKING


def test_a_cancel_goes_though_a_change_is_on_its_way_and_a_change_does_not_after_it(
    tmp_path: Path,
) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        handed(company)
        company.put(LEDGER, RecordCancel("K-1", "a test", deadline(company), names.IB))
        company.heard.wait_for(CancelOrder, seat=CONNECTION)
        company.tell(ORDERS, shown(NEW, VenueStatus.PENDING_CANCEL))
        assert settled(company, AmendmentState.CONFIRMED).order.pending_change == "CANCEL"
        propose(company, "A-2")
        refused = company.heard.wait_for(AmendmentRefused, seat=DESK)
        assert (refused.amendment_id, refused.code) == ("A-2", "CANCEL_PENDING")
        company.tell(ORDERS, report(VenueStatus.CANCELLED))
        assert ends(company, OrderState.CANCELLED).request.terms == NEW
        assert len(company.heard.of(AmendOrder, CONNECTION)) == 1


def test_an_order_that_fills_on_its_old_terms_takes_the_change_with_it(tmp_path: Path) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        handed(company)
        company.put(LEDGER, BookFill(names.IB, execution(quantity="100")))
        company.heard.wait_for(OrderRecorded, lambda m: m.order.filled == 100, seat=READER)
        company.tell(ORDERS, report(VenueStatus.WORKING, "100"))
        # All of the old quantity, and not of the new: it may work on.
        assert company.state(ORDERS)["open"] == {"WORKING": 1}
        company.tell(ORDERS, notice(NoticeEffect.CHANGE_REFUSED, 104, "filled"))
        settled(company, AmendmentState.REFUSED)
        assert ends(company, OrderState.FILLED).filled == 100


def test_an_order_that_fills_beyond_its_old_terms_had_taken_the_change(tmp_path: Path) -> None:
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1))
        handed(company)
        company.put(LEDGER, BookFill(names.IB, execution(quantity="150")))
        assert settled(company, AmendmentState.CONFIRMED).order.request.terms == NEW
        assert ends(company, OrderState.FILLED).filled == 150


def test_terms_that_the_venue_changed_are_adopted(tmp_path: Path) -> None:
    """So a group is reduced: IB changes the quantity of the others by itself."""
    with trading(tmp_path, order()) as company:
        company.tell(ORDERS, up(1), shown(Terms(Decimal(60), Decimal("45.10"))))
        recorded = company.heard.wait_for(
            OrderRecorded, lambda m: m.order.request.quantity == 60, seat=READER
        )
        assert recorded.order.state is OrderState.WORKING


# -- groups ------------------------------------------------------------------------------------


def a_bracket() -> Admission:
    group = bracket(intent().request, Protection(Decimal(44)), Decimal(47))
    first, *others = (
        Admission(each, names.IB, Decimal(1), "AUD", Decimal(1)) for each in group.members
    )
    return replace(first, attached=tuple(others))


def test_a_group_is_on_disk_whole_before_any_of_it_is_handed_over(tmp_path: Path) -> None:
    with trading(tmp_path) as company:
        company.tell(ORDERS, up(1))
        company.put(LEDGER, RecordIntent(a_bracket(), deadline(company), 1))
        place = company.heard.wait_for(PlaceOrder, seat=CONNECTION)
        names_of = [each.request.client_order_id for each in place.admission.members]
        assert names_of == ["K-1", "K-1-T", "K-1-S"]
        for name in names_of:
            company.tell(ORDERS, OrderHanded(name, company.clock.now()))
            ends(company, OrderState.SENT, name)


def test_a_group_of_which_one_id_is_taken_is_not_written_at_all(tmp_path: Path) -> None:
    with trading(tmp_path, order(name="K-1-S")) as company:
        company.tell(ORDERS, up(1))
        company.put(LEDGER, RecordIntent(a_bracket(), deadline(company), 1))
        company.heard.wait_for(IntentRefused, seat=DESK)
        assert company.heard.of(PlaceOrder, CONNECTION) == []


def test_a_group_that_comes_too_late_ends_as_not_sent_each_member(tmp_path: Path) -> None:
    with trading(tmp_path) as company:
        company.tell(ORDERS, up(2))
        company.put(LEDGER, RecordIntent(a_bracket(), deadline(company), 1))
        for name in ("K-1", "K-1-T", "K-1-S"):
            ends(company, OrderState.NOT_SENT, name)
        assert company.heard.of(PlaceOrder, CONNECTION) == []
        assert company.heard.of(IntentDurable, CONNECTION) == []


# -- a person's word ---------------------------------------------------------------------------


def ask(company: Company, outcome: Outcome, *, dry_run: bool = False) -> object:
    message = ResolveOrder(deadline(company), "K-1", outcome, "hook (full token)", dry_run)
    return company.system.ask(ORDERS, message, sender="test").get(timeout=LIMIT)


def test_what_nobody_can_prove_is_settled_by_a_persons_word_and_gives_way_to_the_truth(
    tmp_path: Path,
) -> None:
    with trading(tmp_path, order(OrderState.UNKNOWN)) as company:
        company.tell(ORDERS, up(1))
        outcome = Outcome(Decimal(60), Decimal("45.00"))
        shown_first = ask(company, outcome, dry_run=True)
        assert isinstance(shown_first, Resolution)
        assert company.state(ORDERS)["open"] == {"UNKNOWN": 1}
        assert ask(company, outcome) == shown_first
        ended = ends(company, OrderState.CANCELLED)
        assert (ended.filled, ended.average_price) == (Decimal(60), Decimal("45.00"))
        assert ended.reason == ("settled by hand (hook (full token)): filled 60, the rest is gone")
        refused = ask(company, outcome)
        assert isinstance(refused, Verdict) and refused.code == "ORDER_NOT_UNKNOWN"
        # The true execution comes after all: it takes the place of the word, and adds nothing.
        company.put(LEDGER, BookFill(names.IB, execution(quantity="60", price="44.90")))
        told = company.heard.wait_for(
            OrderRecorded, lambda m: m.order.average_price == Decimal("44.90"), seat=READER
        )
        assert (told.order.filled, told.order.state) == (Decimal(60), OrderState.CANCELLED)


def test_an_order_settled_as_absent_is_taken_up_again_when_the_venue_shows_it(
    tmp_path: Path,
) -> None:
    with trading(tmp_path, order(OrderState.UNKNOWN)) as company:
        company.tell(ORDERS, up(1))
        assert isinstance(ask(company, Outcome(None)), Resolution)
        ends(company, OrderState.NOT_SENT)
        company.tell(ORDERS, report(VenueStatus.WORKING))
        ends(company, OrderState.WORKING)
