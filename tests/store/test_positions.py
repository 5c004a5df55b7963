"""Position arithmetic against a recomputation that knows nothing of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.store import SqliteBook, open_book
from adapters.store.average_cost import Holding, after_fill
from adapters.store.verification import verify
from domain.exact import plain
from domain.orders import Purpose, Side
from tests.store.material import (
    ACCOUNT,
    NOON,
    StandingClock,
    commission,
    execution,
    intent,
)
from tests.store.story import AUDUSD


@dataclass(frozen=True)
class Trade:
    side: Side
    quantity: Decimal
    price: Decimal


trades = st.lists(
    st.builds(
        Trade,
        st.sampled_from(Side),
        st.decimals("0", "100000", places=3),
        st.decimals("0.0001", "100000", places=5),
    ),
    max_size=30,
)


def naive(trades: list[Trade]) -> tuple[Fraction, Fraction, Fraction, int | None]:
    """Quantity, average price, realised profit in exact fractions; which trade opened it.

    Share by share: every sale is paired with what it closes at the average of the time.
    """
    quantity = average = realised = Fraction(0)
    opened: int | None = None
    for number, trade in enumerate(trades):
        ahead = deque([Fraction(trade.quantity) * trade.side.sign])
        price = Fraction(trade.price)
        while ahead:
            change = ahead.popleft()
            if quantity * change < 0 and abs(change) > abs(quantity):
                ahead.append(change + quantity)
                change = -quantity
            if quantity * change < 0:
                realised += -change * (price - average)
            elif change:
                opened = number if quantity == 0 else opened
                average = (quantity * average + change * price) / (quantity + change)
            quantity += change
    return quantity, average if quantity else Fraction(0), realised, opened


def held_after(trades: list[Trade]) -> Holding | None:
    held = None
    for number, trade in enumerate(trades):
        time = NOON + timedelta(seconds=number)
        held = after_fill(held, trade.side, trade.quantity, trade.price, time)
    return held


@given(trades)
def test_a_position_is_what_a_naive_recomputation_says(trades: list[Trade]) -> None:
    held = held_after(trades)
    quantity, average, realised, opened = naive(trades)
    if held is None:
        assert not trades
        return
    assert Fraction(held.quantity) == quantity
    # The naive side is exact; ours rounds each closed share of cost to 12 places.
    assert abs(Fraction(held.realised) - realised) < Fraction(1, 10**6)
    assert abs(Fraction(held.cost) - quantity * average) < Fraction(1, 10**6)
    if opened is not None:
        assert held.opened_at == NOON + timedelta(seconds=opened)


@given(trades)
def test_profit_less_open_cost_is_the_cash_that_moved_exactly(trades: list[Trade]) -> None:
    held = held_after(trades)
    cash = -sum(Fraction(trade.quantity * trade.price) * trade.side.sign for trade in trades)
    assert held is None or Fraction(held.realised) - Fraction(held.cost) == cash


def test_what_is_flat_leaves_no_cost_behind() -> None:
    small, price = Decimal("0.00000003"), Decimal("0.00000007")
    held = held_after([Trade(Side.BUY, small, price), Trade(Side.SELL, small, price * 2)])
    assert held is not None
    assert (held.quantity, held.cost, held.realised) == (Decimal(0), Decimal(0), small * price)


@pytest.mark.parametrize(
    ("text", "spelt"), [("0.00", "0"), ("100.0", "100"), ("1E+3", "1000"), ("-0.50", "-0.5")]
)
def test_a_sum_has_one_spelling(text: str, spelt: str) -> None:
    assert str(plain(Decimal(text))) == spelt


def test_a_flip_opens_anew(book: SqliteBook) -> None:
    book.record_intent(intent("K-1"), "c")
    book.record_intent(intent("K-2", side=Side.SELL), "c")
    book.book_fill("ib", execution("a", quantity="100", price="10"), NOON)
    book.book_fill(
        "ib",
        execution("b", order="K-2", side=Side.SELL, quantity="150", price="11", seconds=5),
        NOON,
    )
    (position,) = book.positions()
    assert position.quantity == Decimal(-50)
    assert position.average_price == Decimal(11)
    assert position.realised_pnl == Decimal(100)
    assert position.opened_at == NOON + timedelta(seconds=5)
    assert position.venue == "ib"
    assert book.position("ib", position.symbol) == position
    assert book.position("gemini", position.symbol) is None


def test_a_flat_position_stays_with_its_profit(tmp_path: Path) -> None:
    book = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    book.record_intent(intent("K-1"), "c")
    book.book_fill("ib", execution("a", quantity="3", price="10"), NOON)
    for number in range(3):
        report = execution(f"s{number}", side=Side.SELL, quantity="1", price="11", seconds=number)
        book.book_fill("ib", report, NOON)
    book.close()
    again = open_book(tmp_path, "demo", ACCOUNT, StandingClock())
    (position,) = again.positions()
    again.close()
    assert (position.quantity, position.average_price) == (Decimal(0), Decimal(0))
    assert position.realised_pnl == Decimal(3)


def test_cash_that_is_converted_is_no_position_beside_a_lot_of_the_same_pair(
    book: SqliteBook,
) -> None:
    """A lot of 25,000 stays what it is while twice as much is converted the other way."""
    lot = intent("K-1", symbol=AUDUSD, quantity="25000")
    cash = intent("K-2", symbol=AUDUSD, side=Side.SELL, quantity="50000")
    cash = replace(cash, request=replace(cash.request, purpose=Purpose.CONVERT))
    for order in (lot, cash):
        book.record_intent(order, "c")
    sold = execution("0002.01", order="K-2", side=Side.SELL, quantity="50000", price="0.65")
    book.book_fill("ib", sold, NOON)
    book.book_commission("ib", commission("0002.01", amount="3.33"), NOON)
    [flat] = book.positions()
    assert (flat.quantity, flat.realised_pnl) == (Decimal(0), Decimal(0))
    assert flat.commissions == (("AUD", Decimal("3.33")),), "what it cost is paid all the same"
    # Before it and behind it in time; a correction of the conversion counts nothing either.
    for key, seconds in (("0001.01", -9), ("0003.01", 9)):
        bought = execution(key, quantity="12500", price="0.66", seconds=seconds)
        book.book_fill("ib", bought, NOON)
    book.book_fill("ib", replace(sold, revision=2, price=Decimal("0.6")), NOON)
    book.book_commission("ib", commission("0001.01", amount="3.30"), NOON)
    position = book.position("ib", AUDUSD)
    assert position is not None
    assert (position.quantity, position.average_price) == (Decimal(25_000), Decimal("0.66"))
    assert (position.realised_pnl, position.commissions) == (
        Decimal(0),
        (("AUD", Decimal("6.63")),),
    )
    written = book.order("K-2")
    assert written is not None and written.filled == 50_000, "its own fills are its own"
    verify(book.connection.path)
