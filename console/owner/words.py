"""Words for the owner: amounts with their currency, numbers, and times in Sydney with the day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

SYDNEY = ZoneInfo("Australia/Sydney")
NOT_KNOWN = "not known"
_MONEY_SIGNS = {"AUD": "A$", "USD": "US$", "NZD": "NZ$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_VENUE_NAMES = {"ib": "IB", "gemini": "Gemini"}
#: Words of the seats for which the owner has others. There is one venue, and the owner calls it IB.
_THEIRS = (
    (re.compile(r"\bib\b"), "IB"),
    (re.compile(r"\b[Tt]he (?:venue|broker)\b"), "IB"),
    (re.compile(r"\bledger\b"), "book"),
)
_SOON = timedelta(days=6)


def money(amount: Decimal | None, currency: str) -> str:
    """`A$12,345.67`; `not known` where nobody said."""
    if amount is None:
        return NOT_KNOWN
    sign = _MONEY_SIGNS.get(currency, f"{currency} ")
    rounded = f"{abs(amount):,.2f}"
    # What rounds to nothing has no sign.
    minus = "-" if amount < 0 and Decimal(rounded.replace(",", "")) else ""
    return f"{minus}{sign}{rounded}"


def cents(amount: Decimal | None) -> Decimal | None:
    """To the cent: a float's price leaves a tail that nobody means."""
    return None if amount is None else Decimal(f"{amount:.2f}")


def gain(amount: Decimal | None, currency: str) -> str:
    """The same with its sign: `+A$12.00`, `-A$3.10`, `A$0.00`."""
    text = money(amount, currency)
    rounds_to_nothing = amount is not None and not Decimal(f"{amount:.2f}")
    if amount is None or amount < 0 or rounds_to_nothing:
        return text
    return f"+{text}"


def price(amount: Decimal, currency: str) -> str:
    """A price with two to five places: an average has more than anybody reads."""
    whole, _, places = f"{abs(amount):,.5f}".partition(".")
    sign = _MONEY_SIGNS.get(currency, f"{currency} ")
    return f"{'-' if amount < 0 else ''}{sign}{whole}.{places.rstrip('0').ljust(2, '0')}"


def number(quantity: Decimal) -> str:
    """A quantity, without idle zeros."""
    shown = f"{quantity:,f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def sydney(at: datetime | None, now: datetime | None = None) -> str:
    """`Mon 11:06`, in Sydney; with the date where it is farther from `now` than the day tells."""
    if at is None:
        return "a time not known"
    local = at.astimezone(SYDNEY)
    if now is None or abs(at - now) < _SOON:
        return f"{local:%a %H:%M}"
    year = "" if local.year == now.astimezone(SYDNEY).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M}"


def length(lasted: timedelta) -> str:
    """`40 s`, `12 min`, `3 h 20 min`, `2 days`."""
    seconds = max(int(lasted.total_seconds()), 0)
    if seconds < 90:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 90:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 48:
        rest = f" {minutes % 60} min" if minutes % 60 and hours < 10 else ""
        return f"{hours} h{rest}"
    return f"{hours // 24} days"


def venue_name(venue: str) -> str:
    """`ib` as `IB`."""
    return _VENUE_NAMES.get(venue, venue)


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def owners(text: str) -> str:
    """What a seat says, in the owner's words, and without the stop at its end."""
    for theirs, ours in _THEIRS:
        text = theirs.sub(ours, text)
    return text.strip().rstrip(".")


def short(text: str) -> str:
    """The same without what to do about it, and without a library's own words in brackets."""
    return re.sub(r" \((?:[^()]|\([^()]*\))*\)", "", owners(text).partition(". ")[0])


def lowered(text: str) -> str:
    """As it goes on within a sentence: `Nobody is there` as `nobody is there`, `IB …` as it is."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def sentence(text: str) -> str:
    """The same as a sentence: a capital first, one full stop last; empty stays empty."""
    text = owners(text)
    return f"{text[0].upper()}{text[1:]}." if text else ""
