"""What one gate said of one order: kept with the order, and shown by `why-not` and `explain`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

Figures = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class GateWord:
    """A gate as it stood at one moment."""

    gate: str
    """Its stable code, as in a refusal by it (`COST_GATE`, `MAX_EXPOSURE`, …)."""
    open: bool
    sentence: str
    """With the figures, for a person; also where it is open."""
    figures: Figures = ()
    """Name and value with its unit (`("round trip", "0.53 %")`), in the order to be shown."""


def money(amount: Decimal | None, currency: str) -> str:
    """An amount for a person: `A$1,234.50`, `-USD 3.00`; *not known* for None."""
    if amount is None:
        return "not known"
    sign = "A$" if currency == "AUD" else f"{currency} "
    return f"{'-' if amount < 0 else ''}{sign}{abs(amount):,.2f}"
