"""What is known of a plan's protection at one moment, and what may be done about it: values.

What to do follows from these alone (`domain.guarding`); after any crash it is worked out anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from domain.amendments import Wanted
from domain.orders import Order, OrderRequest, Purpose, Side
from domain.symbols import Symbol
from domain.venue import OrderReport, PriceStep

AMBER_SECONDS = 10.0
"""A change may be in flight for so long; after that the symbol is RED."""
PART_FILLED_SECONDS = 5.0
"""An entry that is filled in part while its children sleep may work on for so long."""
MOVE_EVERY_SECONDS = 30.0
"""The stop is moved no oftener: each change of an order counts (facts/ib.md 3.5)."""
REPRICE_SECONDS = 10.0
"""An exit that the market has left behind is priced anew no oftener."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A plan is to be left; prices are in the currency of the symbol."""

    reason: str
    touch: Decimal | None
    """The best price of a fresh quote on the side that would fill; None where there is none."""
    limit: Decimal | None
    """A marketable limit with a bounded slip; None where there is no fresh quote."""
    blind: bool = False
    """Without a fresh quote it leaves at the market; else the stop at the venue stands."""
    to_bound: bool = False
    """The limit is the bound itself: into an auction, where no touch says what will fill."""


@dataclass(frozen=True, slots=True)
class Lot:
    """What one plan holds, and the levels that are to stand at the venue over it."""

    plan_id: str
    symbol: Symbol
    side: Side
    """Of whatever leaves it: SELL of a long position."""
    quantity: Decimal
    stop: Decimal
    target: Decimal | None = None
    loosened: bool = False
    """The plan has widened its stop for the night: it may move away from the market."""
    leaving: Leaving | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """An order of ours in the venue's own list of open orders."""

    remaining: Decimal
    awake: bool
    """It does not wait for its parent."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A lot with all that is known of its orders. Seconds are monotonic."""

    lot: Lot
    entry: Order | None
    """Its entry while that is open; None once it has ended, or where there was none."""
    orders: tuple[Order, ...]
    """What leaves it, in the book and open."""
    listed: Mapping[str, Listed] | None
    """The venue's open orders, asked for after the last change; None: not known."""
    cap: Decimal
    """So much at most may be offered: provably held, less what others of ours offer already."""
    generation: int
    """Of the next group."""
    fresh_id: str
    """Makes the id of the next exit its own."""
    steps: tuple[PriceStep, ...]
    spent: frozenset[str] = frozenset()
    """Groups of which a member has traded or ended: they take no new member."""
    busy: frozenset[str] = frozenset()
    """Orders, by id, about which something was asked that has no answer yet."""
    asleep_seconds: float = 0.0
    """For how long a part of the entry has been filled."""
    unmoved_seconds: float = 1e9
    """Since the stop was last moved."""
    unpriced_seconds: float = 1e9
    """Since the exit was last priced."""
    old: bool = False
    """Its stop has stood for so long that it is renewed now."""
    stop_limit: bool = False
    """The venue has refused a stop-market."""
    unchangeable: bool = False
    """The book is not written, so no order is changed; an exit of its own can leave all the same.
    """
    slip: Decimal = Decimal("0.005")
    """How far behind its stop the limit of a stop-limit is, as a fraction."""
    held_back: str = ""
    """Why no order is placed by itself: a corporate action is suspected. Empty when none is."""

    @property
    def stops(self) -> tuple[Order, ...]:
        """Its stops."""
        return tuple(o for o in self.orders if o.request.purpose is Purpose.PROTECTION)

    @property
    def exits(self) -> tuple[Order, ...]:
        """Its targets and exits, the one that fills first before all others."""
        found = [o for o in self.orders if o.request.purpose is not Purpose.PROTECTION]
        return tuple(sorted(found, key=lambda order: _distance(order.request)))

    @property
    def most(self) -> Decimal:
        """What is to be offered of it, and no more."""
        return max(min(self.lot.quantity, self.cap), Decimal(0))

    def is_busy(self, order: Order) -> bool:
        """Something of it is in flight: it is neither changed nor counted on."""
        return (
            order.client_order_id in self.busy
            or order.amending is not None
            or order.pending_change is not None
            or order.state in ("INTENDED", "SENT")
        )


def _distance(request: OrderRequest) -> Decimal:
    """The lower, the sooner it fills; only for orders of one side."""
    if request.limit_price is None:
        return Decimal("-Infinity")
    return request.limit_price * -request.side.sign


@dataclass(frozen=True, slots=True)
class AskList:
    """Have the venue say which orders are open: nothing is done on what is only assumed."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take these back."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Change the terms of an order that works."""

    name: str
    wanted: Wanted
    priced: bool = False
    """It prices an exit."""


@dataclass(frozen=True, slots=True)
class Place:
    """Place these, in one piece: they are of one group."""

    requests: tuple[OrderRequest, ...]


Step = AskList | Cancel | Change | Place


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to do now, how much is protected, and why it is not all well; `""` when it is."""

    steps: tuple[Step, ...] = ()
    protected: Decimal = Decimal(0)
    cause: str = ""
    grave: bool = False
    """It does not pass by itself: RED at once."""


@dataclass(frozen=True, slots=True)
class VenueList:
    """The venue's open orders of ours and what it holds, of one complete round of lists."""

    orders: Mapping[str, Listed] = field(default_factory=dict)
    held: Mapping[Symbol, Decimal] = field(default_factory=dict)


def listed_of(reports: tuple[OrderReport, ...]) -> dict[str, Listed]:
    """The open orders of ours, by client order id."""
    found = {}
    for report in reports:
        if report.client_order_id is None or report.foreign or not report.status.is_live:
            continue
        remaining = report.remaining
        if remaining is None and report.terms is not None:
            remaining = report.terms.quantity - (report.filled or Decimal(0))
        found[report.client_order_id] = Listed(
            remaining or Decimal(0), awake=report.why_held != "child"
        )
    return found


def plan_of(request: OrderRequest) -> str:
    """The plan whose lot an order leaves or opens; empty where it belongs to none."""
    named = request.plan or request.parent
    if named is None and request.oca_group is not None:
        named = request.oca_group.rpartition(".")[0]
    return named or ""


def generation_of(group: str | None, plan_id: str) -> int:
    """Which group of this plan a name is; 0 where it is none of its groups."""
    before, _, number = (group or "").rpartition(".")
    return int(number) if before == plan_id and number.isdecimal() else 0
