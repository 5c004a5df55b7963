"""How values lie in SQLite: decimals as text, times as whole microseconds since 1970 UTC.

SQLite's numeric columns turn a decimal into a float, so money never touches one. Text keeps
a decimal to the last zero; whole microseconds keep a time exactly and sort as it does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from peewee import Field

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def decimal_text(value: Decimal) -> str:
    """The text from which `Decimal` makes the same value again, trailing zeros included.

    Raises:
        ValueError: NaN or infinite, which no amount is.
        TypeError: not a Decimal; a float in particular has lost its exactness already.
    """
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} is no Decimal; the book takes exact amounts alone")
    if not value.is_finite():
        raise ValueError(f"{value} is no amount; the book takes finite decimals alone")
    return str(value)


def optional_decimal_text(value: Decimal | None) -> str | None:
    """As `decimal_text`; None stays None."""
    return None if value is None else decimal_text(value)


def optional_decimal(text: str | None) -> Decimal | None:
    """What `optional_decimal_text` wrote."""
    return None if text is None else Decimal(text)


def micros(time: datetime) -> int:
    """Microseconds since 1970 UTC of an aware time.

    Raises:
        ValueError: the time is naive: nobody can say when it is.
    """
    if time.tzinfo is None:
        raise ValueError(f"{time!r} has no time zone; the book takes aware times alone")
    return (time - _EPOCH) // _MICROSECOND


def optional_micros(time: datetime | None) -> int | None:
    """As `micros`; None stays None."""
    return None if time is None else micros(time)


def moment(count: int) -> datetime:
    """The aware UTC time that `micros` wrote."""
    return _EPOCH + timedelta(microseconds=count)


def optional_moment(count: int | None) -> datetime | None:
    """As `moment`; None stays None."""
    return None if count is None else moment(count)


class DecimalText(Field):
    """A peewee column of exact decimals, kept as text."""

    field_type = "TEXT"

    def db_value(self, value: Decimal | None) -> str | None:
        """To the disk."""
        return optional_decimal_text(value)

    def python_value(self, value: str | None) -> Decimal | None:
        """From the disk."""
        return optional_decimal(value)


class UtcMicros(Field):
    """A peewee column of aware UTC times, kept as whole microseconds."""

    field_type = "INTEGER"

    def db_value(self, value: datetime | None) -> int | None:
        """To the disk."""
        return optional_micros(value)

    def python_value(self, value: int | None) -> datetime | None:
        """From the disk."""
        return optional_moment(value)
