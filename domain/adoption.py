"""Taking a holding of somebody else's into what Kelpie manages, or giving it up again.

Pure. Kelpie touches only what Kelpie bought: a person may say that more of the account is its to
manage, or less, and nothing else moves the line between the two. Nothing is traded by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.holdings import external_of
from domain.orders import OrderError
from domain.symbols import Symbol

_PLACES = Decimal("1E-10")


@dataclass(frozen=True, slots=True)
class Stake:
    """A symbol as the desk and the venue have it; quantities in units, short negative."""

    symbol: Symbol
    venue: str
    managed: Decimal
    held: Decimal
    average_price: Decimal | None
    """Of the managed part; None where there is none."""
    venue_price: Decimal | None
    """The venue's average cost of all that is held; None where it told none."""
    working: Decimal
    """What our own open orders may still take out of the managed part."""

    @property
    def external(self) -> Decimal:
        """What somebody else holds."""
        return external_of(self.symbol, self.managed, self.held)


@dataclass(frozen=True, slots=True)
class Adoption:
    """What a person decided: so much more, or with a minus so much less, is Kelpie's to manage."""

    adoption_id: str
    venue: str
    symbol: Symbol
    quantity: Decimal
    price: Decimal | None
    """What a unit counts as bought or sold for; None: given up at what it cost, no profit made."""
    was: Decimal
    """What was managed when it was decided: it is not carried out on anything else."""
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """What it would change, or has changed."""

    adoption: Adoption
    held: Decimal
    managed_after: Decimal
    external_before: Decimal
    external_after: Decimal
    average_before: Decimal | None
    average_after: Decimal | None
    warning: str
    """What the person should do beside it; empty mostly."""


def plan_adoption(
    stake: Stake,
    quantity: Decimal,
    price: Decimal | None,
    *,
    adoption_id: str,
    who: str,
    reason: str,
) -> AdoptionPlan:
    """Reckon what it changes.

    Raises:
        OrderError: `ADOPT_NOTHING`, `ADOPT_MORE_THAN_EXTERNAL`, `GIVE_UP_MORE_THAN_MANAGED`,
            `ADOPT_PRICE_MISSING` or `PRICE_NOT_POSITIVE`.
    """
    if quantity == 0:
        raise OrderError(
            "ADOPT_NOTHING",
            "Nothing would change. Give a quantity above zero to take over, below to give up.",
        )
    if price is not None and price <= 0:
        raise OrderError("PRICE_NOT_POSITIVE", f"The price {price} is not above zero.")
    giving_up = stake.managed * quantity < 0
    if giving_up:
        _check_given_up(stake, quantity)
    else:
        _check_taken_over(stake, quantity)
        price = price if price is not None else stake.venue_price
        if price is None or price <= 0:
            raise OrderError(
                "ADOPT_PRICE_MISSING",
                f"The venue names no cost of {stake.symbol}; at which price does it count as "
                "bought? Give it.",
            )
    after = stake.managed + quantity
    adoption = Adoption(
        adoption_id, stake.venue, stake.symbol, quantity, price, stake.managed, who, reason
    )
    return AdoptionPlan(
        adoption=adoption,
        held=stake.held,
        managed_after=after,
        external_before=stake.external,
        external_after=external_of(stake.symbol, after, stake.held),
        average_before=stake.average_price if stake.managed else None,
        average_after=_average_after(stake, quantity, price, giving_up=giving_up),
        warning=_warning(stake, after),
    )


def _check_given_up(stake: Stake, quantity: Decimal) -> None:
    if abs(quantity) > abs(stake.managed):
        raise OrderError(
            "GIVE_UP_MORE_THAN_MANAGED",
            f"Kelpie manages {stake.managed} of {stake.symbol}, so it cannot give up "
            f"{abs(quantity)}. Give no more than that.",
        )


def _check_taken_over(stake: Stake, quantity: Decimal) -> None:
    external = stake.external
    if quantity * external <= 0 or abs(quantity) > abs(external) or quantity < 0:
        raise OrderError(
            "ADOPT_MORE_THAN_EXTERNAL",
            f"The account holds {stake.held} of {stake.symbol}, of which {stake.managed} is "
            f"Kelpie's already, so it cannot take over {quantity} more. Give no more than "
            f"{max(external, Decimal(0))}; what is sold short is not taken over.",
        )


def _average_after(
    stake: Stake, quantity: Decimal, price: Decimal | None, *, giving_up: bool
) -> Decimal | None:
    after = stake.managed + quantity
    if after == 0:
        return None
    if giving_up or price is None:
        return stake.average_price
    cost = stake.managed * (stake.average_price or Decimal(0)) + quantity * price
    return (cost / after).quantize(_PLACES).normalize()


def _warning(stake: Stake, after: Decimal) -> str:
    left = max(abs(after) - stake.working, Decimal(0))
    if stake.working > abs(after):
        return (
            f"Open orders of Kelpie's would sell {stake.working} of {stake.symbol}, and "
            f"{abs(after)} would be left to sell: take them back (`DELETE /orders/ID`)."
        )
    if left and left != abs(after):
        return f"{stake.working} of it is offered by open orders already."
    return ""
