"""Orders of others in the account: seen, counted at their worst, and left alone.

Another client's, one by hand at the terminal, one of our own client that this book never wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.orders import OrderType, Side, Tif
from domain.rates import Rate
from domain.symbols import Symbol
from domain.venue import OrderReport, VenueStatus


class Whose(StrEnum):
    """Why an open order of the venue is none of this book's."""

    OTHERS = "OTHERS"
    """Another client's, or by hand at the terminal."""
    NOT_IN_BOOK = "NOT_IN_BOOK"
    """Our own client placed it, and this book never wrote it: another book did."""
    UNDER_OUR_ID = "UNDER_OUR_ID"
    """Our own client placed it under the id of an order of this book, and it is another one."""


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """An open order in the account that is not managed; prices in the symbol's currency."""

    venue_order_id: str | None
    client_order_id: str | None
    """What the venue has as its reference."""
    client_id: int | None
    """The API client that placed it; 0 is the terminal."""
    symbol: Symbol | None
    """None for an instrument that has no symbol of ours."""
    side: Side | None
    quantity: Decimal | None
    remaining: Decimal | None
    """None where the venue did not say; then all of it counts."""
    type: OrderType | None
    """None for a type that Kelpie does not use."""
    limit_price: Decimal | None
    stop_price: Decimal | None
    tif: Tif | None
    state: VenueStatus
    whose: Whose

    @property
    def exposed(self) -> Decimal:
        """What it may still trade at the worst; zero where not even its size is known."""
        if self.state.is_done:
            return Decimal(0)
        left = self.quantity if self.remaining is None else self.remaining
        return max(left or Decimal(0), Decimal(0))


def foreign_order(report: OrderReport, whose: Whose) -> ForeignOrder:
    """Make it of a row of the venue's open orders."""
    terms = report.terms
    remaining = report.remaining
    if remaining is None and terms is not None and report.filled is not None:
        remaining = terms.quantity - report.filled
    return ForeignOrder(
        venue_order_id=report.venue_order_id,
        client_order_id=report.client_order_id,
        client_id=report.client_id,
        symbol=terms.symbol if terms is not None else None,
        side=terms.side if terms is not None else None,
        quantity=terms.quantity if terms is not None else None,
        remaining=remaining,
        type=terms.type if terms is not None else None,
        limit_price=terms.limit_price if terms is not None else None,
        stop_price=terms.stop_price if terms is not None else None,
        tif=terms.tif if terms is not None else None,
        state=report.status,
        whose=whose,
    )


def foreign_working(orders: Iterable[ForeignOrder], symbol: Symbol, side: Side) -> Decimal:
    """How much of a symbol others may still trade on one side, every order at its worst.

    Nobody told us which of them cancel each other, so all of them count.
    """
    return sum(
        (each.exposed for each in orders if each.symbol == symbol and each.side is side),
        Decimal(0),
    )


def foreign_reserved(orders: Iterable[ForeignOrder], rates: Mapping[str, Rate]) -> Decimal | None:
    """What purchases of others may still take up, in the base currency, by their own prices.

    None where one of them has no price (a market order), no symbol of ours or no fresh rate: not
    known is not zero.
    """
    total = Decimal(0)
    for order in orders:
        if order.side is Side.SELL or (order.side is not None and not order.exposed):
            continue
        prices = [p for p in (order.limit_price, order.stop_price) if p is not None]
        rate = rates.get(order.symbol.currency) if order.symbol is not None else None
        if rate is None or rate.stale or not prices:
            return None
        total += order.exposed * max(prices) * rate.value
    return total
