"""How a simulated gateway behaves about data: one value, made by hand or read from a table.

Everything that IB decides by account, subscription or mood is a switch here; what IB does always
stands in the desks. Instruments are named as `SYMBOL/CCY`, `*` for all that have no entry of
their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from domain.symbols import Symbol

#: What an account may see of an instrument: everything, or the error that TWS has for it.
ENTITLEMENTS = ("live", "354", "10089", "10090", "10091", "10168", "10186", "2117")


def _everything_live() -> Mapping[str, str]:
    return MappingProxyType({"*": "live"})


@dataclass(frozen=True, slots=True)
class DataHabits:
    """The switches, with the habits of an ordinary paper account as defaults."""

    strict_pacing: bool = False
    """The rules of pacing hold for bars of every size, not only for those up to 30 seconds."""
    refuse_pacing: bool = True
    """A breach that binds is answered with 162; False: it is noted in the log and served."""
    history_latency: float = 0.0
    """Seconds until a request for bars is answered."""
    history_open: int = 50
    """Requests for bars that may be open at a time."""
    history_mute: tuple[str, ...] = ()
    """Instruments whose requests for history are never answered (a cancel is)."""
    history_denied: tuple[str, ...] = ()
    """Instruments without permission for historical data (162)."""
    updates_mute: tuple[str, ...] = ()
    """Instruments whose bars are kept up to date in name alone: not one update comes."""
    entitlements: Mapping[str, str] = field(default_factory=_everything_live)
    """What the account may see of an instrument: `live`, or a code of `ENTITLEMENTS`.

    354 and 10186: nothing ever. 10089 and 10168: no live data; delayed ones for who asks for
    them (with 10167). 10090 and 10091: the quotes, after the notice. 2117: only ticks that need
    no subscription, after the notice.
    """
    delay_minutes: float = 20.0
    """How old delayed data are."""
    competing_session: bool = False
    """The same login streams elsewhere: 10197, then silence, until this is off again."""
    silent: tuple[str, ...] = ()
    """Instruments whose subscriptions are accepted and then say nothing at all."""
    halted: tuple[str, ...] = ()
    """Instruments that are in a trading halt: told as tick 49."""
    lines: int = 100
    """Market-data lines, shared by all clients of the login."""
    depth_lines: int = 3
    """Subscriptions to depth at a time."""
    smart_depth: bool = False
    """Depth on SMART is served; as a rule it is 10092, and only the exchange itself has it."""
    tick_by_tick_lines: int = 3
    """Subscriptions tick by tick at a time."""
    account_updates_once: bool = False
    """One client alone is told of the account: who asks ends it for the last one (2100)."""
    account_update_seconds: float = 180.0
    """How often what has changed in the account is told."""
    no_time_zone: bool = False
    """Contract details come with an empty time zone."""

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> DataHabits:
        """Read the table `[data]` of a scenario.

        Raises:
            ValueError: a key is unknown, or its value is not of the right kind.
        """
        known = {entry.name for entry in fields(cls)}
        for key in table:
            if key not in known:
                raise ValueError(f"[data] {key}: unknown; it must be one of {sorted(known)}")
        return cls(**{key: _read(key, value, getattr(cls(), key)) for key, value in table.items()})

    def entitlement(self, symbol: Symbol) -> str:
        """What the account may see of an instrument."""
        return self.entitlements.get(str(symbol), self.entitlements.get("*", "live"))


def concerns(names: tuple[str, ...], symbol: Symbol) -> bool:
    """Whether a list of instruments holds this one, or all."""
    return str(symbol) in names or "*" in names


def _read(key: str, value: Any, default: object) -> Any:
    """A value of a table as the field wants it; the default says of which kind that is."""
    match default:
        case bool():
            fits = isinstance(value, bool)
        case int():
            fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case float():
            fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
            value = float(value) if isinstance(value, int) else value
        case tuple():
            fits = isinstance(value, list) and all(isinstance(name, str) for name in value)
            value = tuple(value) if isinstance(value, list) else value
        case _:
            fits = isinstance(value, Mapping) and all(v in ENTITLEMENTS for v in value.values())
    if not fits:
        raise ValueError(f"[data] {key} = {value!r}: it must be like {_example(default)}")
    return value


def _example(default: object) -> str:
    if isinstance(default, tuple):
        return '["BHP/AUD"]'
    if isinstance(default, Mapping):
        return '{"BHP/AUD" = "354"}, each one of ' + ", ".join(ENTITLEMENTS)
    return str(default).lower()
