"""The ledger held against the venue's answers: what agrees, what does not, what is not known.

Pure and idempotent; nothing is invented. Absence is proven only by two complete rounds,
begun `SETTLED_AFTER` after the send and `BETWEEN_ROUNDS` apart, on one link, in one day of the
gateway. What cannot be proven stays UNKNOWN, for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum

from domain.orders import Order, OrderState
from domain.symbols import Symbol
from domain.venue import PositionReport, Round, VenueStatus

SETTLED_AFTER = timedelta(seconds=30)
BETWEEN_ROUNDS = timedelta(seconds=10)
_LIVE = frozenset(
    {VenueStatus.PENDING, VenueStatus.HELD, VenueStatus.WORKING, VenueStatus.PENDING_CANCEL}
)


@dataclass(frozen=True, slots=True)
class Missing:
    """An open order of the ledger that a complete round does not show."""

    client_order_id: str
    first_round_at: datetime
    """When the first complete round without it was asked, on this link."""


class ClaimedBy(StrEnum):
    """What the venue claimed an end by."""

    CODE = "CODE"
    INACTIVE = "INACTIVE"
    """The status that may mean refused, or parked. The lists repeat it."""
    END = "END"
    """A status that is an end, without a number of what was filled. The lists repeat it."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An end of an order that the venue has claimed, to be borne out by a round."""

    client_order_id: str
    state: OrderState
    text: str
    by: ClaimedBy


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a round proves of the open orders."""

    missing: tuple[Missing, ...]
    absent: tuple[str, ...]
    """Proven: never came to the venue."""
    in_doubt: tuple[str, ...]
    """Not shown, and not proven absent either: UNKNOWN."""


def seen_in(round: Round) -> frozenset[str]:
    """The client order ids that any list of the round shows."""
    traded = {report.client_order_id for report in round.executions}
    return _listed_in(round) | {each for each in traded if each}


def claim_holds(claim: Claimed, round: Round) -> bool | None:
    """Whether a complete round, asked after it, bears out that an order has ended so.

    None while the venue lists it as inactive: refused or parked, nobody can tell.
    """
    statuses = {r.status for r in round.open_orders if r.client_order_id == claim.client_order_id}
    if VenueStatus.INACTIVE in statuses:
        return None
    if statuses & _LIVE:
        return False
    return claim.by is ClaimedBy.END or claim.client_order_id not in seen_in(round)


def _listed_in(round: Round) -> frozenset[str]:
    ids = {report.client_order_id for report in round.open_orders}
    ids |= {report.client_order_id for report in round.completed_orders}
    return frozenset(each for each in ids if each)


def judge_orders(
    open_orders: Sequence[Order],
    round: Round,
    before: Mapping[str, Missing],
    gateway_zone: tzinfo | None,
) -> Verdicts:
    """Judge the open orders by a complete round; `before` are those missed on this link so far.

    The gateway's executions and completed orders reach back to its own midnight, in
    `gateway_zone`; where nobody knows that zone nothing is proven absent.
    """
    seen = seen_in(round)
    listed = _listed_in(round)
    missing: list[Missing] = []
    absent: list[str] = []
    in_doubt: list[str] = []
    for order in open_orders:
        name = order.client_order_id
        since = order.sent_at or order.created_at
        if name in listed or since >= round.asked_at or order.state is OrderState.INTENDED:
            continue
        if order.filled >= order.request.quantity:
            continue  # its fills are booked: its end is on its way to the ledger
        # Executions alone do not say what became of the rest.
        in_doubt.append(name)
        if name in seen:
            continue
        if round.asked_at - since < SETTLED_AFTER:
            continue
        known = before.get(name)
        if known is None:
            missing.append(Missing(name, round.asked_at))
            continue
        missing.append(known)
        never_acknowledged = order.venue_order_id is None and order.filled == 0
        same_day = gateway_zone is not None and (
            since.astimezone(gateway_zone).date() == round.ended_at.astimezone(gateway_zone).date()
        )
        if (
            never_acknowledged
            and same_day
            and round.asked_at - known.first_round_at >= BETWEEN_ROUNDS
        ):
            absent.append(name)
    return Verdicts(tuple(missing), tuple(absent), tuple(n for n in in_doubt if n not in absent))


def compare_positions(
    managed: Mapping[Symbol, Decimal], held: Sequence[PositionReport]
) -> tuple[tuple[Symbol, str], ...]:
    """Symbols of which the venue holds less than we bought.

    More is no mismatch: the difference is somebody else's (external). A currency pair is not
    compared: the venue shows cash, not a position.
    """
    quantities: dict[Symbol, Decimal] = {}
    for report in held:
        if report.symbol is not None:
            quantities[report.symbol] = quantities.get(report.symbol, Decimal(0)) + report.quantity
    mismatches = []
    for symbol, ours in managed.items():
        if ours == 0 or symbol.is_currency_pair:
            continue
        theirs = quantities.get(symbol, Decimal(0))
        short_of_it = theirs < ours if ours > 0 else theirs > ours
        if short_of_it:
            mismatches.append((symbol, f"Kelpie bought {ours}, the venue holds {theirs}"))
    return tuple(mismatches)
