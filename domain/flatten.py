"""Everything out, by a person: what is to be done next in a symbol, from how it stands now.

Pure, and without a memory: after any crash the next step follows from the orders and holdings.

First whatever works in the symbol is taken back, a stop at the venue included, and only when the
venue has said that it has ended the exit is sent, for what is then provably held. The other way
round two orders would sell one holding, and the second could open a short. Nor is the stop
repriced into the exit: a stop whose price is passed may be refused, and waits out auctions. So
for some moments nothing protects the position; the exit is known to pass the gates before that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.figures import RISK_REDUCING
from domain.holdings import room_to_leave, working_of
from domain.orders import Order, OrderRequest, OrderState, OrderType, Purpose, Side
from domain.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take these back, and wait until the venue has said that they have ended."""

    entries: tuple[str, ...]
    leaving: tuple[str, ...]
    """Exits and stops: let go only where the exit that follows would pass the gates."""

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.entries, *self.leaving)


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing works any more: send the exit."""

    side: Side
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Wait:
    """The exit works; or what remains cannot be sold for certain, and `stuck` says why."""

    why: str
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Flat:
    """Nothing of ours is held, and nothing works."""


Step = Cancel | Leave | Wait | Flat


def next_step(
    orders: Sequence[Order],
    managed: Decimal,
    held: Decimal,
    lot: Decimal,
    overdue: Collection[str] = (),
) -> Step:
    """What is to be done next; `orders` are those of the symbol that are open.

    `overdue` are exits of this flatten that have worked for too long at their price. Orders that
    convert cash are left alone. Of one that is UNKNOWN nothing can be taken back: it counts at
    its worst.
    """
    ours = [order for order in orders if order.request.purpose is not Purpose.CONVERT]
    live = [order for order in ours if order.state is not OrderState.UNKNOWN]
    mine = [order for order in live if order.request.purpose is Purpose.FLATTEN]
    unwanted = [o for o in live if o not in mine or o.client_order_id in overdue]
    if unwanted:
        return _cancel(unwanted)
    if mine:
        return Wait(f"{mine[0].client_order_id} works")
    return _leave(ours, managed, held, lot)


def after_cancels(
    orders: Sequence[Order], managed: Decimal, held: Decimal, lot: Decimal
) -> Leave | Wait | Flat:
    """What will be left to do once all that can be taken back has been."""
    doubtful = [order for order in orders if order.state is OrderState.UNKNOWN]
    ours = [order for order in doubtful if order.request.purpose is not Purpose.CONVERT]
    return _leave(ours, managed, held, lot)


def _cancel(unwanted: Sequence[Order]) -> Cancel:
    """With a parent its children go at the venue; they are taken back once it has ended."""
    names = {order.client_order_id for order in unwanted}
    first = [order for order in unwanted if order.request.parent not in names]
    return Cancel(
        tuple(o.client_order_id for o in first if o.request.purpose not in RISK_REDUCING),
        tuple(o.client_order_id for o in first if o.request.purpose in RISK_REDUCING),
    )


def _leave(
    doubtful: Sequence[Order], managed: Decimal, held: Decimal, lot: Decimal
) -> Leave | Wait | Flat:
    names = ", ".join(order.client_order_id for order in doubtful)
    if managed == 0:
        return Wait(f"the fate of {names} is not known", stuck=True) if doubtful else Flat()
    side = Side.SELL if managed > 0 else Side.BUY
    working = working_of(doubtful, doubtful[0].request.symbol) if doubtful else None
    works = Decimal(0)
    if working is not None:
        works = working.sells if side is Side.SELL else working.buys
    room = room_to_leave(side, managed, held, works)
    room -= room % lot
    if room > 0:
        return Leave(side, room)
    why = f"of the {managed} that Kelpie bought the venue has said to hold {held}"
    if doubtful:
        why += f", and the fate of {names} is not known"
    return Wait(why, stuck=True)


def exit_request(client_order_id: str, symbol: Symbol, leave: Leave) -> OrderRequest:
    """The exit, at the market; the desk prices it as it does every market order."""
    return OrderRequest(
        client_order_id,
        symbol,
        leave.side,
        leave.quantity,
        OrderType.MARKET,
        purpose=Purpose.FLATTEN,
    )


class Progress(StrEnum):
    """How far a symbol is."""

    PREVIEW = "PREVIEW"
    """Nothing has been done; this is what would be."""
    RUNNING = "RUNNING"
    FLAT = "FLAT"
    """Nothing of ours is held, and nothing works."""
    LEFT = "LEFT"
    """Something is left, and nothing more is tried; `note` says why."""


@dataclass(frozen=True, slots=True)
class FlattenItem:
    """One symbol. Quantities in shares, or in units of the base currency of a pair."""

    symbol: Symbol
    progress: Progress
    managed: Decimal
    held: Decimal
    cancels: tuple[str, ...]
    """What works and would be taken back; while it runs, what is."""
    side: Side | None
    quantity: Decimal
    """What the exit is for; zero where there is none."""
    note: str
    """Why it waits, or what is left; empty when there is nothing to say."""


@dataclass(frozen=True, slots=True)
class FlattenView:
    """A flatten that was asked for, or would be."""

    running: bool
    who: str
    reason: str
    since: datetime | None
    items: tuple[FlattenItem, ...]
    confirmation: str = ""
    """The code that confirms exactly this, for 60 s; empty where nothing has to be confirmed."""
    confirm_because: str = ""


def previewed(
    symbol: Symbol, orders: Sequence[Order], managed: Decimal, held: Decimal, lot: Decimal
) -> FlattenItem:
    """What would be done in a symbol, from how it stands now."""
    step = next_step(orders, managed, held, lot)
    after = after_cancels(orders, managed, held, lot)
    leave = after if isinstance(after, Leave) else None
    note = after.why if isinstance(after, Wait) else ""
    if leave is not None and leave.quantity != abs(managed):
        note = f"{abs(managed) - leave.quantity} of {abs(managed)} are not provably held"
    spared = (Purpose.FLATTEN, Purpose.CONVERT)
    known = (order for order in orders if order.state is not OrderState.UNKNOWN)
    return FlattenItem(
        symbol,
        Progress.FLAT if isinstance(step, Flat) else Progress.PREVIEW,
        managed,
        held,
        tuple(o.client_order_id for o in known if o.request.purpose not in spared),
        leave.side if leave is not None else None,
        leave.quantity if leave is not None else Decimal(0),
        note,
    )
