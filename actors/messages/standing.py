"""How this start of the process stands: what earlier unclean ends of it allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from actors.lanes import Command, Message


@dataclass(frozen=True, slots=True)
class Standing(Message):
    """From `starts`: at its start, at each change, and as its answer to `Introduce`.

    In safe mode nothing is entered; `disarmed` says why this start disarms live trading, and is
    empty where it does not. Both tighten what other gates allow and never loosen it.
    """

    safe_mode: bool
    disarmed: str
    cause: str
    """Why it is in safe mode, as a sentence; empty where it is not."""
    since: datetime | None = field(default=None, compare=False)
    """When this start began, UTC."""


@dataclass(frozen=True, slots=True)
class EndSafeMode(Command):
    """To `starts`, from a person: what crashed the process is mended.

    Durable and audited. Answered with the `Standing` that follows.
    """

    who: str
    reason: str
