"""What a unit of one currency is worth in another, how old that is, and who said so.

A rate that is too old is marked, never hidden, and never counts as zero or one. It is quoted
directly or inversely, or over one other currency (EUR to USD to AUD), or told by the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from domain.quotes import DataType, Quote
from domain.symbols import CASH_CURRENCIES, Symbol

#: IB sends changed account values every three minutes; five of these missed is silence.
ACCOUNT_STALE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Rate:
    """`value` units of the base currency for one unit of another."""

    value: Decimal
    age_seconds: float
    stale: bool
    source: str
    """`base` (the same currency), `quote` (of the pair), `cross` (two of these, over one other
    currency) or `account` (the venue's own rate)."""


@dataclass(frozen=True, slots=True)
class ToldRate:
    """A rate as an account named it; `received` on the monotonic clock."""

    value: Decimal
    received: float


def rate_of(
    currency: str,
    base: str,
    *,
    quotes: Mapping[Symbol, Quote],
    told: Mapping[str, ToldRate],
    now: float,
    quote_stale_seconds: float,
) -> Rate | None:
    """The best rate there is: a fresh quote's middle, one over another currency, the account's.

    `now` is on the monotonic clock. With none fresh it is the youngest of them, marked stale;
    None when there was never any.
    """
    if currency == base:
        return Rate(Decimal(1), 0.0, False, "base")
    known = []
    for found in (
        _quoted(currency, base, quotes, now, quote_stale_seconds),
        _crossed(currency, base, quotes, told, now, quote_stale_seconds),
        _told(currency, told, now),
    ):
        if found is not None and not found.stale:
            return found
        known += [found] if found is not None else []
    return min(known, key=lambda rate: rate.age_seconds, default=None)


def _told(currency: str, told: Mapping[str, ToldRate], now: float) -> Rate | None:
    """By the venue's own account."""
    word = told.get(currency)
    if word is None or word.value <= 0:
        return None
    age = now - word.received
    return Rate(word.value, age, age > ACCOUNT_STALE_SECONDS, "account")


def _crossed(
    currency: str,
    base: str,
    quotes: Mapping[Symbol, Quote],
    told: Mapping[str, ToldRate],
    now: float,
    stale_seconds: float,
) -> Rate | None:
    """Over one other currency, as old as the older leg; the freshest way there is.

    Over cash alone: of a share that trades in two currencies the prices are no rate.
    """
    ways = []
    for other in sorted(CASH_CURRENCIES - {currency, base}):
        first = _quoted(currency, other, quotes, now, stale_seconds)
        if first is None:
            continue
        legs = (_quoted(other, base, quotes, now, stale_seconds), _told(other, told, now))
        for second in legs:
            if second is not None:
                age = max(first.age_seconds, second.age_seconds)
                stale = first.stale or second.stale
                ways.append(Rate(first.value * second.value, age, stale, "cross"))
    return min(ways, key=lambda rate: (rate.stale, rate.age_seconds), default=None)


def _quoted(
    currency: str, base: str, quotes: Mapping[Symbol, Quote], now: float, stale_seconds: float
) -> Rate | None:
    """By the pair as the market writes it, or the other way round."""
    for symbol, inverse in ((Symbol(currency, base), False), (Symbol(base, currency), True)):
        quote = quotes.get(symbol)
        if quote is None or quote.mid is None:
            continue
        middle = Decimal(repr(quote.mid))
        age = quote.age(now)
        stale = age > stale_seconds or quote.data_type is not DataType.LIVE
        return Rate(1 / middle if inverse else middle, age, stale, "quote")
    return None


def newest_told(accounts: Iterable[Mapping[str, ToldRate]]) -> dict[str, ToldRate]:
    """The rates that accounts have named, by currency; the newest word counts."""
    told: dict[str, ToldRate] = {}
    for account in accounts:
        for currency, rate in account.items():
            if currency not in told or rate.received > told[currency].received:
                told[currency] = rate
    return told


def rates_in(
    base: str,
    currencies: Iterable[str],
    told: Mapping[str, ToldRate],
    quotes: Mapping[Symbol, Quote],
    now: float,
    quote_stale_seconds: float,
) -> dict[str, Rate]:
    """The rates of these currencies, as far as anybody has told them."""
    found = {}
    for currency in currencies:
        best = rate_of(
            currency,
            base,
            quotes=quotes,
            told=told,
            now=now,
            quote_stale_seconds=quote_stale_seconds,
        )
        if best is not None:
            found[currency] = best
    return found
