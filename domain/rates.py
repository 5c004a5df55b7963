"""What a unit of one currency is worth in another, how old that is, and who said so.

A rate that is too old is marked, never hidden, and never counts as zero or one. Pairs are
not chained here: a rate is quoted directly, inversely, or told by the account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from domain.quotes import DataType, Quote
from domain.symbols import Symbol

#: IB sends changed account values every three minutes; five of these missed is silence.
ACCOUNT_STALE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Rate:
    """`value` units of the base currency for one unit of another."""

    value: Decimal
    age_seconds: float
    stale: bool
    source: str
    """`base` (the same currency), `quote` (of the pair) or `account` (the venue's own rate)."""


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
    """The best rate there is: a fresh quote's middle, else a fresh word of the account.

    `now` is on the monotonic clock. With neither fresh it is the younger of both, marked stale;
    None when there was never any.
    """
    if currency == base:
        return Rate(Decimal(1), 0.0, False, "base")
    quoted = _quoted(currency, base, quotes, now, quote_stale_seconds)
    if quoted is not None and not quoted.stale:
        return quoted
    word = told.get(currency)
    by_account = None
    if word is not None and word.value > 0:
        age = now - word.received
        by_account = Rate(word.value, age, age > ACCOUNT_STALE_SECONDS, "account")
        if not by_account.stale:
            return by_account
    known = [rate for rate in (quoted, by_account) if rate is not None]
    return min(known, key=lambda rate: rate.age_seconds, default=None)


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
