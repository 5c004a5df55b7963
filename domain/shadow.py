"""What an order would have met in the market: fills of a shadow order by the quotes alone.

The rules err on the side of the market. What takes liquidity gets the touch, and no more of it
than is shown; what rests waits until the market trades through it, or the other side comes to it
with size; a stop is triggered as IB does it, a share's by a trade, a pair's by the touch. A quote
that is stale, delayed, one-sided, crossed or of a halt meets nothing: unknown is never a fill.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.admission import Admission
from domain.orders import Order, OrderRequest, OrderState, Side, Tif
from domain.phases import Phase
from domain.quotes import DataType, Quote

SHADOW = "shadow"
"""The venue of shadow orders: nothing that names it has a way to a gateway."""
_ZERO = Decimal(0)


def in_shadow(admission: Admission) -> Admission:
    """The same, for the shadow book: it can only reach the seat that fills it by quotes."""
    attached = tuple(in_shadow(each) for each in admission.attached)
    return replace(admission, venue=SHADOW, attached=attached)


@dataclass(frozen=True, slots=True)
class ShadowFill:
    """What of an order would have been filled; the price in the currency of the symbol."""

    quantity: Decimal
    price: Decimal
    added: bool
    """It rested, and somebody came to it."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """An order in the shadow book, and how it stands in the market."""

    request: OrderRequest
    filled: Decimal = _ZERO
    triggered: bool = False
    """Its stop price was reached."""
    resting: bool = False
    """It has waited in the market: from then on it gets its own price."""
    last_seen: float | None = None
    """The last trade when it came to rest: that one did not trade through it."""
    market_was_open: bool = False
    """It has seen the market trade: a DAY order ends with that day."""

    @property
    def remaining(self) -> Decimal:
        """What is not filled yet."""
        return max(self.request.quantity - self.filled, _ZERO)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of a touch: shown once, it is there once."""

    price: float
    size: float
    quantity: Decimal = _ZERO

    def left(self) -> Decimal:
        """What of it is there yet."""
        return max(Decimal(repr(self.size)) - self.quantity, _ZERO)


def touch_of(quote: Quote, side: Side, before: Taken | None) -> Taken | None:
    """The touch that an order of this side would take from; None where none is known."""
    price, size = (quote.ask, quote.ask_size) if side is Side.BUY else (quote.bid, quote.bid_size)
    if price is None or size is None or not quote.two_sided:
        return None
    if before is not None and (before.price, before.size) == (price, size):
        return before
    return Taken(price, size)


def is_usable(quote: Quote, phase: Phase, age: float, stale_after: float) -> bool:
    """By this quote something may be filled; ages in seconds."""
    live = quote.data_type is DataType.LIVE and not quote.halted
    return live and phase is Phase.OPEN and age <= stale_after


def meet(
    shadow: Shadow, quote: Quote, touch: Taken | None, most: Decimal | None = None
) -> tuple[Shadow, ShadowFill | None]:
    """What becomes of an order by a usable quote. `most` bounds what may fill at all.

    The caller takes the fill's quantity off the touch, unless it was `added`.
    """
    request = shadow.request
    shadow = replace(shadow, market_was_open=True)
    wanted = shadow.remaining if most is None else min(shadow.remaining, most)
    if wanted <= 0:
        return shadow, None
    if request.type.needs_stop and not shadow.triggered:
        if not _triggers(request, quote):
            return shadow, None
        shadow = replace(shadow, triggered=True)
    limit = request.limit_price
    fill = None
    if touch is not None and _reaches(request.side, limit, touch.price):
        price = limit if shadow.resting and limit is not None else Decimal(repr(touch.price))
        fill = _fill(min(wanted, touch.left()), price, shadow.resting)
    elif shadow.resting and limit is not None and _traded_through(shadow, limit, quote):
        fill = _fill(wanted, limit, True)
    if not shadow.resting and limit is not None:
        shadow = replace(shadow, resting=True, last_seen=quote.last)
    if fill is not None:
        shadow = replace(shadow, filled=shadow.filled + fill.quantity)
    return shadow, fill


def ends(shadow: Shadow, phase: Phase, *, met: bool) -> OrderState | None:
    """How an order ends that is not filled: by its time in force; None while it goes on.

    `met` says that a usable quote has met it just now.
    """
    if shadow.remaining <= 0:
        return OrderState.FILLED
    tif = shadow.request.tif
    if tif is Tif.IOC and met and (shadow.triggered or not shadow.request.type.needs_stop):
        return OrderState.CANCELLED
    over = phase in (Phase.CLOSED, Phase.POST_CLOSE)
    return OrderState.EXPIRED if tif is Tif.DAY and over and shadow.market_was_open else None


def room_of_family(order: Order, filled_of: dict[str, Decimal], siblings: Decimal) -> Decimal:
    """How much a child may fill: what its entry brought, less what its group has left already."""
    request = order.request
    brought = request.quantity
    if request.parent is not None and request.parent in filled_of:
        brought = min(brought, filled_of[request.parent])
    return max(brought - siblings - order.filled, _ZERO)


def _fill(quantity: Decimal, price: Decimal, added: bool) -> ShadowFill | None:
    return ShadowFill(quantity, price, added) if quantity > 0 else None


def _reaches(side: Side, limit: Decimal | None, touch: float) -> bool:
    if limit is None:
        return True
    price = Decimal(repr(touch))
    return price <= limit if side is Side.BUY else price >= limit


def _traded_through(shadow: Shadow, limit: Decimal, quote: Quote) -> bool:
    """A trade beyond the limit: everybody who waited there was served before it."""
    if quote.last is None or quote.last == shadow.last_seen:
        return False
    last = Decimal(repr(quote.last))
    return last < limit if shadow.request.side is Side.BUY else last > limit


def _triggers(request: OrderRequest, quote: Quote) -> bool:
    stop = request.stop_price
    assert stop is not None
    buys = request.side is Side.BUY
    touch = quote.ask if buys else quote.bid
    seen = touch if request.symbol.is_currency_pair else quote.last
    if seen is None:
        return False
    price = Decimal(repr(seen))
    return price >= stop if buys else price <= stop


def is_forgotten(created: datetime, now: datetime, days: int = 4) -> bool:
    """A DAY order of so long ago has lived through its day, whoever saw it."""
    return (now - created).days >= days
