"""Ends of orders that the venue has claimed, and what complete lists say of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.orders import OrderState
from domain.venue import Round, VenueStatus


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


def seen_in(round: Round) -> frozenset[str]:
    """The client order ids that any list of the round shows."""
    names = {row.client_order_id for row in (*round.open_orders, *round.completed_orders)}
    names |= {report.client_order_id for report in round.executions}
    return frozenset(name for name in names if name)


def claim_holds(claim: Claimed, round: Round) -> bool | None:
    """Whether a complete round, asked after it, bears out that an order has ended so.

    None while the venue lists it as inactive: refused or parked, nobody can tell.
    """
    statuses = {r.status for r in round.open_orders if r.client_order_id == claim.client_order_id}
    if VenueStatus.INACTIVE in statuses:
        return None
    if any(status.is_live for status in statuses):
        return False
    return claim.by is ClaimedBy.END or claim.client_order_id not in seen_in(round)
