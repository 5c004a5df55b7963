"""What pages are filled with in trials: as full of words as it may be, and as ill meant."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from console.hook.visitors import Scope, Visitor
from console.overview_schemas import (
    AlertLineOut,
    HoldingLineOut,
    LinkLineOut,
    NextLineOut,
    OrderLineOut,
    OverviewOut,
    VerdictOut,
)
from console.pages.remembered import Part
from console.schemas import OrderOut
from domain.orders import OrderState, OrderType, Side, Tif
from tests.console.owner_facts import NOW

OWNER = Visitor("phone of the owner", frozenset(Scope), "c" * 64)
HOSTILE = "<script>alert(1)</script> & 'so' \"on\" "
LONG = (HOSTILE + "It was refused by the venue, for a reason that takes long to tell. " * 9)[:400]
"""As long as the venue's own words are kept, and as ill meant as they come."""
HUGE = Decimal("123456789012345.67891")


def told(value: Any) -> Part[Any]:
    return Part("The book", value, NOW, None)


def overview(**parts: Any) -> OverviewOut:
    """As full of words as it may be."""
    verdict = VerdictOut(
        level="NEEDS_YOU",
        code="MANY",
        symbol=None,
        sentence=LONG,
        stands=LONG,
        if_nothing=LONG,
        to_do=[LONG] * 3,
        others=[LONG] * 30,
    )
    known: dict[str, Any] = {
        "mode": "live",
        "version": "1",
        "started_at": NOW,
        "asked_at": NOW,
        "verdict": verdict,
        "money": None,
        "holdings": [holding(number) for number in range(80)],
        "orders": [],
        "last_trade": None,
        "quiet": LONG,
        "links": [
            LinkLineOut(
                venue="ib", tradable=False, expected=False, sentence=LONG, since=NOW, next_try=NOW
            )
        ],
        "next": [NextLineOut(at=NOW, sentence=LONG)] * 5,
        "backup": None,
        "live": None,
        "alerts": [alert(number) for number in range(40)],
        "unanswered": [],
    }
    return OverviewOut(**{**known, **parts})


def holding(number: int) -> HoldingLineOut:
    return HoldingLineOut(
        symbol=f"LONGEST{number:02}/AUD",
        currency="AUD",
        quantity=HUGE,
        managed=HUGE / 2,
        price=12345.6789,
        price_stale=True,
        value_base=HUGE,
        pnl=-HUGE,
        stop=HUGE,
        agrees=False,
        difference=LONG,
        protection="UNPROTECTED",
        why=LONG,
    )


def alert(number: int) -> AlertLineOut:
    return AlertLineOut(
        id=f"A-{number}",
        level="WAKE",
        code="CODE",
        title=HOSTILE,
        since=NOW,
        sentence=LONG,
        stands=LONG,
        if_nothing=LONG,
        to_do=[LONG, LONG],
        answered=False,
    )


def order(number: int, state: OrderState) -> OrderLineOut:
    return OrderLineOut(
        client_order_id=f"{HOSTILE}{number:04}"[:64],
        symbol="BHP/AUD",
        currency="AUD",
        side=Side.SELL,
        quantity=HUGE,
        remaining=HUGE,
        type=OrderType.STOP_LIMIT,
        price=HUGE,
        state=state,
        purpose="PROTECTION",
        pending_change="CANCEL",
    )


def over(number: int) -> OrderOut:
    return OrderOut(
        client_order_id=f"{HOSTILE}{number:04}"[:64],
        symbol="BHP/AUD",
        side=Side.BUY,
        quantity=HUGE,
        filled=Decimal(0),
        remaining=HUGE,
        type=OrderType.LIMIT,
        limit_price=HUGE,
        stop_price=None,
        tif=Tif.GTC,
        state=OrderState.REJECTED,
        pending_change=None,
        average_price=None,
        venue_order_id="1",
        reason=LONG,
        created_at=NOW,
    )
