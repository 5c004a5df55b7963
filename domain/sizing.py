"""How large an entry is: by the risk to its stop, by its value, or by how far its market moves.

Money is in the base currency. Rounding goes down alone: what an entry risks is never more than what
was meant, and one that would be too small for its market is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from domain.exact import EXACT
from domain.market_rules import LEAST_PARCEL
from domain.orders import Side
from domain.symbols import Symbol


class Method(StrEnum):
    """What the size follows from."""

    RISK = "risk"
    """What is lost at the stop is a fraction of the purse."""
    NOTIONAL = "notional"
    """The entry is worth a fixed sum."""
    VOLATILITY = "volatility"
    """What is lost in a move of so many average days is a fraction of the purse."""


@dataclass(frozen=True, slots=True)
class SizingRules:
    """What the owner has chosen."""

    method: Method = Method.NOTIONAL
    risk: Decimal = Decimal("0.005")
    """Of the purse, for each trade."""
    value: Decimal = Decimal(2500)
    """Of an entry, by NOTIONAL."""
    volatility_factor: Decimal = Decimal(2)
    """How many average true ranges of a day are risked, by VOLATILITY."""
    most_value: Decimal = Decimal(10_000)
    """No entry is worth more, by whichever method."""
    purse: Decimal | None = None
    """What Kelpie may use of the account; None: it was not said."""
    short_selling: bool = False
    """Shares may be sold that are not held. IB must locate them; pairs need no leave."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry to be sized. Prices are in the currency of the symbol."""

    symbol: Symbol
    side: Side
    price: Decimal
    """The worst that it may be filled at: its limit."""
    stop: Decimal
    rate: Decimal | None
    """Base currency for one unit of the symbol's; None where none is fresh."""
    lot: Decimal = Decimal(1)
    held: Decimal = Decimal(0)
    """What the account holds of it, by whoever."""
    true_range: Decimal | None = None
    """The average of a day, by VOLATILITY."""
    parcel: bool = False
    """The market takes no first parcel below A$500 (an ASX share or fund)."""


@dataclass(frozen=True, slots=True)
class Sized:
    """How much of it, what that may lose at its stop, and what it is worth."""

    quantity: Decimal
    risk: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class NotSized:
    """Why there is no such entry: a stable code and a sentence."""

    code: str
    sentence: str


def size(candidate: Candidate, rules: SizingRules) -> Sized | NotSized:
    """The largest quantity in lots that stays within every bound."""
    with localcontext(EXACT):
        return _size(candidate, rules)


def _size(candidate: Candidate, rules: SizingRules) -> Sized | NotSized:
    symbol, side = candidate.symbol, candidate.side
    if side is Side.SELL and not symbol.is_currency_pair:
        if not rules.short_selling:
            return NotSized("SHORT_NOT_ALLOWED", f"{symbol} would be sold short (SHORT_SELLING).")
        if candidate.held > 0:
            return NotSized("SHORT_OF_HELD", f"{candidate.held} {symbol} are held by others.")
    if candidate.rate is None or candidate.rate <= 0:
        return NotSized("NO_RATE", f"There is no fresh rate for {symbol.currency}.")
    distance = (candidate.price - candidate.stop) * side.sign
    if candidate.stop <= 0 or distance <= 0:
        sentence = f"The stop {candidate.stop} does not guard {side} at {candidate.price}."
        return NotSized("SIZE_WITHOUT_STOP", sentence)
    unit = candidate.price * candidate.rate
    bounds = [_floor(rules.most_value, unit)]
    if rules.purse is not None:
        bounds.append(_floor(rules.purse, unit))
    if rules.method is Method.NOTIONAL:
        bounds.append(_floor(rules.value, unit))
    elif rules.purse is None:
        return NotSized("PURSE_NOT_SET", "A size by risk is a part of PURSE, which is not set.")
    else:
        move = distance
        if rules.method is Method.VOLATILITY:
            if candidate.true_range is None:
                return NotSized("NO_HISTORY", f"Too few daily bars of {symbol} to size by.")
            move = max(distance, rules.volatility_factor * candidate.true_range)
        bounds.append(_floor(rules.risk * rules.purse, move * candidate.rate))
    lots = min(bounds) // candidate.lot
    quantity = lots * candidate.lot
    value = quantity * unit
    if quantity <= 0:
        return NotSized("SIZE_TOO_SMALL", f"Not even one lot of {symbol} stays within the bounds.")
    return _parcel(candidate, Sized(quantity, quantity * distance * candidate.rate, value))


def _floor(budget: Decimal, unit: Decimal) -> Decimal:
    """How many whole units a budget pays for."""
    return budget // unit


def _parcel(candidate: Candidate, sized: Sized) -> Sized | NotSized:
    """The ASX takes no first parcel below A$500; a larger one would risk more than was meant."""
    if not candidate.parcel or candidate.side is Side.SELL:
        return sized
    after = (sized.quantity + max(candidate.held, Decimal(0))) * candidate.price
    if candidate.held * candidate.price >= LEAST_PARCEL or after >= LEAST_PARCEL:
        return sized
    return NotSized(
        "SIZE_BELOW_PARCEL",
        f"{sized.quantity} {candidate.symbol} are worth A${after:.2f}, below the first parcel of "
        f"A${LEAST_PARCEL}.",
    )
