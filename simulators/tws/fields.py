"""Reading and writing single fields: how the wire spells numbers, flags and *unset*."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

#: How a gateway (Java) writes an unset double, int and long.
UNSET_DOUBLE = "1.7976931348623157E308"
UNSET_INT = "2147483647"
UNSET_LONG = "9223372036854775807"

_UNSET = frozenset(
    {"", "1.7976931348623157e308", "1.7976931348623157e+308", UNSET_INT, UNSET_LONG}
    | {"infinity", "infinite", "none"}
)
#: TWS reads ids as Java's int.
_HIGHEST_INT = 2**31 - 1
_TRUE = frozenset({"1", "1.0", "true"})
_FALSE = frozenset({"", "0", "0.0", "false"})


class UnreadableRequest(ValueError):
    """A request lacks a field, or one is not what it should be (error 320)."""


class FieldReader:
    """Walks over the fields of one request, from the one after the message id."""

    def __init__(self, fields: Sequence[str], start: int = 1) -> None:
        self._fields = fields
        self._next = start

    def text(self) -> str:
        """The next field as it stands."""
        if self._next >= len(self._fields):
            raise UnreadableRequest(f"field {self._next} is missing")
        field = self._fields[self._next]
        self._next += 1
        return field

    def skip(self, count: int = 1) -> None:
        """Pass over fields that nothing here depends on."""
        for _ in range(count):
            self.text()

    def integer(self) -> int:
        """A whole number; unset is 0."""
        number = self.decimal()
        if number is None:
            return 0
        if number != number.to_integral_value() or abs(number) > _HIGHEST_INT:
            raise UnreadableRequest(f"{number} is not a whole number of 32 bits")
        return int(number)

    def decimal(self) -> Decimal | None:
        """A number, None where it is unset in any of the spellings that clients use."""
        text = self.text().strip()
        if text.lower() in _UNSET:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise UnreadableRequest(f"{text[:40]!r} is not a number") from None
        if not number.is_finite() or (number and not -20 < number.adjusted() < 20):
            raise UnreadableRequest(f"{text[:40]!r} is not a number that can be meant")
        return number

    def flag(self) -> bool:
        """A yes or no: 0 and 1, `True` and `False`, empty for no."""
        text = self.text().strip().lower()
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise UnreadableRequest(f"{text[:40]!r} is neither 0 nor 1")


def number(value: Decimal) -> str:
    """The shortest spelling without an exponent: `45.1`, `100`, `0`."""
    text = format(value.normalize(), "f")
    return "0" if text == "-0" else text


def price(value: Decimal | None) -> str:
    """A price of a quote: -1 where there is none."""
    return "-1" if value is None else number(value)


def size(value: Decimal, version: int) -> str:
    """A size: below server version 163 clients read whole numbers alone."""
    return number(value) if version >= 163 else str(int(value))


def money(value: Decimal) -> str:
    """An amount of money in an account value, to the cent."""
    return format(value.quantize(Decimal("0.01")), "f")
