"""What an order is reckoned to cost before it is sent, and what getting in and out again comes to.

The venue's own preview counts before the table of commissions. Unknown is None, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.commissions import ChargeTerms, rounded
from domain.venue import OrderPreview

_ZERO = Decimal(0)


class EstimateSource(StrEnum):
    """Who said what it would cost."""

    TABLE = "table"
    PREVIEW = "preview"
    """The venue, asked beforehand (whatIf)."""


@dataclass(frozen=True, slots=True)
class Fees:
    """What trading one symbol costs now, by the rules and rates of this moment."""

    terms: ChargeTerms | None
    """None: not known, and `unknown` says why."""
    unknown: str
    rule: str
    """Its name and date; empty without one."""
    beside: str
    """What the venue takes beside it, and nobody has told how much."""
    base_currency: str
    rates: Mapping[str, Decimal]
    """Base currency for one unit of each; the fresh ones alone."""
    spread: Decimal = _ZERO
    """How far from the middle an order fills, each way, as a part of the value."""
    conversion: Decimal = _ZERO
    """What the venue takes for converting cash by itself, once, as a part of the value."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What one order was reckoned to cost. Amounts in `currency`, in which the venue charges."""

    quantity: Decimal
    """Of the order then."""
    commission: Decimal
    """GST included."""
    gst: Decimal
    """The part of it that is GST, as far as that is known."""
    currency: str
    spread: Decimal
    """Beside the commission: for filling off the middle, and for cash that is converted."""
    rate: Decimal | None
    """Base currency for one of `currency`; None where none was fresh."""
    base_currency: str
    source: EstimateSource
    rule: str
    terms: ChargeTerms | None
    """By which the commission of a part can be reckoned."""

    @property
    def in_base(self) -> Decimal | None:
        """Commission and spread in the base currency."""
        return None if self.rate is None else (self.commission + self.spread) * self.rate

    def for_filled(self, quantity: Decimal, value: Decimal) -> Decimal | None:
        """The commission of what really filled, by the rule; `value` in the symbol's currency.

        What the venue foretold was of the whole order at its limit; without a rule it counts
        where that is what filled.
        """
        if quantity == 0:
            return _ZERO
        if self.terms is not None:
            return rounded(self.terms.charge(quantity, value))
        return self.commission if quantity == self.quantity else None


def estimate(
    quantity: Decimal, price: Decimal | None, fees: Fees, preview: OrderPreview | None = None
) -> CostEstimate | None:
    """What an order costs at this price; None where neither table nor venue says."""
    terms = fees.terms
    told = _told(preview)
    if price is None or (terms is None and told is None):
        return None
    value = quantity * price
    beyond = _ZERO if terms is None else value * terms.of_value * (fees.spread + fees.conversion)
    if told is not None:
        commission, currency = told
        gst = _ZERO if terms is None else commission * terms.gst_share
    else:
        assert terms is not None
        commission, currency = terms.charge(quantity, value), terms.currency
        gst = commission * terms.gst_share
    return CostEstimate(
        quantity=quantity,
        commission=rounded(commission),
        gst=rounded(gst),
        currency=currency,
        spread=rounded(beyond if terms is None or terms.currency == currency else _ZERO),
        rate=fees.rates.get(currency),
        base_currency=fees.base_currency,
        source=EstimateSource.TABLE if told is None else EstimateSource.PREVIEW,
        rule=fees.rule,
        terms=terms,
    )


def _told(preview: OrderPreview | None) -> tuple[Decimal, str] | None:
    """The venue's figure; where it gives bounds alone, the upper one."""
    if preview is None or not preview.currency:
        return None
    amount = preview.commission if preview.commission is not None else preview.maximum
    return None if amount is None else (amount, preview.currency)


@dataclass(frozen=True, slots=True)
class TripCost:
    """What so many ways through the market cost, as a part of the value, for any size."""

    terms: ChargeTerms
    price: Decimal
    ways: int
    """2: in and out again; 1: cash for cash."""
    beyond: Decimal
    """Of the value, whatever the size: for spread and conversion."""
    least: Decimal = _ZERO
    """The venue's own word on one way, in the currency of `terms`."""

    def share(self, quantity: Decimal) -> Decimal:
        """Of this size. It never grows with the size."""
        value = quantity * self.price
        charge = max(self.terms.charge(quantity, value), self.least)
        return self.ways * charge / (value * self.terms.of_value) + self.beyond

    def share_told(self, quantity: Decimal) -> Decimal:
        """Of the size that the venue was asked about, by its word alone."""
        return self.ways * self.least / (quantity * self.price * self.terms.of_value) + self.beyond

    def least_size(self, most: Decimal, lot: Decimal) -> Decimal | None:
        """The smallest size in whole lots that costs no more than `most`; None where none does."""
        low, high = 0, 1
        while self.share(high * lot) > most:
            low, high = high, high * 2
            if high > _MOST_LOTS:
                return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.share(middle * lot) > most else (low, middle)
        return high * lot


_MOST_LOTS = 10**15


def trip_cost(
    fees: Fees, price: Decimal, ways: int, preview: OrderPreview | None = None
) -> TripCost | None:
    """What it takes; None where it is not known."""
    terms = fees.terms
    if terms is None or price <= 0:
        return None
    least = _ZERO
    if (told := _told(preview)) is not None:
        amount, currency = told
        into, of = fees.rates.get(terms.currency), fees.rates.get(currency)
        if currency == terms.currency:
            least = amount
        elif into and of is not None:
            least = amount * of / into
        else:
            return None
    return TripCost(terms, price, ways, ways * fees.spread + fees.conversion, least)
