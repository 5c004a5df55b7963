"""Dividends as income by the day on which they were paid.

IB is a custodian: franking credits are not in its API, and seldom in its statements. What nobody
has told is *missing*, never 0 (facts: australia.md, *Dividends*).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from domain.symbols import Symbol
from domain.tax_year import TaxYear

_CENT = Decimal("0.01")
_FIELDS = ("gross", "franked", "unfranked", "credit", "withheld", "ex_date")


@dataclass(frozen=True, slots=True)
class Dividend:
    """One payment, in its currency; None is *missing*.

    `gross` is the cash before tax was withheld; `franked` and `unfranked` are its parts, `credit`
    is the franking credit beside it.
    """

    symbol: Symbol
    pay_date: date
    currency: str
    gross: Decimal | None = None
    franked: Decimal | None = None
    unfranked: Decimal | None = None
    credit: Decimal | None = None
    withheld: Decimal | None = None
    ex_date: date | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """What nobody has told, as words."""
        return tuple(name for name in _FIELDS if getattr(self, name) is None)


def credit_of(franked: Decimal, company_rate: Decimal) -> Decimal:
    """The franking credit of a franked amount, at the company's rate of tax (0.30).

    70.00 fully franked at 30 % carries 30.00.
    """
    return (franked * company_rate / (1 - company_rate)).quantize(_CENT, ROUND_HALF_UP)


def joined(told: Iterable[Dividend]) -> tuple[tuple[Dividend, ...], tuple[str, ...]]:
    """One row a payment: what several sources tell of it completes each other.

    A statement's cash and a registry's dividend statement meet by symbol, day and currency. Where
    they contradict each other nothing is known, and a sentence says so.
    """
    payments: dict[tuple[date, str, str], list[Dividend]] = {}
    for each in told:
        key = each.pay_date, str(each.symbol), each.currency
        payments.setdefault(key, []).append(each)
    found, contradictions = [], []
    for (day, symbol, _), sources in sorted(payments.items()):
        said: dict[str, Any] = {}
        for name in _FIELDS:
            values = {getattr(each, name) for each in sources} - {None}
            said[name] = values.pop() if len(values) == 1 else None
            if values:
                contradictions.append(
                    f"{symbol}, paid {day}: the sources do not agree on {name}, so it is missing. "
                    "Withdraw what is wrong (kelpie import list)."
                )
        found.append(replace(sources[0], **said))
    return tuple(found), tuple(contradictions)


def of_year(dividends: Iterable[Dividend], year: TaxYear) -> tuple[Dividend, ...]:
    """Those that were paid in the year."""
    return tuple(each for each in dividends if each.pay_date in year)


def not_covered(
    spans: Iterable[tuple[date, date]], year: TaxYear, today: date
) -> tuple[tuple[date, date], ...]:
    """The stretches of a year, up to today, of which no statement has been imported.

    A span is a statement's first and last day, both within.
    """
    gaps = []
    at, last = year.first, min(year.last, today)
    for first, until in sorted(spans):
        if first > last:
            break
        if first > at:
            gaps.append((at, first - timedelta(days=1)))
        at = max(at, until + timedelta(days=1))
    if at <= last:
        gaps.append((at, last))
    return tuple(gaps)
