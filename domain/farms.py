"""IB's data farms: which serve quotes, history and contract details, and how each is.

Which farm serves which instrument IB does not say, so a broken one makes no quote stale by its
name: the silence of the quote does. A farm that sleeps until it is needed is no outage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_NAMES = re.compile(r"[a-z][a-z0-9_.-]*", re.IGNORECASE)


class FarmKind(StrEnum):
    """What a farm serves."""

    QUOTES = "quotes"
    HISTORY = "history"
    CONTRACTS = "contracts"


class FarmState(StrEnum):
    """How it is."""

    OK = "ok"
    BROKEN = "broken"
    ASLEEP = "asleep"
    """Inactive, but there when it is needed."""
    CONNECTING = "connecting"


@dataclass(frozen=True, slots=True)
class Farm:
    """One farm, by IB's own name (`usfarm`, `hfarm`, `ushmds`, `secdefil`)."""

    kind: FarmKind
    name: str
    state: FarmState


def farms_of(kind: FarmKind, state: FarmState, text: str) -> tuple[Farm, ...]:
    """The farms that a notice names after its last colon; one without a name when none is."""
    _, colon, rest = text.rpartition(":")
    found = _NAMES.findall(rest) if colon else []
    return tuple(Farm(kind, name, state) for name in found or [""])
