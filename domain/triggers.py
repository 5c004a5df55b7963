"""When a level is reached: read from quotes of the continuous session alone, never from one print.

What counts is the side that would fill: the bid for a long position, the ask for a short one.
A level is reached by two readings beyond it, at least 250 ms apart and none between that is not,
or by one reading with a new trade through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.orders import Side
from domain.phases import Phase
from domain.plans import Plan
from domain.quotes import DataType, Quote

CONFIRM_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Reading:
    """What a quote says of a position; `at` is monotonic."""

    price: Decimal
    at: float
    trade: Decimal | None = None
    """A trade that was not in the quote before."""


class Hit(StrEnum):
    """Which level was reached."""

    STOP = "stop"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A level was seen reached, first at this monotonic moment, and in each reading since."""

    level: Decimal
    at: float


@dataclass(frozen=True, slots=True)
class Sightings:
    """Of a plan's two levels; None where the last reading was not beyond it."""

    stop: Sighting | None = None
    target: Sighting | None = None


NONE_SEEN = Sightings()


def reading_of(
    quote: Quote,
    before: Quote | None,
    leaving: Side,
    phase: Phase,
    *,
    now: float,
    stale_after_seconds: float,
) -> Reading | None:
    """What may be decided by a quote; None for all that is not a fresh price of both sides.

    `before` is the quote of the symbol that came before it.
    """
    if phase is not Phase.OPEN or quote.halted or quote.data_type is not DataType.LIVE:
        return None
    if not quote.two_sided or quote.age(now) > stale_after_seconds:
        return None
    price = quote.bid if leaving is Side.SELL else quote.ask
    assert price is not None, "a quote of two sides has both"
    return Reading(Decimal(repr(price)), quote.received, _new_trade(quote, before))


def _new_trade(quote: Quote, before: Quote | None) -> Decimal | None:
    """The last trade, where the quote before did not know of it."""
    if quote.last is None or before is None or before.last is None:
        return None
    more = None not in (quote.volume, before.volume) and quote.volume != before.volume
    return Decimal(repr(quote.last)) if more or quote.last != before.last else None


def look(seen: Sightings, reading: Reading, plan: Plan) -> tuple[Sightings, Hit | None]:
    """What one more reading makes of a plan's levels. The stop comes before the target."""
    sign = plan.side.sign
    stop, stop_hit = _judge(seen.stop, reading, plan.stop, -sign)
    target, target_hit = None, False
    if plan.target is not None:
        target, target_hit = _judge(seen.target, reading, plan.target, sign)
    hit = Hit.STOP if stop_hit else Hit.TARGET if target_hit else None
    return Sightings(stop, target), hit


def _judge(
    seen: Sighting | None, reading: Reading, level: Decimal, direction: int
) -> tuple[Sighting | None, bool]:
    """`direction` is 1 for a level that is reached from below."""
    if (reading.price - level) * direction < 0:
        return None, False
    if seen is None or seen.level != level:
        seen = Sighting(level, reading.at)
    through = reading.trade is not None and (reading.trade - level) * direction > 0
    return seen, through or reading.at - seen.at >= CONFIRM_SECONDS
