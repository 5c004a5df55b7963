"""The shadow market: all orders of a shadow book against each quote, families included.

It is given quotes and phases, and says what would have happened; whoever keeps it writes that
down. Same input, same output: it knows neither clock nor file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.orders import Order, OrderState, Side, Tif
from domain.phases import Phase
from domain.quotes import Quote
from domain.shadow import (
    Shadow,
    ShadowFill,
    Taken,
    ends,
    is_forgotten,
    meet,
    room_of_family,
    touch_of,
)
from domain.symbols import Symbol

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ShadowFilled:
    """Some of an order would have been filled."""

    order: Order
    fill: ShadowFill
    filled: Decimal
    """Of the order, with this."""
    value: Decimal
    """Of all that, in the currency of the symbol."""


@dataclass(frozen=True, slots=True)
class ShadowEnded:
    """An order would have ended so."""

    order: Order
    state: OrderState
    reason: str


ShadowEvent = ShadowFilled | ShadowEnded


@dataclass(slots=True)
class _Kept:
    order: Order
    shadow: Shadow
    value: Decimal


class ShadowMarket:
    """Orders that are open in the shadow, and what was taken of each touch."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._filled: dict[str, Decimal] = {}
        """Of each order, also once it has ended: its children ask."""
        self._left: dict[str, Decimal] = {}
        """How much the members of a group have left together."""
        self._taken: dict[tuple[Symbol, Side], Taken] = {}

    def names(self) -> tuple[str, ...]:
        """The client order ids of those that are open."""
        return tuple(self._kept)

    def symbols(self) -> tuple[Symbol, ...]:
        """Those in which something is open, in the order in which it came."""
        return tuple(dict.fromkeys(kept.order.request.symbol for kept in self._kept.values()))

    # -- what is told --------------------------------------------------------------------

    def keep(self, order: Order) -> None:
        """It is open from now on, filled as far as it says; a parent comes before its children."""
        name = order.client_order_id
        if name in self._kept:
            return
        shadow = Shadow(order.request, order.filled, market_was_open=order.filled > 0)
        value = order.filled * (order.average_price or _ZERO)
        self._kept[name] = _Kept(order, shadow, value)
        self.remember(order)

    def remember(self, order: Order) -> None:
        """How much of it was filled before, and by its group."""
        self._filled[order.client_order_id] = order.filled
        self._count_family(order, order.filled)

    def change(self, order: Order) -> bool:
        """It has other terms, or is as it was: whether anything is new to the market."""
        kept = self._kept.get(order.client_order_id)
        if kept is None or order.request == kept.order.request:
            return False
        kept.order = order
        kept.shadow = replace(kept.shadow, request=order.request)
        return True

    def drop(self, name: str) -> None:
        """It is open no longer, by somebody else's word."""
        self._kept.pop(name, None)

    def end(self, name: str, state: OrderState, reason: str) -> list[ShadowEvent]:
        """It ends so; with an entry that brought nothing its children end."""
        kept = self._kept.pop(name, None)
        if kept is None:
            return []
        ended: list[ShadowEvent] = [ShadowEnded(kept.order, state, reason)]
        if kept.shadow.filled == 0:
            for child in [k for k in self._kept.values() if k.order.request.parent == name]:
                why = "its entry ended"
                ended += self.end(child.order.client_order_id, OrderState.CANCELLED, why)
        return ended

    # -- the market ----------------------------------------------------------------------

    def look(
        self, symbol: Symbol, quote: Quote | None, phase: Phase, now: datetime
    ) -> list[ShadowEvent]:
        """All orders of a symbol against a usable quote (None: there is none), and the clock."""
        events: list[ShadowEvent] = []
        for name, kept in list(self._kept.items()):
            if kept.order.request.symbol != symbol or name not in self._kept:
                continue
            if quote is not None:
                events += self._meet(kept, quote)
            events += self._end_of(name, kept, phase, now, met=quote is not None)
        return events

    def _meet(self, kept: _Kept, quote: Quote) -> list[ShadowEvent]:
        request = kept.order.request
        place = request.symbol, request.side
        touch = touch_of(quote, request.side, self._taken.get(place))
        if touch is not None:
            self._taken[place] = touch
        kept.shadow, fill = meet(kept.shadow, quote, touch, self._most(kept))
        if fill is None:
            return []
        if not fill.added and touch is not None:
            self._taken[place] = replace(touch, quantity=touch.quantity + fill.quantity)
        kept.value += fill.quantity * fill.price
        self._filled[kept.order.client_order_id] = kept.shadow.filled
        self._count_family(kept.order, fill.quantity)
        filled = ShadowFilled(kept.order, fill, kept.shadow.filled, kept.value)
        return [filled, *self._end_family(kept)]

    def _end_of(
        self, name: str, kept: _Kept, phase: Phase, now: datetime, *, met: bool
    ) -> list[ShadowEvent]:
        end = ends(kept.shadow, phase, met=met)
        is_day = phase is Phase.CLOSED and kept.order.request.tif is Tif.DAY
        if end is None and is_day and is_forgotten(kept.order.created_at, now):
            end = OrderState.EXPIRED
        if end is not None:
            return self.end(name, end, "by its time in force, in the shadow book")
        parent = kept.order.request.parent
        if parent in self._filled and parent not in self._kept and self._most(kept) == 0:
            return self.end(name, OrderState.CANCELLED, "all that its entry brought has left")
        return []

    # -- families ------------------------------------------------------------------------

    def _most(self, kept: _Kept) -> Decimal | None:
        request = kept.order.request
        if request.parent is None:
            return None
        own = kept.shadow.filled
        left = self._left.get(request.oca_group or "", own)
        return room_of_family(replace(kept.order, filled=own), self._filled, left - own)

    def _count_family(self, order: Order, quantity: Decimal) -> None:
        family = order.request.oca_group
        if family is not None:
            self._left[family] = self._left.get(family, _ZERO) + quantity

    def _end_family(self, kept: _Kept) -> list[ShadowEvent]:
        """One that filled wholly ends the others of its group."""
        family = kept.order.request.oca_group
        if family is None or kept.shadow.remaining > 0:
            return []
        why = f"{kept.order.client_order_id} of its group filled, in the shadow book"
        others: Iterable[str] = [
            name
            for name, other in self._kept.items()
            if other.order.request.oca_group == family and other is not kept
        ]
        return [event for n in others for event in self.end(n, OrderState.CANCELLED, why)]
