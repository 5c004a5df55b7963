"""How far the shadow book and the real fills of a day lie apart: is the shadow worth believing?

Slippage is what real fills were worse by than the shadow's, in basis points of its price, over
what both filled. *Missed* is what the shadow filled and the market did not, as a part of the
shadow's value. Commissions are compared where both are known, by currency as they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.orders import Side
from domain.symbols import Symbol

_ZERO, _IN_TEN_THOUSAND = Decimal(0), Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order, in one of the two worlds; money in the symbol's currency."""

    filled: Decimal = _ZERO
    value: Decimal = _ZERO
    commission: Decimal | None = None
    """None: not known."""
    currency: str = ""
    """Of the commission."""

    @property
    def price(self) -> Decimal | None:
        """On average; None where nothing filled."""
        return self.value / self.filled if self.filled else None


@dataclass(frozen=True, slots=True)
class Pair:
    """One order in both worlds."""

    client_order_id: str
    day: date
    """In Sydney, on which it was placed."""
    symbol: Symbol
    side: Side
    quantity: Decimal
    shadow: Outcome = Outcome()
    real: Outcome = Outcome()

    @property
    def slippage_bps(self) -> Decimal | None:
        """What the real one was worse by; None unless both filled."""
        real, shadow = self.real.price, self.shadow.price
        if real is None or not shadow:
            return None
        return self.side.sign * (real - shadow) / shadow * _IN_TEN_THOUSAND

    @property
    def missed(self) -> Decimal:
        """How much the shadow filled beyond the real one."""
        return max(self.shadow.filled - self.real.filled, _ZERO)


@dataclass(frozen=True, slots=True)
class Divergence:
    """A day."""

    day: date
    pairs: tuple[Pair, ...]
    slippage_bps: Decimal | None
    """Weighed by the value that both filled; None where nothing filled in both."""
    missed_part: Decimal | None
    """Of the shadow's value; None where the shadow filled nothing."""
    commission_part: Decimal | None
    """By what part the real commissions were above the estimates; None: not known."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Within which a day is."""

    slippage_bps: Decimal = Decimal(15)
    missed_part: Decimal = Decimal("0.10")
    commission_part: Decimal = Decimal("0.10")


def diverge(day: date, pairs: Iterable[Pair]) -> Divergence:
    """Add up the orders of a day."""
    orders = tuple(pairs)
    slip, weight = _ZERO, _ZERO
    missed, value = _ZERO, _ZERO
    for each in orders:
        price = each.shadow.price
        if price is None:
            continue
        value += each.shadow.value
        missed += each.missed * price
        both = min(each.shadow.filled, each.real.filled) * price
        if each.slippage_bps is not None:
            slip += each.slippage_bps * both
            weight += both
    return Divergence(
        day=day,
        pairs=orders,
        slippage_bps=slip / weight if weight else None,
        missed_part=missed / value if value else None,
        commission_part=_commissions(orders),
    )


def _commissions(pairs: Sequence[Pair]) -> Decimal | None:
    """Only of orders that filled alike: what a part costs says nothing of the whole."""
    estimated = paid = _ZERO
    for each in pairs:
        alike = each.real.filled == each.shadow.filled > 0
        known = each.real.commission is not None and each.shadow.commission is not None
        if alike and known and each.real.currency == each.shadow.currency:
            estimated += each.shadow.commission or _ZERO
            paid += each.real.commission or _ZERO
    return (paid - estimated) / estimated if estimated else None


def out_of_bounds(found: Divergence, bounds: Bounds) -> str:
    """Why the day is not within them, as a sentence; empty where it is."""
    told = (
        ("slippage", found.slippage_bps, bounds.slippage_bps, "basis points", Decimal(1)),
        ("missed", found.missed_part, bounds.missed_part, "%", Decimal(100)),
        ("commission", found.commission_part, bounds.commission_part, "%", Decimal(100)),
    )
    beyond = [
        f"{name} {figure * unit:.1f} {word} (at most {float(most * unit):g})"
        for name, figure, most, word, unit in told
        if figure is not None and abs(figure) > most
    ]
    return "; ".join(beyond)
