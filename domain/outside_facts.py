"""What the venue does not tell over its wire, told by a statement, a file or a person.

Each is kept in the book once, by an id that follows from what it says, so that the same file
imported twice adds nothing. A wrong one is withdrawn, never rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from domain.cash_types import CashMovement, CashType
from domain.dividends import Dividend
from domain.orders import Side
from domain.symbols import Symbol, SymbolError


class FactKind(StrEnum):
    """What is told."""

    PARCEL = "PARCEL"
    """Of the owner: `quantity`, `cost` in A$ with its fees. The day is that of the purchase."""
    DIVIDEND = "DIVIDEND"
    """`currency`, and of gross, franked, unfranked, credit, withheld, ex_date what is known."""
    AMMA = "AMMA"
    """`amount` in A$ by which the cost of all units held that day is restated; signed."""
    SPLIT = "SPLIT"
    """`new` units for `old` ones, from the start of the day on."""
    RENAME = "RENAME"
    """The symbol is `to` from the start of the day on."""
    DEMERGER = "DEMERGER"
    """`new` units of `to` beside `old` ones held, with the part `cost_share` of their cost."""
    CLOSE = "CLOSE"
    """`price` of a unit at the close of the day, in the symbol's currency."""
    RATE = "RATE"
    """`currency` was worth `rate` A$ that day."""
    CASH = "CASH"
    """`type`, `currency`, `amount`, `description`: a movement of cash."""
    TRADE = "TRADE"
    """Of somebody else in the account, by a statement: the id of the `execution`, `side`,
    `quantity`, `price`, and with a `commission` its `commission_currency`."""
    FEE = "FEE"
    """`order` was charged `amount` of `currency` in all, by a statement."""
    STATEMENT = "STATEMENT"
    """A statement from the day on to the day `until`, both within, was imported."""
    WITHDRAWN = "WITHDRAWN"
    """The fact with the id `fact` was wrong: it counts no longer."""


EVERY_KIND = tuple(FactKind)

_TEXTS = {
    FactKind.PARCEL: (),
    FactKind.DIVIDEND: ("currency",),
    FactKind.RENAME: ("to",),
    FactKind.DEMERGER: ("to",),
    FactKind.RATE: ("currency",),
    FactKind.CASH: ("type", "currency", "description"),
    FactKind.TRADE: ("execution", "side"),
    FactKind.FEE: ("order", "currency"),
    FactKind.WITHDRAWN: ("fact",),
}
_DECIMALS = {
    FactKind.PARCEL: ("quantity", "cost"),
    FactKind.AMMA: ("amount",),
    FactKind.SPLIT: ("new", "old"),
    FactKind.DEMERGER: ("new", "old", "cost_share"),
    FactKind.CLOSE: ("price",),
    FactKind.RATE: ("rate",),
    FactKind.CASH: ("amount",),
    FactKind.TRADE: ("quantity", "price"),
    FactKind.FEE: ("amount",),
}
_ABOVE_ZERO = ("quantity", "new", "old", "price", "rate", "cost_share")
_DAYS = {FactKind.STATEMENT: ("until",)}
_MAYBE = {
    FactKind.DIVIDEND: ("gross", "franked", "unfranked", "credit", "withheld", "ex_date"),
    FactKind.TRADE: ("commission", "commission_currency"),
}
_NO_AMOUNTS = ("ex_date", "commission_currency")
_WITHOUT_SYMBOL = frozenset(
    {FactKind.RATE, FactKind.CASH, FactKind.FEE, FactKind.STATEMENT, FactKind.WITHDRAWN}
)


class FactError(ValueError):
    """What is told makes no sense; the sentence says why."""


@dataclass(frozen=True, slots=True)
class OutsideFact:
    """One fact. `detail` holds the fields of its kind: decimals and days as text."""

    id: str
    kind: FactKind
    day: date
    symbol: Symbol | None
    detail: Mapping[str, str]
    source: str
    """Where it comes from: the name of the file, or of the seat that found it."""

    def decimal(self, name: str) -> Decimal:
        """An amount of the detail."""
        return Decimal(self.detail[name])


