"""The other view of the same book: shares as the stock of a business, opening and closing.

Whether frequent trading by a program is a business is not judged here; the counts of trades and
the days held stand beside the figures as facts (facts: australia.md, *Trader or investor*).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from domain.apportioning import added, subtracted
from domain.orders import Side
from domain.parcels import replayed
from domain.symbols import Symbol
from domain.tax_events import (
    Aud,
    Disposal,
    Owner,
    Parcel,
    TaxEvent,
    Trade,
    Valuation,
)
from domain.tax_year import TaxYear, contract_date

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class StockView:
    """One owner's stock in a tax year, at cost, in A$; None where a figure is missing."""

    owner: Owner
    opening: Aud
    purchases: Aud
    """With the fees of buying; what was given into management counts at its cost."""
    closing: Aud
    closing_at_market: Aud
    """By the closing prices of the last day that are stored; None where one is missing."""
    sales: Aud
    """Before the fees of selling."""
    sale_fees: Aud
    buys: int
    """Executions."""
    sells: int
    days_held: DaysHeld | None
    """Of what was sold; None where nothing was, or nobody knows since when it was held."""

    @property
    def result(self) -> Aud:
        """Sales less their fees, less the cost of what was sold."""
        used = subtracted(added(self.opening, self.purchases), self.closing)
        return subtracted(subtracted(self.sales, self.sale_fees), used)


@dataclass(frozen=True, slots=True)
class DaysHeld:
    """How long what was sold had been held: by unit on average, the shortest, the longest."""

    average: Decimal
    shortest: int
    longest: int


def stock_views(events: Sequence[TaxEvent], year: TaxYear) -> tuple[StockView, ...]:
    """Of each owner that has anything in the year."""
    before = replayed(events, year.first - timedelta(days=1))
    after = replayed(events, year.last)
    sold = [each for each in after.disposals if each.disposed in year]
    views = (_view(owner, events, year, before.parcels, after.parcels, sold) for owner in Owner)
    return tuple(view for view in views if view is not None)


def _view(
    owner: Owner,
    events: Sequence[TaxEvent],
    year: TaxYear,
    before: Iterable[Parcel],
    after: Iterable[Parcel],
    sold: Iterable[Disposal],
) -> StockView | None:
    opening = [parcel for parcel in before if parcel.owner is owner]
    closing = [parcel for parcel in after if parcel.owner is owner]
    mine = [each for each in sold if each.owner is owner]
    trades = [
        event
        for event in events
        if isinstance(event, Trade) and event.owner is owner and contract_date(event.at) in year
    ]
    if not (opening or closing or mine or trades):
        return None
    cost_opening, cost_closing = _cost(opening), _cost(closing)
    # What came in is what makes the stock balance: bought, imported, changed hands, restated.
    used = _total(each.cost for each in mine)
    purchases = subtracted(added(cost_closing, used), cost_opening)
    return StockView(
        owner=owner,
        opening=cost_opening,
        purchases=purchases,
        closing=cost_closing,
        closing_at_market=_market(closing, events, year.last),
        sales=_total(each.proceeds for each in mine),
        sale_fees=_total(each.sale_fee for each in mine),
        buys=sum(1 for trade in trades if trade.side is Side.BUY),
        sells=sum(1 for trade in trades if trade.side is Side.SELL),
        days_held=_days_held(mine),
    )


def _cost(parcels: Iterable[Parcel]) -> Aud:
    return _total(parcel.cost for parcel in parcels)


def _total(amounts: Iterable[Aud]) -> Aud:
    total: Aud = _ZERO
    for amount in amounts:
        total = added(total, amount)
    return total


def _market(parcels: Sequence[Parcel], events: Iterable[TaxEvent], day: date) -> Aud:
    prices: dict[Symbol, Aud] = {
        event.symbol: event.price
        for event in events
        if isinstance(event, Valuation) and contract_date(event.at) == day
    }
    total: Aud = _ZERO
    for parcel in parcels:
        price = prices.get(parcel.symbol)
        total = added(total, None if price is None else parcel.quantity * price)
    return total


def _days_held(sold: Iterable[Disposal]) -> DaysHeld | None:
    known = [
        ((each.disposed - each.acquired).days, each.quantity)
        for each in sold
        if each.acquired is not None and each.quantity > 0
    ]
    if not known:
        return None
    units = sum((quantity for _, quantity in known), _ZERO)
    weighted = sum((days * quantity for days, quantity in known), _ZERO)
    days = [days for days, _ in known]
    return DaysHeld((weighted / units).quantize(Decimal("0.1")), min(days), max(days))
