"""Ex-dividend days that the owner has told: the purge before them, and the stop behind it.

ASX purges resting orders at the close of the day before (facts: ib.md 6.1), and takes none until
the pre-open of the ex-date. The price falls by about the dividend, with nobody having sold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from domain.calendar import ExchangeCalendar
from domain.market_rules import stop_on_step
from domain.phases import ALLOWED, Action, Phase, next_open, phase_at
from domain.plans import Plan
from domain.symbols import Symbol
from domain.venue import InstrumentDetails, PriceStep

_KEY = "ex_dividend."
_DAY_GOES_ON = (Phase.OPEN, Phase.PRE_CLOSE, Phase.CLOSING_AUCTION)


@dataclass(frozen=True, slots=True)
class ExDividend:
    """The next one of a share."""

    ex_date: date
    """In the zone of its exchange."""
    amount: Decimal
    """Of one share, in its currency."""
    done: bool = False
    """Its stops have been lowered, or were not to be."""


def key_of(symbol: Symbol) -> str:
    """Under which key the book keeps it, among the durable switches."""
    return f"{_KEY}{symbol}"


def text_of(dividend: ExDividend) -> str:
    """As the book keeps it."""
    done = "done" if dividend.done else "due"
    return f"{dividend.ex_date.isoformat()} {dividend.amount:f} {done}"


def dividends_of(settings: Iterable[tuple[str, str]]) -> dict[Symbol, ExDividend]:
    """What the book has kept, by symbol."""
    found = {}
    for key, text in settings:
        if key.startswith(_KEY) and text:
            day, amount, done = text.split(" ")
            dividend = ExDividend(date.fromisoformat(day), Decimal(amount), done == "done")
            found[Symbol.parse(key.removeprefix(_KEY))] = dividend
    return found


def goes_ex_next(
    dividend: ExDividend,
    instrument: InstrumentDetails,
    calendar: ExchangeCalendar | None,
    now: datetime,
) -> bool:
    """The day before is over: its market opens next on the ex-date."""
    opens = next_open(instrument, calendar, now)
    if opens is None or phase_at(instrument, calendar, now) in _DAY_GOES_ON:
        return False
    return opens.astimezone(ZoneInfo(instrument.time_zone)).date() == dividend.ex_date


def is_purged_until_open(
    dividend: ExDividend,
    instrument: InstrumentDetails,
    calendar: ExchangeCalendar | None,
    now: datetime,
) -> bool:
    """No order stands, and none is taken: there is nothing that anybody could do about it."""
    phase = phase_at(instrument, calendar, now)
    takes_none = Action.ENTER not in ALLOWED[phase]
    return takes_none and goes_ex_next(dividend, instrument, calendar, now)


def lowered(plan: Plan, dividend: ExDividend, steps: tuple[PriceStep, ...]) -> Plan | None:
    """The plan with its levels lowered by the dividend; None where there is nothing to lower.

    Its stop goes to the step that is not the worse one; whatever sold at the old level would sell
    at a loss that is none.
    """
    if not plan.is_open or plan.stop <= dividend.amount:
        return None
    stop = stop_on_step(plan.stop - dividend.amount, plan.leaving_side, steps)
    day_stop = plan.day_stop
    if day_stop is not None:
        day_stop = stop_on_step(day_stop - dividend.amount, plan.leaving_side, steps)
    best = None if plan.best is None else plan.best - dividend.amount
    reason = f"lowered by the dividend of {dividend.amount:f} of {dividend.ex_date}"
    return replace(plan, stop=stop, day_stop=day_stop, best=best, reason=reason)
