"""The venue's cash held against ours, by currency: what is explained, and what is not.

Pure. The venue's rows come every three minutes and later than the fills that move them, so one
look proves nothing. A difference counts when two looks, far enough apart, show the same one, and
nothing was booked shortly before either. What is not known is no difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

#: The venue's rows are up to three minutes old (facts: IB's account values); some more for luck.
SETTLE = timedelta(seconds=200)
#: The venue rounds to the cent; a sum of ours has all its places.
TOLERANCE = Decimal("0.01")
#: The type of what was there when a venue's cash was first seen; nobody types it.
OPENING = "OPENING"


@dataclass(frozen=True, slots=True)
class CashLook:
    """What the venue showed of one currency, and what we had, at one moment (UTC)."""

    theirs: Decimal
    ours: Decimal
    at: datetime

    @property
    def difference(self) -> Decimal:
        """What the venue has more than our rows explain; negative is less."""
        return self.theirs - self.ours

    @property
    def is_agreed(self) -> bool:
        """Theirs and ours are the same, to the cent."""
        return abs(self.difference) <= TOLERANCE

    def shows_as(self, other: CashLook | None) -> bool:
        """The same difference as another look."""
        return other is not None and abs(self.difference - other.difference) <= TOLERANCE


@dataclass(frozen=True, slots=True)
class CashDifference:
    """A change of the venue's cash that nothing in the book explains, and what it was found to be.

    `type`, `typed_at`, `who` and `note` are None until a statement or a person has said.
    """

    difference_id: str
    venue: str
    currency: str
    amount: Decimal
    """What came; negative is what went."""
    theirs: Decimal
    ours: Decimal
    at: datetime
    type: str | None = None
    """A `domain.cash_types.CashType`, or `OPENING`."""
    typed_at: datetime | None = None
    who: str | None = None
    note: str | None = None


def is_quiet(at: datetime, booked_at: datetime) -> bool:
    """Nothing that moves cash was booked so shortly before that the venue may not show it yet."""
    return at - booked_at >= SETTLE


def proven(before: CashLook | None, now: CashLook) -> Decimal | None:
    """The difference that two quiet looks agree on; None while there is none, or no proof."""
    if before is None or now.is_agreed or now.at - before.at < SETTLE:
        return None
    return now.difference if now.shows_as(before) else None
