"""What became of an order at the broker, every word of it that the wire may carry, and the lists.

The broker's side is written down here and computed by nothing of ours: its order, its
executions, what it charged and what it holds. `words` are all that it says meanwhile, to be
told in any order, twice or not at all; `lists` are what it answers when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.orders import OrderState
from domain.symbols import Symbol
from domain.venue import (
    CommissionReport,
    ExecutionReport,
    OrderFact,
    OrderReport,
    VenueNotice,
    VenueStatus,
)
from tests.store import material

QUANTITY = Decimal(100)
Word = Callable[[str], OrderFact]
Telling = Sequence[Word]


@dataclass(frozen=True)
class Truth:
    """How the order stands at the broker in the end."""

    state: OrderState
    filled: str
    price: str = "10"
    commission: str = "6.60"
    corrected: bool = False


@dataclass(frozen=True)
class Story:
    """One order's life; each part is made for an order of this name."""

    words: tuple[Word, ...]
    lists: tuple[Word, ...]
    truth: Truth


def symbol_of(name: str) -> Symbol:
    """Each order has an instrument of its own, so that its position can be told apart."""
    return Symbol(f"S{name.rpartition('-')[2]}", "AUD")


def venue_id_of(name: str) -> str:
    return f"90{name.rpartition('-')[2]}"


def says(
    status: VenueStatus, filled: str | None = None, *, completed: bool = False, why_held: str = ""
) -> Callable[[str], OrderReport]:
    """orderStatus with a number; openOrder and completedOrder come without one."""

    def make(name: str) -> OrderReport:
        return OrderReport(
            client_order_id=name,
            venue_order_id=venue_id_of(name),
            status=status,
            filled=None if filled is None else Decimal(filled),
            remaining=None if filled is None else QUANTITY - Decimal(filled),
            average_price=None,
            why_held=why_held,
            completed=completed,
        )

    return make


def trades(
    quantity: str, *, revision: int = 1, key: str = "x", price: str = "10", named: bool = True
) -> Callable[[str], ExecutionReport]:
    """An execution; `named`: with our own id, else with the venue's alone."""

    def make(name: str) -> ExecutionReport:
        report = material.execution(
            f"{name}.{key}",
            revision=revision,
            order=name if named else None,
            quantity=quantity,
            price=price,
            venue_order_id=venue_id_of(name),
        )
        return replace(report, symbol=symbol_of(name))

    return make


def costs(amount: str, *, revision: int = 1, key: str = "x") -> Callable[[str], CommissionReport]:
    def make(name: str) -> CommissionReport:
        return material.commission(f"{name}.{key}", amount, revision=revision)

    return make


def notes(notice: VenueNotice) -> Callable[[str], VenueNotice]:
    return lambda name: replace(notice, client_order_id=name)


OPEN = says(VenueStatus.WORKING)
DONE = VenueStatus.FILLED

CORRECTED = Story(
    words=(
        OPEN,
        says(VenueStatus.WORKING, "0"),
        says(DONE, "100"),
        trades("100"),
        trades("90", revision=2),
        costs("6.60"),
    ),
    lists=(says(DONE, "90", completed=True), trades("90", revision=2), costs("6.05", revision=2)),
    truth=Truth(OrderState.FILLED, "90", commission="6.05", corrected=True),
)
"""Filled, then corrected to less; the lists show the correction alone."""

CORRECTED_LISTED_TWICE = replace(
    CORRECTED, lists=(*CORRECTED.lists, trades("100"), costs("6.60"), trades("90", revision=2))
)
"""The lists show the original as well, and behind its correction."""

BUSTED = Story(
    words=(
        OPEN,
        says(VenueStatus.WORKING, "100"),
        says(DONE, "100"),
        trades("100"),
        trades("0", revision=2),
        costs("6.60"),
    ),
    lists=(
        says(VenueStatus.CANCELLED, "0", completed=True),
        trades("0", revision=2),
        costs("0", revision=2),
    ),
    truth=Truth(OrderState.CANCELLED, "0", commission="0", corrected=True),
)
"""Filled, and the only execution is busted."""

CANCELLED_AFTER_A_PART = Story(
    words=(
        says(VenueStatus.WORKING, "0"),
        says(VenueStatus.PENDING_CANCEL, "0"),
        trades("40", key="x"),
        trades("20", key="y", price="13"),
        says(VenueStatus.CANCELLED, "60"),
        costs("-0.12", key="y"),
    ),
    lists=(
        # The list of completed orders comes first, and names no number.
        says(VenueStatus.CANCELLED, completed=True),
        trades("40", key="x"),
        trades("20", key="y", price="13"),
        costs("6.60", key="x"),
        costs("-0.12", key="y"),
    ),
    truth=Truth(OrderState.CANCELLED, "60", price="11", commission="6.48"),
)
"""Pain 9: it fills while a cancel is on its way."""

AT_WORK = Story(
    words=(
        OPEN,
        says(VenueStatus.HELD),
        says(VenueStatus.WORKING, "40"),
        trades("40", named=False),
        costs("6.60"),
    ),
    lists=(OPEN, says(VenueStatus.WORKING, "40"), trades("40"), costs("6.60")),
    truth=Truth(OrderState.WORKING, "40"),
)
"""Partly filled, and at work still; the live execution does not carry our id."""

STORIES = {
    "corrected": CORRECTED,
    "corrected, listed twice": CORRECTED_LISTED_TWICE,
    "busted": BUSTED,
    "cancelled after a part": CANCELLED_AFTER_A_PART,
    "at work": AT_WORK,
}
