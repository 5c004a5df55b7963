"""The rules of capital gains by date, each with its source and with how certain it is.

Kelpie keeps records; it gives no tax advice. Where a rule is only general knowledge, or only
reported, the reports say so in their head.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

#: The last day of the discount, as it is reported; holdings are split by their value then.
TRANSITION = date(2027, 6, 30)

NO_ADVICE = "Records, not tax advice: a registered tax agent decides what they mean for you."


class Certainty(StrEnum):
    """How well a rule is founded."""

    STATED = "S"
    """A document states it."""
    KNOWN = "K"
    """General knowledge, no document at hand."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `since` and `until` are days of contracts, both within; None is without end."""

    name: str
    since: date | None
    until: date | None
    sentence: str
    source: str
    certainty: Certainty

    def holds_between(self, first: date, last: date) -> bool:
        """It holds on some day of the span."""
        return (self.since is None or self.since <= last) and (
            self.until is None or self.until >= first
        )


_FACTS = "fact sheet australia.md"
RULES = (
    Rule(
        "contract date",
        None,
        None,
        "A gain belongs to the tax year of the contract's date in Sydney, not of its settlement.",
        f"{_FACTS}, Tax year",
        Certainty.STATED,
    ),
    Rule(
        "cost base",
        None,
        None,
        "Commission with its GST belongs to the cost base, of buying and of selling.",
        f"{_FACTS}, Fees",
        Certainty.STATED,
    ),
    Rule(
        "GST",
        None,
        None,
        "IB's commissions include 10 % GST: an eleventh of them is shown beside the fees.",
        "fact sheet ib.md 7, measured on 19 August 2026 for ASX shares",
        Certainty.STATED,
    ),
    Rule(
        "first in first out",
        None,
        None,
        "The oldest parcel is sold first; Kelpie's parcels and the owner's own are kept apart.",
        f"{_FACTS}, Parcels",
        Certainty.STATED,
    ),
    Rule(
        "discount",
        None,
        TRANSITION,
        "Held for twelve months or more, a gain may be discounted; the days of purchase and of "
        "sale are not counted.",
        f"{_FACTS}, Twelve months",
        Certainty.KNOWN,
    ),
    Rule(
        "split by value",
        date(2027, 7, 1),
        None,
        "What was held on 30 June 2027 and is sold later gives two lines: the gain up to the "
        "closing price of that day, and the gain from it on.",
        "Treasury Laws Amendment (Tax Reform No. 1) Bill 2026, passed both Houses on 25 June 2026 "
        "by one adviser's report; assent not seen",
        Certainty.STATED,
    ),
    Rule(
        "indexation and minimum tax",
        date(2027, 7, 1),
        None,
        "The discount gives way to indexation of the cost base and a minimum tax of 30 %. The "
        "index is not reckoned here: gains from then on are shown before indexation.",
        "Treasury Laws Amendment (Tax Reform No. 1) Bill 2026, as above",
        Certainty.STATED,
    ),
    Rule(
        "losses",
        None,
        None,
        "Losses stand apart and are netted against nothing here.",
        f"{_FACTS}, Losses",
        Certainty.KNOWN,
    ),
    Rule(
        "wash sales",
        None,
        None,
        "Sold at a loss and bought again around 30 June is marked (W), not judged.",
        f"{_FACTS}, Losses, wash sales",
        Certainty.KNOWN,
    ),
    Rule(
        "AMMA statements",
        None,
        None,
        "The yearly statement of a fund restates the cost of the units held at its date.",
        f"{_FACTS}, ETF distributions",
        Certainty.KNOWN,
    ),
    Rule(
        "short sales",
        None,
        None,
        "Sold before it was bought: shown on the day it was bought back, without a discount.",
        "no document at hand",
        Certainty.KNOWN,
    ),
)


def held_twelve_months(acquired: date, disposed: date) -> bool:
    """Twelve whole months lie between the two days, neither of them counted.

    Bought 2 February 2026: not yet on 2 February 2027, but on the 3rd. Where the month is too
    short for the day (29 February), it is the first of the next.
    """
    first = acquired + timedelta(days=1)
    try:
        after = first.replace(year=first.year + 1)
    except ValueError:
        after = date(first.year + 1, 3, 1)
    return disposed >= after
