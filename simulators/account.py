"""The paper account's money: cash in several currencies, and positions at cost.

Whatever trades only moves value between the two: cash + cost - realised profit stays what it
was, to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from domain.orders import Side
from domain.symbols import Symbol

_COST_PLACES = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Holding:
    """A position; short is negative. `cost` is its whole cost, commission included for shares."""

    quantity: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    realised_pnl: Decimal = Decimal(0)

    @property
    def average_cost(self) -> Decimal:
        """Per share, or per unit of the base currency; 0 when flat."""
        return self.cost / self.quantity if self.quantity else Decimal(0)

    def split(self, new: int, old: int) -> Holding:
        """So many new units for old ones at the same cost; a fraction of one is lost."""
        quantity = (self.quantity * new / old).to_integral_value("ROUND_DOWN")
        return Holding(quantity, self.cost, self.realised_pnl)

    def traded(
        self, side: Side, quantity: Decimal, price: Decimal, commission: Decimal
    ) -> tuple[Holding, Decimal | None]:
        """The position after a trade, and what the trade realised (None where it only opens)."""
        signed = quantity * side.sign
        outlay = signed * price + commission
        if self.quantity * signed >= 0:
            return Holding(self.quantity + signed, self.cost + outlay, self.realised_pnl), None
        closing = min(quantity, abs(self.quantity))
        opening = quantity - closing
        left = self.quantity + closing * side.sign
        removed = (
            self.cost
            if not left
            else (self.cost * closing / abs(self.quantity)).quantize(_COST_PLACES, ROUND_HALF_EVEN)
        )
        opened_cost = opening * side.sign * price
        realised = -(outlay - opened_cost) - removed
        return Holding(
            left + opening * side.sign,
            self.cost - removed + opened_cost,
            self.realised_pnl + realised,
        ), realised


@dataclass(slots=True)
class Account:
    """Cash by currency and holdings by contract id."""

    cash: dict[str, Decimal] = field(default_factory=dict)
    holdings: dict[int, Holding] = field(default_factory=dict)

    def book_share(
        self,
        con_id: int,
        symbol: Symbol,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        commission: Decimal,
    ) -> Decimal | None:
        """A share traded; returns what that realised, in the share's currency."""
        self._move(symbol.currency, -side.sign * quantity * price - commission)
        held = self.holdings.get(con_id, Holding())
        self.holdings[con_id], realised = held.traded(side, quantity, price, commission)
        return realised

    def book_pair(
        self, con_id: int, symbol: Symbol, side: Side, quantity: Decimal, price: Decimal
    ) -> Decimal | None:
        """Cash for cash; the virtual position that TWS shows beside it is at cost without fees.

        Returns what it realised, in the currency of the price.
        """
        self._move(symbol.base, side.sign * quantity)
        self._move(symbol.currency, -side.sign * quantity * price)
        held = self.holdings.get(con_id, Holding())
        self.holdings[con_id], realised = held.traded(side, quantity, price, Decimal(0))
        return realised

    def charge(self, currency: str, amount: Decimal) -> None:
        """Take a fee."""
        self._move(currency, -amount)

    def _move(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, Decimal(0)) + amount
