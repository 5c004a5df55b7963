"""What fills add up to: a position at average cost, exact to the last cent once it is flat.

Cost is carried, not the average, since a division need not come out even. A part that is sold
takes its share of the cost rounded to 12 places; what the rounding leaves stays with the rest,
so that realised profit less open cost is the cash that has moved, always.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from domain.corporate_actions import Ratio
from domain.exact import EXACT, plain
from domain.orders import Side

#: Averages are for people and comparisons: 20 significant digits.
AVERAGE = Context(prec=20, rounding=ROUND_HALF_EVEN)
_SHARE = Decimal("1E-12")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Holding:
    """A position and how it came to be; short is negative, and so is its cost."""

    quantity: Decimal
    cost: Decimal
    """Quantity times average price, with the quantity's sign."""
    realised: Decimal
    """In the price's currency, before commissions."""
    opened_at: datetime
    """When the quantity last left zero or crossed it."""

    @property
    def average_price(self) -> Decimal:
        """Per share; zero when nothing is held."""
        return average(self.cost, self.quantity) or _ZERO


NOTHING = Holding(_ZERO, _ZERO, _ZERO, datetime(1970, 1, 1, tzinfo=UTC))
"""What is held where cash alone was converted: nothing, and nothing ever."""


def average(value: Decimal, quantity: Decimal) -> Decimal | None:
    """The average price of a quantity that cost `value`; None for a quantity of zero."""
    return AVERAGE.divide(value, quantity) if quantity else None


def after_fill(
    before: Holding | None, side: Side, quantity: Decimal, price: Decimal, time: datetime
) -> Holding:
    """The position once a fill is counted; `before` is None for the first of all.

    A fill against the position closes the lesser of the two; what is over opens the other way.
    """
    held = before or Holding(_ZERO, _ZERO, _ZERO, time)
    with localcontext(EXACT):
        against = side.sign * held.quantity < 0
        closing = min(quantity, abs(held.quantity)) if against else _ZERO
        opening = quantity - closing
        released = _released(held, closing)
        left = held.quantity + side.sign * closing
        return Holding(
            quantity=plain(left + side.sign * opening),
            cost=plain(held.cost - released + side.sign * opening * price),
            realised=plain(held.realised - side.sign * closing * price - released),
            opened_at=time if left == 0 and opening else held.opened_at,
        )


def after_adoption(
    before: Holding | None, quantity: Decimal, price: Decimal | None, time: datetime
) -> Holding:
    """The position once a person has given so much into it, or taken it out (negative).

    Without a price it is taken out at what it cost: neither profit nor loss is made. Should a
    correction of what came before leave less than is taken out, the rest counts at that cost too.
    """
    if price is not None:
        side = Side.BUY if quantity > 0 else Side.SELL
        return after_fill(before, side, abs(quantity), price, time)
    held = before or Holding(_ZERO, _ZERO, _ZERO, time)
    with localcontext(EXACT):
        against = quantity * held.quantity < 0
        closing = min(abs(quantity), abs(held.quantity)) if against else _ZERO
        opening = quantity + closing if quantity < 0 else quantity - closing
        left = held.quantity + quantity
        return Holding(
            quantity=plain(left),
            cost=plain(held.cost - _released(held, closing) + opening * held.average_price),
            realised=held.realised,
            opened_at=time
            if held.quantity + quantity - opening == 0 and opening
            else held.opened_at,
        )


def after_split(before: Holding | None, new: Decimal, old: Decimal, time: datetime) -> Holding:
    """The position once so many new units have come for old ones: what it cost stays.

    A fraction of a unit is paid out, and not held; with nothing left the cost is lost.
    """
    held = before or Holding(_ZERO, _ZERO, _ZERO, time)
    with localcontext(EXACT):
        quantity = Ratio(new, old).units(held.quantity)
        lost = _ZERO if quantity else held.cost
        return Holding(
            quantity=plain(quantity),
            cost=plain(held.cost - lost),
            realised=plain(held.realised - lost),
            opened_at=held.opened_at,
        )


def _released(held: Holding, closing: Decimal) -> Decimal:
    if closing == abs(held.quantity):
        return held.cost
    return (held.cost * closing / abs(held.quantity)).quantize(_SHARE)
