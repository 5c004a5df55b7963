"""Whether something has happened to a share that no trade explains: a split, most of all.

Pure. Two witnesses are heard: the venue's previous close against the last price that Kelpie itself
saw, and what the venue holds against what was held and has traded since. Neither proves a split;
both say that levels in old units may mean nothing, so that a person has to look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from domain.symbols import Symbol
from domain.venue import ExecutionReport

LAG_SECONDS = 5.0
"""Another quantity has to be listed for so long: a position may lag behind its fill."""
_KEY = "kept_of."
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was last seen of a symbol and agreed; kept over the night, and over a restart."""

    close: Decimal | None = None
    """The venue's previous close that was last taken for true; it changes once a session."""
    last: Decimal | None = None
    """The last price that Kelpie saw of it, in the units of that close."""
    held: Decimal | None = None
    """What the venue held of it in all, ours and others'."""
    traded_to: datetime | None = None
    """Up to which execution that counts (UTC); None: none was known then."""


def key_of(symbol: Symbol) -> str:
    """Under which key the book keeps it, among the durable switches."""
    return f"{_KEY}{symbol}"


def text_of(kept: Kept) -> str:
    """As the book keeps it."""
    at = _NONE if kept.traded_to is None else kept.traded_to.isoformat()
    numbers = (kept.close, kept.last, kept.held)
    return " ".join([*(_NONE if n is None else f"{n:f}" for n in numbers), at])


def kept_of(settings: Iterable[tuple[str, str]]) -> dict[Symbol, Kept]:
    """What the book has kept, by symbol."""
    found = {}
    for key, text in settings:
        if key.startswith(_KEY) and text:
            *numbers, at = text.split(" ")
            close, last, held = (None if n == _NONE else Decimal(n) for n in numbers)
            traded_to = None if at == _NONE else datetime.fromisoformat(at)
            found[Symbol.parse(key.removeprefix(_KEY))] = Kept(close, last, held, traded_to)
    return found


def is_apart(one: Decimal, other: Decimal, percent: Decimal) -> bool:
    """Two prices are more than so many percent of the second one apart."""
    return abs(one - other) * 100 > percent * abs(other)


def doubt_of_close(kept: Kept, close: Decimal, percent: Decimal) -> str:
    """Why the venue's previous close does not fit to what was seen; empty where it does.

    One that was taken for true before is the same session's. A new one has to agree with the last
    price of the session that it closes.
    """
    if kept.last is None or close == kept.close or not is_apart(close, kept.last, percent):
        return ""
    return (
        f"the venue's previous close is {close:f}, and the last price seen here was "
        f"{kept.last:f}: more than {percent:f} % apart"
    )


@dataclass(frozen=True, slots=True)
class Count:
    """What a list of the venue says of a symbol's quantity."""

    kept: Kept
    """With this list taken for true, where it agrees; else as before."""
    doubt: str = ""


def counted(kept: Kept, held: Decimal, traded: Decimal, newest: datetime | None) -> Count:
    """Hold what is held against what was, and what has `traded` (signed) since.

    `newest` is the time of the newest execution that the list knows.
    """
    traded_to = newest if newest is not None else kept.traded_to
    if kept.held is None or kept.held + traded == held:
        return Count(replace(kept, held=held, traded_to=traded_to))
    trades = f", and {traded:+f} have traded since" if traded else ", and nothing has traded since"
    return Count(kept, f"{held:f} are held where {kept.held:f} were{trades}")


def traded_since(
    executions: Iterable[ExecutionReport],
    symbol: Symbol,
    since: datetime | None,
    known: Collection[str] | None,
) -> tuple[Decimal, datetime | None]:
    """What has traded of a symbol in all since a list, signed, and when last.

    `known` are the keys of the executions that counted there; without them, after a restart, all
    that are later than `since` are new.
    """
    total, newest = Decimal(0), since
    for each in executions:
        if each.symbol != symbol:
            continue
        newest = each.time if newest is None else max(newest, each.time)
        is_new = since is None or each.time > since
        if known is not None:
            is_new = each.execution_key not in known
        if is_new:
            total += each.quantity * each.side.sign
    return total, newest


class RatioError(ValueError):
    """What a person calls a ratio is none; the sentence says how to write one."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """So many new units for so many old ones."""

    new: Decimal
    old: Decimal

    def __str__(self) -> str:
        return f"{self.new:f}:{self.old:f}"

    def units(self, quantity: Decimal) -> Decimal:
        """Whole units after it, towards zero: a fraction of one is paid out in cash."""
        return quantity * self.new // self.old

    def price(self, price: Decimal) -> Decimal:
        """What a price before it is after it, not on a step yet."""
        return price * self.old / self.new


def ratio_of(text: str) -> Ratio:
    """Read `10:1`: ten new units for an old one.

    Raises:
        RatioError: it is none, or changes nothing.
    """
    try:
        new, old = (Decimal(part) for part in text.split(":"))
    except (ValueError, InvalidOperation):
        new = old = Decimal(0)
    if not (new.is_finite() and old.is_finite() and new > 0 and old > 0) or new == old:
        raise RatioError(f"{text!r} is no ratio: 10:1 is ten new units for an old one.")
    return Ratio(new, old)
