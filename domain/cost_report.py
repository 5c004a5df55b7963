"""What orders were reckoned to cost against what they did cost: per order, month and currency.

A commission that the venue has not told yet is not known, which is not zero: until it comes there
is no difference, and the totals say how many orders they lack.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from domain.account import total
from domain.costs import CostEstimate
from domain.orders import Side
from domain.symbols import Symbol

_SYDNEY = ZoneInfo("Australia/Sydney")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class OrderCost:
    """An order that has traded, with what it was reckoned to cost and what the venue charged."""

    client_order_id: str
    venue: str
    symbol: Symbol
    side: Side
    filled: Decimal
    value: Decimal
    """Of what filled, in the symbol's currency."""
    at: datetime
    """Of its first fill, UTC."""
    estimate: CostEstimate | None
    charged: tuple[tuple[str, Decimal], ...]
    """By currency: the sum of the venue's reports on its fills, negative for a rebate."""
    missing: int
    """Fills of which the venue has not said what they cost."""

    @property
    def month(self) -> str:
        """`2026-11`, in Sydney."""
        return f"{self.at.astimezone(_SYDNEY):%Y-%m}"

    @property
    def currency(self) -> str:
        """In which it was charged, or is reckoned to be."""
        if self.charged:
            return self.charged[0][0]
        return self.estimate.currency if self.estimate is not None else self.symbol.currency

    @property
    def estimated(self) -> Decimal | None:
        """The commission of the order as it was admitted; None where nobody knew."""
        return None if self.estimate is None else self.estimate.commission

    @property
    def expected(self) -> Decimal | None:
        """By the same rule, of what filled at its prices; all its fills share one minimum."""
        if self.estimate is None:
            return None
        return self.estimate.for_filled(self.filled, self.value)

    @property
    def real(self) -> Decimal | None:
        """What was charged; None until all of it is known, or where it is in two currencies."""
        if self.missing or len(self.charged) != 1:
            return None
        return self.charged[0][1]

    @property
    def difference(self) -> Decimal | None:
        """Charged less estimated; None where they cannot be compared."""
        return self._beyond(self.estimated)

    @property
    def unexplained(self) -> Decimal | None:
        """Charged less expected: what neither another price nor a part that filled explains."""
        return self._beyond(self.expected)

    def _beyond(self, reckoned: Decimal | None) -> Decimal | None:
        same = self.estimate is not None and self.estimate.currency == self.currency
        if not same or reckoned is None or self.real is None:
            return None
        return self.real - reckoned


@dataclass(frozen=True, slots=True)
class CostTotal:
    """The orders of a month, or of all months, that were charged in one currency."""

    month: str
    """Empty for all."""
    currency: str
    orders: int
    charged: Decimal
    """What is known of it."""
    compared: int
    """How many of the orders have both figures; the three below are theirs alone."""
    estimated: Decimal
    difference: Decimal
    unexplained: Decimal | None
    """None where one of them has no rule to be explained by."""
    incomplete: int
    """Orders whose commission is not all known."""


def totals(costs: Iterable[OrderCost], *, by_month: bool) -> list[CostTotal]:
    """By month and currency, or by currency alone."""
    groups: dict[tuple[str, str], list[OrderCost]] = {}
    for cost in costs:
        names = {name for name, _ in cost.charged} or {cost.currency}
        for name in sorted(names):
            groups.setdefault((cost.month if by_month else "", name), []).append(cost)
    return [_total(month, name, group) for (month, name), group in sorted(groups.items())]


def _total(month: str, currency: str, costs: list[OrderCost]) -> CostTotal:
    both = [cost for cost in costs if cost.difference is not None and cost.currency == currency]
    return CostTotal(
        month=month,
        currency=currency,
        orders=len(costs),
        charged=sum((a for c in costs for name, a in c.charged if name == currency), _ZERO),
        compared=len(both),
        estimated=sum((cost.estimated or _ZERO for cost in both), _ZERO),
        difference=sum((cost.difference or _ZERO for cost in both), _ZERO),
        unexplained=total(cost.unexplained for cost in both),
        incomplete=sum(1 for cost in costs if cost.missing),
    )
