"""What a person's word makes of an order in doubt; when the venue is asked, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.admission import Admission
from domain.order_life import BY_HAND, revives
from domain.orders import Order, OrderError, OrderState, Purpose
from domain.previews import judge_preview, preview_key, wants_preview
from domain.resolution import Outcome, resolve
from domain.venue import OrderPreview, OrderReport, VenueStatus
from tests.domain.test_gates import ENTRY

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DOUBT = replace(Order.intended(ENTRY, "ib", NOW), state=OrderState.UNKNOWN)
PRICE = Decimal("40.00")


@pytest.mark.parametrize(
    ("booked", "quantity", "state", "more"),
    [
        (0, None, OrderState.NOT_SENT, 0),
        (20, None, OrderState.CANCELLED, 0),
        (0, 50, OrderState.FILLED, 50),
        (20, 50, OrderState.FILLED, 30),
        (20, 35, OrderState.CANCELLED, 15),
        (20, 20, OrderState.CANCELLED, 0),
    ],
)
def test_what_an_outcome_books_and_how_it_ends(
    booked: int, quantity: int | None, state: OrderState, more: int
) -> None:
    outcome = Outcome(None if quantity is None else Decimal(quantity), PRICE if more else None)
    resolution = resolve(replace(DOUBT, filled=Decimal(booked)), outcome, "me")
    assert (resolution.state, resolution.booked) == (state, Decimal(more))
    assert resolution.reason.startswith(f"{BY_HAND} (me): ")


@pytest.mark.parametrize(
    ("order", "outcome", "code"),
    [
        (replace(DOUBT, state=OrderState.WORKING), Outcome(None), "ORDER_NOT_UNKNOWN"),
        (replace(DOUBT, filled=Decimal(30)), Outcome(Decimal(20)), "RESOLVED_BELOW_FILLED"),
        (DOUBT, Outcome(Decimal(51), PRICE), "RESOLVED_ABOVE_QUANTITY"),
        (DOUBT, Outcome(Decimal(50)), "PRICE_MISSING"),
        (DOUBT, Outcome(Decimal(50), Decimal(0)), "PRICE_NOT_POSITIVE"),
    ],
)
def test_what_no_word_can_settle(order: Order, outcome: Outcome, code: str) -> None:
    with pytest.raises(OrderError) as raised:
        resolve(order, outcome, "me")
    assert raised.value.code == code


def test_what_the_venue_says_later_counts_for_more_than_a_persons_word() -> None:
    ended = replace(DOUBT, state=OrderState.CANCELLED, reason=f"{BY_HAND} (me): gone")

    def said(status: VenueStatus, order: Order = ended) -> bool:
        return revives(order, OrderReport("KLP-1", "9", status, None, None, None))

    assert said(VenueStatus.WORKING) and said(VenueStatus.FILLED)
    assert not said(VenueStatus.CANCELLED)
    assert not said(VenueStatus.WORKING, replace(ended, reason="cancelled"))
    filled = replace(ended, state=OrderState.FILLED)
    assert said(VenueStatus.WORKING, filled) and not said(VenueStatus.FILLED, filled)


def test_an_order_that_the_venue_had_is_never_called_unsent() -> None:
    """One whose trade was busted: completed there, and nothing of it filled."""
    known = replace(DOUBT, venue_order_id="9")
    assert resolve(known, Outcome(Decimal(0)), "me").state is OrderState.CANCELLED
    assert resolve(known, Outcome(None), "me").state is OrderState.NOT_SENT


def test_a_list_that_says_completed_and_no_more_takes_nothing_up_again() -> None:
    """A busted order stands there as filled until midnight, in each of the venue's lists."""
    ended = replace(DOUBT, state=OrderState.CANCELLED, reason=f"{BY_HAND} (me): gone")
    listed = OrderReport("KLP-1", "9", VenueStatus.FILLED, None, None, None, completed=True)
    assert not revives(ended, listed)
    assert not revives(ended, replace(listed, filled=Decimal(10))), "the executions say that"
    assert revives(ended, replace(listed, filled=Decimal(10), completed=False))


# -- previews ----------------------------------------------------------------------------------


def admission(value: str, purpose: Purpose = Purpose.ENTRY) -> Admission:
    return Admission(replace(ENTRY, purpose=purpose), "ib", Decimal(value), "AUD", PRICE)


def test_the_first_of_its_kind_each_day_and_what_is_large_is_asked_about() -> None:
    large = Decimal(5000)

    def wants(value: str, at: datetime = NOW, purpose: Purpose = Purpose.ENTRY) -> bool:
        asked = admission(value, purpose)
        return wants_preview(asked, preview_key(asked, "Australia/Sydney", at), seen, large)

    seen = {preview_key(admission("1200"), "Australia/Sydney", NOW)}
    assert not wants("1300") and not wants("4999.99")
    assert wants("800") and wants("5000.01")
    assert wants("1300", NOW + timedelta(days=1))
    assert not wants("800", purpose=Purpose.EXIT)
    # Sydney's day is not that of UTC: midnight there is 13:00 in summer.
    assert not wants("1300", NOW.replace(hour=12)) and wants("1300", NOW.replace(hour=13))


def test_an_account_that_could_not_carry_it_refuses_it_with_the_venues_figures() -> None:
    fine = OrderPreview(
        Decimal("6.60"), None, None, "AUD", None, None, None, Decimal(1500), Decimal(1500), ""
    )
    assert judge_preview("KLP-1", fine) is None
    refusal = judge_preview("KLP-1", replace(fine, equity_with_loan_after=Decimal(1000)))
    assert refusal is not None and refusal.code == "PREVIEW_MARGIN"
    assert "1000" in refusal.sentence and "1500" in refusal.sentence
    # Not told is not zero.
    assert judge_preview("KLP-1", replace(fine, equity_with_loan_after=None)) is None
