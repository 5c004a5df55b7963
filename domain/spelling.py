"""What somebody meant who wrote a symbol in another way: the cure beside each refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from domain.symbols import CASH_CURRENCIES, Symbol, SymbolError

#: IB knows each pair in one order of its currencies, the usual one of the market: the earlier in
#: this row is the base. Of two that are not in it nothing is known here; the venue will say.
_PAIR_ORDER = ("EUR", "GBP", "AUD", "NZD", "USD", "CAD", "CHF")

#: What other programs put behind an ASX code (`BHP.AX`), in front of it, or where the currency is.
_ASX_SUFFIX = re.compile(r"^(.+?)\.(AX|AU|ASX)(/.*)?$")
_ASX_PREFIX = re.compile(r"^(ASX|XASX):")
_ASX_WORDS = frozenset({"ASX", "AX", "AU", "XASX", "SMART"})
_ASX_CODE = re.compile(r"^[A-Z0-9]{3,5}$")

#: Below this likeness of two codes (0 to 1) one is no misspelling of the other.
_ALIKE = 0.6


class MisspeltSymbol(SymbolError):
    """A text that names no instrument; `meant` is what to write instead, where that is clear."""

    def __init__(self, sentence: str, meant: Symbol | None = None) -> None:
        """Take what is wrong; the cure is added to it."""
        super().__init__(f"{sentence}: write {meant}" if meant else sentence)
        self.meant = meant


def spelled(text: str) -> Symbol:
    """Read a symbol as an owner writes it, held to more than its shape.

    Raises:
        MisspeltSymbol: it is malformed, has another program's suffix, is priced in no currency,
            or is a pair in the order that IB does not know.
    """
    try:
        symbol = Symbol.parse(text)
    except SymbolError as error:
        meant = _meant(text)
        raise MisspeltSymbol(f"{text!r} is not a symbol" if meant else str(error), meant) from None
    if _ASX_SUFFIX.match(symbol.base):
        raise MisspeltSymbol(f"{text!r} has the suffix of another program", _meant(text))
    if symbol.currency not in CASH_CURRENCIES:
        sentence = f"{text!r} is priced in {symbol.currency}, which is no currency known here"
        raise MisspeltSymbol(sentence, _meant(text))
    if symbol.base == symbol.currency:
        raise MisspeltSymbol(f"{text!r} is a currency in itself, which is no pair")
    upright = in_pair_order(symbol)
    if upright != symbol:
        raise MisspeltSymbol(f"{text!r} is a pair that IB knows the other way round only", upright)
    return symbol


def in_pair_order(symbol: Symbol) -> Symbol:
    """A currency pair in IB's order of its two; anything else as it is."""
    if not symbol.is_currency_pair or symbol.currency not in CASH_CURRENCIES:
        return symbol
    ranked = [name for name in _PAIR_ORDER if name in (symbol.base, symbol.currency)]
    if ranked and ranked[0] == symbol.currency:
        return Symbol(symbol.currency, symbol.base)
    return symbol


def nearest(symbol: Symbol, known: Iterable[Symbol], limit: int = 3) -> tuple[Symbol, ...]:
    """Those of `known` whose codes are most like this one's, the most alike first."""
    rated = []
    for each in set(known) - {symbol}:
        alike = SequenceMatcher(None, symbol.base, each.base).ratio()
        if alike >= _ALIKE:
            rated.append((-alike, each.currency != symbol.currency, each))
    return tuple(each for _, _, each in sorted(rated)[:limit])


def _meant(text: str) -> Symbol | None:
    plain = _ASX_PREFIX.sub("", text.strip().upper())
    suffixed = _ASX_SUFFIX.match(plain)
    if suffixed is not None:
        return _symbol(suffixed.group(1), "AUD")
    parts = [part for part in re.split(r"[/.\s:_-]+", plain) if part]
    if len(parts) == 1 and len(plain) == 6:
        parts = [plain[:3], plain[3:]] if _are_cash(plain[:3], plain[3:]) else parts
    if len(parts) == 1 and _ASX_CODE.match(parts[0]) and parts[0] not in CASH_CURRENCIES:
        parts.append("AUD")
    if len(parts) != 2:
        return None
    base, currency = parts
    if currency in _ASX_WORDS:
        currency = "AUD"
    return _symbol(base, currency) if currency in CASH_CURRENCIES else None


def _are_cash(*names: str) -> bool:
    return all(name in CASH_CURRENCIES for name in names)


def _symbol(base: str, currency: str) -> Symbol | None:
    try:
        symbol = in_pair_order(Symbol.parse(f"{base}/{currency}"))
    except SymbolError:
        return None
    return None if symbol.base == symbol.currency else symbol
