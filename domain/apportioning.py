"""Amounts shared out over quantities, so that the shares always add up to the whole."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from domain.exact import EXACT
from domain.tax_events import Aud, Parcel

#: To this a share is rounded; what the rounding leaves goes to the last one.
_PLACES = Decimal("1E-12")


class Rest:
    """What is left of an amount that belongs to so many units."""

    def __init__(self, units: Decimal, amount: Aud) -> None:
        self._units = units
        self._amount = amount

    def share(self, units: Decimal) -> Aud:
        """Take the share of so many of the units; the last one takes all that is left."""
        if self._amount is None:
            return None
        if units >= self._units:
            given = self._amount
        else:
            given = EXACT.divide(EXACT.multiply(self._amount, units), self._units)
            given = given.quantize(_PLACES, context=EXACT)
        self._units -= units
        self._amount = EXACT.subtract(self._amount, given)
        return given


def divided(parcel: Parcel, units: Decimal) -> tuple[Parcel, Parcel]:
    """So many units of a parcel (counted without their sign), and what is left of it."""
    whole = abs(parcel.quantity)
    amounts = [Rest(whole, amount) for amount in (parcel.cost, parcel.fees, parcel.worth)]
    sign = 1 if parcel.quantity > 0 else -1
    parts = []
    for quantity in (units, whole - units):
        cost, fees, worth = (amount.share(quantity) for amount in amounts)
        parts.append(replace(parcel, quantity=quantity * sign, cost=cost, fees=fees, worth=worth))
    return parts[0], parts[1]


def added(one: Aud, other: Aud) -> Aud:
    """The sum; not known as soon as one of them is not."""
    return None if one is None or other is None else EXACT.add(one, other)


def subtracted(one: Aud, other: Aud) -> Aud:
    """The difference; not known as soon as one of them is not."""
    return None if one is None or other is None else EXACT.subtract(one, other)


def negative(amount: Aud) -> Aud:
    """The same the other way."""
    return None if amount is None else -amount
