"""What happens to parcels of shares, in the order of time: trades, and what a person tells.

Values only. Amounts are in A$ by the rate of their own day; None is *not known*, which is never
zero. Times are aware; the contract's date is that of Sydney.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from domain.orders import Side
from domain.symbols import Symbol

Aud = Decimal | None
"""An amount in A$; None where it is not known (a rate or a commission is missing)."""


class Owner(StrEnum):
    """Whose parcels: a trade of one never eats those of the other."""

    MANAGED = "managed"
    """Bought by Kelpie, or adopted by a person's word."""
    EXTERNAL = "external"
    """Imported, or traded by hand."""


class DisposalKind(StrEnum):
    """What ended the parcel, or a part of it."""

    SALE = "sale"
    FEE_IN_KIND = "fee paid in kind"
    """A coin given away as a fee: a small disposal at its value."""
    AMMA_EXCESS = "AMMA excess"
    """A cost base cannot fall below zero: what is over is a gain of its own (event E10)."""
    SHORT = "short"
    """Sold before it was bought."""


@dataclass(frozen=True, slots=True)
class Trade:
    """An execution. `value` is quantity times price, `fee` the commission with its GST."""

    at: datetime
    ref: str
    """The execution's key."""
    symbol: Symbol
    owner: Owner
    side: Side
    quantity: Decimal
    value: Aud
    fee: Aud
    kind: DisposalKind = DisposalKind.SALE
    """What it is as a disposal; a purchase has no use for it."""


@dataclass(frozen=True, slots=True)
class OwnParcel:
    """A parcel that the owner bought without Kelpie; `cost` with its fees, in A$."""

    at: datetime
    ref: str
    symbol: Symbol
    quantity: Decimal
    cost: Aud


@dataclass(frozen=True, slots=True)
class Handover:
    """A holding given into Kelpie's management (positive) or taken out of it (negative).

    `cost` is what the person said that it cost, for what no parcel is known of.
    """

    at: datetime
    ref: str
    symbol: Symbol
    quantity: Decimal
    cost: Aud


@dataclass(frozen=True, slots=True)
class Split:
    """So many new units in place of so many old ones; cost and dates stay."""

    at: datetime
    ref: str
    symbol: Symbol
    new: Decimal
    old: Decimal


@dataclass(frozen=True, slots=True)
class Rename:
    """The symbol is another from now on; everything else stays."""

    at: datetime
    ref: str
    symbol: Symbol
    to: Symbol


@dataclass(frozen=True, slots=True)
class Demerger:
    """Beside so many `old` units come `new` ones of another company, with a part of their cost.

    `cost_share` is that part, as the company announces it, above 0 and below 1. The new parcels
    have the dates of the old ones.
    """

    at: datetime
    ref: str
    symbol: Symbol
    to: Symbol
    new: Decimal
    old: Decimal
    cost_share: Decimal


@dataclass(frozen=True, slots=True)
class CostAdjustment:
    """The net amount of an AMMA statement: it restates the cost of what was held that day.

    In A$ for the whole holding; negative (an excess) lowers the cost, positive raises it.
    """

    at: datetime
    ref: str
    symbol: Symbol
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Valuation:
    """What a unit was worth at the close of a day, in A$."""

    at: datetime
    ref: str
    symbol: Symbol
    price: Aud


TaxEvent = Trade | OwnParcel | Handover | Split | Rename | Demerger | CostAdjustment | Valuation


@dataclass(frozen=True, slots=True)
class Parcel:
    """Units of one purchase. A short one has a negative quantity, and as its cost what it brought.

    `fees` is the part of `cost` that is commission. `worth` is the market value at the close of
    30 June 2027, once that is known.
    """

    symbol: Symbol
    owner: Owner
    ref: str
    quantity: Decimal
    cost: Aud
    fees: Aud
    acquired: date | None
    """The contract's date in Sydney; None where nobody knows it."""
    worth: Aud = None


@dataclass(frozen=True, slots=True)
class Disposal:
    """A parcel, or a part of one, that was disposed of.

    `proceeds` is what it brought before fees; `cost` what it had cost with the fees of buying;
    `sale_fee` its share of the fees of selling, which belongs to the cost base as well.
    """

    symbol: Symbol
    owner: Owner
    kind: DisposalKind
    ref: str
    parcel: str
    """The `ref` of the parcel; empty where none is known."""
    quantity: Decimal
    acquired: date | None
    disposed: date
    proceeds: Aud
    cost: Aud
    sale_fee: Aud
    buy_fee: Aud
    """Within `cost`."""
    worth: Aud = None
    """At the close of 30 June 2027, of a parcel that was held then."""

    @property
    def cost_base(self) -> Aud:
        """What it cost with the fees of both ways."""
        if self.cost is None or self.sale_fee is None:
            return None
        return self.cost + self.sale_fee
