"""The types of the settings: how a text becomes a value, and why it may not.

Each refusal is a sentence; what is allowed instead is said by the setting's entry.
"""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from config.modes import Mode, money_of_account
from domain.spelling import MisspeltSymbol, spelled
from domain.symbols import CASH_CURRENCIES, Symbol

#: What can be traded over IB by this version, told apart by IB's security and stock types.
INSTRUMENT_TYPES = ("STK", "ETF", "CASH")

_WINDOWS = ("restart", "reset", "weekend", "login")


def wrong(sentence: str, example: str = "") -> PydanticCustomError:
    """Make the error that refuses a value, with an example where the usual one would not do."""
    return PydanticCustomError("kelpie", "{sentence}", {"sentence": sentence, "example": example})


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _commas(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _exchanges(value: object) -> object:
    names = [str(name).upper() for name in value] if isinstance(value, tuple) else []
    unknown = [name for name in names if name not in ("IB", "GEMINI")]
    if unknown:
        raise wrong(f"{', '.join(unknown)}: no such exchange")
    if "GEMINI" in names:
        raise wrong("GEMINI is not available yet in this version")
    return tuple(dict.fromkeys(names))


def _types(value: object) -> object:
    names = [str(name).upper() for name in value] if isinstance(value, tuple) else []
    unknown = [name for name in names if name not in INSTRUMENT_TYPES]
    if unknown:
        raise wrong(f"{', '.join(unknown)}: Kelpie trades nothing of that type")
    return tuple(dict.fromkeys(names))


def _symbols(value: object) -> object:
    if not isinstance(value, tuple):
        return value
    good: list[Symbol] = []
    mended: list[Symbol] = []
    bad: list[str] = []
    for member in value:
        try:
            symbol = member if isinstance(member, Symbol) else spelled(member)
        except MisspeltSymbol as error:
            bad.append(str(error))
            mended += [error.meant] if error.meant is not None else []
            continue
        if symbol in good:
            bad.append(f"{symbol} is there twice: name it once")
        good.append(symbol)
        mended.append(symbol)
    if bad:
        raise wrong("; ".join(bad), ",".join(map(str, dict.fromkeys(mended))))
    return tuple(good)


def _strategy(value: object) -> object:
    if value == "llm":
        raise wrong("llm is not available yet in this version")
    return value


def _pattern(pattern: str) -> AfterValidator:
    """Hold a text to a pattern; what is allowed is said by the entry."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise wrong("it does not have the right form")
        return value

    return AfterValidator(check)


def _cash(value: str) -> str:
    if value not in CASH_CURRENCIES:
        raise wrong("not a currency that Kelpie keeps")
    return value


def _account(value: str) -> str:
    if money_of_account(value) is None:
        raise wrong("not an account number of Interactive Brokers")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise wrong("there is no such time zone") from None
    return value


def _time_of_day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return datetime.strptime(value.strip(), "%H:%M").time()
    except ValueError:
        raise wrong("it is no time of day") from None


def _windows(value: object) -> object:
    names = [str(name).lower() for name in value] if isinstance(value, tuple) else []
    unknown = [name for name in names if name not in (*_WINDOWS, "none")]
    if unknown:
        raise wrong(f"{', '.join(unknown)}: no such window")
    if "none" in names and len(names) > 1:
        raise wrong("none beside others")
    return tuple(dict.fromkeys(name for name in names if name != "none"))


def _token(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < 32:
        raise wrong("the token is too short to be safe")
    return value


Modes = Annotated[Mode, BeforeValidator(_lower)]
Exchanges = Annotated[
    tuple[Literal["IB"], ...],
    NoDecode,
    Field(min_length=1),
    BeforeValidator(_exchanges),
    BeforeValidator(_commas),
]
Windows = Annotated[
    tuple[Literal["restart", "reset", "weekend", "login"], ...],
    NoDecode,
    BeforeValidator(_windows),
    BeforeValidator(_commas),
]
Zone = Annotated[str, AfterValidator(_zone)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
MarketData = Annotated[Literal["live", "delayed"], BeforeValidator(_lower)]
Symbols = Annotated[
    tuple[Symbol, ...],
    NoDecode,
    Field(min_length=1),
    BeforeValidator(_symbols),
    BeforeValidator(_commas),
]
InstrumentTypes = Annotated[
    tuple[str, ...],
    NoDecode,
    Field(min_length=1),
    BeforeValidator(_types),
    BeforeValidator(_commas),
]
Host = Annotated[str, _pattern(r"[A-Za-z0-9.:_-]+")]
Port = Annotated[int, Field(ge=1, le=65535)]
AnyPort = Annotated[int, Field(ge=0, le=65535)]
ClientId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Account = Annotated[str, AfterValidator(_account), BeforeValidator(_upper)]
Currency = Annotated[str, AfterValidator(_cash), BeforeValidator(_upper)]
Route = Annotated[str, _pattern(r"SMART/ASX|ASX"), BeforeValidator(_upper)]
Library = Annotated[Literal["ib_insync", "ib_async"], BeforeValidator(_lower)]
Strategy = Annotated[Literal["rules", "none"], BeforeValidator(_strategy), BeforeValidator(_lower)]
Prefix = Annotated[str, _pattern(r"[A-Z0-9]{2,6}")]
Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
Token = Annotated[SecretStr, AfterValidator(_token)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