def checked(
    kind: str, day: str, symbol: str | None, detail: Mapping[str, str], *, id: str, source: str
) -> OutsideFact:
    """Make a fact of what somebody tells.

    Raises:
        FactError: a field is missing, too many, or no such value.
    """
    try:
        known = FactKind(kind)
    except ValueError:
        names = ", ".join(FactKind)
        raise FactError(f"{kind!r} is no kind of fact: it is one of {names}.") from None
    if not id or len(id) > 120 or not id.isprintable():
        raise FactError(f"{id!r} is no id: at most 120 printable characters.")
    of = _symbol(known, symbol)
    told = {name: text.strip() for name, text in detail.items() if text.strip()}
    must = (*_TEXTS.get(known, ()), *_DECIMALS.get(known, ()), *_DAYS.get(known, ()))
    lacking = [name for name in must if name not in told]
    if lacking:
        raise FactError(f"A {known} needs {', '.join(lacking)}.")
    strange = [name for name in told if name not in (*must, *_MAYBE.get(known, ()))]
    if strange:
        raise FactError(f"A {known} has no {', '.join(sorted(strange))}.")
    for name in _DECIMALS.get(known, ()):
        _amount(name, told[name])
    for name in _DAYS.get(known, ()):
        _day(name, told[name])
    for name in _MAYBE.get(known, ()):
        if name in told:
            if name == "ex_date":
                _day(name, told[name])
            elif name not in _NO_AMOUNTS:
                _amount(name, told[name])
    if known is FactKind.TRADE and told["side"] not in list(Side):
        raise FactError(f"side {told['side']!r} is neither BUY nor SELL.")
    if known is FactKind.CASH and told["type"] not in list(CashType):
        raise FactError(f"{told['type']!r} is no type of cash: {', '.join(CashType)}.")
    if known in (FactKind.RENAME, FactKind.DEMERGER) and _parsed(told["to"]) == of:
        raise FactError(f"{told['to']} is the same symbol.")
    if known is FactKind.DEMERGER and Decimal(told["cost_share"]) >= 1:
        raise FactError(f"cost_share {told['cost_share']} is not below 1: 0.05 is 5 %.")
    return OutsideFact(id, known, _day("day", day), of, told, source)


def standing(facts: Mapping[str, OutsideFact]) -> tuple[OutsideFact, ...]:
    """Those that were not withdrawn, by id."""
    gone = {each.detail["fact"] for each in facts.values() if each.kind is FactKind.WITHDRAWN}
    return tuple(
        fact
        for id, fact in sorted(facts.items())
        if id not in gone and fact.kind is not FactKind.WITHDRAWN
    )


def dividend_of(fact: OutsideFact) -> Dividend:
    """A fact of kind DIVIDEND as a value."""
    assert fact.symbol is not None, f"the dividend {fact.id} is of no symbol"
    amounts = {
        name: Decimal(fact.detail[name])
        for name in ("gross", "franked", "unfranked", "credit", "withheld")
        if name in fact.detail
    }
    ex_date = fact.detail.get("ex_date")
    return Dividend(
        fact.symbol,
        fact.day,
        fact.detail["currency"],
        ex_date=None if ex_date is None else date.fromisoformat(ex_date),
        **amounts,
    )


def movement_of(fact: OutsideFact) -> CashMovement:
    """A fact of kind CASH as a value."""
    return CashMovement(
        movement_id=fact.id,
        type=CashType(fact.detail["type"]),
        currency=fact.detail["currency"],
        amount=fact.decimal("amount"),
        day=fact.day,
        symbol=fact.symbol,
        description=fact.detail["description"],
    )


def _symbol(kind: FactKind, text: str | None) -> Symbol | None:
    if not text:
        if kind in _WITHOUT_SYMBOL:
            return None
        raise FactError(f"A {kind} needs a symbol, as BHP/AUD.")
    return _parsed(text)


def _parsed(text: str) -> Symbol:
    try:
        return Symbol.parse(text)
    except SymbolError as error:
        raise FactError(str(error)) from None


def _amount(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise FactError(f"{name} {text!r} is no number.") from None
    if not value.is_finite() or abs(value) >= Decimal(10) ** 15 or _places(value) > 12:
        raise FactError(f"{name} {text!r} is no amount.")
    if name in _ABOVE_ZERO and value <= 0:
        raise FactError(f"{name} {text!r} is not above zero.")
    return value


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FactError(f"{name} {text!r} is no day: write it as 2027-06-30.") from None
