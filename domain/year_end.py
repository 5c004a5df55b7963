"""Of which 30 June the closing prices are to be stored, and which bar has them.

Stock is valued at each year's end, and on 30 June 2027 what is held is split by its value for
good (facts: australia.md, *From 1 July 2027*): that day is never given up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from domain.bars import Bar, Span
from domain.cgt_rules import TRANSITION
from domain.outside_facts import FactKind, OutsideFact, checked
from domain.symbols import Symbol
from domain.tax_year import contract_date, end_of, start_of

#: By then every exchange has closed that calls the day 30 June.
_AFTER = timedelta(days=2)
#: How long after a year's end its prices are looked for.
_WINDOW = timedelta(days=60)
#: What did not trade for so long before has no closing price of that day.
_OLDEST = timedelta(days=10)


def due_days(now: datetime) -> tuple[date, ...]:
    """The year ends of which closing prices should be in the book by now (UTC)."""
    today = contract_date(now)
    last = date(today.year if (today.month, today.day) > (6, 30) else today.year - 1, 6, 30)
    found = {day for day in (last, TRANSITION) if now >= start_of(day + _AFTER)}
    return tuple(sorted(day for day in found if day == TRANSITION or today - day <= _WINDOW))


def lacking(
    facts: Iterable[OutsideFact], symbols: Iterable[Symbol], day: date
) -> tuple[Symbol, ...]:
    """The instruments of which no closing price of the day stands."""
    there = {fact.symbol for fact in facts if fact.kind is FactKind.CLOSE and fact.day == day}
    return tuple(symbol for symbol in symbols if symbol not in there)


def span_of(day: date) -> Span:
    """Where to look for the day's closing price."""
    return Span(start_of(day - _OLDEST).timestamp(), start_of(day + timedelta(days=1)).timestamp())


def close_of(symbol: Symbol, day: date, bars: Sequence[Bar], source: str) -> OutsideFact | None:
    """The closing price of the last day with trading up to it, from bars of a day each."""
    span = span_of(day)
    within = [bar for bar in bars if span.start <= bar[0] <= end_of(day).timestamp()]
    if not within:
        return None
    close = max(within, key=lambda bar: bar[0])[4]
    price = {"price": str(Decimal(repr(close)))}
    return checked(
        FactKind.CLOSE,
        day.isoformat(),
        str(symbol),
        price,
        id=f"CLOSE-{day}-{symbol}",
        source=source,
    )
