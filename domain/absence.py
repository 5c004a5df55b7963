"""When an order that no list shows has provably never come to the venue.

Two complete rounds of its lists, `BETWEEN_ROUNDS` apart, begun `SETTLED_AFTER` the send, on one
link without a loss, in one day of the gateway. All spans are monotonic seconds: a step of the
wall clock proves nothing. When an order was sent is known by the wall clock alone, so they count
from the moment at which the ledger was first seen with it, which is never earlier.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from domain.orders import Order

SETTLED_AFTER = 30.0
BETWEEN_ROUNDS = 10.0


@dataclass(frozen=True, slots=True)
class Watched:
    """An open order of the ledger, as the comparisons of one link have seen it."""

    since: float
    """Monotonic: when the ledger was first seen with it."""
    missing_since: float | None = None
    """Monotonic: when the first settled round without it was asked for."""

    def found(self) -> Watched:
        """A list has shown it, or may have lost it: the count begins anew."""
        return replace(self, missing_since=None)

    def missed(self, asked: float) -> Watched:
        """A complete round that was asked for then does not show it."""
        if self.missing_since is not None or asked - self.since < SETTLED_AFTER:
            return self
        return replace(self, missing_since=asked)

    def is_proven_absent(self, asked: float) -> bool:
        """Two rounds without it lie far enough apart, this one being the later."""
        return self.missing_since is not None and asked - self.missing_since >= BETWEEN_ROUNDS


def within_horizon(order: Order, ended_at: datetime, gateway_zone: tzinfo | None) -> bool:
    """The lists that ended at this time reach back to the order's sending.

    The gateway's executions and completed orders reach back to its own midnight; where nobody
    knows its zone nothing can be said.
    """
    if gateway_zone is None:
        return False
    since = order.sent_at or order.created_at
    return since.astimezone(gateway_zone).date() == ended_at.astimezone(gateway_zone).date()


def was_there(order: Order) -> bool:
    """The venue once had it: it acknowledged it, or filled some of it."""
    return order.venue_order_id is not None or order.filled != 0
