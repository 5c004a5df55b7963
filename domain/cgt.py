"""Capital gains from disposals: lines of a tax year, gains by kind, losses apart.

Nothing is netted and no tax is reckoned: each line says what is known of it, and what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.apportioning import added, subtracted
from domain.cgt_rules import TRANSITION, held_twelve_months
from domain.orders import Side
from domain.tax_events import Aud, Disposal, DisposalKind, OwnParcel, TaxEvent, Trade
from domain.tax_year import TaxYear, contract_date

#: Bought again within so many days of the sale, with 30 June as near to either: marked.
_WASH_DAYS = timedelta(days=30)
_ZERO = Decimal(0)


class Part(StrEnum):
    """Which part of a holding's life a line tells of."""

    WHOLE = "whole"
    TO_TRANSITION = "to 30 June 2027"
    FROM_TRANSITION = "from 1 July 2027"


@dataclass(frozen=True, slots=True)
class GainLine:
    """One parcel disposed of, or the part of its life before or after 30 June 2027. In A$."""

    disposal: Disposal
    part: Part
    proceeds: Aud
    """Of the part before: what it was worth at the close of 30 June 2027."""
    cost_base: Aud
    """Of the part after: that worth, and the fees of selling."""
    discountable: bool | None
    """Held for twelve months, under the rules of the discount; None where nobody knows since when.
    """
    missing: tuple[str, ...]
    """What is not known, as words; its figures are None."""
    wash_sale: bool = False
    """Sold at a loss and bought again around 30 June: marked, not judged."""

    @property
    def gain(self) -> Aud:
        """Negative is a loss; None where a figure is missing."""
        return subtracted(self.proceeds, self.cost_base)

    @property
    def fees(self) -> Aud:
        """The commissions within its cost base: of buying, of selling, or of both."""
        bought, sold = self.disposal.buy_fee, self.disposal.sale_fee
        if self.part is Part.WHOLE:
            return added(bought, sold)
        return bought if self.part is Part.TO_TRANSITION else sold

    @property
    def indexed(self) -> bool:
        """By the rules from 1 July 2027 on its cost base is indexed, which is not done here."""
        if self.part is Part.WHOLE:
            short = self.disposal.kind is DisposalKind.SHORT
            return self.disposal.disposed > TRANSITION and not short
        return self.part is Part.FROM_TRANSITION


@dataclass(frozen=True, slots=True)
class Summary:
    """The sums of a year in A$, losses above zero and apart; lines without figures are counted."""

    discountable: Decimal
    """Gains of what was held for twelve months, before any discount and any loss."""
    other: Decimal
    """Gains that no discount belongs to."""
    indexed: Decimal
    """Gains from 1 July 2027 on, before indexation."""
    losses: Decimal
    not_known: int
    """Lines of which a figure is missing: none of these sums has them."""


def lines_of(disposals: Iterable[Disposal], events: Iterable[TaxEvent]) -> tuple[GainLine, ...]:
    """All lines of all years; `events` are looked through for what was bought again."""
    bought = tuple(event for event in events if _is_purchase(event))
    lines = []
    for disposal in disposals:
        for line in _lines(disposal):
            lines.append(replace(line, wash_sale=_is_wash_sale(line, bought)))
    return tuple(lines)


def of_year(lines: Iterable[GainLine], year: TaxYear) -> tuple[GainLine, ...]:
    """Those whose disposal was contracted in the year."""
    return tuple(line for line in lines if line.disposal.disposed in year)


def summary_of(lines: Iterable[GainLine]) -> Summary:
    """Add up; a gain of unknown age counts as one without a discount."""
    sums = Summary(_ZERO, _ZERO, _ZERO, _ZERO, 0)
    for line in lines:
        gain = line.gain
        if gain is None:
            sums = replace(sums, not_known=sums.not_known + 1)
        elif gain < 0:
            sums = replace(sums, losses=sums.losses - gain)
        elif line.indexed:
            sums = replace(sums, indexed=sums.indexed + gain)
        elif line.discountable:
            sums = replace(sums, discountable=sums.discountable + gain)
        else:
            sums = replace(sums, other=sums.other + gain)
    return sums


def _lines(disposal: Disposal) -> Sequence[GainLine]:
    missing = _missing(disposal)
    spans = (
        disposal.kind is not DisposalKind.SHORT
        and disposal.disposed > TRANSITION
        and disposal.quantity
        and (disposal.acquired is None or disposal.acquired <= TRANSITION)
    )
    if not spans:
        proceeds, base = disposal.proceeds, disposal.cost_base
        return [GainLine(disposal, Part.WHOLE, proceeds, base, _discount(disposal), missing)]
    worth = disposal.worth
    if worth is None:
        missing = (*missing, "closing price of 30 June 2027")
    return [
        GainLine(
            disposal, Part.TO_TRANSITION, worth, disposal.cost, _twelve_months(disposal), missing
        ),
        GainLine(
            disposal,
            Part.FROM_TRANSITION,
            disposal.proceeds,
            added(worth, disposal.sale_fee),
            False,
            missing,
        ),
    ]


def _missing(disposal: Disposal) -> tuple[str, ...]:
    found = []
    if disposal.acquired is None:
        found.append("date of purchase")
    if disposal.cost is None:
        found.append("cost")
    if disposal.proceeds is None:
        found.append("proceeds in A$")
    if disposal.sale_fee is None:
        found.append("commission of the sale")
    return tuple(found)


def _discount(disposal: Disposal) -> bool | None:
    """Under the rules of its day."""
    if disposal.disposed > TRANSITION or disposal.kind is DisposalKind.SHORT:
        return False
    return _twelve_months(disposal)


def _twelve_months(disposal: Disposal) -> bool | None:
    if disposal.acquired is None:
        return None
    return held_twelve_months(disposal.acquired, disposal.disposed)


# -- wash sales ----------------------------------------------------------------------------------


def _is_purchase(event: TaxEvent) -> bool:
    return isinstance(event, OwnParcel) or (isinstance(event, Trade) and event.side is Side.BUY)


def _is_wash_sale(line: GainLine, bought: Iterable[TaxEvent]) -> bool:
    """A loss, and the same instrument bought within thirty days after it, over a 30 June or near.

    Whoever bought it: Kelpie and its owner are one taxpayer.
    """
    gain, sold = line.gain, line.disposal.disposed
    if gain is None or gain >= 0:
        return False
    days = (contract_date(event.at) for event in bought if event.symbol == line.disposal.symbol)
    again = [day for day in days if sold <= day <= sold + _WASH_DAYS]
    return any(_near_year_end(sold) or _near_year_end(day) for day in again)


def _near_year_end(day: date) -> bool:
    return any(abs(day - date(day.year + more, 6, 30)) <= _WASH_DAYS for more in (-1, 0, 1))
