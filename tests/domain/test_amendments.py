"""What may be changed of an order, and what the venue's terms say of a change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.admission import AmendmentAdmission, Refusal
from domain.amendments import Wanted, decide_amendment, is_asked_already, on_terms, when_again
from domain.figures import DeskFigures
from domain.order_life import on_fill
from domain.orders import Order, OrderState, OrderType, Purpose, Side, Tif
from domain.terms import Amendment, AmendmentState, Terms
from domain.venue import InstrumentDetails, OrderTerms, TradingSession
from tests.domain.test_gates import BHP, CALM, ENTRY, EXIT

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
BUYING = replace(Order.intended(ENTRY, "ib", NOW), state=OrderState.WORKING)
STOP = replace(
    EXIT,
    type=OrderType.STOP,
    stop_price=Decimal("38.00"),
    quantity=Decimal(100),
    purpose=Purpose.PROTECTION,
)
STANDING = replace(Order.intended(STOP, "ib", NOW), state=OrderState.HELD)
PAUSED = replace(CALM, paused=True, paused_reason="holidays")


def code(order: Order, figures: DeskFigures = CALM, **changes: str) -> str:
    """The refusal of this change; empty when it was admitted."""
    wanted = Wanted(**{name: Decimal(value) for name, value in changes.items()})
    decision = decide_amendment(order, wanted.of(order.request.terms), "A-1", figures, NOW)
    if isinstance(decision, Refusal):
        assert decision.sentence and decision.cure
        return decision.code
    assert isinstance(decision, AmendmentAdmission)
    return ""


def test_what_cannot_be_changed_now() -> None:
    amending = amendment(Terms(Decimal(60), Decimal("40.00")))
    for order, expected in (
        (replace(BUYING, state=OrderState.FILLED), "ORDER_NOT_OPEN"),
        (replace(BUYING, pending_change="CANCEL"), "CANCEL_PENDING"),
        (replace(BUYING, amending=amending), "AMENDMENT_PENDING"),
        (replace(BUYING, state=OrderState.SENT), "ORDER_NOT_ACKNOWLEDGED"),
        (replace(BUYING, state=OrderState.UNKNOWN), "ORDER_NOT_ACKNOWLEDGED"),
        (BUYING, ""),
    ):
        assert code(order, quantity="45") == expected


def test_a_quantity_is_never_made_less_than_what_is_filled() -> None:
    filled = replace(BUYING, filled=Decimal(30))
    assert code(filled, quantity="30") == "AMENDED_BELOW_FILLED"
    assert code(filled, quantity="31") == ""


def test_what_raises_the_exposure_of_an_entry_is_an_entry() -> None:
    for figures, expected in (
        (PAUSED, "PAUSED"),
        (replace(CALM, disarmed="not armed"), "DISARMED"),
        (replace(CALM, symbol_blocked="in doubt"), "SYMBOL_ON_HOLD"),
        (replace(CALM, price=None), "NO_FRESH_QUOTE"),
        (replace(CALM, circuit_closed=False), "VENUE_NOT_TRADABLE"),
    ):
        assert code(BUYING, figures, quantity="60") == expected
        assert code(BUYING, figures, limit_price="40.01") == expected
        assert code(BUYING, figures, limit_price="39.99") == ""
        assert code(BUYING, figures, quantity="40") == ""
    assert code(BUYING, quantity="251") == "ORDER_TOO_LARGE"


def test_nothing_is_changed_while_the_book_is_not_written() -> None:
    dead = replace(CALM, book_trouble="The disk is full.")
    assert code(BUYING, dead, quantity="40") == "BOOK_NOT_WRITABLE"
    assert code(STANDING, dead, stop_price="39.00") == "BOOK_NOT_WRITABLE"


def test_a_stop_may_be_moved_whatever_holds_entries_back() -> None:
    for figures in (
        PAUSED,
        replace(CALM, symbol_blocked="in doubt"),
        replace(CALM, price=None),
        replace(CALM, held=Decimal(0), managed=Decimal(0)),
        replace(CALM, circuit_closed=False),
    ):
        assert code(STANDING, figures, stop_price="39.00") == ""
    unknown = replace(CALM, venue_reconciled=False, venue_reason="no link")
    assert code(STANDING, unknown, stop_price="39.00") == "VENUE_NOT_TRADABLE"
    assert code(STANDING, stop_price="39.005") == "PRICE_BETWEEN_STEPS"


def test_what_an_order_has_filled_counts_once_towards_the_first_parcel() -> None:
    """5 of 50 have come, worth 200: the smaller order would leave a holding of 400."""
    begun = replace(BUYING, filled=Decimal(5))
    figures = replace(CALM, managed=Decimal(5), held=Decimal(5))
    assert code(begun, figures, quantity="10") == "FIRST_PARCEL"
    assert code(begun, figures, quantity="13") == ""
    small = replace(begun, request=replace(ENTRY, quantity=Decimal(6)))
    assert code(small, figures, quantity="10") == "FIRST_PARCEL"
    # What others hold counts, too; the venue's word on it comes later than the fill.
    assert code(begun, replace(figures, held=Decimal(12)), quantity="10") == ""
    assert code(begun, replace(figures, held=Decimal(0)), quantity="10") == "FIRST_PARCEL"


def test_an_exit_is_not_made_larger_than_what_is_held() -> None:
    leaving = replace(STANDING, request=replace(STOP, quantity=Decimal(60)), filled=Decimal(20))
    figures = replace(CALM, managed=Decimal(80), held=Decimal(80))
    assert code(leaving, figures, quantity="100") == ""
    assert code(leaving, figures, quantity="101") == "MORE_THAN_HELD"


# -- what the venue's terms say ----------------------------------------------------------------


def amendment(terms: Terms) -> Amendment:
    return Amendment("A-1", "KLP-1", ENTRY.terms, terms, AmendmentState.SENT, NOW)


def told(quantity: str = "50", limit: str | None = "40.00", stop: str | None = None) -> OrderTerms:
    return OrderTerms(
        BHP,
        Side.BUY,
        Decimal(quantity),
        OrderType.LIMIT,
        None if limit is None else Decimal(limit),
        None if stop is None else Decimal(stop),
        Tif.DAY,
    )


def test_the_new_terms_confirm_the_old_say_nothing_and_others_are_adopted() -> None:
    new = Terms(Decimal(60), Decimal("40.10"))
    order = replace(BUYING, amending=amendment(new))
    assert on_terms(order, told("60", "40.10")).confirmed
    for venue in (told(), told("60", None), told("0", "40.10")):
        seen = on_terms(order, venue)
        assert (seen.confirmed, seen.adopted) == (False, None)
    assert on_terms(order, told("30")).adopted == Terms(Decimal(30), Decimal("40.00"))
    # A price that its type does not have says nothing.
    assert on_terms(order, told("60", "40.10", "1.00")).confirmed
    assert not on_terms(BUYING, told("60", "40.10")).confirmed


def test_while_a_change_is_on_its_way_a_fill_of_the_old_quantity_is_no_end() -> None:
    larger = amendment(Terms(Decimal(60), Decimal("40.00")))
    full = replace(BUYING, filled=Decimal(50), amending=larger)
    assert on_fill(full) is None
    after = on_fill(replace(full, amending=None))
    assert after is not None and after.state is OrderState.FILLED


def test_to_ask_again_for_what_is_there_is_harmless() -> None:
    new = Terms(Decimal(60), Decimal("40.10"))
    assert is_asked_already(BUYING, ENTRY.terms)
    assert not is_asked_already(BUYING, new)
    on_its_way = replace(BUYING, amending=amendment(new))
    assert is_asked_already(on_its_way, new)
    assert not is_asked_already(on_its_way, ENTRY.terms)


# -- refused in an auction ---------------------------------------------------------------------

# As IB announces a day of the ASX: 09:59 to 16:11, liquid from 09:59 to 16:00, in Sydney.
OPENS = datetime(2026, 11, 23, 22, 59, tzinfo=UTC)
DAY = TradingSession(
    OPENS,
    OPENS + timedelta(hours=6, minutes=12),
    OPENS,
    OPENS + timedelta(hours=6, minutes=1),
)
LATER = timedelta(days=1)
NEXT = TradingSession(DAY.opens + LATER, DAY.closes + LATER, OPENS + LATER, None)
SHARE = InstrumentDetails(
    BHP, "BHP", "STK", "ASX", "Australia/NSW", (), Decimal(1), (DAY, NEXT)
)  # fmt: skip
ELSEWHERE = replace(SHARE, exchange="NYSE")
TEN = OPENS + timedelta(minutes=1)
FOUR = TEN + timedelta(hours=6)
SEVEN = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instrument", "at", "reason", "again"),
    [
        (SHARE, OPENS + timedelta(seconds=30), "201: rejected", TEN),
        (SHARE, OPENS + timedelta(seconds=30), "201: no amendment in the Auction", TEN),
        (SHARE, FOUR + timedelta(minutes=10, seconds=5), "201: rejected", SEVEN),
        (SHARE, FOUR + timedelta(minutes=5), "110: between two steps", None),
        (SHARE, TEN + timedelta(hours=2), "201: rejected", None),
        (SHARE, TEN + timedelta(hours=2), "201: no amendment in the Auction", FOUR),
        (ELSEWHERE, TEN + timedelta(hours=2), "201: rejected", None),
        (replace(SHARE, sessions=()), TEN, "201: no amendment in the Auction", None),
    ],
)
def test_a_change_refused_in_an_auction_is_tried_when_changes_are_taken_again(
    instrument: InstrumentDetails, at: datetime, reason: str, again: datetime | None
) -> None:
    assert when_again(reason, instrument, None, at) == again
