"""When a rehearsed day begins: mostly on a trading morning, for some seeds before a clock change.

On such a night shares and pairs trade round the clock, so that orders, exits and lists fall into
the hour that is missing or comes twice (reliability 67 and 68).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from simulators.model import Phase
from simulators.sessions import asx_shares

SYDNEY = ZoneInfo("Australia/Sydney")

#: The changes within the years of the calendars, in UTC: Sydney's at 3:00 standard time on the
#: first Sundays of April and October, New York's at 2:00 on a Sunday of March and November.
CHANGES: Mapping[str, tuple[datetime, ...]] = {
    "summer time changes in Sydney": (
        datetime(2026, 4, 4, 16, tzinfo=UTC),
        datetime(2026, 10, 3, 16, tzinfo=UTC),
        datetime(2027, 4, 3, 16, tzinfo=UTC),
        datetime(2027, 10, 2, 16, tzinfo=UTC),
    ),
    "summer time changes in New York": (
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 11, 1, 6, tzinfo=UTC),
        datetime(2027, 3, 14, 7, tzinfo=UTC),
        datetime(2027, 11, 7, 6, tzinfo=UTC),
    ),
}
#: One seed in so many begins before each of the two.
_ONE_IN = 12
#: So long before it: orders and faults begin 25 minutes after the start of a day.
BEFORE = timedelta(minutes=80)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first moment of a world, and the change that it leads to, if it does."""

    at: datetime
    change: str = ""


def beginning(seed: int, chance: random.Random) -> Beginning:
    """When the world of this seed begins."""
    for number, (name, moments) in enumerate(CHANGES.items()):
        if seed % _ONE_IN == 3 + 6 * number:
            return Beginning(chance.choice(moments) - BEFORE, name)
    while True:
        day = datetime(2026, 1, 5, 9, 45, tzinfo=SYDNEY) + timedelta(days=chance.randrange(700))
        if _trades_all_day(day, seed):
            return Beginning(day)


def _trades_all_day(morning: datetime, seed: int) -> bool:
    """No holiday, and none of the days on which the exchange closes at lunch."""
    shares = asx_shares(seed)
    moments = (morning + timedelta(hours=1), morning + timedelta(hours=6))
    return all(shares.span_at(each).phase is Phase.OPEN for each in moments)
