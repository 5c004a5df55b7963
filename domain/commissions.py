"""What venues charge for a trade, by dated rules, and what a trade comes to under one of them.

Rates are parts of the whole (0.0008 is 0.08 %); all figures of a rule are without GST, all
results with it. The rules themselves are data with their sources: `config/commissions.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from domain.symbols import Symbol

_ZERO, _ONE = Decimal(0), Decimal(1)
_PLACES = Decimal("0.0001")


class ChargedIn(StrEnum):
    """In which currency a venue takes its commission."""

    SYMBOL = "symbol"
    """That of the price."""
    BASE = "base"
    """The account's base currency."""


class Liquidity(StrEnum):
    """What a trade did to the book of orders."""

    MAKER = "maker"
    """Its order rested there."""
    TAKER = "taker"


@dataclass(frozen=True, slots=True)
class Tier:
    """What is charged while no more than `up_to` has been traded in the month."""

    up_to: Decimal | None
    """In the rule's own unit (its `tiers_in`); None for the last tier."""
    rate: Decimal = _ZERO
    """Of the value."""
    per_unit: Decimal = _ZERO
    """For each share, in the currency of the minimum."""
    minimum: Decimal = _ZERO
    """Of an order, in the currency of the minimum; its partial fills share it."""


@dataclass(frozen=True, slots=True)
class FeeRule:
    """What one venue charges for one kind of instrument from a day on."""

    name: str
    venue: str
    kinds: tuple[str, ...]
    """Of instruments: `STK`, `ETF`, `CASH`, `CRYPTO`."""
    currency: str | None
    """Of the price; None for any."""
    plan: str | None
    """`fixed` or `tiered`; None where a venue has but one plan."""
    liquidity: Liquidity | None
    """Of which trades; None for all."""
    valid_from: date
    charged_in: ChargedIn
    minimum_currency: str | None
    """None: that of the price."""
    tiers: tuple[Tier, ...]
    cap: Decimal | None
    """The most, as a part of the value; it counts even below the minimum."""
    gst: Decimal
    """Added to the commission, as a part of it."""
    source: str
    beside: str = ""
    """What the venue takes beside it, and the rule does not know; empty where there is nothing."""

    @property
    def version(self) -> str:
        """The rule and its date, as it is kept beside an order."""
        return f"{self.name} {self.valid_from.isoformat()}"

    def tier(self, traded_in_month: Decimal = _ZERO) -> Tier:
        """The tier that holds after so much was traded; the first one is the dearest."""
        below = (t for t in self.tiers if t.up_to is None or traded_in_month <= t.up_to)
        return next(below, self.tiers[-1])


@dataclass(frozen=True, slots=True)
class CommissionTable:
    """All rules, in any order."""

    rules: tuple[FeeRule, ...]

    def find(
        self,
        venue: str,
        kind: str,
        symbol: Symbol,
        plan: str,
        day: date,
        liquidity: Liquidity = Liquidity.TAKER,
    ) -> FeeRule | None:
        """The rule that holds on a day; before the first of its dates, that first one.

        Whether an order will rest is known only afterwards, so it is reckoned to take, which is
        the dearer. None where nobody has told what it costs: not known is not nothing.
        """
        fitting = [
            rule
            for rule in self.rules
            if rule.venue == venue
            and kind in rule.kinds
            and rule.currency in (None, symbol.currency)
            and rule.plan in (None, plan)
            and rule.liquidity in (None, liquidity)
        ]
        in_force = [rule for rule in fitting if rule.valid_from <= day]
        if in_force:
            return max(in_force, key=lambda rule: rule.valid_from)
        return min(fitting, key=lambda rule: rule.valid_from, default=None)


@dataclass(frozen=True, slots=True)
class ChargeTerms:
    """A rule made ready for one symbol: all in the currency that is charged, GST included."""

    currency: str
    rate: Decimal
    """Of the value in the symbol's currency."""
    per_unit: Decimal
    minimum: Decimal
    cap: Decimal | None
    """Of the value in the symbol's currency."""
    of_value: Decimal
    """Units of it for one of the symbol's currency."""
    gst_share: Decimal = _ZERO
    """Which part of the charge is GST: 0.10 / 1.10."""

    def charge(self, quantity: Decimal, value: Decimal) -> Decimal:
        """For an order of this quantity and value (in the symbol's currency), unrounded."""
        due = max(self.minimum, self.rate * value + self.per_unit * quantity)
        return due if self.cap is None else min(due, self.cap * value)


def terms_of(
    rule: FeeRule,
    symbol: Symbol,
    base_currency: str,
    rates: Mapping[str, Decimal],
    traded_in_month: Decimal = _ZERO,
) -> ChargeTerms | None:
    """The rule for one symbol.

    `rates` are units of the base currency for one of each currency; only those that are fresh.
    None where one that is needed is missing.
    """
    tier, more = rule.tier(traded_in_month), _ONE + rule.gst
    charged = symbol.currency if rule.charged_in is ChargedIn.SYMBOL else base_currency
    of_value = cross(symbol.currency, charged, rates)
    of_minimum = cross(rule.minimum_currency or symbol.currency, charged, rates)
    if of_value is None or of_minimum is None:
        return None
    return ChargeTerms(
        currency=charged,
        rate=tier.rate * more * of_value,
        per_unit=tier.per_unit * more * of_minimum,
        minimum=tier.minimum * more * of_minimum,
        cap=None if rule.cap is None else rule.cap * more * of_value,
        of_value=of_value,
        gst_share=rule.gst / more,
    )


def rounded(amount: Decimal) -> Decimal:
    """To a hundredth of a cent, as IB tells commissions."""
    return amount.quantize(_PLACES, ROUND_HALF_EVEN)


OVERRIDABLE = ("rate", "per_unit", "minimum", "cap", "gst")
_OF_TIER = ("rate", "per_unit", "minimum")

Override = tuple[str, str, Decimal]
"""The name of a rule, of one of its `OVERRIDABLE` figures, and what that is."""


def overridden(table: CommissionTable, overrides: Iterable[Override]) -> CommissionTable:
    """The table with figures of the owner's own.

    Of tiers the first one counts from then on, for all that is traded.

    Raises:
        LookupError: no rule has that name, or no rule has such a figure.
    """
    changes: dict[str, dict[str, Decimal]] = {}
    names = {rule.name for rule in table.rules}
    for name, figure, value in overrides:
        if name not in names:
            raise LookupError(f"there is no rule {name}: {', '.join(sorted(names))}")
        if figure not in OVERRIDABLE:
            raise LookupError(f"{figure} is none of {', '.join(OVERRIDABLE)}")
        changes.setdefault(name, {})[figure] = value
    return CommissionTable(
        tuple(
            _changed(rule, changes[rule.name]) if rule.name in changes else rule
            for rule in table.rules
        )
    )


def _changed(rule: FeeRule, figures: Mapping[str, Decimal]) -> FeeRule:
    of_tier = {name: figures[name] for name in _OF_TIER if name in figures}
    return replace(
        rule,
        tiers=(replace(rule.tiers[0], up_to=None, **of_tier),) if of_tier else rule.tiers,
        cap=figures.get("cap", rule.cap),
        gst=figures.get("gst", rule.gst),
        source=f"{rule.source}; changed by COMMISSION_OVERRIDES",
    )


def cross(currency: str, wanted: str, rates: Mapping[str, Decimal]) -> Decimal | None:
    """Units of `wanted` for one of `currency`."""
    if currency == wanted:
        return _ONE
    one, other = rates.get(currency), rates.get(wanted)
    return None if one is None or not other else one / other
