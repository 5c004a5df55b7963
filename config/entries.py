"""What is said about a setting, and about a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo


class Origin(StrEnum):
    """Where a setting's value came from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    DOTENV = ".env"
    FILE = "file"
    """A secret, in a file of its own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The words that belong to a setting.

    `unit` is empty where a value has none. A `secret` is never shown, an `account` in part.
    """

    sentence: str
    allowed: str
    example: str
    unit: str = ""
    secret: bool = False
    account: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A setting as it is shown: secrets are hidden, an empty value is not set."""

    name: str
    value: str
    entry: Entry
    origin: Origin


@dataclass(frozen=True, slots=True)
class Fault:
    """A wrong setting: its name, the value seen, why it is wrong, and what would be right."""

    name: str
    seen: str
    reason: str
    allowed: str
    example: str

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.reason}. Seen: {self.seen}. "
            f"Allowed: {self.allowed}. Example: {self.name}={self.example}"
        )


class SettingsError(Exception):
    """The settings are wrong; `faults` holds all that is wrong with them."""

    code = "SETTINGS_WRONG"

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Take the faults in the order of the settings."""
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


def entry_of(field: FieldInfo) -> Entry:
    """Give the words that belong to a field of the settings."""
    return next(word for word in field.metadata if isinstance(word, Entry))


def faults_of(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[Fault]:
    """Turn what the library found into one fault a setting, in the order of the fields."""
    faults: dict[str, Fault] = {}
    for found in error.errors(include_url=False):
        name = str(found["loc"][0])
        entry = entry_of(fields[name])
        missing = found["type"] == "missing"
        seen = "" if missing else shown(as_text(found["input"]), entry)
        reason = "it is not given" if missing else found["msg"].rstrip(".")
        faults.setdefault(
            name,
            Fault(
                name.upper(),
                repr(seen) if seen else "nothing",
                reason[:1].lower() + reason[1:] if found["type"] != "kelpie" else reason,
                entry.allowed,
                found.get("ctx", {}).get("example") or entry.example,
            ),
        )
    return [faults[name] for name in fields if name in faults]


def shown(text: str, entry: Entry) -> str:
    """Hide a secret wholly, and an account number but for its ends."""
    if text and entry.secret:
        return f"(hidden, {len(text)} characters)"
    if text and entry.account:
        return f"{text[:2]}***{text[-3:]}" if len(text) > 6 else f"{text[:2]}***"
    return text


def as_text(value: object) -> str:
    """Write a value as it would stand in `.env`; an unset one is empty."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case SecretStr():
            return value.get_secret_value()
        case Path():
            return value.as_posix() if value.is_absolute() else f"./{value.as_posix()}"
        case time():
            return f"{value:%H:%M}"
        case tuple():
            members: Iterable[object] = value
            return ",".join(map(str, members))
        case _:
            return str(value)
