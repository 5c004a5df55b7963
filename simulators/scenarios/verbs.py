"""What a verb of a scenario is: a name, arguments that are checked, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from simulators.habits import Habits
from simulators.scenarios.names import REPLIES
from simulators.tws.data_habits import DataHabits

if TYPE_CHECKING:
    from simulators.scenarios.acts import Act


class ArgumentError(ValueError):
    """What a verb is given is not what it takes; says what it takes."""


class _Required:
    """The mark of an argument without a default."""


REQUIRED = _Required()

#: Kinds of arguments by name: what they are in a file.
KINDS = {
    "text": "a text",
    "replies": "a list of replies, `execDetails` for all or `execDetails 2` for the second",
    "whole": "a whole number",
    "number": "a number, or a text where it must be exact",
    "seconds": "a number of seconds",
    "yes": "true or false",
    "table": "a table",
    "habits": "a table with keys of `[habits]`",
    "data": "a table with keys of `[data]`",
}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its kind (see `KINDS`), what it is when not given, what it may be."""

    kind: str
    default: Any = REQUIRED
    choices: tuple[Any, ...] = ()

    def read(self, name: str, value: Any) -> Any:
        """The value as the verb wants it.

        Raises:
            ArgumentError: it is of another kind.
        """
        read = _READERS[self.kind](value)
        if read is None:
            raise ArgumentError(f"{name} = {value!r}: it must be {KINDS[self.kind]}")
        if self.choices and read not in self.choices:
            allowed = ", ".join(map(repr, self.choices))
            raise ArgumentError(f"{name} = {value!r}: it must be one of {allowed}")
        return read


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that a rule or the door can have done."""

    name: str
    help: str
    arguments: Mapping[str, Argument]
    perform: Callable[[Act], Any]
    needs_message: bool
    """It acts on the request or reply in hand."""
    lasts: bool
    """It goes on until the rule ends, and is undone then."""
    per_session: bool = False
    """It lasts, and is done to each session that comes while its rule is at work."""

    @property
    def acts_often(self) -> bool:
        """While its rule is at work it acts on each event; otherwise it is at work already."""
        return self.needs_message or self.per_session or not self.lasts

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All arguments, with the defaults of those not given.

        Raises:
            ArgumentError: one is missing, unknown or of a wrong kind.
        """
        for name in given:
            if name not in self.arguments:
                known = ", ".join(self.arguments) or "nothing"
                raise ArgumentError(f"{self.name} takes no {name!r}: it takes {known}")
        complete = {}
        for name, argument in self.arguments.items():
            if name in given:
                complete[name] = argument.read(name, given[name])
            elif argument.default is REQUIRED:
                raise ArgumentError(f"{self.name} needs {name}: {KINDS[argument.kind]}")
            else:
                complete[name] = argument.default
        return complete


class Verbs(dict[str, Verb]):
    """The verbs of one room, by name."""

    def enter(
        self,
        shared: Mapping[str, Argument] | None = None,
        *,
        needs_message: bool = False,
        lasts: bool = False,
        per_session: bool = False,
        **arguments: Argument,
    ) -> Callable[[Callable[[Act], Any]], Callable[[Act], Any]]:
        """Make a verb of a function, under its name; its docstring is the verb's help.

        `shared` are arguments that several verbs have.
        """
        every = {**(shared or {}), **arguments}

        def keep(perform: Callable[[Act], Any]) -> Callable[[Act], Any]:
            name = perform.__name__.rstrip("_")
            text = " ".join((perform.__doc__ or "").split())
            self[name] = Verb(name, text, every, perform, needs_message, lasts, per_session)
            return perform

        return keep


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _replies(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not value:
        return None
    for entry in value:
        name, _, number = entry.partition(" ") if isinstance(entry, str) else ("", "", "")
        if name not in REPLIES or (number and not number.isdecimal()):
            return None
    return tuple(value)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _seconds(value: Any) -> float | None:
    number = _number(value)
    return float(number) if number is not None and number >= 0 else None


def _yes(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _table(value: Any) -> dict[str, Any] | None:
    return dict(value) if isinstance(value, Mapping) else None


def _habits(value: Any) -> dict[str, Any] | None:
    return _accepted(value, Habits.from_table)


def _data(value: Any) -> dict[str, Any] | None:
    return _accepted(value, DataHabits.from_table)


def _accepted(value: Any, read: Callable[[Mapping[str, Any]], Any]) -> dict[str, Any] | None:
    """The table itself, once its reader has found nothing wrong with it."""
    if not isinstance(value, Mapping):
        return None
    try:
        read(value)
    except ValueError as fault:
        raise ArgumentError(str(fault)) from None
    return dict(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "replies": _replies,
    "whole": _whole,
    "number": _number,
    "seconds": _seconds,
    "yes": _yes,
    "table": _table,
    "habits": _habits,
    "data": _data,
}
